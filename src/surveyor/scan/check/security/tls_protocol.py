"""Versions and ciphers of TLS that the page's host still takes (RFC 8996, RFC 9325)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Tls
from surveyor.scan.model import Domain, Evidence

_WEAK = ("NULL", "EXP", "RC4", "DES", "MD5", "ADH", "AECDH", "anon")


def judge(tls: Tls) -> Iterable[Outcome]:
    """What it agreed to of the old, and what it chose itself from all that we offer."""
    old = [*tls.accepted, *([tls.version] if tls.version in {"TLSv1", "TLSv1.1", "SSLv3"} else [])]
    if old:
        value = ", ".join(dict.fromkeys(old))
        yield Outcome(key="old", evidence=(Evidence(kind="tls", where="accepted", value=value),))
    if any(word in tls.cipher for word in _WEAK):
        yield Outcome(key="cipher", evidence=(Evidence(kind="tls", where="cipher", value=tls.cipher),))


CHECK = Check(
    id="security_tls_protocol",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("old", "cipher"),
    needs=Needs.TLS,
    tls=judge,
    parts=("SSLv3", "TLSv1", "TLSv1.1"),
)
