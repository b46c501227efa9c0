"""What a page over TLS asks for without it when scripts run, beside what its markup names (W3C Mixed Content §3)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from surveyor.scan.address import host_of
from surveyor.scan.check import quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.linking import base, candidates, untold
from surveyor.scan.evidence import Rendered
from surveyor.scan.model import Domain, Evidence

_PASSIVE = frozenset({"Image", "Media"})
_PLAIN = ("http:", "ws:")
_NAMED = ("src", "href", "data", "poster")


def judge(document: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Requests of the browser, those named in the page as it was served left to the rule of markup."""
    if not document.page.secure:
        return
    named = _named(document)
    found: dict[str, list[Evidence]] = {}
    for one in rendered.requests:
        if one.url.lower().startswith(_PLAIN) and one.url not in named and not _local(host_of(one.url)):
            key = "passive" if one.kind in _PASSIVE else "active"
            what = one.failure or str(one.status or "no answer")
            told = Evidence(kind="request", where=one.url[:1000], value=f"{one.kind}: {what}")
            if told not in found.setdefault(key, []):
                found[key].append(told)
    yield from quoting.outcomes(found)


def _named(document: Document) -> set[str]:
    """The addresses without TLS that the page's elements name."""
    start = base(document)
    values = [node.attributes.get(name) or "" for node in document.elements for name in _NAMED]
    sets = (node.attributes.get("srcset") or "" for node in document.elements)
    values += [one for srcset in sets for one in candidates(srcset)]
    return {url for value in values if (url := untold(start, value))}


def _local(host: str) -> bool:
    """Whether browsers trust a host without TLS, since it is the machine itself (W3C Secure Contexts §3.1)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


CHECK = Check(
    id="security_mixed_requests",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("active", "passive"),
    needs=Needs.RENDERED,
    rendered=judge,
)
