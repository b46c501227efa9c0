"""How many runs a measurement has, and when a page counts as at rest: without a browser, on a clock of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from surveyor.scan.errors import NotConfigured, Refused, ScanError, Unreachable, Unsupported
from surveyor.scan.evidence import Page
from surveyor.scan.gather import Errand, lab
from surveyor.scan.gather.lab import rest as resting
from surveyor.scan.gather.lab import run as running
from surveyor.scan.gather.lab.rest import Rest
from surveyor.scan.gather.lab.run import Run
from surveyor.scan.gather.lab.trace import Traced
from surveyor.scan.net import Client
from surveyor.scan.net.browser.network import Network
from surveyor.scan.settings import Settings
from surveyor.scan.speed import Speed

URL = "https://a.example/"


class Clock:
    """Time that passes when somebody waits."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


class Visits:
    """A browser that is always there."""

    def __init__(self) -> None:
        self.alone = True

    @contextlib.contextmanager
    def visit(self, **_: Any) -> Iterator[Any]:
        """Nothing to load pages in."""
        desk = SimpleNamespace(run=lambda *_, **__: {"value": 500})
        chromium = SimpleNamespace(product="Chrome/1")
        yield SimpleNamespace(chromium=chromium, desk=desk, alone=self.alone)


@pytest.fixture
def clock() -> Clock:
    """Time of ours."""
    return Clock()


def errand(
    clock: Clock, *, runs: int = 3, seconds: float = 54.0, visits: Any = None, kind: str = "text/html"
) -> Errand:
    settings = Settings(browser="chromium", lab_runs=runs)
    page = Page(asked=URL, url=URL, status=200, headers=(("Content-Type", kind),), body=b"")
    return Errand(
        url=URL,
        settings=settings,
        client=Client(settings),
        deadline=clock.now + 54,
        clock=clock,
        page=lambda: page,
        visits=visits or Visits(),
    )


def measuring(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, *outcomes: float | ScanError, took: float = 8.0
) -> Callable[[], int]:
    """Let runs end with these values of LCP, or errors, in turn; how many were begun."""
    begun: list[str] = []

    def measure(_: Errand, __: Any, url: str) -> Run:
        begun.append(url)
        clock.sleep(took)
        outcome = outcomes[len(begun) - 1]
        if isinstance(outcome, ScanError):
            raise outcome
        traced = Traced(origin=0, painted=outcome, parsed=None, largest=None, jumps=(), spans=(), blocking=frozenset())
        return Run(url=url, frame="F", agent="", values={"lcp": outcome}, traced=traced, exchanges=[])

    monkeypatch.setattr(running, "measure", measure)
    return lambda: len(begun)


def test_metrics_are_medians_with_their_range(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    begun = measuring(monkeypatch, clock, 900, 3000, 1000)
    speed = lab.gather(errand(clock))
    metric = speed.metric("lcp")
    assert metric is not None
    assert (metric.value, metric.low, metric.high, metric.runs, metric.source) == (1000, 900, 3000, 3, "lab")
    assert (begun(), speed.missed, speed.notes, speed.environment.benchmark) == (3, {}, (), 500)
    assert [dict(run) for run in speed.runs] == [{"lcp": 900}, {"lcp": 3000}, {"lcp": 1000}]


def test_with_little_time_there_are_fewer_runs(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    begun = measuring(monkeypatch, clock, 900, 3000, 1000, took=20)
    speed = lab.gather(errand(clock))
    assert (begun(), dict(speed.missed)) == (2, {"runs": "there was time for 2 of 3 runs"})


def test_one_error_is_one_retry_and_the_second_the_end(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    crash = Unreachable("the page crashed the browser")
    begun = measuring(monkeypatch, clock, 900, crash, 800, 700)
    assert (lab.gather(errand(clock)).missed, begun()) == ({}, 4)
    measuring(monkeypatch, clock, 900, crash, 800, crash)
    speed = lab.gather(errand(clock))
    assert (len(speed.runs), speed.missed["runs"]) == (2, "after 2 of 3 runs: the page crashed the browser")
    begun = measuring(monkeypatch, clock, crash, crash, 900)
    with pytest.raises(Unreachable):
        lab.gather(errand(clock))
    assert begun() == 2
    begun = measuring(monkeypatch, clock, Refused("inside", rule="address_loopback"), 900)
    with pytest.raises(Refused):
        lab.gather(errand(clock))
    assert begun() == 1


def test_runs_beside_other_loads_are_told(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    measuring(monkeypatch, clock, 900, 800)
    visits = Visits()
    visits.alone = False
    speed: Speed = lab.gather(errand(clock, runs=2, visits=visits))
    assert speed.notes == ("2 runs were beside other loads on this machine",)


def test_what_is_no_page_or_not_wanted_is_not_measured(clock: Clock) -> None:
    with pytest.raises(Unsupported):
        lab.gather(errand(clock, kind="application/pdf"))
    with pytest.raises(NotConfigured):
        lab.gather(errand(clock, runs=0))


class Tab:
    """A page that answers as it is told to, when its clock says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answers = True
        self.heard = SimpleNamespace(crashed=False, loaded=SimpleNamespace(wait=lambda _: True))

    def ask(self, *_: Any, seconds: float) -> dict[str, Any]:
        """An answer, or none in time."""
        if not self.answers:
            self._clock.sleep(seconds)
            raise Unreachable("late")
        return {}


@pytest.fixture
def page(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> tuple[Rest, Network, Any]:
    """What watches a page, its requests, and the page, which has painted."""
    monkeypatch.setattr(resting.time, "sleep", clock.sleep)
    network = Network(clock)
    rest = Rest(network, clock)
    rest.hear("Runtime.bindingCalled", {"name": "surveyorLab", "payload": "paint"})
    return rest, network, Tab(clock)


def test_a_page_rests_after_two_quiet_seconds(clock: Clock, page: tuple[Rest, Network, Any]) -> None:
    rest, network, tab = page
    assert rest.wait(tab, seconds=25)
    assert clock.now == pytest.approx(102, abs=0.2)
    request = {"requestId": "1", "timestamp": 1.0, "request": {"url": URL}, "type": "Script"}
    network.hear("Network.requestWillBeSent", request)
    assert not rest.wait(tab, seconds=25)
    assert not rest.hung
    network.hear("Network.loadingFinished", {"requestId": "1", "timestamp": 2.0})
    before = clock.now
    assert rest.wait(tab, seconds=25)
    assert clock.now - before > 2
    rest.hear("Runtime.bindingCalled", {"name": "surveyorLab", "payload": "long"})
    assert not rest.wait(tab, seconds=1.9)


def test_a_page_that_answers_nothing_hangs(page: tuple[Rest, Network, Any]) -> None:
    rest, _, tab = page
    tab.answers = False
    assert not rest.wait(tab, seconds=10)
    assert rest.hung
