"""The terminal format: says what was not looked at, and lets no target write to the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Asset, Coverage, CoverageState, Domain, Evidence, Kind, ScanStatus, Source, Upgrade
from surveyor.scan.report import table
from tests.samples import full_report, vulnerability

#: Packages and how many flaws each has; ``a`` has one that is accepted and one that is not, which no upgrade ends.
SIZES = (("a", 2), ("b", 9), ("c", 7), ("d", 5), ("e", 4), ("f", 8), ("g", 6))


def test_shows_findings_and_what_was_not_looked_at() -> None:
    text = table.encode(full_report(), width=160).decode()
    assert "CVE-2023-52425: deb/debian/expat" in text
    assert "fixed in 2.5.0-1+deb12u2" in text
    assert "Not looked at, or not in full" in text
    assert "opt/a.jar" in text
    assert "incomplete, see above" in text
    assert "osv:Debian 2026-01-01 (today, 12,444)" in text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({}, "fixed in 2.5.0-1+deb12u2; EPSS 2.0%"),
        ({"kev": True, "epss": None}, "exploited (KEV); fixed in 2.5.0-1+deb12u2"),
        ({"kev": True, "epss": 0.94321}, "exploited (KEV); fixed in 2.5.0-1+deb12u2; EPSS 94%"),
        ({"fixed_in": tuple("12345"), "epss": 0.0004}, "fixed in 1, 2, 3 and 2 more; EPSS under 0.1%"),
        ({"fixed_in": (), "fix_state": "will_not_fix"}, "will not be fixed; EPSS 2.0%"),
        ({"fixed_in": (), "fix_state": "end_of_life", "epss": None}, "release gets no more fixes"),
        ({"fixed_in": (), "fix_state": None, "epss": None, "kev": None}, "no fix known"),
    ],
)
def test_a_vulnerability_says_whether_it_is_used_and_what_mends_it(said: dict[str, object], told: str) -> None:
    finding = replace(vulnerability(), **said)  # type: ignore[arg-type]
    text = table.encode(replace(full_report(), findings=(finding,)), width=200).decode()
    (row,) = (line for line in text.splitlines() if "deb/debian/expat  " in line)
    assert re.split(r"  +", row.strip())[4] == told


def test_the_upgrades_that_end_most_come_first_and_count_what_is_open() -> None:
    accepted = Decision(status=DecisionStatus.ACCEPTED, source="f", statement="s", reason="r", suppressed=True)
    titles = {name: [f"CVE-{name}-{number}: npm/{name}" for number in range(count)] for name, count in SIZES}
    findings = [replace(vulnerability(), title=title) for names in titles.values() for title in names]
    findings[0] = replace(findings[0], decision=accepted)
    upgrades = [
        Upgrade(
            package=f"pkg:npm/{name}",
            present=("1", "2", "3"),
            version="9",
            removes=tuple(all_[: len(all_) // 2]),
            leaves=0,
        )
        for name, all_ in titles.items()
    ]
    text = table.encode(replace(full_report(), findings=tuple(findings), upgrades=tuple(upgrades)), width=80).decode()
    told = text.partition("Upgrades that end most\n")[2].partition("\n\n")[0].splitlines()
    assert told == [
        "npm/b 1, 2 and 1 more -> 9 ends 4 of 9",
        "npm/f 1, 2 and 1 more -> 9 ends 4 of 8",
        "npm/c 1, 2 and 1 more -> 9 ends 3 of 7",
        "npm/g 1, 2 and 1 more -> 9 ends 3 of 6",
        "npm/d 1, 2 and 1 more -> 9 ends 2 of 5",
        "and 1 more",
    ]


def test_feeds_that_are_old_stale_or_failed_say_so() -> None:
    then = datetime(2025, 12, 22, tzinfo=UTC)
    sources = (
        Source(feed="epss", date=then, rows=360_142),
        Source(feed="kev", date=None, rows=3),
        Source(feed="osv:npm", date=then, rows=1),
    )
    gaps = tuple(
        Coverage(what=f"advisories.{name}", state=CoverageState.PARTIAL, reason=reason)
        for name, reason in (("epss", "stale"), ("kev", "feed_failed"), ("osv:npm", "odd_version"))
    )
    text = table.encode(replace(full_report(), sources=sources, coverage=gaps), width=300).decode()
    assert (
        "Advisories: epss 2025-12-22 (stale, 10 days old, 360,142), kev undated (failed, age unknown, 3), "
        "osv:npm 2025-12-22 (10 days old, 1)\n"
    ) in text


def test_domains_and_names_are_words() -> None:
    two = [
        replace(vulnerability(), domain=domain, title=title)
        for domain, title in ((Domain.SEO, "Page title missing"), (Domain.ACCESSIBILITY, "Document title missing"))
    ]
    gaps = [
        Coverage(what=what, state=state, reason="limit_exceeded")
        for what, state in (
            ("slot.performance", CoverageState.NOT_CONFIGURED),
            ("acquire.links", CoverageState.PARTIAL),
            ("advisories.npm", CoverageState.MISSING),
            ("check.seo_title", CoverageState.FAILED),
            ("something.new_here", CoverageState.SKIPPED),
        )
    ]
    text = table.encode(replace(full_report(), findings=tuple(two), coverage=tuple(gaps)), width=160).decode()
    rows = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    assert [row[1:3] for row in rows if row[2:] and row[2].endswith("title missing")] == [
        ["SEO", "Page title missing"],
        ["accessibility", "Document title missing"],
    ]
    assert [row for row in rows if row[-1] == "limit exceeded"] == [
        ["not set up", "Performance", "limit exceeded"],
        ["in part", "Links", "limit exceeded"],
        ["missing", "Advisories for npm", "limit exceeded"],
        ["could not", "Check seo title", "limit exceeded"],
        ["skipped", "something, new here", "limit exceeded"],
    ]


def test_what_several_missed_for_one_reason_is_told_once() -> None:
    gaps = [
        Coverage(what=f"catalog.{unit}", state=CoverageState.FAILED, reason="malformed", detail="damaged", path=path)
        for path, units in (("bin/a", ("go", "rust", "dotnet", "go")), ("bin/b", ("go", "rust")), ("bin/c", ("go",)))
        for unit in units
    ]
    text = table.encode(replace(full_report(), coverage=tuple(gaps)), width=160).decode()
    rows = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    assert [row[1:3] for row in rows if row[-1] == "damaged"] == [
        ["Go modules, Rust crates and 1 more", "bin/a"],
        ["Go modules, Rust crates", "bin/b"],
        ["Go modules", "bin/c"],
    ]


@pytest.mark.parametrize(
    ("types", "told"),
    [
        ("", "No packages were found; "),
        ("deb", "1 package (1 deb); "),
        ("npm deb npm", "3 packages (2 npm, 1 deb); "),
        ("a b c d e f g h i j", "10 packages (1 a, 1 b, 1 c, 1 d, 1 e, 1 f, 1 g, 1 h, 2 of other types); "),
    ],
)
def test_packages_are_counted_in_words_where_there_may_be_some(types: str, told: str) -> None:
    packages = tuple(replace(full_report().packages[0], type=type_) for type_ in types.split())
    summary = replace(full_report().summary, packages=len(packages))
    report = replace(full_report(), packages=packages, summary=summary)
    assert told in table.encode(report).decode()
    page = replace(report, target=replace(report.target, kind=Kind.WEB), summary=replace(report.summary, packages=0))
    assert "package" not in table.encode(page).decode().splitlines()[-1]


def test_facts_of_a_program_say_what_they_are_about() -> None:
    lies = [Asset(type="program", value=path, path=path) for path in ("bin/a", "bin/a: b")]
    said = (
        ("bin/a: PT_GNU_RELRO", "present"),
        ("bin/a: BIND_NOW", "no"),
        ("bin/c: BIND_NOW", "no"),
        (None, "2 programs"),
    )
    evidence = tuple(Evidence(kind="program" if where else "count", where=where, value=value) for where, value in said)
    weak = replace(vulnerability(), domain=Domain.SECURITY, assets=tuple(lies), evidence=evidence)
    shown = table.encode(replace(full_report(), findings=(weak,)), width=200).decode()
    assert re.search(r"  bin/a and 1 more +PT_GNU_RELRO: present; BIND_NOW: no *\n", shown)
    header = replace(weak, evidence=(Evidence(kind="header", where="referrer-policy", value="not sent"),))
    assert re.search(
        r"  bin/a and 1 more +not sent *\n", table.encode(replace(full_report(), findings=(header,))).decode()
    )


def test_nothing_stands_between_the_tables_and_the_summary_without_advisories() -> None:
    lines = table.encode(replace(full_report(), sources=())).decode().splitlines()
    assert lines[-2] == ""
    assert lines[-3].strip()


@pytest.mark.parametrize(
    ("detail", "count", "told"),
    [
        ("not read: package.json", 1, "not read: package.json"),
        ("packages without a version", 12_444, "packages without a version (12,444)"),
        ("12,444 packages without a version", 12_444, "12,444 packages without a version"),
        ("more than 124 entries", 24, "more than 124 entries (24)"),
        ("nothing", None, "nothing"),
    ],
)
def test_a_count_is_told_once(detail: str, count: int | None, told: str) -> None:
    gap = Coverage(what="catalog.declared", state=CoverageState.PARTIAL, detail=detail, count=count)
    text = table.encode(replace(full_report(), coverage=(gap,)), width=160).decode()
    assert re.search(rf"Declared dependencies +{re.escape(told)} *\n", text)


def test_a_failed_scan_is_never_shown_as_clean() -> None:
    report = replace(full_report(), scan_status=ScanStatus.FAILED, error="not an archive", findings=())
    text = table.encode(report).decode()
    assert "Could not scan: not an archive" in text
    assert "0 findings" not in text


def test_of_more_findings_than_a_terminal_keeps_the_worst_are_shown_and_the_others_counted() -> None:
    many = tuple(replace(vulnerability(), title=f"CVE-{number}") for number in range(1_203))
    gaps = tuple(replace(full_report().coverage[0], path=f"a/{number}") for number in range(1_004))
    text = table.encode(replace(full_report(), findings=many, coverage=gaps)).decode()
    assert [line.split()[2] for line in text.splitlines() if " CVE-" in line][-1] == "CVE-999"
    assert "and 203 more of the least severe; --format json has all" in text
    assert "and 4 more; --format json has all" in text
    assert "more of" not in table.encode(full_report()).decode()


def test_text_of_the_target_cannot_steer_the_terminal() -> None:
    hostile = replace(vulnerability(), title="x\x1b[2J\x1b]0;owned\x07\r\nOK [bold]clean[/bold]")
    text = table.encode(replace(full_report(), findings=(hostile,)), width=200).decode()
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]clean[/bold]" in text


def test_without_colour_there_is_no_escape_at_all() -> None:
    assert b"\x1b" not in table.encode(full_report())
    assert b"\x1b[" in table.encode(full_report(), colour=True)
