"""A page in a real Chromium whose largest image, shift, long task and waste are known."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import speed as speeds
from surveyor.scan.events import Event, Progress
from surveyor.scan.figures import Engine
from surveyor.scan.gather import lab
from surveyor.scan.model import CoverageState, Report
from surveyor.scan.plan import plan
from surveyor.scan.speed import Phases, Speed
from tests import browser as browsers
from tests.servers.web import Site

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang=en><meta name=viewport content="width=device-width"><title>t</title>
<link rel=stylesheet href=/style.css><h1>Shop</h1><div id=top></div>
<p id=below>Moves down</p><img id=hero src=/hero.bmp width=380 height=300 alt="">
<button type=button id=more>More</button><script src=/busy.js></script>"""
BUSY = """
const spend = () => { const end = performance.now() + 1000; while (performance.now() < end); };
const grow = () => { document.getElementById("top").style.height = "200px"; alert("hello"); setTimeout(spend, 100) };
const begin = () => requestAnimationFrame(() => setTimeout(grow, 100));
const hero = document.getElementById("hero");
if (hero.complete) begin(); else hero.addEventListener("load", begin);
document.getElementById("more").addEventListener("click", () => { fetch("/clicked"); });
function never() { return "this is longer than all of the rest, and it is never called by anybody at all" + never; }
"""
STYLE = "h1 { color: #111 } .nobody { color: red } .nobody-else { color: red; background: blue; border: 1px solid }"


def picture(width: int, height: int) -> bytes:
    """A BMP of noise."""
    data = random.Random(1).randbytes(width * height * 3)
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + len(data), 0, 0, 54, 40, width, height, 1, 24, *[0] * 6)
    return head + data


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser that measures."""
    return browsers.find() or pytest.skip("no Chromium is installed")


def serve(site: Site, page: str = PAGE) -> None:
    site.page("/", page)
    site.page("/style.css", STYLE, content_type="text/css", headers=(("Cache-Control", "max-age=600"),))
    site.page("/busy.js", BUSY, content_type="text/javascript")
    site.page("/hero.bmp", picture(200, 150), content_type="image/bmp")


def scan(site: Site, chromium: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Speed, Report]:
    kept: list[Speed] = []
    gather = lab.GATHERER.gather

    def keeping(errand: lab.Errand) -> Speed:
        found = gather(errand)
        assert isinstance(found, Speed)
        kept.append(found)
        return found

    monkeypatch.setitem(speeds.ENGINES, Engine.LAB, replace(lab.GATHERER, gather=keeping))
    events: list[Event] = []
    request = replace(plan(site.url()), slots=("performance",))
    settings = site.settings(browser=chromium, lab_runs=1, probes=False, links=0)
    report = engine.run(request, settings, Progress(events.append))
    return kept[0], report


def test_a_page_is_measured_with_what_it_is_made_of(site: Site, chromium: str, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(site)
    speed, report = scan(site, chromium, monkeypatch)
    values = {metric.id: metric.value for metric in speed.metrics}
    assert set(values) == {"fcp", "lcp", "cls", "tbt", "si", "tti", "ttfb", "inp"}
    assert speed.missed == {}
    entry = next(entry for entry in report.coverage if entry.what == "slot.performance")
    assert (entry.state, report.scanner["units"]["lab"]) == (CoverageState.LOOKED, lab.GATHERER.version)
    # the network's latency is applied, and the image is slower than the text
    assert 562 < values["ttfb"] < values["fcp"] < values["lcp"]
    assert values["fcp"] <= values["si"]
    assert values["tti"] > values["lcp"]
    load = speed.load
    assert load is not None
    largest = load.largest
    assert largest is not None
    assert largest.place is not None
    assert (largest.place.where, largest.url, largest.discoverable) == ("img#hero", site.url("/hero.bmp"), True)
    phases = largest.phases
    assert phases is not None
    assert phases.load_duration > 400
    assert abs(_sum(phases) - values["lcp"]) < 1
    shift = max(load.shifts, key=lambda one: one.score)
    assert shift.counted
    assert values["cls"] >= shift.score > 0.05
    assert {moved.place.where for moved in shift.moved} >= {"p#below"}
    assert load.scripts[0].url == site.url("/busy.js")
    assert load.scripts[0].duration > 990
    busy = max(load.tasks, key=lambda one: one.blocking)
    assert busy.url == site.url("/busy.js")
    # what the script spends at once counts, and once; a busy machine may add long tasks of its own
    others = sum(one.blocking for one in load.tasks) - busy.blocking
    assert 900 < values["tbt"] < 2 * busy.blocking + others
    loaded = {one.url: one for one in load.resources}
    style, script = loaded[site.url("/style.css")], loaded[site.url("/busy.js")]
    assert (style.blocking, style.lifetime, style.kind, style.size) == (True, 600, "stylesheet", len(STYLE))
    assert style.unused is not None
    assert style.unused > len(STYLE) / 2
    assert script.unused is not None
    assert len(BUSY) / 5 < script.unused < len(BUSY) / 2
    (image,) = load.pictures
    assert (image.natural, image.shown, image.fold, image.sized) == ((200, 150), (380, 300), True, True)
    assert (load.nodes, load.depth, speed.environment.method) == (12, 3, "devtools")
    # a click reaches nobody
    assert "/clicked" not in {seen.path for seen in site.requests}


def _sum(phases: Phases) -> float:
    return phases.ttfb + phases.load_delay + phases.load_duration + phases.render_delay
