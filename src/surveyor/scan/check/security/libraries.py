"""JavaScript libraries with known vulnerabilities, by what the page's scripts say they are."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.interface import EVERY_PART, Check, Needs, Outcome
from surveyor.scan.evidence import Libraries
from surveyor.scan.model import Domain, Evidence, Finding, Package

_QUOTED, _IDS = 20, 8


def judge(libraries: Libraries) -> Iterable[Outcome]:
    """One outcome for the page: each library with the advisories about its version and what mends it."""
    found = [(package, about) for package in libraries.packages if (about := _about(package, libraries.findings))]
    if found:
        evidence = tuple(_told(package, about) for package, about in found[:_QUOTED])
        yield Outcome(key="vulnerable", evidence=evidence, count=len(found))


def _about(package: Package, findings: Iterable[Finding]) -> list[Finding]:
    # one finding may be about several versions
    return [finding for finding in findings if any(asset.value == package.purl for asset in finding.assets)]


def _told(package: Package, findings: list[Finding]) -> Evidence:
    ids = [finding.ids[0] if finding.ids else finding.rule for finding in findings]
    more = f" and {len(ids) - _IDS} more" if len(ids) > _IDS else ""
    fixes = sorted({version for finding in findings for version in finding.fixed_in})
    fixed = f"; fixed in {', '.join(fixes)}" if fixes else ""
    where = package.evidence[0].where if package.evidence else None
    text = f"{package.name} {package.version}: {', '.join(ids[:_IDS])}{more}{fixed}"
    return Evidence(kind="library", where=(where or "")[:1000] or None, value=text[:1000])


CHECK = Check(
    id="security_libraries",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("vulnerable",),
    needs=Needs.LIBRARIES,
    libraries=judge,
    parts=EVERY_PART,
)
