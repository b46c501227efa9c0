"""That http leads to https, at the first hop and on the same host."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.address import host_of
from surveyor.scan.check import quoting
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Schemes
from surveyor.scan.model import Domain


def judge(schemes: Schemes) -> Iterable[Outcome]:
    """Nothing where nobody answers on plain http; a first hop to another host leaves this one without HSTS."""
    if schemes.http is None:
        return
    route = schemes.http.route
    secure = [step.url.lower().startswith("https:") for step in route]
    if not secure[-1]:
        yield Outcome(key="missing", evidence=quoting.way(route))
    elif not secure[1]:
        yield Outcome(key="late", evidence=quoting.way(route))
    elif host_of(route[0].url) != host_of(route[1].url):
        yield Outcome(key="off_host", evidence=quoting.way(route))


CHECK = Check(
    id="security_redirection",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "late", "off_host"),
    needs=Needs.SCHEMES,
    schemes=judge,
    parts=("http",),
)
