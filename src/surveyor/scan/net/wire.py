"""One HTTP/1.1 exchange over one socket to one judged address; h11 reads the protocol, here are time and size."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import h11
import ssrfguard
from ssrfguard import Address, Policy

from surveyor.scan.errors import Broken, LimitExceeded, Malformed, Unconnected, Unreachable, Untrusted
from surveyor.scan.net.response import TlsInfo

HEADER_BYTES = 64 << 10
HEADER_COUNT = 200
_INTERIM = 8
_READ = 1 << 16
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 20.0


@dataclass(slots=True)
class Deadline:
    """When an exchange with all its hops has to be over; seconds on ``clock``."""

    clock: Callable[[], float]
    seconds: float
    idle: float = _IDLE_SECONDS
    end: float = field(init=False)

    def __post_init__(self) -> None:
        self.end = self.clock() + self.seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds to wait for the next thing, ``idle`` at most; raises when there are none."""
        rest = self.end - self.clock()
        if rest <= 0:
            raise Unreachable(f"no whole answer within {self.seconds:g} s")
        return min(rest, self.idle if at_most is None else at_most)


def connect(addresses: tuple[Address, ...], policy: Policy, deadline: Deadline) -> socket.socket:
    """Open a socket to the first address that answers.

    What went wrong is not told: the difference between a closed and a filtered port would make a port scanner of us.
    """
    seconds = deadline.left(_CONNECT_SECONDS) / min(len(addresses), policy.max_connection_attempts)
    try:
        return ssrfguard.connect(addresses, policy=policy, timeout=seconds)
    except (OSError, ssrfguard.SSRFGuardError):
        raise Unconnected(f"{addresses[0].hostname}: no connection could be made") from None


def protect(
    sock: socket.socket, host: str, context: ssl.SSLContext, deadline: Deadline
) -> tuple[ssl.SSLSocket, TlsInfo]:
    """Speak TLS in the name of the host, whose certificate has to be good for it."""
    sock.settimeout(deadline.left())
    try:
        protected = context.wrap_socket(sock, server_hostname=host.rstrip("."))
    except ssl.SSLCertVerificationError as error:
        message = f"{host}: its certificate is not valid: {error.verify_message}"
        raise Untrusted(message, reason=error.verify_message) from None
    except (OSError, ValueError):
        raise Unreachable(f"{host}: no TLS connection could be made") from None
    cipher = protected.cipher()
    return protected, TlsInfo(version=protected.version() or "", cipher=cipher[0] if cipher else "")


def told(
    sock: socket.socket,
    data: bytes,
    max_bytes: int,
    deadline: Deadline,
    ended: Callable[[bytes], bool] | None = None,
) -> bytes:
    """Send bytes, and take what comes back until the other side ends or ``max_bytes`` are there; silence is no end."""
    got = bytearray()
    try:
        sock.settimeout(deadline.left())
        sock.sendall(data)
        while len(got) < max_bytes and not (ended is not None and ended(bytes(got))):
            sock.settimeout(deadline.left())
            if not (more := sock.recv(max_bytes - len(got))):
                break
            got += more
    except TimeoutError:
        if not got:
            raise Unreachable("no answer in time") from None
    except OSError:
        pass  # what came until then is the answer
    return bytes(got)


class Exchange:
    """One request and its answer: first ``begin``, then ``body``."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._ended = False
        self._peer = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)

    def begin(self, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b"") -> h11.Response:
        """Send the request, read the status line and the headers."""
        try:
            request = self._peer.send(h11.Request(method=method, target=path, headers=headers)) or b""
        except h11.LocalProtocolError as error:
            raise Malformed(f"a request that cannot be sent: {error}") from None
        content = (self._peer.send(h11.Data(data=body)) or b"") if body else b""
        self._send(request + content + (self._peer.send(h11.EndOfMessage()) or b""))
        for _ in range(_INTERIM):
            event = self._next()
            if isinstance(event, h11.Response):
                return self._bounded(event)
            if not isinstance(event, h11.InformationalResponse):
                raise Broken("the connection was closed before an answer")
        raise LimitExceeded("too many interim answers")

    def body(self) -> Iterator[bytes]:
        """The body as it comes, still encoded."""
        while True:
            event = self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            else:
                return

    @staticmethod
    def _bounded(response: h11.Response) -> h11.Response:
        if len(response.headers) > HEADER_COUNT:
            raise LimitExceeded(f"more than {HEADER_COUNT} headers")
        return response

    def _next(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            try:
                event = self._peer.next_event()
            except h11.RemoteProtocolError as error:
                raise self._reason(error) from None
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value]
            self._peer.receive_data(self._receive())

    def _receive(self) -> bytes:
        self._sock.settimeout(self._deadline.left())
        try:
            data = self._sock.recv(_READ)
        except TimeoutError:
            raise Unreachable("no whole answer in time") from None
        except OSError:
            raise Broken("the connection broke off") from None
        self._ended = not data
        return data

    def _send(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        try:
            self._sock.sendall(data)
        except OSError:
            raise Broken("the connection broke off") from None

    def _reason(self, error: h11.RemoteProtocolError) -> Exception:
        if error.error_status_hint == 431:
            return LimitExceeded(f"more than {HEADER_BYTES >> 10} KiB of headers")
        if self._ended:
            return Broken("the connection was closed before the end of the answer")
        return Malformed("the answer is not HTTP/1.1")
