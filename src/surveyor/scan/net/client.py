"""The fetcher: a URL to a response, hop by hop, each hop judged, bounded in time and in decoded bytes."""

from __future__ import annotations

import functools
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import h11
from ssrfguard import Resolver, Target

from surveyor.scan.errors import LimitExceeded, Refused, Untrusted
from surveyor.scan.net import guard, wire
from surveyor.scan.net.extra import Extra
from surveyor.scan.net.inflate import decoder
from surveyor.scan.net.response import Handshake, Hop, Response, TlsInfo
from surveyor.scan.net.turns import Turns
from surveyor.scan.settings import Settings

if TYPE_CHECKING:
    from surveyor.scan.net.browser.proxy import Proxy

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Never carried to another hop.
_SECRET = frozenset({"apikey", "authorization", "cookie", "proxy-authorization"})
#: What may stand in a request line as it is; all else is percent-encoded, and a percent sign stays as it was written.
_PATH_SAFE = "/%:=&?~#+!$,;'@()*[]"


@functools.cache
def _trusted() -> ssl.SSLContext:
    # loading the authorities costs 10 ms, so only at the first https URL
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@functools.cache
def _unverified(*protocols: str) -> ssl.SSLContext:
    """Takes any certificate and whatever else is old, so that it can be told; the host may choose a protocol."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


#: Says by an answer's status and headers where its body goes.
Sink = Callable[[Response], BinaryIO]


@dataclass(frozen=True, slots=True)
class _Ask:
    """What stays the same over the hops of one request."""

    method: str
    max_bytes: int
    deadline: wire.Deadline
    sink: Sink
    secure_only: bool
    body: bytes = b""
    raw: bool = False
    lenient: bool = False


class Client:
    """Asks public web servers, and the hosts that the settings exempt. Safe to share between threads.

    ``clock`` is in seconds; ``resolver`` stands in for ``socket.getaddrinfo``; ``tls`` for the system's authorities.
    Where there are ``turns`` every connection waits for its turn; ``extra`` headers go to the origin they are for.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        resolver: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        turns: Turns | None = None,
        extra: Extra | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._resolver = resolver
        self._tls = tls
        self._turns = turns
        self.extra = extra

    def with_settings(self, settings: Settings) -> Client:
        """The same client under other settings."""
        return self._with(settings, self._turns, self.extra)

    def taking_turns(self, turns: Turns) -> Client:
        """The same client, that asks no more often than it may."""
        return self._with(self._settings, turns, self.extra)

    def sending(self, extra: Extra) -> Client:
        """The same client, that sends more headers to one origin."""
        return self._with(self._settings, self._turns, extra)

    def _with(self, settings: Settings, turns: Turns | None, extra: Extra | None) -> Client:
        return Client(settings, clock=self._clock, resolver=self._resolver, tls=self._tls, turns=turns, extra=extra)

    def proxy(self, *, seconds: float, max_bytes: int) -> Proxy:
        """A proxy for a browser, under the same settings and resolver."""
        from surveyor.scan.net.browser.proxy import Proxy  # most scans need none

        return Proxy(self._settings, seconds=seconds, max_bytes=max_bytes, resolver=self._resolver)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int,
        seconds: float,
        method: str = "GET",
        to: BinaryIO | None = None,
        lenient: bool = False,
        patient: bool = False,
    ) -> Response:
        """Ask for a URL and follow its redirects; a body of more than ``max_bytes`` decoded bytes is cut and says so.

        ``lenient`` takes an answer from a host whose certificate is not valid, and says so: for who judges just that.
        ``patient`` waits all of ``seconds`` for a host that works before it says anything.

        Raises ``Refused`` with the rule, ``Unreachable``, ``LimitExceeded`` (headers), ``Malformed``, ``Unsupported``.
        """
        plain = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", **(headers or {})}
        buffer = io.BytesIO()
        start = self._clock()
        deadline = wire.Deadline(self._clock, seconds, idle=seconds) if patient else wire.Deadline(self._clock, seconds)
        ask = _Ask(method, max_bytes, deadline, lambda _: to or buffer, secure_only=False, lenient=lenient)
        response = self._follow(url, plain, ask)
        response = replace(response, body=b"" if to else buffer.getvalue(), elapsed=self._clock() - start)
        return self.extra.hidden(response) if self.extra is not None else response

    def handshake(self, url: str, *, seconds: float) -> Handshake:
        """Only shake hands with an https URL's host, whatever its certificate is worth; nothing is asked of it."""
        deadline = wire.Deadline(self._clock, seconds)
        host, sock = self._connected(url, deadline)
        with sock:
            protected, info = wire.protect(sock, host, _unverified("h2", "http/1.1"), deadline)
            with protected:
                return Handshake(
                    version=info.version,
                    cipher=info.cipher,
                    certificate=protected.getpeercert(binary_form=True) or b"",
                    protocol=protected.selected_alpn_protocol(),
                )

    def verify(self, url: str, *, seconds: float) -> None:
        """Shake hands with an https URL's host; raises ``Untrusted`` for a certificate that is not good for it."""
        deadline = wire.Deadline(self._clock, seconds)
        host, sock = self._connected(url, deadline)
        with sock:
            protected, _ = wire.protect(sock, host, self._tls or _trusted(), deadline)
            protected.close()

    def tell(
        self, url: str, data: bytes, *, max_bytes: int, seconds: float, ended: Callable[[bytes], bool] | None = None
    ) -> bytes:
        """Send a few bytes to a URL's host and port, and take the first that come back; no protocol of ours.

        ``ended`` says of what has come whether it is all that will.
        """
        deadline = wire.Deadline(self._clock, seconds)
        _, sock = self._connected(url, deadline)
        with sock:
            return wire.told(sock, data, max_bytes, deadline, ended)

    def _connected(self, url: str, deadline: wire.Deadline) -> tuple[str, socket.socket]:
        """A connection to a URL's judged address, and the host's name."""
        origin = guard.origin(url, self._settings)
        self._wait(origin.target, deadline)
        answers = guard.addresses(origin, seconds=deadline.left(), resolver=self._resolver)
        return origin.target.host, wire.connect(answers, origin.policy, deadline)

    def fetch(
        self, url: str, *, max_bytes: int, to: Sink, seconds: float = 3600.0, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Download a file as it is on the server; ``to`` says by an answer's head where its body goes.

        More than ``max_bytes`` raises ``LimitExceeded``; a redirect from https to http is refused.
        """
        wanted = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        start = self._clock()
        ask = _Ask("GET", max_bytes, wire.Deadline(self._clock, seconds), to, secure_only=True)
        response = self._follow(url, wanted, ask)
        if response.truncated:
            raise LimitExceeded(f"{urlsplit(url).hostname}: a download of more than {max_bytes:,} bytes")
        return replace(response, elapsed=self._clock() - start)

    def stream(
        self, url: str, *, to: Sink, max_bytes: int, seconds: float, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Ask for bytes that are judged while they come: ``to`` sees each answer's head before its body is written.

        The body is as it is on the wire, whatever Content-Encoding says; a redirect from https to http is refused.
        Raises as ``get`` does, and what the sink raises.
        """
        wanted = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        start = self._clock()
        deadline = wire.Deadline(self._clock, seconds)
        response = self._follow(url, wanted, _Ask("GET", max_bytes, deadline, to, secure_only=True, raw=True))
        return replace(response, elapsed=self._clock() - start)

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None, max_bytes: int, seconds: float
    ) -> Response:
        """Send a body and wait for the answer, which may be silent for all of ``seconds``; no redirect is followed.

        Raises as ``get`` does; an answer of more than ``max_bytes`` is cut and says so.
        """
        buffer = io.BytesIO()
        start = self._clock()
        deadline = wire.Deadline(self._clock, seconds, idle=seconds)
        ask = _Ask("POST", max_bytes, deadline, lambda _: buffer, secure_only=False, body=body)
        plain = {"Accept": "*/*", "Accept-Encoding": "identity", "Content-Length": str(len(body)), **(headers or {})}
        response = self._hop(_encoded(url), plain, ask)
        return replace(response, body=buffer.getvalue(), elapsed=self._clock() - start)

    def _follow(self, url: str, headers: dict[str, str], ask: _Ask) -> Response:
        hops: list[Hop] = []
        url = _encoded(url)
        # once a redirect has led elsewhere, whoever is there has chosen all that follows
        extra = self.extra
        while True:
            extra = extra if extra is not None and extra.meant(url) else None
            response = self._hop(url, headers if extra is None else extra.over(headers), ask)
            location = response.get("location") if response.status in _REDIRECTS else None
            if not location:
                return replace(response, hops=tuple(hops))
            hop = Hop(url=url, status=response.status, location=location, headers=response.headers, tls=response.tls)
            hops.append(hop)
            if len(hops) > self._settings.limits.redirects:
                raise Refused(f"more than {self._settings.limits.redirects} redirects", rule="redirect_limit")
            target = _joined(url, location)
            if ask.secure_only and url.startswith("https:") and not target.startswith("https:"):
                raise Refused("a redirect from https to http", rule="redirect_downgrade")
            url, headers = target, {name: value for name, value in headers.items() if name.lower() not in _SECRET}

    def _hop(self, url: str, headers: Mapping[str, str], ask: _Ask) -> Response:
        try:
            return self._ask(url, headers, ask, self._tls or _trusted)
        except Untrusted as error:
            if not ask.lenient:
                raise
            response = self._ask(url, headers, ask, _unverified)
            assert response.tls is not None
            return replace(response, tls=replace(response.tls, problem=error.reason))

    def _ask(
        self, url: str, headers: Mapping[str, str], ask: _Ask, tls: ssl.SSLContext | Callable[[], ssl.SSLContext]
    ) -> Response:
        origin = guard.origin(url, self._settings)
        self._wait(origin.target, ask.deadline)
        answers = guard.addresses(origin, seconds=ask.deadline.left(), resolver=self._resolver)
        sock = wire.connect(answers, origin.policy, ask.deadline)
        try:
            info = None
            if origin.target.scheme == "https":
                context = tls if isinstance(tls, ssl.SSLContext) else tls()
                sock, info = wire.protect(sock, origin.target.host, context, ask.deadline)
            return self._exchange(wire.Exchange(sock, ask.deadline), url, origin.target, headers, ask, info)
        finally:
            sock.close()

    def _wait(self, target: Target, deadline: wire.Deadline) -> None:
        if self._turns is not None:
            self._turns.take(target.host, seconds=deadline.left())

    def _exchange(
        self,
        exchange: wire.Exchange,
        url: str,
        target: Target,
        headers: Mapping[str, str],
        ask: _Ask,
        info: TlsInfo | None,
    ) -> Response:
        lines = [("Host", _authority(target)), ("User-Agent", self._settings.user_agent), ("Connection", "close")]
        answer = exchange.begin(ask.method, _path(url), [*lines, *headers.items()], ask.body)
        seen = _headers(answer)
        response = Response(status=answer.status_code, url=url, headers=seen, tls=info)
        if answer.status_code in _REDIRECTS and response.get("location"):
            return response
        size, truncated = _drain(exchange, response, ask)
        return replace(response, size=size, truncated=truncated)


