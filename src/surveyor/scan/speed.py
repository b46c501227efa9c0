"""How a page loads, as engines of measurement tell it.

Times are milliseconds, those of moments counted from the navigation's start; sizes are bytes. What is ``None`` is not
known, which is neither zero nor good. Engines that tell less (PageSpeed Insights) fill what they tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from surveyor.scan.figures import Device, Engine
from surveyor.scan.values import frozen

#: Metrics that a score is made of; one without all of them is an estimate.
SCORED = ("fcp", "lcp", "tbt", "cls", "si")


class Source(StrEnum):
    """Who measured: ``FIELD`` is the 75th percentile of real visits, ``LAB`` loads that an engine made.

    ``ORIGIN`` is that of visits to all pages of the site together, which says nothing sure about one of them.
    """

    FIELD = "field"
    ORIGIN = "origin"
    LAB = "lab"


@frozen
class Metric:
    """One quantity in milliseconds, for ``cls`` without unit: the median of ``runs``, with the least and the greatest.

    Ids are ``fcp``, ``lcp``, ``tbt``, ``cls``, ``si``, ``tti``, ``ttfb``, ``inp``. ``low`` and ``high`` are the median
    where there was one run, and for ``field``.
    """

    id: str
    value: float
    source: str
    low: float | None = None
    high: float | None = None
    runs: int = 1

    @property
    def spread(self) -> float:
        """How far apart the runs were: greatest less least, 0 where there was one."""
        return 0.0 if self.low is None or self.high is None else self.high - self.low


@frozen
class Environment:
    """Under what an engine measured.

    ``benchmark`` is Lighthouse's index of the machine's speed (greater is faster). Throttling is what was applied to
    each request (``latency`` in ms, kilobits a second down and up) and to the processor (a divisor); ``simulated``
    says that it was computed afterwards instead. ``method`` is Lighthouse's word (``devtools``,
    ``simulate``, ``provided``).
    """

    browser: str = ""
    agent: str = ""
    benchmark: float | None = None
    method: str = ""
    latency: float | None = None
    down: float | None = None
    up: float | None = None
    slowdown: float | None = None
    width: int | None = None
    height: int | None = None
    ratio: float | None = None

    @property
    def simulated(self) -> bool:
        """Whether throttling was computed, not applied; numbers of both must not stand in one trend."""
        return self.method == "simulate"


@frozen
class Place:
    """An element of the page: a CSS selector, and the beginning of its markup on one line."""

    where: str
    snippet: str = ""


@frozen
class Phases:
    """The four parts of a Largest Contentful Paint, which add up to it; the middle two are 0 where it is text."""

    ttfb: float
    load_delay: float
    load_duration: float
    render_delay: float


@frozen
class Largest:
    """The element of the Largest Contentful Paint; ``url`` and what follows where it is an image.

    ``discoverable`` says whether the document's own markup names the image, ``lazy`` whether it has ``loading=lazy``,
    ``priority`` what its ``fetchpriority`` says (empty for none).
    """

    at: float
    place: Place | None = None
    url: str | None = None
    phases: Phases | None = None
    discoverable: bool | None = None
    lazy: bool | None = None
    priority: str | None = None


@frozen
class Moved:
    """An element that a layout shift moved."""

    place: Place


@frozen
class Shift:
    """One layout shift: its score; ``counted`` where it is in the session window that is the page's CLS."""

    at: float | None
    score: float
    counted: bool = True
    moved: tuple[Moved, ...] = ()


@frozen
class Task:
    """A task of the main thread over 50 ms; ``blocking`` is its part of TBT, ``url`` the script that ran most."""

    at: float
    duration: float
    blocking: float = 0.0
    url: str | None = None


@frozen
class Work:
    """What one script (``url``) did on the main thread: time in all, and its share of TBT."""

    url: str
    duration: float
    blocking: float


