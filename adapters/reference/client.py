"""The bridge's API, as a shop calls it: a deadline on every call, the same key on every repeat."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import requests

DEADLINE = (3.05, 10)  # seconds to connect, seconds to wait for bytes
PAUSES = (0, 0.3, 1.0)  # seconds before the first, second and third try


class NoAnswer(Exception):
    """The bridge gave no usable answer; whether it did the work is unknown, so only the same key may be sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bridge answered: an HTTP status and a JSON object, which is a problem document from 400 up."""

    status: int
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        """Tell whether the bridge did its job; what became of the money is in the body."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks for one shop, whose API key it holds."""

    base_url: str
    api_key: str = field(repr=False)

    def get(self, path: str, **parameters: str) -> Answer:
        """Read something. Raises ``NoAnswer``."""
        return self._persist("GET", path, params=parameters)

    def post(self, path: str, body: dict[str, Any], key: str) -> Answer:
        """Ask for something under the key of its intent; a repeat with this key is done at most once. Raises ``NoAnswer``."""
        return self._persist("POST", path, json=body, headers={"Idempotency-Key": f'"{key}"'})

    def _persist(self, verb: str, path: str, **call: Any) -> Answer:
        for pause in PAUSES:
            time.sleep(pause)
            answer = self._try(verb, path, **call)
            if answer is not None:
                return answer
        raise NoAnswer(f"no answer from the bridge to {verb} {path}")

    def _try(
        self, verb: str, path: str, headers: dict[str, str] | None = None, **call: Any
    ) -> Answer | None:
        authorized = {"Authorization": f"Bearer {self.api_key}"} | (headers or {})
        try:
            with requests.Session() as session:
                session.trust_env = False  # a .netrc entry would replace the API key
                response = session.request(
                    verb,
                    self.base_url + path,
                    headers=authorized,
                    timeout=DEADLINE,
                    allow_redirects=False,
                    **call,
                )
                return _answer_from(response)
        except requests.RequestException:
            return None


def _answer_from(response: requests.Response) -> Answer | None:
    if response.status_code >= 500 or response.status_code == 429 or _is_still_running(response):
        return None
    body = response.json() if response.content else {}
    return Answer(response.status_code, body) if isinstance(body, dict) else None


def _is_still_running(response: requests.Response) -> bool:
    return response.status_code == 409 and "Retry-After" in response.headers
