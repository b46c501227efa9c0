"""What came back from one exchange, and the way there."""

from __future__ import annotations

from surveyor.scan.values import frozen


@frozen
class Hop:
    """One redirect that was followed: the URL asked, its status, the location it named, its headers as sent."""

    url: str
    status: int
    location: str
    headers: tuple[tuple[str, str], ...] = ()
    tls: TlsInfo | None = None


@frozen
class TlsInfo:
    """How a hop was protected: ``version`` such as ``TLSv1.3``, the cipher's name.

    ``problem`` is what is wrong with the certificate, for who asked for an answer all the same.
    """

    version: str
    cipher: str
    problem: str | None = None


@frozen
class Handshake:
    """What a host showed in one handshake without being asked for more: its certificate in DER, never verified here.

    ``protocol`` is the one of HTTP's that it chose (ALPN), absent when it chose none.
    """

    version: str
    cipher: str
    certificate: bytes
    protocol: str | None = None


@frozen
class Response:
    """The last hop's answer. ``url`` is final; ``headers`` are as sent, in order, decoded as Latin-1.

    ``body`` is decoded (gzip, deflate) and empty when it was written to a file; ``size`` counts its bytes either way.
    ``truncated`` says that the body was longer than asked for. ``elapsed`` is in seconds over all hops.
    """

    status: int
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    size: int = 0
    hops: tuple[Hop, ...] = ()
    truncated: bool = False
    elapsed: float = 0.0
    tls: TlsInfo | None = None

    def get(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next(iter(self.get_all(name)), None)

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value of a header in the order sent."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)
