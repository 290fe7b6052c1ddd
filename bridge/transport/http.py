"""The transport itself: one call from the caller's words to a whole answer or one of two errors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from urllib.parse import unquote, urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from bridge.errors import NoAnswer, NotSent, TransportError
from bridge.ports import HttpAnswer
from bridge.transport.breaker import Breaker
from bridge.transport.connection import CURRENT, Adapter, Exchange, is_this_machine, tls_context
from bridge.transport.names import LookUps
from bridge.transport.transcript import Transcript, credentials, scrub, write
from bridge.version import software_version

LIMIT = 1024 * 1024
"""The largest answer that is read, in bytes."""

_log = logging.getLogger(__name__)
_CHUNK = 64 * 1024
_AWAY = frozenset({502, 503, 504})
"""Answers by which the other side says that it is not there: failures for the breaker, answers for the caller."""
_HEADERS = {
    "User-Agent": f"payment-bridge/{software_version()}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}
_EXPECTED = (RequestException, HTTPError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class _Call:
    """One call, as the transcript needs it."""

    lane: str
    request: requests.PreparedRequest
    secrets: Sequence[str]
    started: float


class HttpTransport:
    """Fulfils `ports.Transport`. Safe to use from many threads; each has its own session."""

    def __init__(
        self,
        *,
        connect: float = 5.0,
        failures: int = 5,
        seconds: float = 5.0,
        ca_file: str | None = None,
        proxy: str | None = None,
        on_transcript: Callable[[Transcript], None] | None = None,
    ) -> None:
        """Take the seconds for each try to connect, after how many failures in a row a lane is left alone for how many
        seconds (0 failures: never), authorities to trust instead of the usual ones, the proxy through which calls go (http://USER:PASSWORD@HOST:PORT;
        not those to this machine), and who wants to read transcripts.
        """
        self._connect = connect
        self._failures = failures
        self._seconds = seconds
        self._proxies = {"http": proxy, "https": proxy} if proxy else {}
        self._proxy_secrets = [unquote(urlsplit(proxy).password or ""), proxy] if proxy else []
        self._on_transcript = on_transcript
        self._context = tls_context(ca_file)
        self._names = LookUps()
        self._own = threading.local()
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def __call__(
        self,
        lane: str,
        method: str,
        url: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        multipart: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> HttpAnswer:
        """Send one request and read the whole answer within `deadline` seconds. Raises NotSent or NoAnswer."""
        started = monotonic()
        hidden = [*secrets, *credentials(headers or {}), *self._proxy_secrets]
        if deadline <= 0:
            raise NotSent("the time was up before the call")
        fields = {name: (None, value) for name, value in (multipart or {}).items()}
        prepared = requests.PreparedRequest()
        try:
            prepared.prepare(
                method,
                url,
                {**_HEADERS, **(headers or {})},
                fields or None,
                form if body is None else body,
                params,
            )
        except (RequestException, ValueError) as error:
            raise NotSent(f"the request cannot be written: {scrub(str(error), hidden)}") from None
        return self._guarded(
            _Call(lane, prepared, hidden, started), Exchange(started + deadline, self._names)
        )

    def close(self) -> None:
        """Start no more name look-ups; for the end of a process or a test."""
        self._names.close()

    def _guarded(self, call: _Call, exchange: Exchange) -> HttpAnswer:
        breaker = self._breaker(call.lane)
        breaker.enter()
        ok: bool | None = None
        try:
            answer = self._exchanged(call, exchange)
            ok = answer.status not in _AWAY
            return answer
        except TransportError:
            ok = False
            raise
        finally:
            breaker.leave(ok)

    def _exchanged(self, call: _Call, exchange: Exchange) -> HttpAnswer:
        token = CURRENT.set(exchange)
        try:
            answer = self._ask(call.request, exchange)
        except Exception as error:  # whatever a hostile peer makes our libraries raise, the caller learns one of two things
            raise self._failed(call, exchange, error) from None
        finally:
            CURRENT.reset(token)
        self._tell(call, answer, None)
        return answer

    def _ask(self, request: requests.PreparedRequest, exchange: Exchange) -> HttpAnswer:
        timeout = (min(self._connect, exchange.left()), exchange.left())
        direct = is_this_machine(urlsplit(request.url or "").hostname or "")
        proxies = {} if direct else self._proxies
        with self._session().send(
            request,
            stream=True,
            timeout=timeout,
            allow_redirects=False,
            verify=True,
            proxies=proxies,
        ) as response:
            body = _read(response)
            return HttpAnswer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                body,
            )

    def _failed(self, call: _Call, exchange: Exchange, error: Exception) -> TransportError:
        if not isinstance(error, _EXPECTED):
            _log.error(
                "an outgoing call failed in an unexpected way",
                exc_info=error,
                extra={"lane": call.lane},
            )
        text = scrub(_why(error), call.secrets)
        self._tell(call, None, text)
        return NoAnswer(text) if exchange.sent else NotSent(text)

    def _tell(self, call: _Call, answer: HttpAnswer | None, error: str | None) -> None:
        seconds = monotonic() - call.started
        if error:
            host = urlsplit(call.request.url or "").netloc
            _log.warning(
                "no answer from %s: %s",
                host,
                error,
                extra={"lane": call.lane, "seconds": round(seconds, 3)},
            )
        if self._on_transcript or _log.isEnabledFor(logging.DEBUG):
            transcript = _transcript(call, answer, error, seconds)
            _log.debug("%s", transcript, extra={"lane": call.lane})
            if self._on_transcript:
                self._on_transcript(transcript)

    def _breaker(self, lane: str) -> Breaker:
        with self._lock:
            return self._breakers.setdefault(
                lane, Breaker(self._failures, self._seconds, monotonic)
            )

    def _session(self) -> requests.Session:
        session = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = _new_session(Adapter(self._context))
        return session


def _new_session(adapter: Adapter) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    # Many merchants share a session: what a provider sets as a cookie for one must never be sent for another.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > LIMIT:
            raise ValueError(f"the answer is larger than {LIMIT} bytes")
    return bytes(body)


def _why(error: BaseException) -> str:
    """Name the innermost cause; the layers above it only repeat addresses of objects."""
    inner = getattr(error, "reason", None) or next(
        (one for one in error.args if isinstance(one, BaseException)), None
    )
    if isinstance(inner, BaseException):
        return _why(inner)
    return f"{type(error).__name__}: {error}"


def _text_of(headers: Mapping[str, str | bytes]) -> dict[str, str]:
    return {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in headers.items()
    }


def _transcript(
    call: _Call, answer: HttpAnswer | None, error: str | None, seconds: float
) -> Transcript:
    request = call.request
    body = request.body if isinstance(request.body, bytes | str) else None
    asked = write(f"{request.method} {request.url}", _text_of(request.headers), body, call.secrets)
    said = write(str(answer.status), answer.headers, answer.body, call.secrets) if answer else None
    return Transcript(call.lane, asked, said, error, seconds)
