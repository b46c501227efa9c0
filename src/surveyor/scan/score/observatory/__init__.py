"""The grade of MDN's HTTP Observatory, algorithm 6: twelve tests, one file each."""

from __future__ import annotations

from surveyor.scan.errors import ScanError
from surveyor.scan.figures import NOT_LOOKED, Score, ScoreTest
from surveyor.scan.model import Domain
from surveyor.scan.net import hosts
from surveyor.scan.score.interface import Sample, Test
from surveyor.scan.score.observatory import (
    coep,
    cookies,
    coop,
    corp,
    cors,
    csp,
    hsts,
    redirection,
    referrer,
    sri,
    xcto,
    xfo,
)
from surveyor.scan.score.observatory.profile import MODIFIERS, PROFILE, letter, total
from surveyor.scan.score.observatory.words import WORDS

TESTS: tuple[Test, ...] = (
    csp.TEST,
    cookies.TEST,
    coep.TEST,
    coop.TEST,
    corp.TEST,
    cors.TEST,
    redirection.TEST,
    referrer.TEST,
    hsts.TEST,
    sri.TEST,
    xcto.TEST,
    xfo.TEST,
)
#: Outcomes of hosts that are on the preload list, and that might be better if one had come to it.
_LISTED = frozenset({"hsts-preloaded", "redirection-all-redirects-preloaded"})
_UNLISTED = frozenset({"hsts-not-implemented", "hsts-header-invalid", "hsts-implemented-max-age-less-than-six-months"})


def score(sample: Sample) -> Score:
    """The grade of a page; where evidence is missing, what it is at least and at most. An error page has none."""
    asset = sample.page.asked
    if not _gradable(sample.page.status):
        return Score(
            scanner=Domain.SECURITY,
            profile=PROFILE,
            asset=asset,
            detail=f"the server answered {sample.page.status}, and an error page has no grade",
        )
    tests = tuple(_run(test, sample) for test in TESTS)
    lowest = total(_points(result, test, least=True) for result, test in zip(tests, TESTS, strict=True))
    highest = total(_points(result, test, least=False) for result, test in zip(tests, TESTS, strict=True))
    known = letter(lowest) if letter(lowest) == letter(highest) else None
    return Score(
        scanner=Domain.SECURITY,
        profile=PROFILE,
        asset=asset,
        score=lowest if lowest == highest else None,
        grade=known,
        lowest=lowest,
        highest=highest,
        tests=tests,
        detail=None if known else f"between {letter(lowest)} and {letter(highest)}: not every test could look",
    )


def _gradable(status: int) -> bool:
    return 200 <= status < 400 or status in {401, 403}


def _run(test: Test, sample: Sample) -> ScoreTest:
    try:
        outcome = test.judge(sample)
    except ScanError as error:
        return ScoreTest(id=test.id, title=test.title, outcome=NOT_LOOKED, detail=str(error))
    return ScoreTest(
        id=test.id, title=test.title, outcome=outcome, modifier=float(MODIFIERS[outcome]), detail=_detail(outcome)
    )


def _detail(outcome: str) -> str:
    """What the outcome means; where it rests on browsers' preload list, of when that is: hosts come to it weekly."""
    said = WORDS[outcome]
    if outcome in _LISTED:
        return f"{said} By their list as of {hosts.listed_on()}."
    return f"{said} It is not on their preload list as of {hosts.listed_on()}." if outcome in _UNLISTED else said


def _points(result: ScoreTest, test: Test, *, least: bool) -> int:
    """The points of an outcome; of one that is not known the worst or the best."""
    if result.outcome != NOT_LOOKED:
        return MODIFIERS[result.outcome]
    known = [MODIFIERS[outcome] for outcome in test.outcomes]
    return min(known) if least else max(known)


__all__ = ["MODIFIERS", "PROFILE", "TESTS", "WORDS", "letter", "score", "total"]
