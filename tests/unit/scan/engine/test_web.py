"""A page scan from URL to report, with local servers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from surveyor.scan import engine
from surveyor.scan.check.interface import Needs
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import slot as slot_module
from surveyor.scan.events import Event, Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import Coverage, CoverageState, Domain, Report, ScanStatus
from surveyor.scan.plan import WEB_SLOTS, plan
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import Settings
from tests.servers.psi import Psi
from tests.servers.web import Site

GOOD = (
    "<!doctype html><html lang=en><title>A shop for useful things</title>"
    "<meta name=viewport content='width=device-width'>"
    "<meta name=description content='A shop that has everything but what you came for, all year round.'>"
    "<link rel=canonical href=https://shop.example/><meta property=og:title content=x>"
    "<meta property=og:description content=x><meta property=og:image content=https://shop.example/a.png>"
    "<meta property=og:url content=https://shop.example/>"
    "<meta property=og:type content=x><body><main><h1>Shop</h1><img src=a alt=Goods></main>"
)
HEADERS = (
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=()"),
)


def scan(
    site: Site, psi: Psi | None = None, path: str = "/", *, slots: tuple[str, ...] = WEB_SLOTS, **changes: Any
) -> tuple[Report, list[Event]]:
    if psi is not None:
        changes |= {"psi_key": psi.key, "psi_base": psi.base}
    return run(site.url(path), site.settings(**changes), slots)


def run(url: str, settings: Settings, slots: tuple[str, ...] = WEB_SLOTS) -> tuple[Report, list[Event]]:
    events: list[Event] = []
    report = engine.run(replace(plan(url), slots=slots), settings, Progress(events.append))
    return report, events


def coverage(report: Report) -> dict[str, Coverage]:
    return {entry.what: entry for entry in report.coverage}


def stages(events: list[Event], slot: str) -> list[str]:
    return [event.stage.removeprefix(f"{slot}.") for event in events if event.stage.startswith(f"{slot}.")]


#: What is told between the page and the end, where there is no browser.
_BETWEEN = {"security": ["skip", "grade", "grade"], "seo": ["skip", "grade"], "accessibility": ["skip"]}


def test_a_good_page_over_http_lacks_only_what_its_site_lacks(site: Site, psi: Psi) -> None:
    site.page("/", GOOD.replace("https://shop.example/", site.url()), headers=HEADERS)
    site.page("/favicon.ico", "icon", content_type="image/x-icon")
    site.page("/a.png", "picture", content_type="image/png")
    site.page("/sitemap.xml", f"<urlset><url><loc>{site.url()}</loc></url></urlset>", content_type="text/xml")
    report, events = scan(site, psi)
    assert [finding.title for finding in report.findings] == [
        "Plain HTTP not redirected to HTTPS",
        "Strict-Transport-Security missing",
        "security.txt missing",
    ]
    assert report.scan_status is ScanStatus.COMPLETE
    assert {what: entry.state for what, entry in coverage(report).items()} == {
        **{f"slot.{slot}": CoverageState.LOOKED for slot in WEB_SLOTS},
        "gather.browser": CoverageState.NOT_CONFIGURED,
    }
    for slot in WEB_SLOTS:
        measured = slot == "performance"
        between = ["engine", "fetch", "grade"] if measured else ["fetch", *_BETWEEN.get(slot, [])]
        assert stages(events, slot) == ["start", *between, "timing", "done"]


def test_findings_say_what_where_and_what_to_do(site: Site, psi: Psi) -> None:
    site.page("/", "<img src=a>")
    psi.lab["largest-contentful-paint"] = 9000.0
    report, events = scan(site, psi, "/#top")
    by_title = {finding.title: finding for finding in report.findings}
    assert "Largest Contentful Paint slow" in by_title
    for finding in report.findings:
        (asset,) = finding.assets
        assert (asset.type, asset.value) == ("url", site.url("/"))
        assert finding.evidence
        assert finding.recommended_fix
        assert 0 < finding.confidence <= 1
    image = by_title["Images without a text alternative"]
    assert "WCAG 2.1 1.1.1 Non-text Content (A)" in image.description
    assert image.references == ("https://www.w3.org/TR/WCAG21/#non-text-content",)
    (done,) = [event for event in events if event.stage == "performance.done"]
    assert done.data["findings"] == {"critical": 0, "high": 1, "medium": 0, "low": 0}
    assert report.scanner["units"]["security_header_csp"] == 1  # type: ignore[index]


def test_one_get_serves_all_slots_of_a_process(site: Site) -> None:
    site.page("/", GOOD)
    scan(site)
    asked = [(seen.method, seen.headers.get("origin")) for seen in site.requests if seen.path == "/"]
    # the others ask as strangers
    assert sorted(asked, key=str) == [
        ("GET", "https://stranger.invalid"),
        ("GET", None),
        ("OPTIONS", "https://stranger.invalid"),
    ]


def test_two_scans_of_a_changed_page_have_the_same_titles(site: Site, psi: Psi) -> None:
    titles = []
    for value in (5000.0, 7000.0):
        psi.lab["largest-contentful-paint"] = value
        site.page("/", f"<img src={value}>" * int(value / 1000), headers=(("X-Frame-Options", f"ALLOW-FROM {value}"),))
        titles.append({finding.title for finding in scan(site, psi)[0].findings})
    assert titles[0] == titles[1]


def test_without_a_key_performance_is_not_configured_and_the_rest_goes_on(site: Site) -> None:
    site.page("/", GOOD, headers=HEADERS)
    report, events = scan(site)
    entry = coverage(report)["slot.performance"]
    assert (entry.state, entry.reason) == (CoverageState.NOT_CONFIGURED, "not_configured")
    assert "SURVEYOR_PSI_KEY" in (entry.detail or "")
    assert stages(events, "performance") == ["start", "skip", "timing"]
    assert report.scan_status is ScanStatus.COMPLETE
    alone, _ = scan(site, slots=("performance",))
    assert alone.scan_status is ScanStatus.FAILED
    assert "SURVEYOR_PSI_KEY" in (alone.error or "")
    # a laboratory that is off lacks no browser
    off, _ = scan(site, slots=("performance",), browser="chromium")
    assert "SURVEYOR_LAB_RUNS" in (off.error or "")


def test_one_failing_slot_does_not_stop_the_others(site: Site, psi: Psi) -> None:
    site.page("/", GOOD, headers=HEADERS)
    psi.failures = [403]
    report, events = scan(site, psi)
    assert coverage(report)["slot.performance"].state is CoverageState.FAILED
    assert coverage(report)["slot.seo"].state is CoverageState.LOOKED
    assert report.scan_status is ScanStatus.PARTIAL
    assert "err" in stages(events, "performance")


def test_a_site_that_cannot_be_had_fails_every_slot(site: Site) -> None:
    site.raw("/", b"")
    report, _ = scan(site)
    assert report.scan_status is ScanStatus.FAILED
    assert {entry.state for entry in report.coverage} == {CoverageState.FAILED, CoverageState.NOT_CONFIGURED}


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://127.0.0.1:1/", "address_loopback"),
        ("http://printer.local/", "host_local"),
    ],
)
def test_a_refused_url_names_the_rule_in_every_slot(psi: Psi, url: str, rule: str) -> None:
    report, _ = run(url, Settings(psi_key=psi.key, psi_base=psi.base))
    assert {entry.reason for entry in report.coverage} == {rule}
    assert psi.calls == []
    assert report.scan_status is ScanStatus.FAILED


def test_an_error_page_is_not_taken_for_the_page(site: Site) -> None:
    site.page("/", "<p>gone", status=404)
    report, _ = scan(site, slots=("security", "seo", "accessibility"))
    assert [finding.title for finding in report.findings if finding.domain == "seo"] == [
        "Page answers with an error status"
    ]
    assert "Content-Security-Policy missing" in {finding.title for finding in report.findings}
    seen = coverage(report)
    assert (seen["slot.seo"].state, seen["slot.seo"].count) == (CoverageState.PARTIAL, 4)
    assert seen["slot.accessibility"].state is CoverageState.FAILED
    assert "404" in (seen["slot.accessibility"].detail or "")


def test_what_is_no_page_is_judged_by_its_headers_only(site: Site) -> None:
    site.page("/", "%PDF-1.7", content_type="application/pdf")
    report, _ = scan(site, slots=("security", "seo", "accessibility"))
    assert {finding.domain for finding in report.findings} == {"security"}
    assert coverage(report)["slot.accessibility"].reason == "unsupported"


def test_a_page_that_was_cut_is_looked_at_in_part(site: Site) -> None:
    site.page("/", GOOD + "x" * 2000)
    report, _ = scan(site, slots=("seo", "security"), limits=Limits(page_bytes=1000))
    assert (coverage(report)["slot.seo"].state, coverage(report)["slot.seo"].reason) == (
        CoverageState.PARTIAL,
        "limit_exceeded",
    )
    assert coverage(report)["slot.security"].state is CoverageState.LOOKED
    assert report.scan_status is ScanStatus.PARTIAL


def test_markup_made_to_be_expensive_fails_only_what_reads_markup(site: Site) -> None:
    site.page("/", "<div>" * 100_000)
    report, _ = scan(site, slots=("security", "seo", "accessibility"))
    seen = coverage(report)
    assert seen["slot.seo"].reason == seen["slot.accessibility"].reason == "limit_exceeded"
    assert seen["slot.security"].state is CoverageState.LOOKED
    assert "X-Frame-Options missing" in {finding.title for finding in report.findings}


def test_the_final_url_is_noted(site: Site) -> None:
    site.redirect("/", "/home")
    site.page("/home", GOOD)
    report, _ = scan(site)
    assert (report.target.source, report.target.name) == (site.url("/"), site.url("/home"))
    assert {asset.value for finding in report.findings for asset in finding.assets} == {site.url("/")}


def test_a_site_that_drips_ends_at_the_slots_deadline(site: Site) -> None:
    site.drip("/", seconds=60)
    start = time.monotonic()
    report, _ = scan(site, slots=("security", "seo"), limits=Limits(page_seconds=1.0))
    assert time.monotonic() - start < 30
    assert report.scan_status is ScanStatus.FAILED


def test_a_slot_that_hangs_is_left_behind_and_says_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hang, went_on = threading.Event(), threading.Event()

    def stuck(*_: object) -> Any:
        hang.wait(60)
        went_on.set()
        return []

    site.page("/", GOOD, headers=HEADERS)
    _replace_rule(monkeypatch, stuck)
    # both begin, one is waited for, and then the time of the other is over, however busy the machine is
    clock = SimpleNamespace(monotonic=iter((0.0, 0.0, 0.0, 50.0)).__next__)
    monkeypatch.setattr(slot_module, "time", clock)
    report, events = scan(site, slots=("security", "seo"), limits=Limits(page_seconds=50.0))
    assert not went_on.is_set()
    hang.set()
    for thread in threading.enumerate():
        if thread.name == "slot-seo":
            thread.join(60)
    assert went_on.is_set()
    assert coverage(report)["slot.seo"].detail == "not done within 50 s"
    assert coverage(report)["slot.security"].state is CoverageState.LOOKED
    assert [event.stage for event in events if event.stage.startswith("seo.")][-1] == "seo.err"


def test_a_rule_that_breaks_is_named_and_the_others_go_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise KeyError("oops")

    site.page("/", "<p>x")
    _replace_rule(monkeypatch, broken)
    report, _ = scan(site, slots=("seo",))
    assert coverage(report)["check.seo_title"].reason == "internal_error"
    unseen = sum(rule.needs in {Needs.RENDERED, Needs.SHOWN, Needs.PAGES} for rule in CHECKS[Domain.SEO])
    assert coverage(report)["slot.seo"].count == len(CHECKS[Domain.SEO]) - unseen - 1
    assert "Meta description missing" in {finding.title for finding in report.findings}


def _replace_rule(monkeypatch: pytest.MonkeyPatch, judge: Callable[..., Any]) -> None:
    from surveyor.scan.engine import web
    from surveyor.scan.model import Domain

    first, *others = web.CHECKS[Domain.SEO]
    monkeypatch.setitem(web.CHECKS, Domain.SEO, (replace(first, page=judge), *others))


@pytest.mark.parametrize("failures", [[], [403], [429]])
def test_the_key_is_in_no_event_and_no_report(site: Site, psi: Psi, failures: list[int]) -> None:
    site.page("/", GOOD)
    psi.failures, psi.message = failures, f"per day of {psi.key}" if failures else ""
    report, events = scan(site, psi)
    told = b"".join(orjson.dumps(event.line(), default=str) for event in events) + report_json.encode(report)
    assert psi.key.encode() not in told
    assert psi.calls


def test_what_the_links_of_a_page_answer_is_told_with_what_was_not_asked(site: Site) -> None:
    site.page(
        "/", GOOD.replace("https://shop.example/", site.url()) + "<a href=/gone>old</a><a href=/more>more of it</a>"
    )
    report, _ = scan(site, slots=("seo",), links=3)
    (broken,) = [finding for finding in report.findings if finding.rule == "seo_broken_links"]
    assert broken.title == "Links to pages that are not there"
    assert broken.evidence[0].where == "body > a:nth-of-type(1)"
    entry = coverage(report)["links"]
    assert (entry.state, entry.count) == (CoverageState.LOOKED, 3)
    assert "1: only the first 3 are asked for" in (entry.detail or "")
    (score,) = report.scores
    assert (score.profile, score.score) == ("lighthouse-seo-13", 100)


def test_hosts_of_others_that_do_not_answer_are_told_and_leave_a_scan_complete(site: Site) -> None:
    site.page("/", "<link rel=canonical href='http://127.0.0.1:1/'>")
    report, _ = scan(site, slots=("seo",))
    assert report.scan_status is ScanStatus.COMPLETE
    assert coverage(report)["check.seo_canonical_target"].state is CoverageState.SKIPPED


def test_without_leave_to_ask_links_are_not_configured(site: Site) -> None:
    site.page("/", GOOD.replace("https://shop.example/", site.url()) + "<a href=/gone>old</a>")
    report, _ = scan(site, slots=("seo",), links=0)
    assert coverage(report)["gather.links"].state is CoverageState.NOT_CONFIGURED
    assert report.scan_status is ScanStatus.COMPLETE
    assert not any(seen.path == "/gone" for seen in site.requests)


def test_a_page_of_a_hundred_thousand_links_and_one_of_ten_megabytes(site: Site) -> None:
    site.page("/", "<h1>x</h1>" + "".join(f"<a href='/{at}'>here {at}</a>" for at in range(100_000)))
    limits = Limits(page_seconds=150.0)  # on the wall; what it costs is told by the processor
    begun = time.process_time()
    report, _ = scan(site, slots=("seo",), links=2, limits=limits)
    assert coverage(report)["slot.seo"].state is CoverageState.LOOKED
    site.page("/", "<p>word</p>" * 900_000)
    report, _ = scan(site, slots=("seo",), links=2, limits=limits)
    assert time.process_time() - begun < 40
    assert coverage(report)["slot.seo"].reason in {None, "limit_exceeded"}
