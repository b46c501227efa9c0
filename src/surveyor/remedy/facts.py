"""What the priority formula looks at, gathered from a report's findings: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from surveyor.remedy.priority import Fact, Facts, compute
from surveyor.scan.model import Domain, Finding, Report, Source

_PRIVATE = (".local", ".internal", ".localhost", ".test", ".lan", ".home.arpa")
#: What the feeds of single factors are called; every other feed holds advisories.
_FEEDS = {"epss": ("epss",), "kev": ("kev", "cisa")}


def weigh(report: Report) -> Report:
    """The report with a priority on each finding, as far as a report alone tells: how old a finding is, it does not."""
    told, at = feeds(report.sources), report.finished_at
    return replace(
        report,
        findings=tuple(replace(finding, priority=compute(of(finding, told, at))) for finding in report.findings),
    )


def of(finding: Finding, told: Mapping[str, Fact], at: datetime) -> Facts:
    """One finding as the formula sees it; ``told`` says which feed speaks about which factor."""
    score, by = worst((item.version, item.score, item.source) for item in finding.cvss)
    now = at.isoformat()
    named = {
        "exposure": Fact(source="affected assets", date=now),
        "assets": Fact(source="affected assets", date=now),
        "effort": Fact(source="formula"),
    }
    if finding.domain is not Domain.VULNERABILITY:
        rule = Fact(source=f"rule {finding.rule}", date=now)
        named |= {"severity": rule, "fix": rule}
    else:
        named = {**told, **named}
        if by is not None:
            named["severity"] = Fact(source=by, date=told["severity"].date if "severity" in told else None)
    return Facts(
        domain=finding.domain.value,
        severity=finding.severity.value,
        cvss=score,
        epss=finding.epss,
        kev=finding.kev,
        exposure=exposure([_host(asset.value) for asset in finding.assets if asset.type == "url"]),
        assets=len(finding.assets),
        fix_state=finding.fix_state,
        has_fix=finding.recommended_fix is not None,
        facts=named,
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:  # brackets that do not close
        return ""


def worst(scores: Iterable[tuple[object, object, object]]) -> tuple[float | None, str | None]:
    """Of (version, score, source) the worst score of the newest version that anybody published one of, and who did."""
    scored = [
        (str(version), float(score), source) for version, score, source in scores if isinstance(score, (int, float))
    ]
    best = max(scored, key=lambda item: item[:2], default=None)
    return (None, None) if best is None else (best[1], str(best[2] or "CVSS"))


def feeds(sources: Sequence[Source]) -> dict[str, Fact]:
    """Who says what about vulnerabilities, by factor: the newest feed of each kind."""
    told: dict[str, Fact] = {}
    for source in sources:
        name = next((factor for factor, words in _FEEDS.items() if source.feed.lower().startswith(words)), "severity")
        date = source.date.isoformat() if source.date else None
        held = told.get(name)
        if held is None or (held.date or "") < (date or ""):
            told[name] = Fact(source=source.feed, date=date)
    if "severity" in told:
        told["fix"] = told["severity"]
    return told


def exposure(hosts: Sequence[str]) -> str | None:
    """``public`` when one of the pages is on a public name or address; nobody knows where an artifact runs."""
    if not hosts:
        return None
    return "private" if all(_is_private(host) for host in hosts) else "public"


def _is_private(authority: str) -> bool:
    host = authority.rpartition("@")[2]
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rstrip(".").endswith(_PRIVATE)
