"""Writes each finding's priority from the formula, whenever what it rests on has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_address
from itertools import islice
from uuid import UUID

from surveyor.remedy import priority
from surveyor.remedy.priority import Fact, Facts
from surveyor.scan.model import Source
from surveyor.service.store import priorities
from surveyor.service.store.database import Session
from surveyor.service.store.priorities import Standing, Weighed

_BATCH = 2_000
_PRIVATE = (".local", ".internal", ".localhost", ".test", ".lan", ".home.arpa")
#: What the feeds of single factors are called; every other feed holds advisories.
_FEEDS = {"epss": ("epss",), "kev": ("kev", "cisa")}


async def rewrite(
    session: Session, finding_ids: Iterable[UUID], *, at: datetime, sources: Sequence[Source] = ()
) -> None:
    """Compute the formula for these findings; a score that a person set stays, with the formula's word beside it.

    ``sources`` are the feeds that a scan rested on: their dates are those of the facts.
    """
    told = feeds(sources)
    remaining = iter(finding_ids)
    while batch := list(islice(remaining, _BATCH)):
        weighed = await priorities.read(session, batch)
        await priorities.write(session, await asyncio.to_thread(_stand, weighed, told, at))


def _stand(weighed: Sequence[Weighed], told: Mapping[str, Fact], at: datetime) -> list[Standing]:
    return [stand(finding, told, at) for finding in weighed]


def stand(finding: Weighed, told: Mapping[str, Fact], at: datetime) -> Standing:
    """What one finding's priority is now."""
    computed = priority.compute(facts_of(finding, told, at))
    record = priority.stand(finding.priority, computed, at=at)
    by_person = record["by_source"].get("person") if record["source"] == "person" else None
    return Standing(id=finding.id, values=by_person or priority.values(computed), record=record)


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


def facts_of(finding: Weighed, told: Mapping[str, Fact], at: datetime) -> Facts:
    """A stored finding as the formula sees it. What this look says nothing about keeps the source it had."""
    before = {
        str(factor["name"]): Fact(source=factor["source"], date=factor["date"])
        for factor in (finding.priority or {}).get("factors", ())
        if factor.get("source")
    }
    score, by = _cvss(finding)
    now = at.isoformat()
    own = {
        "exposure": Fact(source="affected assets", date=now),
        "assets": Fact(source="affected assets", date=now),
        "age": Fact(source="first seen", date=finding.first_seen.isoformat()),
        "effort": Fact(source="formula"),
    }
    if finding.domain != "vulnerability":
        rule = Fact(source=f"rule {finding.rule}", date=now)
        own |= {"severity": rule, "fix": rule}
        told = {}
    elif by is not None:
        own["severity"] = Fact(source=by, date=told["severity"].date if "severity" in told else None)
    named = {**before, **told, **own}
    if finding.severity_by == "person":
        named["severity"] = Fact(source="person", date=now)
    return Facts(
        domain=finding.domain,
        severity=finding.severity,
        severity_by=finding.severity_by,
        cvss=score,
        epss=finding.epss,
        kev=finding.kev,
        exposure=exposure(finding.hosts),
        assets=finding.assets,
        fix_state=finding.fix_state,
        has_fix=finding.recommended_fix is not None,
        age_days=(at - finding.first_seen).total_seconds() / 86_400,
        facts=named,
    )


def _cvss(finding: Weighed) -> tuple[float | None, str | None]:
    """The worst score of the newest version of CVSS that anybody published one of, and who did."""
    scored = [item for item in finding.cvss if isinstance(item.get("score"), (int, float))]
    best = max(scored, key=lambda item: (str(item.get("version")), float(item["score"])), default=None)
    if best is None:
        return None, None
    return float(best["score"]), str(best.get("source") or "CVSS")


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
