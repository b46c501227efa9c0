"""Lighthouse's SEO score: its ten audits, weighted as Lighthouse 13 publishes them, on the page as it is shown.

That is what a browser made of it; without one, as it was served.

The score is the weighted share of passed audits; one that has nothing to judge has no weight. Being kept out by robots
directives or robots.txt weighs 93/23, the others 1. Structured data are looked at by hand there and count nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from surveyor.scan.check import crawlers
from surveyor.scan.check.document import Document
from surveyor.scan.evidence import WellKnown
from surveyor.scan.figures import NOT_LOOKED, Score, ScoreTest
from surveyor.scan.formats import robots
from surveyor.scan.model import Domain

PROFILE = "lighthouse-seo-13"
PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not_applicable"
_UNKNOWN = (PASSED, FAILED, NOT_APPLICABLE)
WEIGHTS = {"is-crawlable": 93 / 23}
TITLES = {
    "is-crawlable": "Page is not blocked from indexing",
    "document-title": "Page has a title",
    "meta-description": "Page has a meta description",
    "http-status-code": "Page has a status of success",
    "link-text": "Links have descriptive text",
    "crawlable-anchors": "Links can be followed",
    "robots-txt": "robots.txt is valid",
    "image-alt": "Images have alternatives",
    "hreflang": "hreflang is valid",
    "canonical": "Canonical link is valid",
}
#: By audit the check that decides, and which of its outcomes fail it there.
_RULES = {
    "document-title": ("seo_title", {"missing"}),
    "meta-description": ("seo_meta_description", {"missing"}),
    "http-status-code": ("seo_http_status", {"error"}),
    "link-text": ("seo_link_text", {"generic"}),
    "crawlable-anchors": ("seo_crawlable_anchors", {"empty", "script", "file", "invalid"}),
    "robots-txt": ("seo_robots_txt", {"failing", "page", "invalid"}),
    "image-alt": ("seo_image_alt", {"missing"}),
    "hreflang": ("seo_hreflang", {"code", "relative"}),
    "canonical": ("seo_canonical", {"invalid", "several", "relative", "language", "root"}),
}


def score(asset: str, document: Document, files: WellKnown | None, came_to: Mapping[str, tuple[str, ...]]) -> Score:
    """The score of a page; bounds where an audit could not be looked at, nothing where the page itself could not."""
    states = dict(_states(document, files, came_to))
    unseen = [name for name, state in states.items() if state is None]
    if len(unseen) > len(states) // 2:
        return Score(
            scanner=Domain.SEO, profile=PROFILE, asset=asset, detail="too little of the page could be looked at"
        )
    possible = [
        _share({**states, **dict(zip(unseen, choice, strict=True))}) for choice in product(_UNKNOWN, repeat=len(unseen))
    ]
    lowest, highest = min(possible), max(possible)
    whole = sum(_weight(name) for name, state in states.items() if state in {PASSED, FAILED})
    return Score(
        scanner=Domain.SEO,
        profile=PROFILE,
        asset=asset,
        score=lowest if not unseen else None,
        lowest=lowest,
        highest=highest,
        tests=tuple(_test(name, state, whole) for name, state in states.items()),
    )


def _states(
    document: Document, files: WellKnown | None, came_to: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str | None]]:
    kept_out = crawlers.kept_out(document, files)
    yield "is-crawlable", None if kept_out is None else FAILED if kept_out else PASSED
    for name, (rule, failing) in _RULES.items():
        keys = came_to.get(rule)
        if keys is None:
            yield name, None
        elif failing.intersection(keys):
            yield name, FAILED
        else:
            yield name, NOT_APPLICABLE if _has_nothing(name, document, files, keys) else PASSED


def _has_nothing(name: str, document: Document, files: WellKnown | None, keys: tuple[str, ...]) -> bool:
    """Whether there is nothing for an audit to judge."""
    if name == "image-alt":
        return next(document.named("img"), None) is None
    if name == "canonical":
        return "missing" in keys or "misplaced" in keys
    page = files.files.get(robots.PATH) if files is not None else None
    return name == "robots-txt" and (page is None or page.status >= 400 or not page.body)


def _weight(name: str) -> float:
    return WEIGHTS.get(name, 1.0)


def _share(states: Mapping[str, str | None]) -> int:
    whole = sum(_weight(name) for name, state in states.items() if state in {PASSED, FAILED})
    passed = sum(_weight(name) for name, state in states.items() if state == PASSED)
    return int(100 * passed / whole + 0.5) if whole else 0


def _test(name: str, state: str | None, whole: float) -> ScoreTest:
    lost = round(-100 * _weight(name) / whole, 1) if state == FAILED and whole else 0.0
    if state is None:
        return ScoreTest(id=name, title=TITLES[name], outcome=NOT_LOOKED)
    detail = "There is nothing to judge." if state == NOT_APPLICABLE else None
    return ScoreTest(id=name, title=TITLES[name], outcome=state, modifier=lost, detail=detail)
