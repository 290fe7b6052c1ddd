"""The anchor: the least that Falcon on waitress can do, with the bridge's own settings of waitress."""

from __future__ import annotations

import sys

import falcon
import waitress


class Hello:
    """Answers a JSON document and nothing else."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer."""
        resp.media = {"hello": "world"}


def main(port: int) -> None:
    """Serve for ever."""
    app = falcon.App()
    app.add_route("/hello", Hello())
    waitress.serve(
        app,
        listen=f"127.0.0.1:{port}",
        threads=16,
        ident=None,
        clear_untrusted_proxy_headers=True,
        asyncore_use_poll=True,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
