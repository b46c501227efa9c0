"""Compares two reports of one kind: what is new, fixed, changed or weighed otherwise, and what was not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from surveyor.remedy.diff import pair
from surveyor.remedy.diff.cause import Between, Reason
from surveyor.remedy.diff.looked import Look
from surveyor.remedy.diff.model import Cause, Change, Diff, Field, Kind, Side
from surveyor.scan.errors import BadTarget
from surveyor.scan.model import INCOMPLETE, Asset, Finding, Report
from surveyor.scan.model import Kind as Page

_ORDER = list(Kind)


def compare(before: Report, after: Report) -> Diff:
    """Everything that differs; raises ``BadTarget`` for a page and an artifact, which have nothing to compare."""
    if before.target.kind is not after.target.kind:
        raise BadTarget(f"cannot compare {_an(before)} with {_an(after)}")
    between = Between(Look(before), Look(after))
    pairs = pair.findings(before, after)
    changes = [change for one in pairs.before for change in _gone(between, one, one.assets)]
    changes += [change for one in pairs.after for change in _come(between, one, one.assets)]
    same = 0
    for old, new in pairs.both:
        found = list(_both(between, old, new))
        same += not found
        changes += found
    counts = Counter(change.change for change in changes)
    return Diff(
        before=_side(before),
        after=_side(after),
        summary={**{kind.value: counts[kind] for kind in Kind}, "unchanged": same},
        unlooked=sum(entry.state in INCOMPLETE for entry in after.coverage),
        changes=tuple(sorted(changes, key=_order)),
    )


def _an(report: Report) -> str:
    what = "a page" if report.target.kind is Page.WEB else "an artifact"
    return f"a report of {what} ({report.target.name or report.target.source})"


def _side(report: Report) -> Side:
    return Side(
        target=report.target,
        finished_at=report.finished_at,
        scan_status=report.scan_status,
        scanner=str(report.scanner.get("version") or ""),
        sources=report.sources,
        findings=len(report.findings),
    )


def _order(change: Change) -> tuple[int, int, str, str, str, str]:
    places = change.assets[0].path or change.assets[0].value if change.assets else ""
    kind = _ORDER.index(change.change)
    return kind, change.severity.rank, change.domain.value, change.title, change.cause.value, places


def _gone(between: Between, finding: Finding, assets: Sequence[Asset]) -> Iterator[Change]:
    for reason, about in _sorted(between, finding, assets, later=False):
        yield _change(Kind.FIXED if reason.looked else Kind.NOT_LOOKED, reason, finding, about)


def _come(between: Between, finding: Finding, assets: Sequence[Asset]) -> Iterator[Change]:
    for reason, about in _sorted(between, finding, assets, later=True):
        yield _change(Kind.NEW, reason, finding, about)


def _sorted(
    between: Between, finding: Finding, assets: Sequence[Asset], *, later: bool
) -> Iterator[tuple[Reason, list[Asset]]]:
    """Assets by why they differ: a package may be upgraded in one place and not looked at in another."""
    found: dict[tuple[bool, Cause], tuple[Reason, list[Asset]]] = {}
    for asset in assets or (Asset(type="package", value=finding.package or ""),):
        reason = between.of_one(finding, asset, later=later)
        found.setdefault((reason.looked, reason.cause), (reason, []))[1].append(asset)
    for reason, about in found.values():
        yield reason, about if assets else []


def _both(between: Between, old: Finding, new: Finding) -> Iterator[Change]:
    assets = pair.assets(old, new)
    yield from _gone(between, old, assets.before) if assets.before else ()
    yield from _come(between, new, assets.after) if assets.after else ()
    values = [(one.value, other.value) for one, other in assets.both if one.value != other.value]
    moved = ", ".join(dict.fromkeys(f"{one} → {other}" for one, other in values))
    about = [asset for _, asset in assets.both]
    if decided := _fields(old, new, ("decision",)):
        reason = Reason(Cause.DECISION, f"{decided[0].before or 'nothing'} → {decided[0].after or 'nothing'}")
        yield _change(Kind.RECLASSIFIED, reason, new, about, decided)
    if weighed := _fields(old, new, ("severity", "kev")):
        yield _change(Kind.RECLASSIFIED, between.of_both(new, moved), new, about, weighed)
    told = [Field(name="package", before=_list(one for one, _ in values), after=_list(one for _, one in values))]
    if changed := [*(told if moved else []), *_fields(old, new, ("title", "fixed_in", "fix_state"))]:
        yield _change(Kind.CHANGED, between.of_both(new, moved), new, about, changed)


def _list(values: Iterable[str]) -> str:
    return ", ".join(sorted({*values}))


def _fields(old: Finding, new: Finding, names: Iterable[str]) -> list[Field]:
    """Facts of both that differ, as text."""
    both = ((name, _text(old, name), _text(new, name)) for name in names)
    return [Field(name=name, before=before, after=after) for name, before, after in both if before != after]


def _text(finding: Finding, name: str) -> str | None:
    if name == "decision":
        return decision_of(finding)
    value = getattr(finding, name)
    if isinstance(value, tuple):
        return ", ".join(value) or None
    return None if value is None else str(value)


def decision_of(finding: Finding) -> str | None:
    """What was decided, in words; nothing when nobody has."""
    held = finding.decision
    if held is None:
        return None
    extent = "" if held.suppressed or not held.places else f" at {len(held.places)} places"
    until = f" until {held.until}" if held.until else ""
    return f"{held.status.value}{extent}{until}"


def _change(
    kind: Kind, reason: Reason, finding: Finding, assets: Sequence[Asset], fields: Sequence[Field] = ()
) -> Change:
    return Change(
        change=kind,
        cause=reason.cause,
        reason=reason.words,
        domain=finding.domain,
        rule=finding.rule,
        title=finding.title,
        ids=finding.ids,
        severity=finding.severity,
        suppressed=finding.aside or (finding.decision is not None and finding.decision.suppressed),
        assets=tuple(assets),
        fields=tuple(fields),
    )