@frozen
class Resource:
    """One request of the page; hops of a redirect are requests of their own.

    ``kind`` is the protocol's type in lower case (``document``, ``stylesheet``, ``script``, ``image``, ``font`` …).
    ``transfer`` is what came over the wire, headers too, ``size`` what that is when decoded.
    ``protocol`` is ALPN's word (``h2``, ``http/1.1``). ``lifetime`` is for how many seconds a cache may keep it without
    asking, 0 where it may not; ``validated`` whether it has an ETag or Last-Modified. ``third_party`` compares
    registrable domains. ``unused`` are bytes of ``size`` (scripts and stylesheets) that no rule or function needed
    until the load was over. ``initiator`` is the URL of what asked for it.
    """

    url: str
    kind: str
    start: float | None = None
    end: float | None = None
    status: int | None = None
    protocol: str = ""
    mime: str = ""
    encoding: str = ""
    transfer: int | None = None
    size: int | None = None
    lifetime: float | None = None
    validated: bool | None = None
    priority: str = ""
    blocking: bool | None = None
    third_party: bool | None = None
    unused: int | None = None
    initiator: str | None = None
    failure: str | None = None


@frozen
class Picture:
    """An image as it is shown: natural size in its own pixels, shown size in CSS pixels.

    ``format`` is the media type's second half (``jpeg``, ``avif``, ``svg+xml``). ``fold`` says whether any of it is
    within the first screen, ``sized`` whether width and height are known before it is loaded, ``background`` that
    it is a stylesheet's and not an element's.
    """

    url: str
    place: Place
    natural: tuple[int, int] | None = None
    shown: tuple[float, float] | None = None
    format: str = ""
    transfer: int | None = None
    lazy: bool | None = None
    fold: bool | None = None
    sized: bool | None = None
    background: bool = False
    wasted: Mapping[str, int] = field(default_factory=dict)


@frozen
class Font:
    """A web font that was loaded; ``display`` is its ``font-display``, ``auto`` where none is set."""

    url: str
    family: str = ""
    display: str | None = None
    transfer: int | None = None


@frozen
class Party:
    """A foreign registrable domain: requests, bytes on the wire, time on the main thread and its share of TBT."""

    domain: str
    requests: int
    transfer: int
    duration: float | None = None
    blocking: float | None = None


@frozen
class Waste:
    """Script that need not be there: ``name`` is its URL, or what several scripts bring; bytes as they are sent."""

    name: str
    size: int


@frozen
class Load:
    """What one run saw: that with the median LCP, or the only one.

    ``work`` is time of the main thread by what it did (``script``, ``style``, ``layout``, ``paint``, ``parse``, ``gc``,
    ``other``), ``scripts`` by script, worst first. ``nodes``, ``depth`` and ``children`` are of the document at rest:
    elements, how deep, the most in one. ``more`` counts requests that are not listed. ``missed`` says by name of a
    field, of the load or of its resources, why it is empty though there may be something. ``legacy`` is script for
    browsers that nobody has any more, ``duplicates`` what several scripts bring; ``None`` where nobody looked.
    """

    largest: Largest | None = None
    shifts: tuple[Shift, ...] = ()
    tasks: tuple[Task, ...] = ()
    scripts: tuple[Work, ...] = ()
    work: Mapping[str, float] = field(default_factory=dict)
    resources: tuple[Resource, ...] = ()
    more: int = 0
    pictures: tuple[Picture, ...] = ()
    fonts: tuple[Font, ...] = ()
    parties: tuple[Party, ...] = ()
    nodes: int | None = None
    depth: int | None = None
    children: int | None = None
    legacy: tuple[Waste, ...] | None = None
    duplicates: tuple[Waste, ...] | None = None
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Speed:
    """What was measured about how a page loads.

    ``engine`` names who measured, with version, ``by`` which of ours that was. ``score`` is 0..1, absent where the
    engine gives none; ``estimated`` where metrics of it are missing. ``runs`` holds each run's values by metric.
    ``missed`` says, by metric or field, why what was asked for could not be had: then the measurement is partial.
    ``notes`` are warnings of the engine.
    """

    url: str
    metrics: tuple[Metric, ...]
    score: float | None = None
    engine: str = ""
    by: Engine = Engine.PSI
    device: Device = Device.MOBILE
    environment: Environment = field(default_factory=Environment)
    runs: tuple[Mapping[str, float], ...] = ()
    load: Load | None = None
    missed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """The value that decides: of real visits when there is one, else of the laboratory."""
        found = {metric.source: metric for metric in self.metrics if metric.id == name}
        return found.get(Source.FIELD) or found.get(Source.LAB)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Metrics of a score that the laboratory has not."""
        have = {metric.id for metric in self.metrics if metric.source == Source.LAB}
        return tuple(name for name in SCORED if name not in have)

    @property
    def estimated(self) -> bool:
        """Whether a score of these metrics is an estimate."""
        return bool(self.lacking)
