"""Metrics against their published bounds, and what explains them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from surveyor.scan.check.interface import Needs, Outcome
from surveyor.scan.check.performance import CAUSES, METRICS
from surveyor.scan.check.registry import CHECKS, words
from surveyor.scan.figures import Device
from surveyor.scan.formats import lighthouse
from surveyor.scan.model import Domain, Severity
from surveyor.scan.speed import (
    Engine,
    Environment,
    Font,
    Largest,
    Load,
    Metric,
    Moved,
    Party,
    Phases,
    Picture,
    Place,
    Resource,
    Shift,
    Source,
    Speed,
    Task,
    Waste,
    Work,
)
from tests.fixtures.lighthouse import PAGE, result

CHECK = {check.id: check for check in CHECKS[Domain.PERFORMANCE]}
KIB = 1024


def speed(*metrics: Metric, **more: Any) -> Speed:
    return Speed(url="x", metrics=metrics, **more)


def lab(metric: str, value: float, low: float | None = None, high: float | None = None, runs: int = 1) -> Metric:
    return Metric(id=metric, value=value, source=Source.LAB, low=low, high=high, runs=runs)


def field(metric: str, value: float) -> Metric:
    return Metric(id=metric, value=value, source=Source.FIELD)


def judged(name: str, measured: Speed) -> list[Outcome]:
    judge = CHECK[f"performance_{name}"].speed
    assert judge is not None
    return list(judge(measured))


def keys(name: str, measured: Speed) -> list[str]:
    return [found.key for found in judged(name, measured)]


@pytest.mark.parametrize(
    ("metric", "good", "poor"),
    [
        ("lcp", 2500, 4000),
        ("cls", 0.1, 0.25),
        ("inp", 200, 500),
        ("fcp", 1800, 3000),
        ("tbt", 200, 600),
        ("si", 3387, 5800),
        ("ttfb", 800, 1800),
    ],
)
def test_bounds_belong_to_the_better_side(metric: str, good: float, poor: float) -> None:
    for value, expected in ((good, []), (good * 1.01, ["needs_improvement"]), (poor, ["needs_improvement"])):
        assert keys(metric, speed(field(metric, value))) == expected
    assert keys(metric, speed(field(metric, poor * 1.01))) == ["poor"]


def test_a_laboratorys_desktop_has_bounds_of_its_own() -> None:
    on_desktop = speed(lab("lcp", 2000), device=Device.DESKTOP)
    assert keys("lcp", on_desktop) == ["needs_improvement"]
    assert keys("lcp", replace(on_desktop, metrics=(field("lcp", 2000),))) == []


def test_real_visits_decide_over_the_laboratory() -> None:
    assert keys("lcp", speed(lab("lcp", 9000), field("lcp", 1000))) == []
    assert keys("lcp", speed(lab("lcp", 1000), field("lcp", 9000))) == ["poor"]
    assert [found.confidence for found in judged("lcp", speed(lab("lcp", 9000)))] == [0.7]
    assert [found.confidence for found in judged("lcp", speed(field("lcp", 9000)))] == [None]
    # visits of other pages of the site are nothing about this one
    assert keys("lcp", speed(Metric(id="lcp", value=9000, source=Source.ORIGIN))) == []


def test_a_finding_needs_a_gap_that_is_wider_than_the_runs_are_apart() -> None:
    doubt = CHECK["performance_lcp"].doubt
    assert doubt is not None
    for low, high, expected in ((2900, 3100, ["needs_improvement"]), (2700, 3300, []), (2000, 3600, [])):
        measured = speed(lab("lcp", 3000, low, high, runs=3))
        assert keys("lcp", measured) == expected
        assert bool(doubt(measured)) is True  # a median that is not good never proves that it is
    assert keys("lcp", speed(lab("lcp", 4100, 4000, 4200, runs=3))) == ["needs_improvement"]
    assert keys("lcp", speed(lab("lcp", 4300, 4200, 4400, runs=3))) == ["poor"]
    assert doubt(speed(lab("lcp", 2400, 1000, 9000, runs=3))) is None
    assert [found.confidence for found in judged("lcp", speed(lab("lcp", 5000, 4900, 5100, runs=3)))] == [0.9]


def test_a_server_is_not_blamed_for_the_latency_that_the_laboratory_adds() -> None:
    conditions = Environment(method="devtools", latency=562.5)
    assert keys("ttfb", speed(lab("ttfb", 1300), environment=conditions, by=Engine.LAB)) == []
    assert keys("ttfb", speed(lab("ttfb", 1400), environment=conditions, by=Engine.LAB)) == ["needs_improvement"]
    # Lighthouse leaves it out itself
    assert keys("ttfb", speed(lab("ttfb", 1300), environment=conditions, by=Engine.LIGHTHOUSE)) == ["needs_improvement"]


def test_what_was_not_measured_is_no_finding() -> None:
    assert all(check.speed is not None and not list(check.speed(speed())) for check in CHECK.values())


def test_both_sources_the_bounds_and_the_engine_are_evidence() -> None:
    metrics = (field("cls", 0.3), lab("cls", 0.0123, 0.01, 0.02, runs=3))
    load = Load(shifts=(Shift(at=120.0, score=0.2, moved=(Moved(place=Place(where="div.ad", snippet="<div>")),)),))
    (found,) = judged("cls", speed(*metrics, engine="Lighthouse 13.5.0", load=load))
    assert [(evidence.where, evidence.value) for evidence in found.evidence] == [
        ("cls (field)", "0.300"),
        ("cls (lab)", "0.012 (0.010 to 0.020)"),
        ("div.ad", "<div> moved at 120 ms in a shift of 0.200"),
        ("cls", "good up to 0.1, poor above 0.25"),
        ("engine", "Lighthouse 13.5.0, mobile"),
    ]


def test_findings_of_metrics_say_what_they_are_made_of() -> None:
    load = Load(
        largest=Largest(
            at=5000,
            place=Place(where="main > img", snippet="<img>"),
            url="https://a.example/hero.jpg",
            phases=Phases(ttfb=600, load_delay=2400, load_duration=1900, render_delay=100),
        ),
        scripts=(Work(url="https://a.example/b.js", duration=900, blocking=700), Work(url="c", duration=9, blocking=0)),
    )
    measured = speed(lab("lcp", 5000), lab("tbt", 700), load=load)
    (largest,), (blocking,) = judged("lcp", measured), judged("tbt", measured)
    told = {evidence.where: evidence.value for evidence in largest.evidence}
    assert told["main > img"] == "<img> is the largest element: https://a.example/hero.jpg"
    assert told["where its time goes"] == (
        "600 ms to the first byte, 2,400 ms until its picture is asked for, 1,900 ms while that loads, 100 ms until it"
        " is shown"
    )
    # whoever shows little shows the causes before what they are measured by
    assert [evidence.kind for evidence in largest.evidence] == ["metric", "element", "phase", "threshold"]
    assert [(one.where, one.value) for one in blocking.evidence if one.kind == "script"] == [
        ("https://a.example/b.js", "blocks for 700 of its 900 ms")
    ]


def test_a_core_web_vital_weighs_more_and_one_problem_has_one_title() -> None:
    for check in METRICS:
        assert check.needs is Needs.SPEED
        assert words(check, "poor").title == words(check, "needs_improvement").title
    assert words(CHECK["performance_lcp"], "poor").severity is Severity.HIGH
    assert words(CHECK["performance_lcp"], "needs_improvement").severity is Severity.MEDIUM
    assert words(CHECK["performance_si"], "poor").severity is Severity.MEDIUM


OWN, FOREIGN = "https://a.example/", "https://b.example/"


def request(name: str = "x.js", kind: str = "script", **more: Any) -> Resource:
    known: dict[str, Any] = {"status": 200, "transfer": 100 * KIB, "size": 200 * KIB, "third_party": False}
    return Resource(url=name if ":" in name else f"{OWN}{name}", kind=kind, **{**known, **more})


def test_a_file_that_several_frames_ask_for_is_one() -> None:
    load = Load(resources=(request("a.js", lifetime=0.0), request("a.js", lifetime=0.0), request("b.js", lifetime=0.0)))
    (found,) = CHECK["performance_cache_lifetime"].speed(speed(load=load))  # type: ignore[misc]
    assert [one.where for one in found.evidence] == [f"{OWN}a.js", f"{OWN}b.js"]


def image(**more: Any) -> Picture:
    known: dict[str, Any] = {"format": "webp", "transfer": 100 * KIB, "natural": (800, 800), "shown": (400, 400)}
    return Picture(url=f"{OWN}a", place=Place(where="img", snippet="<img>"), **{**known, **more})


def largest(**more: Any) -> Load:
    known: dict[str, Any] = {"url": f"{OWN}a", "discoverable": True, "lazy": False, "priority": "high"}
    known["phases"] = Phases(ttfb=100, load_delay=900, load_duration=900, render_delay=0)
    return Load(largest=Largest(at=3000, **{**known, **more}))


def _blocking(end: float) -> Load:
    return Load(resources=(request("", "document", end=500.0), request("s.css", "stylesheet", blocking=True, end=end)))


def _hops(count: int) -> Load:
    hops = tuple(request(f"{at}", "document", status=301) for at in range(count))
    return Load(resources=(*hops, request("", "document"), request("late", "document", status=302)))


#: By check: loads with what each comes to.
CASES: dict[str, list[tuple[Load, list[str]]]] = {
    "lcp_image": [
        (largest(), []),
        (largest(priority=""), ["no_priority"]),
        (largest(priority="low", lazy=True), ["lazy"]),
        (largest(priority="", discoverable=False), ["hidden"]),
        (largest(priority="", phases=None), ["no_priority"]),
        (largest(priority="", phases=Phases(ttfb=1, load_delay=9, load_duration=9, render_delay=0)), []),
        (largest(priority=None, discoverable=None, lazy=None), []),
        (largest(url=None, lazy=True, phases=Phases(ttfb=9, load_delay=0, load_duration=0, render_delay=9)), []),
    ],
    "render_blocking": [(_blocking(590), []), (_blocking(601), ["blocking"])],
    "redirects": [(_hops(0), []), (_hops(1), []), (_hops(2), ["chain"])],
    "compression": [
        (Load(resources=(request(mime="text/css", transfer=1500, size=1400),)), ["plain"]),
        (Load(resources=(request(mime="image/svg+xml", transfer=1500, size=1400),)), ["plain"]),
        (Load(resources=(request(mime="text/css", transfer=1500, size=1400, encoding="gzip"),)), []),
        (Load(resources=(request(mime="text/css", transfer=1300, size=1400),)), []),
        (Load(resources=(request(mime="text/css", transfer=1399, size=1399),)), []),
        (Load(resources=(request(mime="image/png", transfer=9000, size=8000),)), []),
    ],
    "unused_javascript": [
        (Load(resources=(request(unused=40 * KIB),)), ["unused"]),
        (Load(resources=(request(unused=39 * KIB),)), []),  # half of it came over the wire
        (Load(resources=(request(kind="stylesheet", unused=99 * KIB),)), []),
    ],
    "unused_css": [
        (Load(resources=(request(kind="stylesheet", unused=20 * KIB),)), ["unused"]),
        (Load(resources=(request(kind="stylesheet", unused=19 * KIB),)), []),
    ],
    "legacy_javascript": [
        (Load(legacy=(Waste(name="a", size=10 * KIB),)), ["legacy"]),
        (Load(legacy=(Waste(name="a", size=9 * KIB),)), []),
    ],
    "duplicate_javascript": [
        (Load(duplicates=(Waste(name="lodash", size=10 * KIB),)), ["duplicate"]),
        (Load(duplicates=()), []),
    ],
    "long_tasks": [
        (Load(tasks=(Task(at=1, duration=250), Task(at=300, duration=300, url="a"))), ["long"]),
        (Load(tasks=(Task(at=1, duration=249),) * 9), []),
    ],
    "third_parties": [
        (Load(parties=(Party(domain="b.example", requests=1, transfer=9, duration=900, blocking=251),)), ["blocking"]),
        (Load(parties=(Party(domain="b.example", requests=1, transfer=9, duration=900, blocking=249),)), []),
        (Load(parties=(Party(domain="b.example", requests=1, transfer=9, duration=501),)), ["blocking"]),
        (Load(parties=(Party(domain="b.example", requests=2, transfer=501 * KIB),)), ["heavy"]),
    ],
    "image_size": [
        (Load(pictures=(image(),)), ["large"]),
        (Load(pictures=(image(shown=(800, 800)),)), []),
        (Load(pictures=(image(shown=(760, 760)),)), []),  # a tenth of it is not worth another size
        (Load(pictures=(image(format="svg+xml"),)), []),
        (Load(pictures=(image(natural=None, wasted={"size": 12 * KIB}),)), ["large"]),
        (Load(pictures=(image(natural=(0, 0), shown=(9, 9)),)), []),
    ],
    "image_format": [
        (Load(pictures=(image(format="jpeg", transfer=120 * KIB),)), ["old"]),
        (Load(pictures=(image(format="jpeg", transfer=110 * KIB),)), []),
        (Load(pictures=(image(transfer=900 * KIB),)), []),
        (Load(pictures=(image(format="gif", transfer=100 * KIB),)), ["animation"]),
        (Load(pictures=(image(format="gif", wasted={"video": 99 * KIB}),)), ["animation"]),
        (Load(pictures=(image(format="jpeg", wasted={"compression": 9 * KIB, "size": 1}),)), ["old"]),
    ],
    "image_lazy": [
        (Load(pictures=(image(fold=False, lazy=False),)), ["eager"]),
        (Load(pictures=(image(fold=False, lazy=False, transfer=30 * KIB),) * 3), []),  # one image, three times
        (Load(pictures=(image(fold=True, lazy=False), image(fold=False, lazy=True), image(fold=None))), []),
    ],
    "image_dimensions": [
        (Load(pictures=(image(sized=False),)), ["unsized"]),
        (Load(pictures=(image(sized=True), image(sized=None), image(sized=False, background=True))), []),
    ],
    "font_display": [
        (Load(fonts=(Font(url="a", display="auto"),)), ["hidden"]),
        (Load(fonts=(Font(url="a", display="swap"), Font(url="b"))), []),
    ],
    "cache_lifetime": [
        (Load(resources=(request(lifetime=0.0),)), ["none"]),
        (Load(resources=(request(lifetime=0.0), request(lifetime=86_400.0))), ["short"]),
        (Load(resources=(request(lifetime=604_800.0), request(lifetime=None))), []),
        (Load(resources=(request(lifetime=0.0, third_party=True), request(lifetime=0.0, kind="document"))), []),
        (Load(resources=(request(lifetime=0.0, transfer=49 * KIB),)), []),
        (Load(resources=(request(lifetime=None, validated=False),)), ["short"]),
    ],
    "weight": [
        (Load(resources=(request(transfer=4001 * KIB),)), ["very"]),
        (Load(resources=(request(transfer=2668 * KIB), request(transfer=None))), ["heavy"]),
        (Load(resources=(request(transfer=2667 * KIB),)), []),
    ],
    "http_version": [
        (Load(resources=(request(protocol="http/1.1"),) * 7), ["old"]),
        (Load(resources=(request(protocol="http/1.1"),) * 6 + (request("https://[", protocol="http/1.1"),)), []),
        (Load(resources=(request("http://a.example/", protocol="http/1.1"),) * 9), []),
        (Load(resources=(request(protocol="h2"),) * 99), []),
    ],
    "dom_size": [(Load(nodes=1400), []), (Load(nodes=1401, depth=9), ["large"]), (Load(nodes=3001), ["very"])],
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_causes(name: str) -> None:
    for load, expected in CASES[name]:
        found = judged(name, speed(load=load, environment=Environment(ratio=1.0)))
        assert [one.key for one in found] == expected, load
        assert all(one.evidence and (one.evidence[0].value) for one in found)


def test_every_cause_has_cases_of_both_kinds_and_every_outcome() -> None:
    assert {check.id for check in CAUSES} == {f"performance_{name}" for name in CASES}
    for check in CAUSES:
        cases = CASES[check.id.removeprefix("performance_")]
        assert any(not expected for _, expected in cases)
        assert {key for _, expected in cases for key in expected} == set(check.outcomes)


def test_an_image_is_as_large_as_the_screen_has_pixels_for_it() -> None:
    load = Load(pictures=(image(),))
    assert keys("image_size", speed(load=load, environment=Environment(ratio=2.0))) == []
    assert keys("image_size", speed(load=load, environment=Environment(ratio=1.75))) == ["large"]


def test_what_lighthouse_tells_is_judged_by_the_same_rules() -> None:
    measured = lighthouse.read(result(), url=PAGE, by=Engine.PSI, device=Device.MOBILE)
    found = {check.id: [one.key for one in check.speed(measured)] for check in CAUSES if check.speed}
    assert {name.removeprefix("performance_"): came for name, came in found.items() if came} == {
        "lcp_image": ["lazy", "hidden"],
        "compression": ["plain"],
        "unused_javascript": ["unused"],
        "image_size": ["large"],
        "image_dimensions": ["unsized"],
        "font_display": ["hidden"],
    }
    (plain,) = judged("compression", measured)
    assert (plain.evidence[0].where, plain.evidence[0].value) == (
        f"{PAGE}site.css",
        "29 KiB of text/css, about 19 KiB less when compressed",
    )
