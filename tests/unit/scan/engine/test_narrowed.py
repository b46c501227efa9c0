"""A page's scan narrowed to some rules: only those run, and each says that it did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.check.interface import Needs
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.engine import speed
from surveyor.scan.events import Progress
from surveyor.scan.figures import Engine
from surveyor.scan.gather import Errand, Gatherer
from surveyor.scan.limits import Limits
from surveyor.scan.model import Coverage, CoverageState, Report
from surveyor.scan.plan import plan
from surveyor.scan.speed import Metric, Speed
from tests.fixtures.lighthouse import result
from tests.servers.psi import Psi
from tests.servers.web import Site

CSP = "security_header_csp"
EVERY = tuple(rule.id for checks in CHECKS.values() for rule in checks)


def look(site: Site, *rules: str, path: str = "/", **changes: Any) -> Report:
    request = replace(plan(site.url(path)), rules=rules)
    return engine.run(request, site.settings(**changes), Progress())


def entry(report: Report, key: str) -> Coverage | None:
    return next((entry for entry in report.coverage if entry.what == f"check.{key}"), None)


def test_only_the_named_rule_runs_and_says_what_it_saw(site: Site) -> None:
    site.page("/", headers=(("Content-Security-Policy", "default-src 'self'"),))
    report = look(site, CSP)
    assert report.findings == ()
    assert {entry.what for entry in report.coverage} == {f"check.{CSP}", "slot.security"}
    ran = entry(report, CSP)
    assert ran is not None
    assert (ran.state, ran.count) == (CoverageState.LOOKED, 0)
    assert ran.detail == "Content-Security-Policy: default-src 'self'"
    assert len(site.requests) == 1


def test_a_rule_that_finds_something_counts_it(site: Site) -> None:
    site.page("/")
    report = look(site, CSP)
    assert [finding.rule for finding in report.findings] == [CSP]
    ran = entry(report, CSP)
    assert ran is not None
    assert (ran.count, ran.detail) == (1, "absent")


def test_rules_of_several_slots_share_one_request(site: Site) -> None:
    site.page("/", "<html><body><img src=a>")
    report = look(site, CSP, "seo_title", "a11y_image_alt", "nonsense")
    known = [key for key in (CSP, "seo_title", "a11y_image_alt") if key in EVERY]
    assert CSP in known
    assert {f.rule for f in report.findings} <= set(known)
    assert len(site.requests) == 1
    unknown = entry(report, "nonsense")
    assert unknown is not None
    assert (unknown.state, unknown.reason) == (CoverageState.FAILED, "unknown_check")


_UNSEEN = {Needs.RENDERED, Needs.SHOWN, Needs.PAGES}


def test_every_rule_of_every_page_scanner_can_be_run_alone(site: Site, psi: Psi) -> None:
    site.page("/", "<!doctype html><html lang=en><title>A shop</title><body><h1>Shop</h1>")
    psi.audits = result()["audits"]
    psi.field = {"INTERACTION_TO_NEXT_PAINT": 300}
    report = look(site, *EVERY, psi_key=psi.key, psi_base=psi.base)
    ran = {e.what.removeprefix("check."): e for e in report.coverage if e.what.startswith("check.")}
    # what only a browser or several pages show is not looked at; everything else is
    shown = {rule.id for checks in CHECKS.values() for rule in checks if rule.needs in _UNSEEN}
    assert set(EVERY) - set(ran) <= {"performance_image_lazy"} | shown
    found = {key: sum(f.rule == key for f in report.findings) for key in ran}
    assert {key: e.count for key, e in ran.items()} == found


def test_no_answer_leaves_no_word_about_the_rule(site: Site) -> None:
    site.raw("/", b"")
    report = look(site, CSP)
    assert entry(report, CSP) is None
    assert [(e.what, e.state) for e in report.coverage] == [("slot.security", CoverageState.FAILED)]


@pytest.mark.parametrize("status", [404, 500])
def test_an_error_page_is_judged_by_its_headers_only(site: Site, status: int) -> None:
    site.page("/", status=status)
    report = look(site, CSP, "seo_title")
    assert entry(report, CSP) is not None
    assert entry(report, "seo_title") is None


def test_a_page_that_was_cut_proves_nothing_about_its_content(site: Site) -> None:
    site.page("/", "<!doctype html><html lang=en><title>A shop</title>" + "x" * 5000)
    report = look(site, CSP, "seo_title", limits=Limits(page_bytes=1000))
    title, header = entry(report, "seo_title"), entry(report, CSP)
    assert title is not None
    assert header is not None
    assert (title.state, header.state) == (CoverageState.PARTIAL, CoverageState.LOOKED)


def test_an_unnarrowed_scan_says_nothing_about_single_rules(site: Site) -> None:
    site.page("/")
    report = engine.run(plan(site.url("/")), site.settings(), Progress())
    assert not [entry for entry in report.coverage if entry.what.startswith("check.")]


LINKS = "seo_broken_links"


def state(site: Site, rule: str, **changes: Any) -> tuple[CoverageState, int | None]:
    ran = entry(look(site, rule, **changes), rule)
    assert ran is not None
    return ran.state, ran.count


def test_links_are_proved_whole_only_where_all_were_asked_for(site: Site) -> None:
    site.page("/", "".join(f"<a href=/{at}>x</a>" for at in range(12)))
    assert state(site, LINKS) == (CoverageState.LOOKED, 1)
    for at in range(12):
        site.page(f"/{at}")
    assert state(site, LINKS) == (CoverageState.LOOKED, 0)
    # five times as many as a scan asks for: ten of twelve
    assert state(site, LINKS, links=2) == (CoverageState.PARTIAL, 0)
    assert entry(look(site, LINKS, links=0), LINKS) is None


def test_what_others_do_not_answer_proves_nothing(site: Site) -> None:
    site.page("/", "<link rel=canonical href='http://127.0.0.1:1/'><link rel=alternate hreflang=de href=/de>")
    assert state(site, "seo_canonical_target") == (CoverageState.PARTIAL, 0)
    site.page("/de", "<link rel=alternate hreflang=en href=/>")
    assert state(site, "seo_hreflang_return") == (CoverageState.LOOKED, 0)


def test_a_robots_txt_that_cannot_be_had_proves_nothing(site: Site) -> None:
    site.page("/")
    site.raw("/robots.txt", b"")
    for rule in ("seo_crawling", "seo_robots_txt"):
        assert state(site, rule) == (CoverageState.PARTIAL, 0)
    site.page("/robots.txt", "User-agent: *", content_type="text/plain")
    assert state(site, "seo_crawling") == (CoverageState.LOOKED, 0)


def test_sitemaps_that_an_index_leaves_over_prove_nothing_and_are_told(site: Site) -> None:
    site.page("/")
    site.page("/a.xml", f"<urlset><url><loc>{site.url()}</loc></url></urlset>", content_type="text/xml")
    for many, proved in ((20, CoverageState.LOOKED), (27, CoverageState.PARTIAL)):  # of 25 that are read
        named = "".join(f"<sitemap><loc>{site.url('/a.xml')}?{at}</loc></sitemap>" for at in range(many))
        site.page("/sitemap.xml", f"<sitemapindex>{named}</sitemapindex>", content_type="text/xml")
        for at in range(many):
            site.page(f"/a.xml?{at}", f"<urlset><url><loc>{site.url()}</loc></url></urlset>", content_type="text/xml")
        assert state(site, "seo_sitemap") == (proved, 0)
    report = engine.run(plan(site.url("/")), site.settings(), Progress())
    told = {one.what: one for one in report.coverage}
    assert (told["sitemaps"].state, told["sitemaps"].count) == (CoverageState.LOOKED, 5)
    assert told["sitemaps"].detail == "5 were read; 23 more are named"
    assert "check.seo_sitemap" not in told


def test_a_metric_that_is_not_surely_good_proves_nothing(site: Site, psi: Psi, monkeypatch: pytest.MonkeyPatch) -> None:
    def gather(errand: Errand) -> Speed:
        found = Metric(id="lcp", value=3000, source="lab", low=spread[0], high=spread[1], runs=3)
        return Speed(url=errand.url, metrics=(found,))

    site.page("/")
    monkeypatch.setitem(speed.ENGINES, Engine.PSI, Gatherer(id="psi", version=1, gather=gather))
    for low, high, found in ((2000, 3500, 0), (2900, 3100, 1)):
        spread = low, high
        report = look(site, "performance_lcp", "performance_weight", psi_key=psi.key)
        ran = entry(report, "performance_lcp")
        assert ran is not None
        assert (ran.state, ran.reason, ran.count) == (CoverageState.PARTIAL, "undecided", found)
        assert "3,000 ms" in (ran.detail or "")
        # nobody told what it weighs: it did not run
        assert entry(report, "performance_weight") is None
