"""A scan's scores by published profiles: the letter, the points, and the tests that they come from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from surveyor.scan.figures import NOT_LOOKED
from surveyor.scan.plan import WEB_SLOTS
from surveyor.service.actions import slots
from surveyor.service.store.scans import Scan

#: Names of profiles and what they are, for people.
_PROFILES = {
    "observatory-6": ("HTTP Observatory", "MDN's grade, algorithm 6"),
    "lighthouse-seo-13": ("Lighthouse SEO", "its ten audits and weights"),
    **{
        f"lighthouse-performance-{device}": ("Lighthouse performance", f"its own score, {device}")
        for device in ("mobile", "desktop")
    },
    **{
        f"performance-estimate-1-{device}": ("Performance estimate", f"by Lighthouse's curves and weights, {device}")
        for device in ("mobile", "desktop")
    },
    "extended-1": ("Beyond the grade", "our own checks, which no published grade counts"),
}
_TEXT, _MOST = 300, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TestView:
    """One test: its points as text, ``kind`` ``cost``, ``bonus``, ``unseen`` or nothing."""

    id: str
    title: str
    points: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One score: a letter where there is one, points or their bounds; the tests that count, and the rest.

    ``span`` is between what points that are known lie; ``page`` is told where several have a score of this kind.
    """

    name: str
    page: str
    about: str
    letter: str
    points: str
    span: str
    detail: str
    counted: tuple[TestView, ...]
    rest: tuple[TestView, ...]


def grades(run: Scan) -> tuple[Grade, ...]:
    """What the summary of a run holds of scores; what is not of their shape is left out."""
    told = run.summary.get(slots.SCORES)
    scores = [score for score in told if isinstance(score, dict)] if isinstance(told, list) else []
    counts = Counter(_text(score.get("profile")) for score in scores)
    scores.sort(key=lambda score: WEB_SLOTS.index(name) if (name := score.get("scanner")) in WEB_SLOTS else 0)
    return tuple(_grade(score, of_several=counts[_text(score.get("profile"))] > 1) for score in scores)


def _grade(score: dict[str, Any], *, of_several: bool) -> Grade:
    profile = _text(score.get("profile"))
    name, about = _PROFILES.get(profile, (profile, ""))
    listed = score.get("tests")
    tests = [_test(test) for test in listed[:_MOST] if isinstance(test, dict)] if isinstance(listed, list) else []
    # the dearest first
    counted = sorted((test for test in tests if test.kind), key=lambda test: (_ORDER[test.kind], _number(test.points)))
    return Grade(
        name=name,
        page=_text(score.get("asset")) if of_several else "",
        about=about,
        letter=_text(score.get("grade")),
        points=_points(score),
        span=_span(score),
        detail=_text(score.get("detail")),
        counted=tuple(counted),
        rest=tuple(test for test in tests if not test.kind),
    )


_ORDER = {"cost": 0, "unseen": 1, "bonus": 2}


def _test(test: dict[str, Any]) -> TestView:
    given = test.get("modifier")
    modifier = float(given) if isinstance(given, (int, float)) else 0.0
    unseen = test.get("outcome") == NOT_LOOKED
    kind = "unseen" if unseen else "cost" if modifier < 0 else "bonus" if modifier > 0 else ""
    detail = _text(test.get("detail"))
    return TestView(
        id=_text(test.get("id")),
        title=_text(test.get("title")),
        points="?" if unseen else f"{modifier:+g}" if modifier else "0",
        kind=kind,
        detail=f"Not looked at: {detail}" if unseen and detail else "Not looked at" if unseen else detail,
    )


def _points(score: dict[str, Any]) -> str:
    known, lowest, highest = (score.get(name) for name in ("score", "lowest", "highest"))
    if isinstance(known, int):
        return str(known)
    return f"{lowest} to {highest}" if isinstance(lowest, int) and isinstance(highest, int) else "–"


def _span(score: dict[str, Any]) -> str:
    """Between what a known score lies by its runs; nothing where they agree."""
    known, lowest, highest = (score.get(name) for name in ("score", "lowest", "highest"))
    if isinstance(known, int) and isinstance(lowest, int) and isinstance(highest, int) and lowest < highest:
        return f"{lowest} to {highest}"
    return ""


def _number(points: str) -> float:
    return float(points) if points not in {"?", ""} else 0.0


def _text(value: object) -> str:
    return value[:_TEXT] if isinstance(value, str) else ""
