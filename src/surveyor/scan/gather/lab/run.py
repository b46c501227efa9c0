"""One measured load: an empty page is made a phone or a desktop, slowed down, traced while it loads, and looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.formats.loose import text, truth
from surveyor.scan.gather.interface import Errand
from surveyor.scan.gather.lab import blocking, click, look, progress, shifts
from surveyor.scan.gather.lab.rest import Rest
from surveyor.scan.gather.lab.trace import Traced, read
from surveyor.scan.gather.lab.unused import Counting, Use
from surveyor.scan.net.browser import emulation, frames, places
from surveyor.scan.net.browser.arrival import arrive
from surveyor.scan.net.browser.network import Exchange, Network, endless
from surveyor.scan.net.browser.recording import Recording
from surveyor.scan.net.browser.visits import Visit
from surveyor.scan.speed import Largest, Moved, Phases, Place, Shift

_ASK_SECONDS = 10.0
_LOAD_SECONDS, _LOAD_SHARE = 25.0, 0.6
_DUMP_SECONDS = 10.0
_JUMPS, _FRAMES_AT_ONCE = 30, 60
#: A request may be told a little before the navigation that it is for (ms).
_SOON = 50.0
_UNRESTED = "the page never came to rest"


@dataclass(slots=True, kw_only=True)
class Run:
    """What one load came to: values by metric, and what it was made of.

    ``missed`` is as for a measurement, ``untold`` as for a load.
    """

    url: str
    frame: str
    agent: str
    values: dict[str, float] = field(default_factory=dict)
    traced: Traced
    exchanges: list[Exchange]
    more: int = 0
    end: float = 0.0
    largest: Largest | None = None
    shifts: tuple[Shift, ...] = ()
    use: Use | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    untold: dict[str, str] = field(default_factory=dict)


def measure(errand: Errand, visit: Visit, url: str) -> Run:
    """Load ``url`` as the errand's device; raises what loading raises, ``Malformed`` where nothing could be read."""
    tab, profile = visit.tab, emulation.PROFILES[errand.device]
    network, recording, counting = Network(errand.clock), Recording(), Counting()
    rest = Rest(network, errand.clock)

    def hear(method: str, params: dict[str, Any]) -> None:
        network.hear(method, params)
        recording.hear(method, params)
        counting.hear(method, params)
        rest.hear(method, params)

    ours = errand.settings.user_agent
    agent = emulation.apply(tab, errand.device, product=visit.chromium.product, ours=ours, seconds=_ask(errand))
    tab.also = hear
    rest.watch(tab, seconds=_ask(errand))
    emulation.throttle(tab, profile, seconds=_ask(errand))
    counting.start(tab, seconds=_ask(errand))
    recording.start(tab, seconds=_ask(errand))
    seconds = min(_LOAD_SECONDS, errand.left * _LOAD_SHARE)
    rested = arrive(visit, url, seconds=errand.left, rest=lambda: rest.wait(tab, seconds=seconds))
    whole = recording.stop(tab, seconds=min(_DUMP_SECONDS, errand.left))
    traced = read(list(recording.events), tab.frame)
    run = Run(
        url=url,
        frame=tab.frame,
        agent=agent,
        traced=traced,
        exchanges=list(network.exchanges),
        more=network.more,
    )
    if visit.traffic.cut:
        run.missed["bytes"] = "the page loads more than is let through"
    if recording.cut or not whole:
        run.missed["trace"] = "the browser's trace of the page is not whole"
    _Reading(run, rested=rested, hung=rest.hung).read()
    _index(run, visit, recording, seconds=min(_ASK_SECONDS, errand.left))
    _look(run, errand, visit, counting)
    return run


def _ask(errand: Errand) -> float:
    return min(_ASK_SECONDS, errand.left)


