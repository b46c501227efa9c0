"""Ciphers that the page's host takes from a client that offers nothing better (RFC 9325 §4.1 and §4.2, RFC 7465)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Tls
from surveyor.scan.model import Domain, Evidence

#: Names as our library writes them, of ciphers with keys of their own for each connection.
_FORWARD = ("ECDHE-", "DHE-", "TLS_")
_SHORT = 2048


def judge(tls: Tls) -> Iterable[Outcome]:
    """Broken ones; keys without forward secrecy, chosen or only taken; a group for key exchange that is too short."""
    taken = {kind: cipher for kind, cipher in tls.taken.items() if cipher}
    if "broken" in taken:
        yield Outcome(key="broken", evidence=(_told("accepted", f"TLS_{taken['broken']}"),))
    if tls.version != "TLSv1.3" and not tls.cipher.startswith(_FORWARD):
        yield Outcome(key="no_secrecy", evidence=(_told("cipher", tls.cipher),))
    elif "static" in taken:
        yield Outcome(key="static", evidence=(_told("accepted", f"TLS_{taken['static']}"),))
    if tls.group_bits is not None and tls.group_bits < _SHORT:
        yield Outcome(key="short_group", evidence=(_told("group", f"{tls.group_bits} bits"),))


def _told(where: str, value: str) -> Evidence:
    return Evidence(kind="tls", where=where, value=value[:300])


CHECK = Check(
    id="security_tls_ciphers",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("broken", "no_secrecy", "static", "short_group"),
    needs=Needs.TLS,
    tls=judge,
    parts=("broken", "static", "group"),
)
