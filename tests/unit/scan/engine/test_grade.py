"""From a site to its grade: whole scans of real servers, with what is told where something could not be had."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import web
from surveyor.scan.engine.units import Ledger
from surveyor.scan.events import Progress
from surveyor.scan.figures import NOT_LOOKED, Score
from surveyor.scan.gather import asking, schemes
from surveyor.scan.model import CoverageState, Report, ScanStatus
from surveyor.scan.net import Client
from surveyor.scan.plan import plan
from surveyor.scan.report import json as report_json
from surveyor.scan.report import table
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.web import Site

GOOD = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Strict-Transport-Security", "max-age=31536000"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=()"),
)
CONTACT = "Contact: mailto:a@site.example\nExpires: 2999-01-01T00:00:00Z\n"
HOST = Settings(allow_hosts=(AllowedHost(host="127.0.0.1"),))


def scan(site: Site, settings: Settings = HOST, **changes: Any) -> Report:
    request = replace(plan(site.url()), slots=("security",), **changes)
    return engine.run(request, replace(settings, offline=True), Progress())


def scores(site: Site, *, trust: bool = True) -> tuple[Score, Score, Ledger]:
    """Of a site whose certificate is trusted: the engine's own client trusts only public authorities."""
    ledger = Ledger(Progress())
    client = Client(HOST, tls=Site.trust() if trust else None)
    parts = web.run(replace(plan(site.url()), slots=("security",)), HOST, ledger, client=client)
    grade, extended = parts.scores
    return grade, extended, ledger


def both(stack: ExitStack, **certificate: Any) -> tuple[Site, Site]:
    try:
        return stack.enter_context(Site(port=80)), stack.enter_context(Site(tls=True, port=443, **certificate))
    except OSError as error:
        pytest.skip(f"ports 80 and 443 of loopback are not ours here: {error}")


def serve(plain: Site, secure: Site) -> None:
    plain.redirect("/", secure.url(), status=301)
    secure.page("/", headers=GOOD)
    secure.page("/.well-known/security.txt", CONTACT, content_type="text/plain")


def test_a_site_of_both_schemes_has_the_whole_grade() -> None:
    with ExitStack() as stack:
        plain, secure = both(stack)
        serve(plain, secure)
        for asked in (secure, plain):
            grade, extended, ledger = scores(asked)
            assert (grade.score, grade.grade, grade.profile) == (120, "A+", "observatory-6")
            assert {test.id: test.outcome for test in grade.tests}["redirection"] == "redirection-to-https"
            assert (extended.score, extended.grade, extended.profile) == (100, None, "extended-1")
            states = {entry.state for entry in ledger.entries if entry.what != "gather.browser"}
            assert states == {CoverageState.LOOKED}


def test_a_certificate_that_is_not_valid_costs_points_and_hides_nothing() -> None:
    with ExitStack() as stack:
        plain, secure = both(stack, names=("other.example",))
        serve(plain, secure)
        grade, extended, _ = scores(secure)
    outcomes = {test.id: test.outcome for test in grade.tests}
    assert outcomes["redirection"] == "redirection-invalid-cert"
    assert outcomes["strict-transport-security"] == "hsts-invalid-cert"
    assert outcomes["content-security-policy"] == "csp-implemented-with-no-unsafe-default-src-none"
    assert grade.score == 60
    assert {test.outcome for test in extended.tests} == {"passed", "other_name"}


def test_without_an_answer_over_http_the_grade_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    # everything else has the time of a scan
    monkeypatch.setattr(schemes, "asking", SimpleNamespace(ask=partial(asking.ask, seconds=2.0)))
    with ExitStack() as stack:
        plain, secure = both(stack)
        serve(plain, secure)
        plain.drip("/", seconds=60)
        grade, extended, ledger = scores(secure)
    assert (grade.score, grade.grade, grade.lowest, grade.highest) == (None, None, 80, 120)
    assert {test.id for test in grade.tests if test.outcome == NOT_LOOKED} == {"redirection"}
    entries = {entry.what: entry for entry in ledger.entries}
    assert entries["check.security_redirection"].state is CoverageState.PARTIAL
    assert "no whole answer" in (entries["check.security_redirection"].detail or "")
    assert (extended.score, extended.lowest, extended.highest) == (None, 95, 100)


