"""Writes each finding's priority from the formula, whenever what it rests on has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from surveyor.remedy import priority
from surveyor.remedy.facts import exposure, feeds, named, worst
from surveyor.remedy.priority import Fact, Facts
from surveyor.scan.model import Domain, Source, is_aside
from surveyor.service.store import priorities
from surveyor.service.store.database import Session
from surveyor.service.store.priorities import Standing, Weighed

_BATCH = 2_000


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


def facts_of(finding: Weighed, told: Mapping[str, Fact], at: datetime) -> Facts:
    """A stored finding as the formula sees it. What this look says nothing about keeps the source it had."""
    before = {
        str(factor["name"]): Fact(source=factor["source"], date=factor["date"])
        for factor in (finding.priority or {}).get("factors", ())
        if factor.get("source")
    }
    score, by = worst((item.get("version"), item.get("score"), item.get("source")) for item in finding.cvss)
    rule = None if finding.domain == Domain.VULNERABILITY else finding.rule
    facts = before | named(told, at, rule=rule, ruled_by=finding.ruled_by, rated_by=by)
    facts["age"] = Fact(source="first seen", date=finding.first_seen.isoformat())
    if finding.severity_by == "person":
        facts["severity"] = Fact(source="person", date=at.isoformat())
    return Facts(
        domain=finding.domain,
        severity=finding.severity,
        severity_by=finding.severity_by,
        rule=rule,
        cvss=score,
        epss=finding.epss,
        kev=finding.kev,
        exposure=exposure(finding.hosts),
        assets=finding.assets,
        fix_state=finding.fix_state,
        has_fix=finding.recommended_fix is not None,
        # whoever sets a severity has looked
        aside=is_aside(finding.ruled_by) and finding.severity_by != "person",
        age_days=(at - finding.first_seen).total_seconds() / 86_400,
        facts=facts,
    )