def _drain(exchange: wire.Exchange, response: Response, ask: _Ask) -> tuple[int, bool]:
    """Write the decoded body to the sink, up to the bound; say how much it was and whether some is missing."""
    size, sink = 0, ask.sink(response)
    decode = decoder(None if ask.raw or ask.method == "HEAD" else response.get("content-encoding"))
    for chunk in exchange.body():
        for piece in decode(chunk):
            room = ask.max_bytes - size
            sink.write(piece[:room])
            size += min(len(piece), room)
            if len(piece) > room:
                return size, True
        ask.deadline.left()
    return size, not decode.whole


def _headers(answer: h11.Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw_items())


def _authority(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    default = {"http": 80, "https": 443}[target.scheme]
    return host if target.port == default else f"{host}:{target.port}"


def _encoded(url: str) -> str:
    """The URL without its fragment; what may not stand in a request line is percent-encoded after the authority."""
    url = urldefrag(url.strip(" \t\r\n")).url
    end = len(url.partition("://")[0]) + 3
    start = min((at for at in (url.find("/", end), url.find("?", end)) if at >= 0), default=len(url))
    return url[:start] + quote(url[start:], safe=_PATH_SAFE)


def _joined(url: str, location: str) -> str:
    """A redirect's target; browsers read the bytes of a Location header as UTF-8, and old servers send Latin-1."""
    raw = location.encode("latin-1")
    try:
        readable = raw.decode("utf-8")
    except UnicodeDecodeError:
        readable = quote(raw, safe=_PATH_SAFE)
    try:
        return _encoded(urljoin(url, readable))
    except ValueError:
        raise Refused("a redirect to something that is not a URL", rule="url_form") from None


def _path(url: str) -> str:
    split = urlsplit(url)
    return (split.path or "/") + (f"?{split.query}" if split.query else "")
