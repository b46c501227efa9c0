"""The first message of TLS as clients of our choice would send it, and what a server says to it.

Reads RFC 8446 §4.1, RFC 5246 §7.4 and RFC 6101. Libraries of today no longer speak what is older than TLS 1.2, nor
offer weak ciphers, so the question is put by hand; nothing is negotiated to its end.
"""

from __future__ import annotations

from collections.abc import Iterator

#: Versions as they stand in messages, newest first.
VERSIONS = {"TLSv1.1": 0x0302, "TLSv1": 0x0301, "SSLv3": 0x0300}
_TLS_1_2 = 0x0303
_HANDSHAKE, _ALERT = 22, 21
_CLIENT_HELLO, _SERVER_HELLO, _KEY_EXCHANGE, _DONE = 1, 2, 12, 14
_SIGNALLING = 0x00FF
#: What servers of such versions know: ECDHE and DHE with AES, RSA with AES, 3DES and RC4.
_CIPHERS = (0xC014, 0xC013, 0xC00A, 0xC009, 0x0039, 0x0033, 0x0035, 0x002F, 0xC012, 0x0016, 0x000A, 0x0005, 0x0004)
_CURVES = (0x001D, 0x0017, 0x0018, 0x0019)
#: Signatures of TLS 1.2 and later: ECDSA, RSA-PSS and RSA with SHA-2, then with SHA-1.
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201)
#: Ciphers by what is wrong with them (IANA, TLS Cipher Suites): nothing is kept secret or nobody is known, 40 and 56
#: bits, RC4, blocks of 64 bits; keys that the certificate's own key tells; and groups that a server chooses itself.
OFFERS: dict[str, dict[int, str]] = {
    "broken": {
        0x0001: "RSA_WITH_NULL_MD5",
        0x0002: "RSA_WITH_NULL_SHA",
        0x003B: "RSA_WITH_NULL_SHA256",
        0xC006: "ECDHE_ECDSA_WITH_NULL_SHA",
        0xC010: "ECDHE_RSA_WITH_NULL_SHA",
        0x0018: "DH_anon_WITH_RC4_128_MD5",
        0x001B: "DH_anon_WITH_3DES_EDE_CBC_SHA",
        0x0034: "DH_anon_WITH_AES_128_CBC_SHA",
        0x003A: "DH_anon_WITH_AES_256_CBC_SHA",
        0x006C: "DH_anon_WITH_AES_128_CBC_SHA256",
        0x00A6: "DH_anon_WITH_AES_128_GCM_SHA256",
        0xC018: "ECDH_anon_WITH_AES_128_CBC_SHA",
        0xC019: "ECDH_anon_WITH_AES_256_CBC_SHA",
        0x0003: "RSA_EXPORT_WITH_RC4_40_MD5",
        0x0006: "RSA_EXPORT_WITH_RC2_CBC_40_MD5",
        0x0008: "RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0014: "DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
        0x0009: "RSA_WITH_DES_CBC_SHA",
        0x0015: "DHE_RSA_WITH_DES_CBC_SHA",
        0x0004: "RSA_WITH_RC4_128_MD5",
        0x0005: "RSA_WITH_RC4_128_SHA",
        0xC007: "ECDHE_ECDSA_WITH_RC4_128_SHA",
        0xC011: "ECDHE_RSA_WITH_RC4_128_SHA",
        0x0007: "RSA_WITH_IDEA_CBC_SHA",
        0x000A: "RSA_WITH_3DES_EDE_CBC_SHA",
        0x0016: "DHE_RSA_WITH_3DES_EDE_CBC_SHA",
        0xC008: "ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA",
        0xC012: "ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    },
    "static": {
        0x009D: "RSA_WITH_AES_256_GCM_SHA384",
        0x009C: "RSA_WITH_AES_128_GCM_SHA256",
        0x003D: "RSA_WITH_AES_256_CBC_SHA256",
        0x003C: "RSA_WITH_AES_128_CBC_SHA256",
        0x0035: "RSA_WITH_AES_256_CBC_SHA",
        0x002F: "RSA_WITH_AES_128_CBC_SHA",
    },
    "group": {
        0x009F: "DHE_RSA_WITH_AES_256_GCM_SHA384",
        0x009E: "DHE_RSA_WITH_AES_128_GCM_SHA256",
        0x006B: "DHE_RSA_WITH_AES_256_CBC_SHA256",
        0x0067: "DHE_RSA_WITH_AES_128_CBC_SHA256",
        0x0039: "DHE_RSA_WITH_AES_256_CBC_SHA",
        0x0033: "DHE_RSA_WITH_AES_128_CBC_SHA",
    },
}


def client_hello(version: str, host: str, random: bytes) -> bytes:
    """A ClientHello that offers one old version; ``random`` is 32 bytes. SSLv3 knew no extensions."""
    number = VERSIONS[version]
    return _message(number, _CIPHERS, b"" if version == "SSLv3" else _sized(_extensions(host), 2), random)


def offer(kind: str, host: str, random: bytes) -> bytes:
    """A ClientHello of TLS 1.2 that offers only ciphers of one kind of ``OFFERS``."""
    return _message(_TLS_1_2, tuple(OFFERS[kind]), _sized(_extensions(host, signatures=True), 2), random)


def agreed(answer: bytes) -> str | None:
    """The version of a ServerHello; empty where the server declined (an alert, or nothing), ``None`` for neither."""
    if _declined(answer):
        return ""
    if len(answer) < 11 or answer[0] != _HANDSHAKE or answer[5] != _SERVER_HELLO:
        return None
    number = int.from_bytes(answer[9:11], "big")
    return next((name for name, known in VERSIONS.items() if known == number), "")


def chosen(kind: str, answer: bytes) -> str | None:
    """The cipher of those offered that a server took; empty where it declined, ``None`` where that is not known."""
    if _declined(answer):
        return ""
    hello = next((body for number, body in messages(answer) if number == _SERVER_HELLO), b"")
    if len(hello) < 35:
        return None
    at = 35 + hello[34]
    return OFFERS[kind].get(int.from_bytes(hello[at : at + 2], "big")) if len(hello) >= at + 2 else None


def group_bits(answer: bytes) -> int | None:
    """How long the prime is of the group that a server chose for DHE (RFC 5246 §7.4.3); ``None`` where it sent none."""
    body = next((body for number, body in messages(answer) if number == _KEY_EXCHANGE), b"")
    length = int.from_bytes(body[:2], "big")
    if not length or len(body) < 2 + length:
        return None
    return int.from_bytes(body[2 : 2 + length], "big").bit_length()


def ended(answer: bytes) -> bool:
    """Whether a server has said all that it says before the client speaks again, or declined."""
    return answer[:1] == bytes([_ALERT]) or any(number == _DONE for number, _ in messages(answer))


def messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    """The whole handshake messages of an answer: a message may fill several records, a record several messages."""
    joined = b"".join(_records(answer))
    at = 0
    while len(joined) >= at + 4:
        end = at + 4 + int.from_bytes(joined[at + 1 : at + 4], "big")
        if end > len(joined):
            return
        yield joined[at], joined[at + 4 : end]
        at = end


def _records(answer: bytes) -> Iterator[bytes]:
    """What stands in the records of a handshake, up to the first of another kind."""
    at = 0
    while len(answer) >= at + 5 and answer[at] == _HANDSHAKE:
        end = at + 5 + int.from_bytes(answer[at + 3 : at + 5], "big")
        yield answer[at + 5 : end]
        at = end


def _declined(answer: bytes) -> bool:
    return not answer or answer[0] == _ALERT


def _message(number: int, offered: tuple[int, ...], extensions: bytes, random: bytes) -> bytes:
    ciphers = b"".join(cipher.to_bytes(2, "big") for cipher in (*offered, _SIGNALLING))
    body = number.to_bytes(2, "big") + random + b"\0" + _sized(ciphers, 2) + b"\1\0" + extensions
    message = bytes([_CLIENT_HELLO]) + _sized(body, 3)
    return bytes([_HANDSHAKE]) + min(number, 0x0301).to_bytes(2, "big") + _sized(message, 2)


def _extensions(host: str, *, signatures: bool = False) -> bytes:
    curves = b"".join(curve.to_bytes(2, "big") for curve in _CURVES)
    parts = [(10, _sized(curves, 2)), (11, b"\1\0")]
    if signatures:
        parts.append((13, _sized(b"".join(one.to_bytes(2, "big") for one in _SIGNATURES), 2)))
    name = host.encode("ascii", "ignore")
    if name and not host.replace(".", "").isdigit() and ":" not in host:
        parts.insert(0, (0, _sized(b"\0" + _sized(name, 2), 2)))
    return b"".join(kind.to_bytes(2, "big") + _sized(data, 2) for kind, data in parts)


def _sized(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data
