"""What a scan says of a page in numbers: scores by a published profile, how it loads, and where a value lies."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from surveyor.scan.values import frozen


class Device(StrEnum):
    """As what a page is loaded: how wide its window is, what it says it is, and how fast it counts as."""

    MOBILE = "mobile"
    DESKTOP = "desktop"


class Engine(StrEnum):
    """What can measure: Google's service, a Chromium that we drive, or a Lighthouse of this machine."""

    PSI = "psi"
    LAB = "lab"
    LIGHTHOUSE = "lighthouse"


#: The outcome of a test whose evidence could not be had.
NOT_LOOKED = "not_looked"
#: How much of a line is left behind its last bound, or behind the slowest run where that is further.
_BEYOND, _EDGE = 1.5, 1.05


@frozen
class ScoreTest:
    """One test of a score: ``outcome`` is of its closed list, or ``not_looked``; ``detail`` says that in a sentence.

    ``modifier`` is the points that the profile adds to 100 or takes from it for the outcome; ``not_looked`` has none.
    """

    id: str
    title: str
    outcome: str
    modifier: float | None = None
    detail: str | None = None


@frozen
class Score:
    """What a published profile makes of one scanner's evidence about one page (``asset`` is its URL).

    ``score`` is 100 with the tests' modifiers as the profile counts them, ``grade`` its letter where the profile has
    letters. Both are absent while a test is ``not_looked`` that could change them; ``lowest`` and ``highest`` are what
    the score is at least and at most, the score itself when it is known. A score of how a page loads is that of the
    medians, and the bounds are those of its runs; one without all its metrics is called an estimate in ``detail``.
    """

    scanner: str
    profile: str
    asset: str
    score: int | None = None
    grade: str | None = None
    lowest: int | None = None
    highest: int | None = None
    tests: tuple[ScoreTest, ...] = ()
    detail: str | None = None


@frozen
class Measured:
    """One metric of how a page loads, in milliseconds, ``cls`` without unit: the median of ``runs``, and their range.

    ``source`` is ``field`` for the 75th percentile of real visits of the page, ``origin`` of its whole site, ``lab``
    for loads that the engine made. ``score`` is 0..1 by Lighthouse's curve, absent where the metric has none. It is
    good up to ``good`` and poor above ``poor``, by the published bounds of this metric, source and device.
    """

    id: str
    value: float
    source: str
    low: float | None = None
    high: float | None = None
    runs: int = 1
    score: float | None = None
    good: float | None = None
    poor: float | None = None


@frozen
class Track:
    """A metric on a line from nought, in parts of its length: up to ``good`` it is good, above ``poor`` poor.

    ``at`` is its value, ``low`` and ``high`` the range of its runs.
    """

    good: float
    poor: float
    at: float
    low: float
    high: float


@frozen
class Measurement:
    """What one engine measured of how one page (``asset`` is its URL) loads.

    ``engine`` is ``psi``, ``lab`` or ``lighthouse``, ``product`` who that was with version. ``throttling`` says how
    slow conditions came about, ``simulate`` where they were computed. Numbers of different engines, devices or
    throttling are different quantities: ``series`` is equal for those that may stand in one trend. ``benchmark`` is
    Lighthouse's index of the machine's speed. ``requests`` and ``transfer`` (bytes on the wire) are by kind of
    resource.
    """

    asset: str
    engine: str
    product: str
    device: Device
    series: str
    throttling: str = ""
    benchmark: float | None = None
    metrics: tuple[Measured, ...] = ()
    requests: dict[str, int] = field(default_factory=dict)
    transfer: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def zone(metric: Measured) -> str:
    """``good``, ``middling`` or ``poor`` by its bounds; empty where it has none."""
    if metric.good is None or metric.poor is None:
        return ""
    return "good" if metric.value <= metric.good else "middling" if metric.value <= metric.poor else "poor"


def track(metric: Measured) -> Track | None:
    """A metric on its line; nothing where nobody published how much is good."""
    if metric.good is None or metric.poor is None or metric.poor <= 0:
        return None
    low = metric.value if metric.low is None else metric.low
    high = metric.value if metric.high is None else metric.high
    end = max(metric.poor * _BEYOND, high * _EDGE, metric.value * _EDGE)

    def part(value: float) -> float:
        return round(min(max(value / end, 0.0), 1.0), 4)

    return Track(good=part(metric.good), poor=part(metric.poor), at=part(metric.value), low=part(low), high=part(high))
