"""A real MariaDB for the tables of shop modules: non-strict (`sql_mode=''`), as many shops run it, so that it cuts what is too long.

Debian's `mariadb-server`, in a folder of its own, on a Unix socket alone. Yields a `MariaDb`.
"""

from __future__ import annotations

import getpass
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60.0
"""Seconds in which the server must answer."""

OPTIONS = (
    "--no-defaults", "--skip-networking", "--sql-mode=", "--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci",
    "--skip-log-bin", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0",
)  # fmt: skip


@dataclass(frozen=True)
class MariaDb:
    """A running server: the path of its socket; whoever connects as `root` without a password may do everything."""

    socket: str

    def run(self, sql: str, database: str = "") -> list[list[str]]:
        """Run statements and return the rows of the last one that has any, as texts; NULL is `NULL`. Raises CalledProcessError."""
        command = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--default-character-set=utf8mb4", "--batch",
                   "--skip-column-names", "--raw"]  # fmt: skip
        answer = subprocess.run(
            [*command, database] if database else command,
            input=sql,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return [line.split("\t") for line in answer.stdout.splitlines()]

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        self.run(f"create database {name}")
        return name

    def lengths(self, database: str, table: str) -> dict[str, int]:
        """Return how many characters each text column of a table holds."""
        rows = self.run(
            "select column_name, character_maximum_length from information_schema.columns "
            f"where table_schema = '{database}' and table_name = '{table}' and character_maximum_length is not null"
        )
        return {name: int(length) for name, length in rows}


@contextmanager
def a_mariadb() -> Iterator[MariaDb]:
    """Start a server, and stop and delete it afterwards."""
    folder = Path(
        tempfile.mkdtemp(prefix="bridge-my-")
    )  # short: a socket's path has room for 107 letters
    data, socket = folder / "data", folder / "s"
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}", "--auth-root-authentication-method=normal",
         "--skip-test-db"], check=True, capture_output=True, timeout=120)  # fmt: skip
    server = subprocess.Popen(
        ["/usr/sbin/mariadbd", *OPTIONS, f"--datadir={data}", f"--socket={socket}", f"--user={getpass.getuser()}",
         f"--log-error={folder / 'log'}", f"--pid-file={folder / 'pid'}"])  # fmt: skip
    try:
        _wait_for(server, socket, folder / "log")
        yield MariaDb(str(socket))
    finally:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and server.poll() is None:
        if (
            subprocess.run(
                ["mariadb-admin", "--no-defaults", f"--socket={socket}", "--user=root", "ping"],
                capture_output=True,
            ).returncode
            == 0
        ):
            return
        time.sleep(0.1)
    raise RuntimeError(
        f"MariaDB did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}"
    )
