"""What differs between two reports, and why; above all: what was not looked at is never fixed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy.diff import render
from surveyor.remedy.diff.compare import compare
from surveyor.remedy.diff.model import Cause, Change, Kind
from surveyor.scan.errors import BadTarget
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import (
    Asset,
    Coverage,
    CoverageState,
    Domain,
    Evidence,
    Finding,
    Package,
    Report,
    ScanStatus,
    Severity,
    Source,
    Target,
)
from surveyor.scan.model import Kind as ScanKind
from tests.reports import NOW, flaw, package, remark, report

LODASH = package("pkg:npm/lodash@4.17.15", "app/lodash/package.json")
NEWER = package("pkg:npm/lodash@4.17.21", "app/lodash/package.json")
FLAW = flaw(
    "CVE-2021-1 GHSA-1", LODASH, evidence=(Evidence(kind="range", value="…", where="osv:npm GHSA-1"),), fixed_in=("5",)
)
OLD = report(FLAW, packages=(LODASH,))
LATER = (Source(feed="osv:npm", date=NOW + timedelta(days=9), rows=11),)


def told(before: Report, after: Report) -> list[tuple[Kind, Cause]]:
    return [(change.change, change.cause) for change in compare(before, after).changes]


def only(before: Report, after: Report) -> Change:
    (change,) = compare(before, after).changes
    return change


def without(*packages: Package, **more: Any) -> Report:
    return report(packages=packages, **{"target": replace(OLD.target, digest="sha256:" + "b" * 64), **more})


def missed(what: str, state: CoverageState = CoverageState.PARTIAL, **more: Any) -> Coverage:
    return Coverage(what=what, state=state, **more)


@pytest.mark.parametrize(
    ("after", "cause", "words"),
    [
        (without(), Cause.ARTIFACT, "lodash was removed"),
        (without(NEWER), Cause.ARTIFACT, "lodash 4.17.15 → 4.17.21"),
        (without(replace(LODASH, locations=NEWER.locations[:0])), Cause.ARTIFACT, "no longer at app/lodash"),
        (without(LODASH, sources=LATER), Cause.ADVISORY, "osv:npm 2026-06-01 (10) → 2026-06-10 (11)"),
        (without(LODASH, scanner={"version": "2", "units": {}}), Cause.RULE, "scanner 1 → 2"),
        (without(LODASH), Cause.UNKNOWN, "neither report tells"),
        (report(scanner={"version": "1", "units": {"catalog.npm": 2}}), Cause.RULE, "catalog.npm 1 → 2"),
        (report(), Cause.UNKNOWN, "neither"),
    ],
)
def test_why_a_vulnerability_is_gone(after: Report, cause: Cause, words: str) -> None:
    gone = only(OLD, after)
    assert (gone.change, gone.cause) == (Kind.FIXED, cause)
    assert words in gone.reason
    come = only(after, OLD)
    assert (come.change, come.cause) == (Kind.NEW, cause)


@pytest.mark.parametrize(
    "after",
    [
        without(scan_status=ScanStatus.FAILED, error="no route"),
        without(LODASH, coverage=(missed("advisories", CoverageState.MISSING),), sources=()),
        without(LODASH, coverage=(missed("advisories.npm", CoverageState.MISSING, reason="no_advisories"),)),
        without(LODASH, coverage=(missed("advisories.osv", CoverageState.MISSING, reason="no_feed"),)),
        without(LODASH, coverage=(missed("advisories.osv:npm", CoverageState.MISSING, reason="feed_failed"),)),
        without(LODASH, coverage=(missed("advisories.online", reason="not_answered"),)),
        without(LODASH, sources=()),
        without(LODASH, sources=(Source(feed="nvd:npm", date=NOW, rows=1),)),
        without(coverage=(missed("acquire.file"),)),
        without(coverage=(missed("catalog.npm"),)),
        without(coverage=(missed("catalog.npm", path="app/lodash/package.json"),)),
        without(coverage=(missed("acquire.inside", path="app"),)),
        without(coverage=(missed("acquire.inside", CoverageState.SKIPPED, path="app"),)),
        without(coverage=(missed("acquire.layer", CoverageState.FAILED, layer="sha256:1"),)),
        # a copy elsewhere does not say that nobody missed this one
        without(package("pkg:npm/lodash@4.17.15", "b"), coverage=(missed("acquire.file"),)),
    ],
)
def test_what_nobody_looked_at_is_not_fixed(after: Report) -> None:
    gone = only(OLD, after)
    assert (gone.change, gone.cause) == (Kind.NOT_LOOKED, Cause.COVERAGE)
    # the other way round it is new, and nobody can say since when
    come = only(after, OLD)
    assert (come.change, come.cause) == (Kind.NEW, Cause.COVERAGE)


@pytest.mark.parametrize(
    "after",
    [
        without(coverage=(missed("catalog.npm", path="other/package.json"),)),
        without(coverage=(missed("catalog.jar"),)),
        without(coverage=(missed("slot.performance", CoverageState.NOT_CONFIGURED),)),
        without(coverage=(missed("advisories.npm", CoverageState.MISSING),)),  # it is gone: nobody had to ask
        without(NEWER, coverage=(missed("advisories.PyPI", CoverageState.MISSING),)),
        without(NEWER, coverage=(missed("advisories.osv:PyPI", CoverageState.MISSING, reason="feed_failed"),)),
        without(NEWER, coverage=(missed("advisories.redhat", CoverageState.MISSING, reason="no_feed"),)),
        without(NEWER, coverage=(missed("advisories.osv:npm", reason="stale"),)),
        without(NEWER, coverage=(missed("advisories.osv:npm", reason="feed_failed"),)),
        without(NEWER, coverage=(missed("acquire.file"),)),  # and here it is, in its place
        without(coverage=(missed("acquire.image", CoverageState.LOOKED),)),
    ],
)
def test_what_could_not_have_hidden_it_hides_nothing(after: Report) -> None:
    assert told(OLD, after) == [(Kind.FIXED, Cause.ARTIFACT)]


def test_what_was_as_blind_before_was_not_blind_to_it() -> None:
    entry = missed("advisories.npm", reason="odd_version", count=3)
    before = replace(OLD, coverage=(entry,))
    after = without(LODASH, sources=LATER, coverage=(replace(entry, count=4),))
    assert told(before, after) == [(Kind.FIXED, Cause.ADVISORY)]


@pytest.mark.parametrize("packages", [(LODASH,), (NEWER,)])
def test_older_advisories_may_not_have_known_it(packages: tuple[Package, ...]) -> None:
    before = replace(OLD, sources=LATER)
    assert told(before, without(*packages)) == [(Kind.NOT_LOOKED, Cause.ADVISORY)]
    # and what newer ones know of the same package is new by them
    come = only(without(*packages), before)
    assert (come.change, come.cause) == (Kind.NEW, Cause.ADVISORY if packages == (LODASH,) else Cause.ARTIFACT)


def test_a_package_that_is_gone_is_gone_whatever_the_advisories() -> None:
    assert told(replace(OLD, sources=LATER), without()) == [(Kind.FIXED, Cause.ARTIFACT)]


def test_another_preferred_id_is_no_other_flaw() -> None:
    renamed = flaw("CVE-2020-9 CVE-2021-1 GHSA-1", LODASH, fixed_in=("5",))
    change = only(OLD, report(renamed, packages=(LODASH,), sources=LATER))
    assert (change.change, change.cause) == (Kind.CHANGED, Cause.ADVISORY)
    assert [field.name for field in change.fields] == ["title"]


def test_the_same_id_in_another_package_is_another_finding() -> None:
    other = package("pkg:npm/lodash-es@4.17.15", "b")
    after = without(LODASH, other, findings=(flaw("CVE-2021-1", other),), sources=LATER)
    assert told(OLD, after) == [(Kind.NEW, Cause.ARTIFACT), (Kind.FIXED, Cause.ADVISORY)]


def test_each_place_is_told_for_itself() -> None:
    two = package("pkg:npm/lodash@4.17.15", "app/lodash/package.json", "b/package.json")
    change = only(OLD, without(two, findings=(flaw("CVE-2021-1 GHSA-1", two, fixed_in=("5",)),)))
    assert (change.change, [asset.path for asset in change.assets]) == (Kind.NEW, ["b/package.json"])


def test_an_upgrade_that_mends_nothing_is_a_change() -> None:
    moved = package("pkg:npm/lodash@4.17.16", "app/lodash-4.17.16/package.json")
    change = only(OLD, without(moved, findings=(flaw("CVE-2021-1 GHSA-1", moved, fixed_in=("5",)),)))
    assert (change.change, change.cause) == (Kind.CHANGED, Cause.ARTIFACT)
    assert [(field.before, field.after) for field in change.fields] == [
        ("pkg:npm/lodash@4.17.15", "pkg:npm/lodash@4.17.16")
    ]


def test_layers_and_digests_of_another_build_change_nothing() -> None:
    rebuilt = replace(FLAW, assets=tuple(replace(one, layer="sha256:9", artifact="x") for one in FLAW.assets))
    assert told(OLD, without(LODASH, findings=(rebuilt,))) == []


def test_another_severity_is_a_reclassification() -> None:
    worse = replace(FLAW, severity=Severity.CRITICAL, kev=True)
    change = only(OLD, report(worse, packages=(LODASH,), sources=LATER))
    assert (change.change, change.cause, [field.name for field in change.fields]) == (
        Kind.RECLASSIFIED,
        Cause.ADVISORY,
        ["severity", "kev"],
    )


def test_a_decision_is_a_cause() -> None:
    decided = replace(
        FLAW,
        decision=Decision(
            status=DecisionStatus.ACCEPTED, source="s", statement="1", reason="r", until="2027-01-01", suppressed=True
        ),
    )
    after = report(decided, packages=(LODASH,))
    change = only(OLD, after)
    assert (change.change, change.cause, change.suppressed) == (Kind.RECLASSIFIED, Cause.DECISION, True)
    assert change.reason == "nothing → accepted until 2027-01-01"
    assert only(after, OLD).reason == "accepted until 2027-01-01 → nothing"


PAGE = Target(kind=ScanKind.WEB, source="https://shop.example/", type="url")
HSTS = remark("security_hsts", "HSTS missing", "https://shop.example/")


def page(*findings: Finding, slots: str = "looked", units: dict[str, int] | None = None, **more: Any) -> Report:
    coverage = (missed("slot.security", CoverageState(slots)),) if slots else ()
    scanner = {"version": "1", "units": {"security_hsts": 1} if units is None else units}
    return report(*findings, target=PAGE, coverage=coverage, scanner=scanner, sources=(), **more)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (page(), (Kind.FIXED, Cause.ARTIFACT)),
        (page(units={"security_hsts": 2}), (Kind.FIXED, Cause.RULE)),
        (page(units={}), (Kind.NOT_LOOKED, Cause.RULE)),
        (page(slots="failed"), (Kind.NOT_LOOKED, Cause.COVERAGE)),
        (page(slots="not_configured"), (Kind.NOT_LOOKED, Cause.COVERAGE)),
        (page(slots="partial"), (Kind.NOT_LOOKED, Cause.COVERAGE)),
        (page(slots=""), (Kind.NOT_LOOKED, Cause.COVERAGE)),
    ],
)
def test_a_page(after: Report, expected: tuple[Kind, Cause]) -> None:
    before = page(HSTS)
    assert told(before, after) == [expected]
    assert told(after, before) == [(Kind.NEW, expected[1])]


def test_a_page_and_an_artifact_have_nothing_to_compare() -> None:
    with pytest.raises(BadTarget, match="cannot compare a report of an artifact"):
        compare(OLD, page())


_NAMES = st.sampled_from(["CVE-1", "CVE-2", "GHSA-1", "GHSA-2"])
_VERSIONS = st.sampled_from(["1", "2"])
_PACKAGES = st.builds(
    lambda name, version, path: package(f"pkg:npm/{name}@{version}", path),
    st.sampled_from(["a", "b"]),
    _VERSIONS,
    st.sampled_from(["x", "y/z"]),
)
_FLAWS = st.builds(
    lambda names, packages, **more: flaw(" ".join(names), *packages, **more),
    st.lists(_NAMES, min_size=1, max_size=3, unique=True),
    st.lists(_PACKAGES, min_size=1, max_size=3),
    severity=st.sampled_from([Severity.HIGH, Severity.LOW]),
    kev=st.sampled_from([None, True]),
    evidence=st.sampled_from([(), (Evidence(kind="range", value="", where="osv:npm X"),)]),
)
_COVERAGE = st.builds(
    Coverage,
    what=st.sampled_from(["advisories", "advisories.npm", "catalog.npm", "acquire.file", "catalog.jar"]),
    state=st.sampled_from(list(CoverageState)),
    path=st.sampled_from([None, "x", "y"]),
)
_REPORTS = st.builds(
    lambda findings, packages, coverage, rows, version: report(
        *findings,
        packages=tuple(packages),
        coverage=tuple(coverage),
        sources=(Source(feed="osv:npm", date=NOW, rows=rows),) if rows else (),
        scanner={"version": version, "units": {"catalog.npm": 1}},
    ),
    st.lists(_FLAWS, max_size=4),
    st.lists(_PACKAGES, max_size=4),
    st.lists(_COVERAGE, max_size=2),
    st.integers(0, 2),
    _VERSIONS,
)


def places(changes: list[Change]) -> list[tuple[Any, ...]]:
    """Changes as what they are about, whichever report told them."""
    return sorted(
        (change.domain, change.title, change.cause, asset.value, asset.path)
        for change in changes
        for asset in change.assets or (Asset(type="", value=""),)
    )


@given(_REPORTS)
def test_a_report_does_not_differ_from_itself(one: Report) -> None:
    found = compare(one, one)
    assert found.changes == ()
    assert found.summary["unchanged"] == len({finding.title for finding in one.findings})


@given(_REPORTS, _REPORTS)
def test_the_other_way_round_is_the_other_way_round(one: Report, two: Report) -> None:
    there, back = compare(one, two).changes, compare(two, one).changes
    new = [change for change in there if change.change is Kind.NEW]
    gone = [change for change in back if change.change in {Kind.FIXED, Kind.NOT_LOOKED}]
    assert places(new) == places(gone)
    for kind in (Kind.CHANGED, Kind.RECLASSIFIED):
        assert facts(there, kind) == facts([mirrored(change) for change in back], kind)


def facts(changes: Sequence[Change], kind: Kind) -> list[str]:
    """What differs of findings that both have."""
    return sorted(repr(field) for change in changes if change.change is kind for field in change.fields)


def mirrored(change: Change) -> Change:
    """The same difference, told the other way round."""
    return replace(
        change, fields=tuple(replace(field, before=field.after, after=field.before) for field in change.fields)
    )


@given(_REPORTS, _REPORTS)
def test_every_finding_is_somewhere(one: Report, two: Report) -> None:
    found = compare(one, two)
    told = {change.title for change in found.changes}
    old, new = ({finding.title for finding in side.findings} for side in (one, two))
    assert old ^ new <= told | {
        # the old title of one that was renamed stands in the fields
        field.before or ""
        for change in found.changes
        for field in change.fields
        if field.name == "title"
    }


@given(_REPORTS, _REPORTS)
def test_nothing_is_fixed_that_a_failed_scan_did_not_see(one: Report, two: Report) -> None:
    found = compare(one, replace(two, scan_status=ScanStatus.FAILED))
    assert not any(change.change is Kind.FIXED for change in found.changes)


SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[4] / "docs/reference/diff.schema.json").read_text("utf-8"))
)


@given(_REPORTS, _REPORTS)
def test_it_obeys_the_published_schema_and_can_be_written(one: Report, two: Report) -> None:
    found = compare(one, two)
    SCHEMA.validate(json.loads(render.as_json(found)))
    for text in (render.as_table(found).decode(), render.as_markdown(found).decode()):
        assert f"{found.summary['new']} new" in text


def test_names_from_targets_are_no_markup() -> None:
    nasty = remark("security_x", "<script>|`[a](b)` @team", "https://shop.example/|x")
    text = render.as_markdown(compare(page(), page(nasty))).decode()
    line = next(line for line in text.splitlines() if "script" in line)
    assert line.replace("\\|", "").count("|") == 6
    assert line.count("`") == 10


def test_a_strangers_report_steers_no_terminal() -> None:
    strange = replace(OLD, target=replace(OLD.target, type="\x1b]0;x\x07", name="\x1b[2J", source="\u202e"))
    for text in (render.as_table(compare(strange, OLD)), render.as_markdown(compare(strange, OLD))):
        assert all(one.isprintable() for one in text.decode().splitlines())


def test_what_is_hidden_by_domain_stays_apart() -> None:
    slow = remark("performance_lcp", "LCP slow", "https://shop.example/", domain=Domain.PERFORMANCE)
    assert told(page(slow), page()) == [(Kind.NOT_LOOKED, Cause.COVERAGE)]