class _Reading:
    """Metrics of one run, by the trace and the requests."""

    def __init__(self, run: Run, *, rested: bool = True, hung: bool = False) -> None:
        self._run, self._traced, self._rested, self._hung = run, run.traced, rested, hung

    def read(self) -> None:
        """Fill the run's values with what can be known."""
        run, traced = self._run, self._traced
        document = self.document()
        if document is not None:
            run.url = document.url
        if document is not None and document.answered is not None:
            run.values["ttfb"] = self.since(document.answered)
        if traced.painted is None:
            run.missed["fcp"] = "the page painted nothing"
            return
        run.values["fcp"] = traced.painted
        if traced.largest is not None:
            run.values["lcp"] = traced.largest.at
        window = shifts.worst(traced.jumps)
        run.values["cls"] = shifts.total(window)
        run.end = max((span.end for span in traced.spans), default=traced.painted)
        if self._rested:
            end = blocking.interactive(traced.tasks, self.ways(), painted=traced.painted, parsed=traced.parsed)
            run.values["tti"] = run.end = end
        else:
            run.missed["tti"] = _UNRESTED
        if self._hung:  # which no trace tells of before its end
            run.missed["tbt"] = "a task of the page did not end"
        else:
            run.values["tbt"] = blocking.total(traced.tasks, traced.painted, run.end)

    def document(self) -> Exchange | None:
        """The answer that became the page: the first after the navigation's start that leads nowhere else."""
        main = (one for one in self._run.exchanges if one.kind == "Document" and one.frame == self._run.frame)
        later = (one for one in main if self.since(one.started) > -_SOON and (one.status or 0) // 100 != 3)
        return next(later, None)

    def since(self, at: float) -> float:
        """Milliseconds since the navigation's start of a moment in seconds."""
        return at * 1000 - self._traced.origin / 1000

    def ways(self) -> list[tuple[float, float]]:
        """When each request was on its way, in ms; those that never end are not waited for."""
        asked = (one for one in self._run.exchanges if not endless(one) and one.method == "GET")
        return [(self.since(one.started), self.since(one.ended or one.started)) for one in asked]


def _index(run: Run, visit: Visit, recording: Recording, *, seconds: float) -> None:
    """Speed Index of the frames, which the browser decodes in an empty page."""
    if run.traced.painted is None or not recording.frames:
        return
    shown = list[tuple[float, str]]()
    for at, picture in recording.frames:
        if not shown or shown[-1][1] != picture:
            shown.append((at, picture))
    counted = list[tuple[float, list[int]]]()
    try:
        for start in range(0, len(shown), _FRAMES_AT_ONCE):
            some = shown[start : start + _FRAMES_AT_ONCE]
            told = frames.histograms(
                lambda script: visit.desk.run(None, script, seconds=seconds).get("value"),
                [picture for _, picture in some],
            )
            if told is None:
                raise Malformed("the browser did not decode its own pictures")
            moments = ((at - run.traced.origin) / 1000 for at, _ in some)
            counted += zip(moments, told, strict=True)
    except ScanError as error:
        run.missed["si"] = str(error)
        return
    run.values["si"] = progress.speed_index(counted)


def _look(run: Run, errand: Errand, visit: Visit, counting: Counting) -> None:
    """What was not needed, elements painted and moved, images, and one click; errors leave what was measured."""
    tab = visit.tab
    try:
        emulation.slow(tab, 1.0, seconds=_ask(errand))
        world = tab.world(tab.frame, seconds=_ask(errand))
        run.largest = _largest(run, errand, visit, world)
        run.shifts = tuple(_shifts(run, errand, visit, world))
        run.seen = look.look(tab, world, seconds=_ask(errand))
        run.use = counting.stop(tab, page=run.url, seconds=_ask(errand))
        emulation.slow(tab, emulation.PROFILES[errand.device].slowdown, seconds=_ask(errand))
        if (took := click.interact(tab, world, seconds=_ask(errand), clock=errand.clock)) is not None:
            run.values["inp"] = took
    except ScanError as error:
        run.untold |= dict.fromkeys(_untold(run), str(error))


def _untold(run: Run) -> Iterator[str]:
    """What nobody could look at."""
    if not run.seen:
        yield from ("largest", "pictures", "nodes")
    if run.use is None:
        yield from ("unused.script", "unused.stylesheet", "fonts")


def _largest(run: Run, errand: Errand, visit: Visit, world: int) -> Largest | None:
    found, reading = run.traced.largest, _Reading(run)
    if found is None:
        return None
    told: Mapping[str, Any] = {}
    if found.node is not None:
        told = places.about(visit.tab, found.node, world, seconds=_ask(errand))
    url = text(told.get("url"), 2000) if found.image else ""
    sent = next((one for one in run.exchanges if url and one.url == url), None)
    return Largest(
        at=found.at,
        place=_place(told),
        url=url or None,
        phases=phases(found.at, reading, sent),
        discoverable=None if sent is None else sent.parsed and sent.initiator == run.url,
        lazy=truth(told.get("lazy")) if url else None,
        priority=text(told.get("priority"), 20) if url else None,
    )


def phases(at: float, reading: _Reading, sent: Exchange | None) -> Phases | None:
    """The parts of the largest paint's time; without a request of its own all that follows the answer is rendering."""
    document = reading.document()
    if document is None or document.answered is None:
        return None
    first = min(at, max(0.0, reading.since(document.answered)))
    if sent is None or sent.ended is None:
        return Phases(ttfb=first, load_delay=0.0, load_duration=0.0, render_delay=at - first)
    begun = min(at, max(first, reading.since(sent.started)))
    done = min(at, max(begun, reading.since(sent.ended)))
    return Phases(ttfb=first, load_delay=begun - first, load_duration=done - begun, render_delay=at - done)


def _shifts(run: Run, errand: Errand, visit: Visit, world: int) -> list[Shift]:
    counted = set(map(id, shifts.worst(run.traced.jumps)))
    worst = sorted(run.traced.jumps, key=lambda jump: -jump.score)[:_JUMPS]
    known = dict[int, Place | None]()
    found = []
    for jump in sorted(worst, key=lambda one: one.at):
        for node in jump.nodes:
            if node not in known and len(known) < _JUMPS:
                known[node] = _place(places.about(visit.tab, node, world, seconds=_ask(errand)))
        moved = tuple(Moved(place=place) for node in jump.nodes if (place := known.get(node)) is not None)
        found.append(Shift(at=jump.at, score=jump.score, counted=id(jump) in counted, moved=moved))
    return found


def _place(told: Mapping[str, Any]) -> Place | None:
    where = text(told.get("where"))
    return Place(where=where, snippet=text(told.get("snippet"))) if where else None
