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


def weigh(report: Report) -> Report:
    """The report with a priority on each finding, as far as a report alone tells: how old a finding is, it does not."""
    told, at = feeds(report.sources), report.finished_at
    return replace(
        report,
        findings=tuple(replace(finding, priority=compute(of(finding, told, at))) for finding in report.findings),
    )


def of(finding: Finding, told: Mapping[str, Fact], at: datetime) -> Facts:
    """One finding as the formula sees it; ``told`` are the feeds by id."""
    score, by = worst((item.version, item.score, item.source) for item in finding.cvss)
    rule = None if finding.domain is Domain.VULNERABILITY else finding.rule
    return Facts(
        domain=finding.domain.value,
        severity=finding.severity.value,
        rule=rule,
        cvss=score,
        epss=finding.epss,
        kev=finding.kev,
        exposure=exposure([_host(asset.value) for asset in finding.assets if asset.type == "url"]),
        assets=len(finding.assets),
        fix_state=finding.fix_state,
        has_fix=finding.recommended_fix is not None,
        aside=finding.aside,
        facts=named(told, at, rule=rule, ruled_by=finding.ruled_by, rated_by=by),
    )


def named(
    told: Mapping[str, Fact], at: datetime, *, rule: str | None, ruled_by: str | None, rated_by: str | None
) -> dict[str, Fact]:
    """Who says what about one finding, by factor: ``rule`` is the one of ours that found it, of a vulnerability none.

    The others are as for ``spoken``.
    """
    now = at.isoformat()
    affected = Fact(source="affected assets", date=now)
    own = {"exposure": affected, "assets": affected, "effort": Fact(source="formula")}
    if rule is None:
        return own | spoken(told, ruled_by, rated_by)
    return own | dict.fromkeys(("severity", "fix"), Fact(source=f"rule {rule}", date=now))


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
    """Each feed by its id, with the newest date of its parts."""
    told: dict[str, Fact] = {}
    for source in sources:
        name = source.feed.lower().partition(":")[0]
        date = source.date.isoformat() if source.date else None
        if name not in told or (told[name].date or "") < (date or ""):
            told[name] = Fact(source=name, date=date)
    return told


def spoken(told: Mapping[str, Fact], ruled_by: str | None, rated_by: str | None) -> dict[str, Fact]:
    """Who says what about one vulnerability, by factor.

    ``ruled_by`` names the feed whose word decided, as a finding has it; ``rated_by`` who gave the score, if one did.
    """
    named = {factor: told[factor] for factor in ("epss", "kev") if factor in told}
    advisories = [fact for name, fact in told.items() if name not in {"epss", "kev", "nvd"}]
    # who decided about a finding of before is not known: the newest advisories are what it rests on
    newest = max(advisories, key=lambda fact: fact.date or "", default=None)
    ruling = newest if ruled_by is None else told.get(ruled_by.partition(":")[2])
    if ruling is not None:
        named |= {"severity": ruling, "fix": ruling}
    if rated_by is not None:
        rating = (told.get("nvd") or ruling) if "nvd" in rated_by.lower() else ruling
        named["severity"] = Fact(source=rated_by, date=rating.date if rating else None)
    return named


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
