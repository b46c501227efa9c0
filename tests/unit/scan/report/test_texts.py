"""Formats that people read: what a target says stays text, letter by letter, and what is left out is counted."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from surveyor.scan.events import printable
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import (
    Asset,
    Coverage,
    CoverageState,
    Cvss,
    Domain,
    Evidence,
    Fix,
    Kind,
    ScanStatus,
    Severity,
    Summary,
)
from surveyor.scan.report import cyclonedx, gitlab, html, junit, markdown, sarif, spdx, spdx3, table
from tests import readers
from tests.samples import full_report, vulnerability

NASTY = st.text(alphabet="`|\\ <>@[]()!*_~#&;:/-.w\u202e\ud800aé\n", max_size=30) | st.text(max_size=30)


@given(NASTY)
def test_any_title_is_one_cell_of_a_comment_and_says_what_it_said(title: str) -> None:
    text = markdown.encode(replace(full_report(), findings=(replace(vulnerability(), title=title),)))
    readers.markdown(text)
    told = LexborHTMLParser(MarkdownIt("commonmark").enable("table").render(text.decode()))
    cell = told.css("tbody tr")[0].css("td")[1]
    # a span of code keeps its spaces, a cell does not
    assert cell.text().strip() == printable(title).strip()


@given(NASTY)
def test_any_title_is_a_test_and_says_what_it_said(title: str) -> None:
    parsed = readers.junit(junit.encode(replace(full_report(), findings=(replace(vulnerability(), title=title),))))
    assert next(iter(next(iter(parsed)))).name == (printable(title) or "unnamed")


@given(NASTY)
def test_any_title_is_a_heading_and_says_what_it_said(title: str) -> None:
    tree = readers.html(html.encode(replace(full_report(), findings=(replace(vulnerability(), title=title),))))
    assert tree.css("#findings article h3")[0].text() == f"1. {printable(title)}"


def test_a_comment_is_bounded_and_counts_what_it_leaves_out() -> None:
    many = tuple(replace(vulnerability(), title=f"CVE-{number}: deb/x" * 20) for number in range(1_234))
    gaps = tuple(replace(full_report().coverage[0], path=f"a/{number}" * 90, detail="x" * 900) for number in range(99))
    text = markdown.encode(replace(full_report(), findings=many, coverage=gaps)).decode()
    assert len(text) < 65_536
    assert "…and 1,194 more." in text
    assert "…and 79 more." in text
    assert "**1,234 findings**" in text


def test_a_comment_is_bounded_whatever_a_target_words() -> None:
    ticks = "`|" * 2_000
    asset = replace(vulnerability().assets[0], path=ticks)
    fix = Fix(summary=ticks)
    worst = replace(vulnerability(), title=ticks, assets=(asset,), recommended_fix=fix)
    gaps = tuple(replace(full_report().coverage[0], path=f"{ticks}{number}", detail=ticks) for number in range(99))
    report = replace(full_report(), findings=(worst,) * 99, coverage=gaps)
    text = markdown.encode(report)
    readers.markdown(text)
    rows = LexborHTMLParser(MarkdownIt("commonmark").enable("table").render(text.decode())).css("table")[0].css("tr")
    assert f"…and {99 - (len(rows) - 1)} more." in text.decode()


def test_a_scan_that_failed_is_no_clean_one() -> None:
    failed = replace(
        full_report(), scan_status=ScanStatus.FAILED, findings=(), coverage=(), packages=(), error="cut short"
    )
    assert "Could not scan:** cut short" in markdown.encode(failed).decode()
    assert "<b>Could not scan.</b> cut short" in html.encode(failed).decode()
    assert "Nothing was left out" not in html.encode(failed).decode()
    assert readers.junit(junit.encode(failed)).errors == 1
    report = readers.gitlab(gitlab.encode(failed))
    assert report["scan"]["status"] == "failure"
    assert report["scan"]["messages"] == [{"level": "fatal", "value": "cut short"}]


def test_a_gap_is_never_a_passed_test() -> None:
    parsed = readers.junit(junit.encode(replace(full_report(), findings=(), error=None)))
    assert (parsed.tests, parsed.errors) == (1, 1)


def test_what_somebody_settled_fails_no_test_and_leaves_no_comment() -> None:
    decision = Decision(
        status=DecisionStatus.ACCEPTED, source=".surveyor.yaml", statement="1", reason="not reachable", suppressed=True
    )
    report = replace(full_report(), findings=(replace(vulnerability(), decision=decision),), error=None)
    parsed = readers.junit(junit.encode(report))
    assert (parsed.failures, parsed.skipped) == (0, 1)
    told = markdown.encode(report).decode()
    assert "**0 findings** in 2 packages" in told
    assert "1 finding settled by a decision" in told
    assert "accepted: not reachable (.surveyor.yaml)" in html.encode(report).decode()


def test_what_somebody_settled_is_counted_apart_and_told_last() -> None:
    settled = replace(
        vulnerability(),
        title="CVE-1: deb/a",
        decision=Decision(
            status=DecisionStatus.NOT_AFFECTED, source="f", statement="1", reason="not reachable", suppressed=True
        ),
    )
    report = replace(full_report(), findings=(settled, vulnerability()), coverage=())
    page = readers.html(html.encode(report))
    assert page.css_first("header dl").text(separator=" ").split()[:2] == ["1", "finding"]
    assert page.css_first("header .legend").text(separator=" ").split()[:4] == ["0", "critical", "1", "high"]
    assert "Besides 1 finding settled by a decision" in page.css_first("header").text()
    assert [one.text() for one in page.css("#findings article h3")] == [
        "1. CVE-2023-52425: deb/debian/expat",
        "2. CVE-1: deb/a",
    ]
    many = (*(replace(vulnerability(), title=str(number)) for number in range(1_000)), settled)
    (brief,) = readers.html(html.encode(replace(report, findings=many))).css(".brief")
    assert "settled by a decision" in brief.text()
    both = table.encode(replace(report, summary=Summary(findings={"high": 2}))).decode()
    assert "2 findings: 2 high; 1 of them ignored" in both
    # GitLab has no word for it: every vulnerability in a report of its kind is open
    gitlabs = readers.gitlab(gitlab.encode(report))
    assert [one["name"] for one in gitlabs["vulnerabilities"]] == [vulnerability().title]
    assert [one["value"] for one in gitlabs["scan"]["messages"]] == [
        "1 finding settled by a decision: not in this file, where all are open"
    ]


def test_headers_of_a_kernel_are_one_line_and_no_failure() -> None:
    why = Evidence(kind="rule", value="nothing of the kernel is in linux-libc-dev: C headers", where="header_only")
    headers = tuple(
        replace(vulnerability(), title=f"CVE-{n}: deb/debian/linux", ruled_by="headers:osv", evidence=(why,), kev=None)
        for n in range(2_000)
    )
    report = replace(full_report(), findings=(vulnerability(), *headers), coverage=(), error=None)
    told = "2,000 findings of deb/debian/linux not shown, since nothing of the kernel is in linux-libc-dev: C headers"
    text = " ".join(table.encode(replace(report, summary=Summary(findings={"high": 2_001}))).decode().split())
    assert f"{told}; --format json has all" in text
    assert "2,000 of them about headers of a kernel" in text
    page = readers.html(html.encode(report))
    assert page.css_first("header dl").text(separator=" ").split()[:2] == ["1", "finding"]
    assert len(page.css("#findings article h3")) == 1
    assert [one.text() for one in page.css("#findings > p.quiet")] == [f"{told}; the JSON report has each."]
    assert "**1 finding** in" in markdown.encode(report).decode()
    assert "Besides 2,000 findings about a kernel of which only headers are there." in markdown.encode(report).decode()
    few = replace(report, findings=report.findings[:3])
    parsed = readers.junit(junit.encode(few))
    assert (parsed.failures, parsed.skipped) == (1, 2)
    assert len(readers.gitlab(gitlab.encode(few))["vulnerabilities"]) == 1
    results = json.loads(sarif.encode(few))["runs"][0]["results"]
    assert [bool(one.get("suppressions")) for one in results] == [False, True, True]
    for bill in (cyclonedx, spdx, spdx3):
        listed = replace(headers[0], package=report.packages[0].purl)
        text = bill.encode(replace(report, findings=(vulnerability(), listed))).decode()
        assert text.count("nothing of the kernel is in linux-libc-dev: C headers") == 1


def test_what_is_decided_for_some_places_is_told_for_those_alone() -> None:
    decision = Decision(
        status=DecisionStatus.NOT_AFFECTED,
        source=".surveyor.yaml",
        statement="1",
        reason="not loaded",
        places=("opt/a/lib.so", "opt/b/lib.so"),
    )
    report = replace(full_report(), findings=(replace(vulnerability(), decision=decision),), error=None)
    words = "not_affected: not loaded (.surveyor.yaml), only for opt/a/lib.so, opt/b/lib.so"
    (bill,) = json.loads(cyclonedx.encode(report))["vulnerabilities"]
    assert "analysis" not in bill  # which would be read of all that it affects
    assert {"name": "surveyor:decided", "value": words} in bill["properties"]
    for encode in (gitlab.encode, html.encode, junit.encode, sarif.encode, spdx.encode, spdx3.encode):
        assert words in encode(report).decode(), encode.__module__
    parsed = readers.junit(junit.encode(report))
    assert (parsed.failures, parsed.skipped) == (1, 0)
    whole = replace(decision, places=(), suppressed=True)
    report = replace(report, findings=(replace(vulnerability(), decision=whole),))
    (bill,) = json.loads(cyclonedx.encode(report))["vulnerabilities"]
    assert bill["analysis"]["state"] == "not_affected"


def test_gitlab_is_told_of_pages_as_pages_and_of_security_only() -> None:
    page = replace(full_report().target, kind=Kind.WEB, type="url", source="https://shop.test/a?b=1", name=None)
    header = replace(vulnerability(), domain=Domain.SECURITY, rule="security_csp", ids=(), assets=())
    slow = replace(header, domain=Domain.PERFORMANCE, title="Slow")
    report = readers.gitlab(gitlab.encode(replace(full_report(), target=page, findings=(header, slow), coverage=())))
    (told,) = report["vulnerabilities"]
    assert report["scan"]["type"] == "dast"
    assert told["location"] == {"hostname": "https://shop.test", "method": "GET", "path": "/a?b=1"}
    assert told["identifiers"][0] == {"type": "surveyor", "name": "security_csp", "value": "security_csp"}
    assert "1 finding not in this file" in report["scan"]["messages"][0]["value"]
    twice = replace(
        header, assets=(Asset(type="url", value="https://x/"), Asset(type="url", value="https://x/", path="a"))
    )
    assert (
        len(readers.gitlab(gitlab.encode(replace(full_report(), target=page, findings=(twice,))))["vulnerabilities"])
        == 1
    )


def test_gitlab_has_an_identity_a_package_that_stays() -> None:
    first = readers.gitlab(gitlab.encode(full_report()))["vulnerabilities"]
    again = readers.gitlab(gitlab.encode(replace(full_report(), findings=(replace(vulnerability(), description="x"),))))
    assert [one["id"] for one in first] == [one["id"] for one in again["vulnerabilities"]]
    vector = first[0]["cvss_vectors"]
    assert vector == [{"vendor": "nvd", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]


def test_gitlab_is_told_the_vectors_that_it_knows_the_newer_first() -> None:
    def written(*vectors: str) -> list[str]:
        rated = tuple(Cvss(version="", vector=vector) for vector in vectors)
        text = gitlab.encode(replace(full_report(), findings=(replace(vulnerability(), cvss=rated),)))
        (told,) = readers.gitlab(text)["vulnerabilities"]
        return [one["vector"] for one in told.get("cvss_vectors", [])]

    second, third = "AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
    assert written(second) == written(f"({second})") == [second]
    assert written(second, third) == written(third, second) == [third, second]
    assert written(f"CVSS:2.0/{second}", third) == [third, second]
    odd = third.replace("AV:N", "AV:Z")
    fourth = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
    assert written(odd, fourth, third.removeprefix("CVSS:3."), f"{second}/E:XX", "CVSS:3.1/AV:N/AC:L", "") == []


def test_gitlab_is_told_of_a_failure_without_words_and_of_addresses_in_its_own_letters() -> None:
    finding = replace(vulnerability(), references=("HTTPS://Example.test/A", "http://b.test/"))
    bare = replace(
        full_report(), scan_status=ScanStatus.FAILED, error=" \n", coverage=(), findings=(finding,), scanner={}
    )
    for scanner in ({}, {"version": ""}, {"version": None}):
        report = readers.gitlab(gitlab.encode(replace(bare, scanner=scanner)))
        assert report["scan"]["scanner"]["version"] == "0"
    assert report["scan"]["messages"] == [{"level": "fatal", "value": "The scan failed"}]
    assert [one["url"] for one in report["vulnerabilities"][0]["links"]] == ["https://Example.test/A", "http://b.test/"]


def test_every_severity_has_a_place_in_every_format() -> None:
    told = tuple(replace(vulnerability(), severity=one, title=one.value) for one in Severity)
    report = replace(full_report(), findings=told)
    assert [one["severity"] for one in readers.gitlab(gitlab.encode(report))["vulnerabilities"]] == [
        "Critical",
        "High",
        "Medium",
        "Low",
        "Unknown",
    ]
    assert len(readers.html(html.encode(report)).css("#findings .mark")) == 5


def test_only_pictures_are_shown_as_such() -> None:
    fine = "data:image/webp;base64,UklGRg=="
    seen = tuple(
        Evidence(kind="element", value="<p>", where=f"p#{place}", picture=picture)
        for place, picture in enumerate((fine, 'data:image/webp;base64,x"onerror="a()', "https://site.example/a.png"))
    )
    page = readers.html(html.encode(replace(full_report(), findings=(replace(vulnerability(), evidence=seen),))))
    assert [one.attributes["src"] for one in page.css("img")] == [fine]
    assert "img-src data:" in html.policy()


def test_what_one_thing_kept_rules_from_is_one_row_of_the_page() -> None:
    lost = [
        Coverage(what=f"check.{name}", state=CoverageState.PARTIAL, reason="unreachable", detail="no answer", asset="a")
        for name in ("one", "two", "three", "four", "five")
    ]
    other = replace(lost[0], what="gather.tls", detail="refused")
    page = html.encode(replace(full_report(), coverage=(*lost, other))).decode()
    assert "Check one, Check two, Check three and 2 more</th><td>in part</td><td>no answer <code>a</code>" in page
    assert page.count("no answer") == 1
