"""The certificate of the page's host: whether visitors' browsers take it, today and in two weeks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Certificate, Tls
from surveyor.scan.model import Domain, Evidence

#: Renewals that run by themselves are done long before.
_SOON = timedelta(days=14)
_NAMES = 20
_WEAK_HASHES = frozenset({"md5", "sha1", "md4", "md2"})
_LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}


def judge(tls: Tls) -> Iterable[Outcome]:
    """Its days, its names, who stands for it, and what it is made of; each is wrong by itself."""
    found = tls.certificate
    said = (
        Evidence(kind="certificate", where="subject", value=found.subject or "none"),
        Evidence(kind="certificate", where="issuer", value=found.issuer or "none"),
        Evidence(kind="certificate", where="valid", value=f"{found.not_before:%Y-%m-%d} to {found.not_after:%Y-%m-%d}"),
    )
    if tls.at > found.not_after:
        yield Outcome(key="expired", evidence=said)
    elif tls.at + _SOON > found.not_after:
        yield Outcome(key="expiring", evidence=said)
    elif tls.at < found.not_before:
        yield Outcome(key="not_yet", evidence=said)
    if not _named(found, tls.host):
        names = Evidence(kind="certificate", where="names", value=", ".join(found.names[:_NAMES])[:1000] or "none")
        yield Outcome(key="other_name", evidence=(names, *said))
    elif tls.problem is not None and found.not_before <= tls.at <= found.not_after:
        yield Outcome(key="untrusted", evidence=(Evidence(kind="reason", value=tls.problem[:1000]), *said))
    if weak := _weak(found):
        yield Outcome(key="weak", evidence=(Evidence(kind="certificate", where="made of", value=weak), *said))


def _named(found: Certificate, host: str) -> bool:
    """Whether one of the names is the host's (RFC 9525 §6.3): a wildcard stands for one whole label."""
    try:
        wanted = str(ip_address(host))
    except ValueError:
        wanted = host.lower().rstrip(".")
    parent = wanted.partition(".")[2]
    return any(name.lower() in {wanted, f"*.{parent}" if parent else wanted} for name in found.names)


def _weak(found: Certificate) -> str | None:
    if found.signature in _WEAK_HASHES and found.subject != found.issuer:
        return f"signed with {found.signature}"
    kind = found.key.partition(" ")[0]
    if found.key_bits is not None and found.key_bits < _LEAST_BITS.get(kind, 0):
        return f"key {found.key}"
    return None


CHECK = Check(
    id="security_certificate",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("expired", "expiring", "not_yet", "other_name", "untrusted", "weak"),
    needs=Needs.TLS,
    tls=judge,
)
