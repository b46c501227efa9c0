"""What was asked of the advisories and what could not be, by ecosystem, and the words for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from surveyor.scan.advise.snapshot import Snapshot
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.vocabulary import counted

_NAMED = 5
#: Why no ecosystem could be asked.
_UNASKED = {
    "no_source": "no advisory source covers {}",
    "by_name": "no feed that knows products by name, such as NVD, is set up for {} packages",
    "no_product": "nothing is known to be the product of NVD that {} packages are",
    "no_release": "nothing says which release of which distribution {} packages are from",
}

#: What is missed for want of a setting; all else is missing.
_UNASKED_STATES = {"by_name": CoverageState.NOT_CONFIGURED, "no_product": CoverageState.SKIPPED}


@dataclass(slots=True)
class Ledger:
    """What was asked and what not, by ecosystem; ``named`` are the names asked for, where that matters."""

    asked: Counter[str] = field(default_factory=Counter)
    named: set[tuple[str, str]] = field(default_factory=set)
    without_feed: Counter[str] = field(default_factory=Counter)
    without_source: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    without_version: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    no_kernel: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    headers: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    owned: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    other_stream: Counter[str] = field(default_factory=Counter)
    overruled: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    odd_versions: dict[str, list[str]] = field(default_factory=dict)
    undecided: Counter[str] = field(default_factory=Counter)


def coverage(ledger: Ledger, snapshot: Snapshot) -> tuple[Coverage, ...]:
    """An entry for what was asked of each ecosystem, and one for each reason why something was not."""
    out = [_looked(name, count, snapshot) for name, count in sorted(ledger.asked.items())]
    for name, count in sorted(ledger.without_feed.items()):
        detail = f"{name} has no advisories in this database; {counted(count, 'package')} could not be matched"
        out.append(_entry(name, CoverageState.MISSING, "no_advisories", detail, count))
    for (name, reason, aside), count in sorted(ledger.without_source.items()):
        detail = f"{_UNASKED[reason].format(name)}; {_unmatched(count, aside=aside)}"
        state = CoverageState.SKIPPED if aside else _UNASKED_STATES.get(reason, CoverageState.MISSING)
        out.append(_entry(name, state, reason, detail, count))
    for (name, aside), loose in sorted(ledger.without_version.items()):
        detail = f"no version is known; {_unmatched(len(loose), aside=aside)}: {_listed(loose)}"
        state = CoverageState.SKIPPED if aside else CoverageState.PARTIAL
        out.append(_entry(name, state, "no_version", detail, len(loose)))
    for (name, reason, why), binaries in sorted(ledger.no_kernel.items()):
        detail = f"not matched as the kernel, {why}: {_listed(binaries)}"
        out.append(_entry(name, CoverageState.SKIPPED, reason, detail, len(binaries)))
    for (name, reason, why), binaries in sorted(ledger.headers.items()):
        detail = f"of the kernel only {why}, of which nothing runs: {_listed(binaries)}; its flaws come last"
        out.append(_entry(name, CoverageState.LOOKED, reason, detail, len(binaries)))
    for (name, judge), owned in sorted(ledger.owned.items()):
        detail = f"judged by {judge}, whose system packages they belong to: {_listed(owned)}"
        out.append(_entry(name, CoverageState.SKIPPED, "owned", detail, len(owned)))
    for name, count in sorted(ledger.other_stream.items()):
        detail = f"{counted(count, 'hit')} left out: those advisories are about another module stream"
        out.append(_entry(name, CoverageState.SKIPPED, "other_stream", detail, count))
    for (name, judge), flaws in sorted(ledger.overruled.items()):
        told = f"{counted(len(flaws), 'hit')} left out: {judge} calls those versions not affected"
        detail = f"{told}: {_listed(flaws)}"
        out.append(_entry(name, CoverageState.SKIPPED, "overruled", detail, len(flaws)))
    for name, odd in sorted(ledger.odd_versions.items()):
        detail = f"versions that cannot be ordered were compared with listed ones only: {_listed(odd)}"
        out.append(_entry(name, CoverageState.PARTIAL, "odd_version", detail, len(odd)))
    for name, count in sorted(ledger.undecided.items()):
        detail = f"{counted(count, 'range')} of advisories left out: there is no order for them"
        out.append(_entry(name, CoverageState.PARTIAL, "odd_range", detail, count))
    return tuple(out)


def _unmatched(count: int, *, aside: bool) -> str:
    if aside:
        return f"{counted(count, 'package')}, declared and not installed here, could not be matched"
    return f"{counted(count, 'package')} could not be matched"


def _looked(name: str, count: int, snapshot: Snapshot) -> Coverage:
    newest = max((feed.date for feed in snapshot.answering(name) if feed.date), default=None)
    date = f" of {newest:%Y-%m-%d}" if newest else ""
    return _entry(
        name, CoverageState.LOOKED, None, f"{counted(count, 'package')} matched against advisories{date}", count
    )


def _entry(ecosystem: str, state: CoverageState, reason: str | None, detail: str, count: int) -> Coverage:
    return Coverage(what=f"advisories.{ecosystem}", state=state, reason=reason, detail=detail, count=count)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(name[:80] for name in sorted(set(names))[:_NAMED])
    return f"{shown} and {len(set(names)) - _NAMED} more" if len(set(names)) > _NAMED else shown
