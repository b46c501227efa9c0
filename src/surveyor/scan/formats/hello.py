"""The first message of TLS as an old client would send it, and the version that a server agrees to.

Reads RFC 8446 §4.1, RFC 5246 §7.4.1 and RFC 6101. Libraries of today no longer speak what is older than TLS 1.2, so
the question is put by hand; nothing is negotiated to its end.
"""

from __future__ import annotations

#: Versions as they stand in messages, newest first.
VERSIONS = {"TLSv1.1": 0x0302, "TLSv1": 0x0301, "SSLv3": 0x0300}
_HANDSHAKE, _ALERT = 22, 21
_CLIENT_HELLO, _SERVER_HELLO = 1, 2
_SIGNALLING = 0x00FF
#: What servers of such versions know: ECDHE and DHE with AES, RSA with AES, 3DES and RC4.
_CIPHERS = (0xC014, 0xC013, 0xC00A, 0xC009, 0x0039, 0x0033, 0x0035, 0x002F, 0xC012, 0x0016, 0x000A, 0x0005, 0x0004)
_CURVES = (0x001D, 0x0017, 0x0018, 0x0019)


def client_hello(version: str, host: str, random: bytes) -> bytes:
    """A ClientHello that offers one version; ``random`` is 32 bytes. SSLv3 knew no extensions."""
    number = VERSIONS[version]
    ciphers = b"".join(cipher.to_bytes(2, "big") for cipher in (*_CIPHERS, _SIGNALLING))
    body = number.to_bytes(2, "big") + random + b"\0" + _sized(ciphers, 2) + b"\1\0"
    if version != "SSLv3":
        body += _sized(_extensions(host), 2)
    message = bytes([_CLIENT_HELLO]) + _sized(body, 3)
    return bytes([_HANDSHAKE]) + min(number, 0x0301).to_bytes(2, "big") + _sized(message, 2)


def agreed(answer: bytes) -> str | None:
    """The version of a ServerHello; empty where the server declined (an alert, or nothing), ``None`` for neither."""
    if not answer or answer[0] == _ALERT:
        return ""
    if len(answer) < 11 or answer[0] != _HANDSHAKE or answer[5] != _SERVER_HELLO:
        return None
    number = int.from_bytes(answer[9:11], "big")
    return next((name for name, known in VERSIONS.items() if known == number), "")


def _extensions(host: str) -> bytes:
    curves = b"".join(curve.to_bytes(2, "big") for curve in _CURVES)
    parts = [(10, _sized(curves, 2)), (11, b"\1\0")]
    name = host.encode("ascii", "ignore")
    if name and not host.replace(".", "").isdigit() and ":" not in host:
        parts.insert(0, (0, _sized(b"\0" + _sized(name, 2), 2)))
    return b"".join(kind.to_bytes(2, "big") + _sized(data, 2) for kind, data in parts)


def _sized(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data