def test_when_https_cannot_be_had_there_is_no_grade_of_the_other_page() -> None:
    with ExitStack() as stack:
        plain, secure = both(stack)
        plain.page("/", headers=GOOD)
        secure.raw("/", b"not http\r\n\r\n")
        grade, _, _ = scores(plain)
    assert (grade.score, grade.grade, grade.lowest, grade.tests) == (None, None, None, ())
    assert "https" in (grade.detail or "")


def test_the_report_and_the_table_show_it(site: Site) -> None:
    site.page("/", headers=GOOD)
    report = scan(site)
    assert [(score.profile, score.score, score.grade) for score in report.scores] == [
        ("observatory-6", 60, "C+"),
        ("extended-1", 95, None),
    ]
    assert report_json.decode(report_json.encode(report)) == report
    told = table.encode(report).decode()
    assert "observatory-6" in told
    assert "C+" in told
    assert "Strict-Transport-Security -20" in told


def test_an_error_page_has_no_grade_and_what_is_around_it_is_looked_at(site: Site) -> None:
    site.page("/", status=503)
    report = scan(site)
    grade, extended = report.scores
    assert (grade.score, grade.detail) == (None, "the server answered 503, and an error page has no grade")
    assert "security.txt missing" in {finding.title for finding in report.findings}
    assert extended.tests


def test_a_narrowed_scan_asks_for_nothing_it_does_not_need(site: Site) -> None:
    site.page("/", headers=GOOD)
    report = scan(site, rules=("security_header_csp",))
    assert report.scores == ()
    assert [seen.path for seen in site.requests] == ["/"]
    report = scan(site, rules=("security_contact",))
    assert {seen.path for seen in site.requests} == {
        "/",
        "/robots.txt",
        "/.well-known/security.txt",
        "/security.txt",
        "/llms.txt",
    }
    assert [finding.rule for finding in report.findings] == ["security_contact"]


def test_a_check_that_could_not_look_proves_nothing(site: Site) -> None:
    site.page("/")
    site.raw("/.well-known/security.txt", b"not http\r\n\r\n")
    narrowed = {entry.what: entry for entry in scan(site, rules=("security_contact",)).coverage}[
        "check.security_contact"
    ]
    assert (narrowed.state, narrowed.count) == (CoverageState.PARTIAL, 0)
    whole = scan(site)
    assert whole.scan_status is ScanStatus.PARTIAL
    assert {entry.what: entry.state for entry in whole.coverage}["check.security_contact"] is CoverageState.PARTIAL


def test_questions_for_files_that_should_not_be_there_can_be_turned_off(site: Site) -> None:
    site.page("/", headers=GOOD)
    report = scan(site, replace(HOST, probes=False))
    states = {entry.what: entry.state for entry in report.coverage}
    assert states["gather.exposed"] is states["gather.scripts"] is CoverageState.NOT_CONFIGURED
    assert report.scan_status is ScanStatus.COMPLETE
    assert not any(seen.path.startswith("/.git") for seen in site.requests)
    (_, extended) = report.scores
    assert (extended.score, extended.lowest, extended.highest) == (None, 0, 95)


def test_tls_is_no_matter_of_a_page_without_it(site: Site) -> None:
    site.page("/")
    report = scan(site, rules=("security_certificate",))
    (entry,) = [entry for entry in report.coverage if entry.what == "check.security_certificate"]
    assert (entry.state, entry.detail) == (CoverageState.PARTIAL, "the page is served over plain http")
