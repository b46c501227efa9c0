"""A priority as a picture: the points that made it, what nobody knows drawn apart, and never as nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from surveyor.remedy.priority import MODEL_BOUND, MOST
from surveyor.scan import phrases
from surveyor.scan.vocabulary import counted
from surveyor.service.store.findings import FindingRow

#: Which of the three numbers a factor speaks for; the picture has a shade for each.
_GROUPS = {"severity": "impact", "assets": "impact", "fix": "effort", "effort": "effort"}
_LABELS = {
    "severity": "Severity",
    "kev": "Exploited already",
    "epss": "Likely to be exploited",
    "exposure": "Exposure",
    "assets": "How much it affects",
    "fix": "Fix",
    "effort": "Effort",
    "age": "Age",
    "presence": "What is there",
}
_VALUES = {
    ("kev", "True"): "listed as exploited",
    ("kev", "False"): "not listed",
    ("exposure", "public"): "on a public address",
    ("exposure", "private"): "on private addresses only",
    ("fix", "fixed"): "known",
    ("fix", "not_fixed"): "no fixed version yet",
    ("fix", "will_not_fix"): "the vendor will not fix it",
    ("fix", "fix_deferred"): "the vendor has put off a fix",
    ("fix", "end_of_life"): "this release gets no more fixes",
}
_SOURCES = {
    "formula": "By the formula",
    "model": f"By a model, at most {MODEL_BOUND} from the formula",
    "person": "Set by a person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One piece of the bar, in percent of its width; a point is a percent."""

    label: str
    group: str
    points: int
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One factor in words; ``share`` is its points as percent of the most it could give."""

    label: str
    group: str
    state: str
    value: str
    points: int
    most: int
    share: float
    source: str
    date: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of a priority: ``score`` None is "not scored", ``unknown`` what that which nobody knows could still add."""

    score: int | None
    source: str
    formula: int | None
    pieces: tuple[Piece, ...]
    unknown: Piece | None
    rows: tuple[Row, ...]
    numbers: tuple[tuple[str, int | None, str], ...]
    words: str


def picture(finding: FindingRow) -> Picture:
    """What stands and how it came about."""
    record = finding.priority or {}
    factors: list[Mapping[str, Any]] = list(record.get("factors") or ())
    pieces: list[Piece] = []
    at = 0.0
    for factor in factors:
        if int(factor["points"]) < 0:
            # the last one takes away what all before it gave
            pieces, at = [], 0.0
        elif factor["state"] == "known" and factor["points"]:
            pieces.append(_piece(factor, at))
            at += factor["points"]
    missing = sum(int(factor["most"] or 0) for factor in factors if factor["state"] == "unknown")
    formula = ((record.get("by_source") or {}).get("formula") or {}).get("score")
    source = str(record.get("source") or "formula")
    return Picture(
        score=finding.priority_score,
        source=_SOURCES.get(source, source),
        formula=formula if source != "formula" else None,
        pieces=tuple(pieces),
        unknown=Piece(label="Unknown", group="unknown", points=missing, x=at, width=missing) if missing else None,
        rows=tuple(_row(factor) for factor in factors),
        numbers=(
            ("Impact", finding.impact_score, "how much harm"),
            ("Risk", finding.risk_score, "how likely"),
            ("Effort", finding.effort_score, "more is more work"),
        ),
        words=_words(finding.priority_score, pieces, missing),
    )


def _words(score: int | None, pieces: list[Piece], missing: int) -> str:
    if score is None:
        return "Not scored"
    parts = [f"{piece.label} {piece.points}" for piece in pieces]
    parts += [f"{counted(missing, 'more point')} unknown"] if missing else []
    return f"{score} of {MOST}: {', '.join(parts)}" if parts else f"{score} of {MOST}"


def _piece(factor: Mapping[str, Any], at: float) -> Piece:
    name = str(factor["name"])
    points = int(factor["points"])
    return Piece(label=_LABELS.get(name, name), group=_GROUPS.get(name, "risk"), points=points, x=at, width=points)


def _row(factor: Mapping[str, Any]) -> Row:
    name, most = str(factor["name"]), int(factor["most"] or 0)
    return Row(
        label=_LABELS.get(name, name),
        group=_GROUPS.get(name, "risk"),
        state=str(factor["state"]),
        value=_value(name, factor),
        points=int(factor["points"]),
        most=most,
        share=round(100 * int(factor["points"]) / most, 2) if most else 0.0,
        source=str(factor.get("source") or ""),
        date=factor.get("date"),
    )


def _value(name: str, factor: Mapping[str, Any]) -> str:
    if factor["state"] == "not_applicable":
        return "does not apply here"
    value = factor["value"]
    if factor["state"] == "unknown" or value is None:
        return "unknown"
    if name == "severity" and not isinstance(value, str):
        return f"CVSS {float(value):.1f}"
    if name == "epss":
        return f"{phrases.likelihood(float(value))} within 30 days"
    if name == "assets":
        return counted(int(value), "place")
    if name == "age":
        return "seen today for the first time" if value == 0 else counted(int(value), "day")
    return _VALUES.get((name, str(value)), str(value).replace("_", " "))
