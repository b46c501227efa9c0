"""What a scan amounts to, in a word and its reasons: one that could not look at everything is never shown as clean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surveyor.scan.model import INCOMPLETE, Kind
from surveyor.scan.plan import SLOTS, WEB_SLOTS
from surveyor.scan.vocabulary import counted, subject
from surveyor.service.documents.rules import together
from surveyor.service.store.scans import TERMINAL, Scan, Slot
from surveyor.service.ui.reasons import sentence, told

#: What only the service looks at; the rest has the scanner's names.
_LABELS = {
    "slot.accessibility_model": "Accessibility, by a model",
    "advisories.rematch": "Newer advisories",
    "analysis": "Analysis by a model",
    "coverage": "This list",
    "report": "The report as a file",
}
_WORDS = {
    "looked": "looked at",
    "partial": "in part",
    "skipped": "skipped",
    "failed": "could not",
    "missing": "missing",
    "not_configured": "not set up",
    "pending": "waiting",
    "running": "running",
    "cancelled": "not looked at",
}
#: Reasons that say more of a scanner than that it failed.
_OF_REASON = frozenset({"not_configured", "cancelled"})
_GAPS = frozenset({"cancelled", *(state.value for state in INCOMPLETE)})
_ORDER = ("missing", "failed", "partial", "cancelled", "running", "pending", "looked", "skipped", "not_configured")
#: What the number beside a line counts, by the beginning of its name: one of it, and more.
_COUNTED = {
    "checks": ("rule", "rules"),
    "analysis": ("finding judged", "findings judged"),
    "slot.accessibility_model": ("class of barriers named", "classes of barriers named"),
    "slot.": ("check", "checks"),
    "catalog.": ("package", "packages"),
    "unread": ("file", "files"),
    "advisories.": ("package", "packages"),
}
#: Where one reads how to set up what is not.
_HOW = {"slot.performance": "https://developers.google.com/speed/docs/insights/v5/get-started"}
_REASONS_SHOWN = 5
_ENTRIES_SHOWN = 200
#: Kinds of packages that a line has room for; more fold away.
_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``key`` is queued, running, complete, partial, failed or cancelled; ``reasons`` are sentences for people."""

    key: str
    words: str
    ended: bool
    why: str | None = None
    reasons: tuple[str, ...] = ()
    no_advisories: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One line of what was or was not looked at; ``at`` is where in the target, ``how`` tells how to set it up.

    ``names`` are what it is about where that is too much for a line.
    """

    what: str
    state: str
    word: str
    why: str | None = None
    at: str | None = None
    counted: str = ""
    how: str | None = None
    names: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """All such lines, gaps first; ``cut`` is how many did not fit the page."""

    entries: tuple[Looked, ...]
    gaps: int
    cut: int


def judge(scan: Scan) -> Verdict:
    """The verdict on a run as it stands."""
    ended = scan.status in TERMINAL
    gaps = tuple(sorted(_gaps(scan), key=_rank))
    reasons = _sentences(gaps)
    no_advisories = any(str(entry.get("what")) == "advisories" for entry in gaps)
    if scan.status != "done":
        words = scan.status.capitalize()
        more = tuple(line for line in reasons if not scan.error or scan.error not in line)
        return Verdict(key=scan.status, words=words, ended=ended, why=scan.error, reasons=more)
    if gaps or scan.summary.get("scan_status") == "partial":
        return Verdict(key="partial", words="Partial", ended=True, reasons=reasons, no_advisories=no_advisories)
    return Verdict(key="complete", words="Complete", ended=True)


def looked_at(scan: Scan) -> LookedAt:
    """What the coverage says, and each scanner that it does not mention by its state."""
    absent = [entry for entry in scan.coverage if _found_none(entry)]
    layers = [
        entry for entry in scan.coverage if (entry.get("what"), entry.get("state")) == ("acquire.layer", "looked")
    ]
    others = [entry for entry in scan.coverage if entry.get("what") == "catalog"]
    # scanners of a page end as it happens; a reader finds them in one order
    told = list(_of_pages(together(scan.coverage)))
    if scan.kind == Kind.WEB:
        told.sort(key=_place)
    entries = [_looked(entry) for entry in told if entry not in absent + layers + others]
    if layers:
        read = sum(entry.get("count") or 0 for entry in layers)
        many = len(layers) > 1
        whole = f"{len(layers):,} read to {'their' if many else 'its'} end, {counted(read, 'entry')}"
        what = "Layers" if many else "Layer"
        entries.insert(0, Looked(what=what, state="looked", word=_WORDS["looked"], why=whole))
    if names := sorted({*_none_met(others), *(label(str(entry["what"])) for entry in absent)}, key=str.lower):
        entries.append(_none_there(names))
    entries += _untold(scan)
    entries.sort(key=lambda entry: _ORDER.index(entry.state) if entry.state in _ORDER else 0)
    gaps = sum(entry.state in _GAPS for entry in entries)
    return LookedAt(entries=tuple(entries[:_ENTRIES_SHOWN]), gaps=gaps, cut=max(len(entries) - _ENTRIES_SHOWN, 0))


#: What several scanners may each tell of, and by what that is the same.
_SHARED = {
    "crawl": ("what", "state", "reason", "asset"),
    "crawl.browser": ("what", "state", "reason", "asset", "detail"),  # each scanner has its own
    "gather": ("what", "state", "reason", "detail", "asset", "count"),
}


def _of_pages(coverage: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Entries, once what each scanner says of one thing; of a site's pages those looked at are in their number."""
    told: set[tuple[object, ...]] = set()
    for entry in coverage:
        shared = _SHARED.get(str(entry.get("what"))) or _SHARED.get(str(entry.get("what")).partition(".")[0])
        if shared is not None:
            mark = tuple(entry.get(name) for name in shared)
            if mark in told or mark[:2] == ("crawl.page", "looked"):
                continue
            told.add(mark)
        yield entry


