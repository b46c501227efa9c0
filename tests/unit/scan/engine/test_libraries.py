"""Libraries that a page's scripts say they are, and what our own advisories say about them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.check import libraries
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from surveyor.scan.plan import plan
from tests.servers.osv_bucket import record, write
from tests.servers.web import Site

RULE = "security_libraries"


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://code.jquery.com/jquery-3.4.1.min.js", ("jquery", "3.4.1")),
        ("https://code.jquery.com/jquery-1.12.4.slim.min.js?x=1", ("jquery", "1.12.4")),
        ("https://cdn.jsdelivr.net/npm/bootstrap@4.3.1/dist/js/bootstrap.min.js", ("bootstrap", "4.3.1")),
        ("https://unpkg.com/@babel/standalone@7.0.0/babel.js", ("@babel/standalone", "7.0.0")),
        ("https://unpkg.com/vue@3.2.0-beta.1", ("vue", "3.2.0-beta.1")),
        ("https://cdnjs.cloudflare.com/ajax/libs/lodash.js/4.17.4/lodash.min.js", ("lodash", "4.17.4")),
        ("https://ajax.googleapis.com/ajax/libs/angularjs/1.5.8/angular.min.js", ("angular", "1.5.8")),
        ("https://site.example/js/jquery.min-2.2.4.js", ("jquery", "2.2.4")),
        ("https://site.example/js/app-1.2.3.js", None),
        ("https://site.example/js/jquery.js", None),
        ("https://cdn.jsdelivr.net/npm/bootstrap@4/dist/js/bootstrap.min.js", None),
        ("https://cdn.jsdelivr.net/gh/bootstrap@4.3.1/x.js", None),
    ],
)
def test_what_an_address_says(url: str, named: tuple[str, str] | None) -> None:
    assert [(one.name, one.version) for one in libraries.by_address(url)] == ([named] if named else [])


@pytest.mark.parametrize(
    ("banner", "named"),
    [
        ("/*! jQuery v3.4.1 | (c) JS Foundation */", ("jquery", "3.4.1")),
        ("/*!\n * jQuery JavaScript Library v1.12.4\n */", ("jquery", "1.12.4")),
        ("/*! jQuery UI - v1.12.1 - 2016-09-14", ("jquery-ui", "1.12.1")),
        ("/*!\n  * Bootstrap v4.3.1 (https://getbootstrap.com/)", ("bootstrap", "4.3.1")),
        ("/*\n AngularJS v1.5.8", ("angular", "1.5.8")),
        ("/*!\n * Vue.js v2.6.10", ("vue", "2.6.10")),
        ("//! moment.js\n//! version : 2.18.1", ("moment", "2.18.1")),
        ("/*! @license DOMPurify 2.0.0 |", ("dompurify", "2.0.0")),
        ("var x = 'jQuery';", None),
    ],
)
def test_what_a_first_comment_says(banner: str, named: tuple[str, str] | None) -> None:
    assert [(one.name, one.version) for one in libraries.by_banner(banner, "x")] == ([named] if named else [])


HOSTILE = ["/a-1." * 100_000, "jQuery v" * 100_000, "/" + "a" * 100_000 + "-1.2.3.js", "//unpkg.com/" * 50_000]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_take_time_in_proportion(text: str) -> None:
    started = time.process_time()
    list(libraries.by_address(text))
    list(libraries.by_banner(text, "x"))
    assert time.process_time() - started < 1


def advisories(folder: Path) -> Path:
    bucket = write(
        folder / "bucket",
        {
            "npm": [
                record("GHSA-jq", "npm", "jquery", fixed="3.5.0", aliases=["CVE-2020-11022"]),
                record("GHSA-bs", "npm", "bootstrap", fixed="3.4.1"),
            ]
        },
    )
    database = folder / "advisories.db"
    update([want(feed("osv"), bucket, fetch=_no_network)], database, progress=Progress())
    return database


def _no_network(url: str, **_: Any) -> Any:
    raise AssertionError(f"asked the network for {url}")


def scan(site: Site, *, rules: tuple[str, ...] | None = None, **settings: Any) -> Report:
    request = replace(plan(site.url()), slots=("security",), rules=rules)
    return engine.run(request, site.settings(**settings), Progress())


PAGE = (
    "<!doctype html><script src=https://cdn.jsdelivr.net/npm/jquery@3.4.1/x.js></script>"
    "<script src=/own.js></script><script>/*! Bootstrap v4.3.1 */</script><script src=/b.js></script>"
)


def entry(report: Report, what: str) -> Coverage:
    return next(one for one in report.coverage if one.what == what)


def test_a_page_with_an_old_library_says_which_and_what_mends_it(site: Site, tmp_path: Path) -> None:
    site.page("/", PAGE)
    site.page("/own.js", "/*! jQuery v1.12.4 */")
    site.page("/b.js", "x()")
    database = advisories(tmp_path)
    report = scan(site, advisories=database)
    (finding,) = [one for one in report.findings if one.rule == RULE]
    assert (finding.title, finding.confidence) == ("JavaScript libraries with known vulnerabilities", 0.5)
    assert [(one.where, one.value) for one in finding.evidence] == [
        (site.url("/own.js"), "jquery 1.12.4: CVE-2020-11022; fixed in 3.5.0"),
        ("https://cdn.jsdelivr.net/npm/jquery@3.4.1/x.js", "jquery 3.4.1: CVE-2020-11022; fixed in 3.5.0"),
    ]
    assert report.scan_status is ScanStatus.COMPLETE
    # the same rule alone proves the fix
    narrowed = scan(site, rules=(RULE,), advisories=database)
    assert [one.rule for one in narrowed.findings] == [RULE]
    site.page("/", "<script src=https://cdn.jsdelivr.net/npm/jquery@3.7.1/x.js></script>")
    mended = scan(site, rules=(RULE,), advisories=database)
    assert (mended.findings, entry(mended, f"check.{RULE}").state) == ((), CoverageState.LOOKED)


def test_without_advisories_libraries_are_not_judged_and_that_is_told(site: Site) -> None:
    site.page("/", PAGE)
    report = scan(site)
    assert entry(report, "gather.libraries").state is CoverageState.NOT_CONFIGURED
    assert report.scan_status is ScanStatus.COMPLETE
    assert RULE not in {one.rule for one in report.findings}
    (extended,) = [score for score in report.scores if score.profile == "extended-1"]
    assert {test.id: test.outcome for test in extended.tests}[RULE] == "not_looked"


def test_without_leave_to_ask_for_scripts_their_addresses_do(site: Site, tmp_path: Path) -> None:
    site.page("/", PAGE)
    report = scan(site, advisories=advisories(tmp_path), probes=False)
    (finding,) = [one for one in report.findings if one.rule == RULE]
    assert len(finding.evidence) == 1
    assert [seen.path for seen in site.requests if seen.path.endswith(".js")] == []
