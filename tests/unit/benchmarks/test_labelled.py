"""Labelled cases are whole, and what is counted of them is right, on advisories of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.labelled import CASES, DATA, HERE, OURS, Case, database, explanations, measure, page, read, scores
from surveyor.scan.formats import purl
from tests.servers.osv_bucket import record, write

TRUTHS = {"affected", "wont_fix", "fixed", "not_affected", "not_ours"}


def _case(package: str, identity: str, truth: str, ecosystem: str = "npm") -> Case:
    return Case(
        ecosystem=ecosystem, package=package, id=identity, truth=truth, source="https://vendor.example", note=""
    )


@pytest.fixture(scope="module")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    npm = record("GHSA-1", "npm", "left", fixed="2.0.0", aliases=["CVE-2026-1"])
    debian = record("DEBIAN-CVE-2026-2", "Debian:12", "curl", fixed="7.88.1-10+deb12u4", upstream=["CVE-2026-2"])
    return database(write(folder / "bucket", {"npm": [npm], "Debian": [debian]}), folder)


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        (_case("pkg:npm/left@1.9.0", "CVE-2026-1", "affected"), "right"),
        (_case("pkg:npm/left@1.9.0", "GHSA-1", "wont_fix"), "right"),
        (_case("pkg:npm/left@2.0.0", "CVE-2026-1", "fixed"), "quiet"),
        (_case("pkg:npm/left@2.0.0", "CVE-2026-1", "affected"), "missed"),
        (_case("pkg:npm/left@1.9.0", "CVE-2026-1", "not_affected"), "wrong"),
        (_case("pkg:npm/%40types/left@1.9.0", "CVE-2026-1", "not_ours"), "quiet"),
        (_case("pkg:npm/left@1.9.0", "CVE-2026-9", "affected"), "unanswered"),
        (_case("pkg:hex/left@1.9.0", "CVE-2026-1", "not_ours", "Hex"), "unanswered"),
        (
            _case(
                "pkg:deb/debian/libcurl4@7.88.1-10%2Bdeb12u3?distro=debian-12&upstream=curl",
                "CVE-2026-2",
                "affected",
                "Debian:12",
            ),
            "right",
        ),
        (
            _case(
                "pkg:deb/debian/libcurl4@7.88.1-10%2Bdeb12u10?distro=debian-12&upstream=curl",
                "CVE-2026-2",
                "fixed",
                "Debian:12",
            ),
            "quiet",
        ),
    ],
)
def test_an_outcome_is_what_the_vendor_and_the_scan_say_together(advisories: Path, case: Case, kind: str) -> None:
    (outcome,), _ = measure([case], advisories)

    assert outcome.kind == kind, outcome


def test_precision_and_recall_leave_out_what_cannot_be_answered(advisories: Path) -> None:
    cases = [
        _case("pkg:npm/left@1.0.0", "CVE-2026-1", "affected"),
        _case("pkg:npm/left@1.1.0", "CVE-2026-1", "affected"),
        _case("pkg:npm/left@1.2.0", "CVE-2026-1", "affected"),
        _case("pkg:npm/left@1.3.0", "CVE-2026-1", "fixed"),
        _case("pkg:npm/left@2.1.0", "CVE-2026-1", "affected"),
        _case("pkg:npm/left@2.1.0", "CVE-2026-1", "fixed"),
        _case("pkg:npm/left@1.0.0", "CVE-2026-9", "affected"),
    ]
    outcomes, sources = measure(cases, advisories)
    scored = scores(outcomes)

    assert list(scored) == ["npm", "all"]
    assert scored["all"].cases == 7
    assert (scored["all"].precision, scored["all"].recall) == (3 / 4, 3 / 4)
    assert [(one.feed, one.rows) for one in sources] == [("osv:npm", 1)]


def test_a_page_tells_what_is_wrong_in_one_half_and_only_sums_of_the_other(advisories: Path) -> None:
    from datetime import date

    tuning, sources = measure([_case("pkg:npm/left@1.9.0", "CVE-2026-1", "fixed")], advisories)
    held, _ = measure([_case("pkg:npm/left@1.8.0", "CVE-2026-1", "fixed")], advisories)
    text = page(tuning, held, sources, date(2026, 11, 26))

    assert "pkg:npm/left@1.9.0" in text
    assert "UNEXPLAINED" in text
    assert "pkg:npm/left@1.8.0" not in text
    assert text.count("| **all** | 1 | 0 | 0 | 0 | 1 | 0 | 0.0% |") == 2
    assert "Not measured this time" in page(tuning, None, sources, date(2026, 11, 26))


def test_cases_are_whole_and_in_one_half_each() -> None:
    halves = {name: read(CASES / f"{name}.tsv") for name in ("tuning", "held")}
    every = [case for half in halves.values() for case in half]

    assert all(case.truth in TRUTHS and case.id and case.source and case.note for case in every)
    assert all(purl.parse(case.package) for case in every)
    assert len({(case.ecosystem, case.package, case.id) for case in every}) == len(every)
    assert len({case.base for case in every}) >= 12
    assert sum(not case.positive for case in every) >= len(every) * 0.4
    for half in halves.values():
        assert list(half) == sorted(half, key=lambda case: (case.ecosystem, case.package, case.id))


def test_explanations_are_of_cases_of_the_tuning_half() -> None:
    cases = {(case.package, case.id) for case in read(CASES / "tuning.tsv")}

    told = explanations(HERE / "labelled.toml")

    assert set(told) <= cases
    assert all(why.startswith((DATA, OURS)) for why in told.values())