def _untold(scan: Scan) -> Iterable[Looked]:
    """Each scanner that the coverage does not mention; of a cancelled run also those that it never came to."""
    told = {str(entry.get("what")) for entry in scan.coverage}
    never = Slot(state="failed", reason="cancelled")
    missing = SLOTS[Kind(scan.kind)] if scan.status == "cancelled" else ()
    slots = {**dict.fromkeys(missing, never), **scan.scanner_status}
    for name, slot in slots.items():
        if f"slot.{name}" in told or (slot.state == "done" and scan.coverage):
            continue
        state = slot.reason if slot.reason in _OF_REASON else {"done": "looked"}.get(slot.state, slot.state)
        why = sentence(slot.reason) if slot.reason else None
        if slot.reason == "cancelled" and slot.started_at is None:
            why = "Cancelled before it began."
        yield _line(f"slot.{name}", state, why=why)


def _found_none(entry: Mapping[str, Any]) -> bool:
    """A cataloger that looked and found nothing of its kind: worth a word, not a line."""
    return str(entry.get("what", "")).startswith("catalog.") and (entry.get("state"), entry.get("count")) == (
        "looked",
        0,
    )


def _none_met(entries: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """The kinds of packages that nothing was met of, as people call them; the scanner lists its units' ids."""
    for entry in entries:
        for unit in str(entry.get("detail") or "").rpartition(": ")[2].split(", "):
            if unit:
                yield label(f"catalog.{unit}")


def _none_there(names: list[str]) -> Looked:
    few = len(names) <= _NAMED
    why = ", ".join(names) if few else counted(len(names), "kind") + " of packages"
    what = "Looked for, none there"
    return Looked(what=what, state="looked", word=_WORDS["looked"], why=why, names="" if few else ", ".join(names))


def label(what: str) -> str:
    """A unit, stage or slot as people call it."""
    return _LABELS.get(what) or subject(what)


def _place(entry: Mapping[str, Any]) -> int:
    """Scanners of a page in the order of its pipeline, and then whatever else they tell of."""
    name = str(entry.get("what")).removeprefix("slot.")
    return WEB_SLOTS.index(name) if name in WEB_SLOTS else len(WEB_SLOTS)


def _rank(entry: Mapping[str, Any]) -> int:
    state = str(entry.get("state"))
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def _gaps(scan: Scan) -> Iterable[Mapping[str, Any]]:
    yield from (entry for entry in together(scan.coverage) if entry.get("state") in INCOMPLETE)
    named = {str(entry.get("what")) for entry in scan.coverage}
    for name, slot in scan.scanner_status.items():
        if slot.state == "failed" and slot.reason != "not_configured" and f"slot.{name}" not in named:
            yield {"what": f"slot.{name}", "state": "failed", "reason": slot.reason}


def _sentences(gaps: tuple[Mapping[str, Any], ...]) -> tuple[str, ...]:
    lines = dict.fromkeys(_sentence(entry) for entry in gaps)
    shown = tuple(lines)[:_REASONS_SHOWN]
    return (*shown, f"and {len(lines) - _REASONS_SHOWN:,} more") if len(lines) > _REASONS_SHOWN else shown


def _sentence(entry: Mapping[str, Any]) -> str:
    where, name = _where(entry), label(str(entry.get("what", "")))
    return f"{name}: {_why(entry) or _WORDS.get(str(entry.get('state')), '')}{f' ({where})' if where else ''}"


def _looked(entry: Mapping[str, Any]) -> Looked:
    state = str(entry.get("state", "failed"))
    if entry.get("reason") == "cancelled":
        state = "cancelled"
    what, why = str(entry.get("what", "")), _why(entry)
    # what is known and not read has files, and nobody knows how many packages
    subject = "unread" if entry.get("reason") in {"not_read", "unsupported"} else what
    return _line(what, state, why=why, at=_where(entry) or None, number=_counted(subject, entry.get("count"), why))


def _line(what: str, state: str, *, why: str | None, at: str | None = None, number: str = "") -> Looked:
    how = _HOW.get(what) if state == "not_configured" else None
    word = _WORDS.get(state, state)
    return Looked(what=label(what), state=state, word=word, why=why, at=at, counted=number, how=how)


def _why(entry: Mapping[str, Any]) -> str | None:
    """Why, without the name that stands before it anyway."""
    if not entry.get("detail"):
        return sentence(str(entry["reason"])) if entry.get("reason") else None
    said = told(str(entry["detail"]))
    name = f"{label(str(entry.get('what', '')))}: "
    return said[len(name) :] if said.lower().startswith(name.lower()) else said


def _counted(what: str, count: int | None, why: str | None) -> str:
    """A number with what it counts, unless the sentence below has it anyway."""
    if count is None or re.search(rf"\b{count}\b", (why or "").replace(",", "")):
        return ""
    words = next((words for start, words in _COUNTED.items() if what.startswith(start)), None)
    return f"{count:,} {words[count != 1]}" if words else f"{count:,}"


def _where(entry: Mapping[str, Any]) -> str:
    layer = entry.get("layer")
    parts = (entry.get("path"), f"layer {layer[:19]}" if layer else None, entry.get("asset"))
    return " · ".join(str(part) for part in parts if part)
