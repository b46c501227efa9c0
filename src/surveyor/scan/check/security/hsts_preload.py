"""Strict-Transport-Security that asks for browsers' preload list, and what keeps the host off it (hstspreload.org)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.address import host_of
from surveyor.scan.check import quoting, transport
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.transport import Transport
from surveyor.scan.evidence import Page, Schemes
from surveyor.scan.model import Domain
from surveyor.scan.net import hosts

_NAME = "Strict-Transport-Security"
_YEAR = 31_536_000


def judge(schemes: Schemes) -> Iterable[Outcome]:
    """Only who asks for the list is judged; a host that is on it has got what it asked for."""
    page = schemes.https
    values = page.headers_of(_NAME) if page else ()
    read = transport.read(values[0]) if values else None
    if page is None or read is None or not read.preload or hosts.preloaded(host_of(page.asked)):
        return
    reasons = tuple(_reasons(read, page, schemes.http))
    if reasons:
        dated = (f"the list known here is of {hosts.listed_on()}",)
        notes = (*quoting.notes(reasons, where=_NAME), *quoting.notes(dated, where=_NAME))
        yield Outcome(key="ineligible", evidence=(*quoting.header(page, _NAME), *notes))


def _reasons(read: Transport, page: Page, plain: Page | None) -> Iterator[str]:
    host = host_of(page.asked)
    if read.max_age < _YEAR:
        yield "max-age is less than a year"
    if not read.subdomains:
        yield "includeSubDomains is missing"
    if not page.verified:
        yield "the certificate is not valid"
    if host != hosts.registrable(host):
        yield "only a registered domain is taken, not a host below it"
    if plain is not None:
        first = plain.route[1].url if len(plain.route) > 1 else ""
        if not first.lower().startswith("https:") or host_of(first) != host_of(plain.asked):
            yield "http does not redirect to https on the same host first"


CHECK = Check(
    id="security_hsts_preload",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("ineligible",),
    needs=Needs.SCHEMES,
    schemes=judge,
    parts=("http", "https"),
)
