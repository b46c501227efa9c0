"""Several sources on one flaw: whose word counts, what stays beside it, and what is told of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from surveyor.scan.advise import match
from surveyor.scan.advise.build import Builder
from surveyor.scan.advise.feeds.interface import Mark
from surveyor.scan.advise.match import Advice, advise
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, State
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import CoverageState, Distro, Finding, Package, Severity, Tier
from surveyor.scan.settings import Feeds
from tests.unit.scan.advise.conftest import deb, plain

NOW = datetime(2026, 5, 6, 12, tzinfo=UTC)
AT = (NOW - timedelta(hours=1)).isoformat()
OSV, VENDOR = ("osv", "Debian"), ("vendor", "")
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
Records = Mapping[tuple[str, str], Sequence[Advisory | Fact]]


@pytest.fixture(autouse=True)
def _ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match, "_RANKS", {"osv": 1, "vendor": 2})


def said(
    identity: str,
    *,
    fixed: str | None = "2.0",
    state: State = State.AFFECTED,
    name: str = "expat",
    where: str = "Debian:12",
    introduced: str = "0",
    **more: object,
) -> Advisory:
    """One record on one package; without a fix all versions from the beginning."""
    span = ("i", introduced, "f", fixed) if fixed else ("i", introduced)
    hit = Affected(ecosystem=where, name=name, ranges=(span,), state=state, reason=str(more.pop("reason", "")))
    values = {"modified": "2026-02-01T00:00:00Z", "published": "2026-01-01T00:00:00Z", **more}
    return Advisory(id=identity, affected=(hit,), **values)  # type: ignore[arg-type]


def ask(
    folder: Path,
    records: Records,
    packages: Sequence[Package],
    feeds: Feeds | None = None,
    progress: Progress | None = None,
) -> Advice:
    builder = Builder(folder / "a.db", base=None)
    for (feed, scope), items in records.items():
        with builder.collection(feed, scope) as collection:
            for item in items:
                collection.put(item.cve if isinstance(item, Fact) else item.id, "", (item,))
            collection.finish(Mark(date="2026-05-05", updated_at=AT))
    builder.close()
    return matched(folder, packages, feeds, progress)


def matched(
    folder: Path, packages: Sequence[Package], feeds: Feeds | None = None, progress: Progress | None = None
) -> Advice:
    with open_snapshot(folder / "a.db") as snapshot:
        return advise(packages, snapshot, artifact="x", progress=progress or Progress(), feeds=feeds, now=NOW)


def ranges(finding: Finding) -> list[str]:
    return [item.value for item in finding.evidence if item.kind == "range"]


def told(advice: Advice, reason: str) -> list[tuple[str, CoverageState, str | None]]:
    return [(entry.what, entry.state, entry.detail) for entry in advice.coverage if entry.reason == reason]


def test_one_source_decides_alone_and_several_agree(tmp_path: Path) -> None:
    (one,) = ask(tmp_path, {OSV: [said("CVE-1-1")]}, [deb("expat", "1.0")]).findings
    assert one.ruled_by == "only:osv"
    (both,) = ask(tmp_path, {OSV: [said("CVE-1-1")], VENDOR: [said("CVE-1-1")]}, [deb("expat", "1.0")]).findings
    assert both.ruled_by == "agree:vendor"
    assert both.confidence == one.confidence == 0.95


def test_a_vendor_that_calls_a_version_mended_outranks_another_source(tmp_path: Path) -> None:
    records = {OSV: [said("CVE-1-1", fixed="3.0")], VENDOR: [said("CVE-1-1", fixed="1.0")]}
    advice = ask(tmp_path, records, [deb("expat", "1.5")])
    assert advice.findings == ()
    assert told(advice, "overruled") == [
        (
            "advisories.Debian:12",
            CoverageState.SKIPPED,
            "1 hit left out: vendor calls those versions not affected: CVE-1-1",
        )
    ]


def test_a_vendor_that_calls_a_version_affected_outranks_one_that_does_not(tmp_path: Path) -> None:
    records = {OSV: [said("CVE-1-1", fixed="1.0")], VENDOR: [said("CVE-1-1", fixed="3.0")]}
    (finding,) = ask(tmp_path, records, [deb("expat", "1.5")]).findings
    assert finding.ruled_by == "vendor:vendor"
    assert ranges(finding) == [
        "1.5 is affected: introduced 0, fixed 3.0",
        "1.5 is not affected by this source: introduced 0, fixed 1.0",
    ]
    assert finding.confidence == pytest.approx(0.665)


def test_among_equals_one_is_enough(tmp_path: Path) -> None:
    records = {OSV: [said("GHSA-1", fixed="1.0", aliases=("CVE-1-1",)), said("CVE-1-1", fixed="3.0")]}
    (finding,) = ask(tmp_path, records, [deb("expat", "1.5")]).findings
    assert finding.ruled_by == "any:osv"


def test_what_a_vendor_clears_is_no_finding_and_the_reason_is_kept_where_it_is_one(tmp_path: Path) -> None:
    clear = said("CVE-1-1", fixed=None, state=State.NOT_AFFECTED, reason="vulnerable code not present")
    advice = ask(tmp_path, {OSV: [said("CVE-1-1")], VENDOR: [clear]}, [deb("expat", "1.0")])
    assert advice.findings == ()
    assert len(told(advice, "overruled")) == 1
    (finding,) = ask(
        tmp_path, {OSV: [said("CVE-1-1"), replace(clear, id="X-1", aliases=("CVE-1-1",))]}, [deb("expat", "1.0")]
    ).findings
    assert ranges(finding)[1] == "1.0 is not affected by this source: vulnerable code not present"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.WILL_NOT_FIX, "The vendor will not fix it for expat"),
        (State.DEFERRED, "The vendor has put off a fix for expat"),
        (State.INVESTIGATING, "The vendor is still looking into it for expat"),
        (State.END_OF_LIFE, "This release gets no more fixes for expat"),
        (State.AFFECTED, "No fixed version is known for expat"),
    ],
)
def test_why_there_is_no_fix(tmp_path: Path, state: State, words: str) -> None:
    (finding,) = ask(tmp_path, {VENDOR: [said("CVE-1-1", fixed=None, state=state)]}, [deb("expat", "1.0")]).findings
    assert finding.fix_state == (state or "not_fixed")
    assert finding.recommended_fix
    assert finding.recommended_fix.summary == words


def test_an_entry_without_versions_is_about_all_of_them(tmp_path: Path) -> None:
    every = Affected(ecosystem="Debian:12", name="expat", state=State.WILL_NOT_FIX)
    advice = ask(tmp_path, {VENDOR: [Advisory(id="CVE-1-1", modified="", affected=(every,))]}, [deb("expat", "1.0")])
    assert [finding.fix_state for finding in advice.findings] == ["will_not_fix"]
    assert advice.upgrades == ()


def test_versions_are_ruled_about_one_by_one(tmp_path: Path) -> None:
    records = {OSV: [said("CVE-1-1", fixed="3.0")], VENDOR: [said("CVE-1-1", fixed="1.0")]}
    packages = [deb("expat", "0.5", source="expat"), deb("libexpat1", "1.5", source="expat")]
    (finding,) = ask(tmp_path, records, packages).findings
    assert {asset.value for asset in finding.assets} == {packages[0].purl}


FACTS: Records = {
    ("epss", ""): [Fact(cve="CVE-1-1", score=0.9, percentile=0.99), Fact(cve="CVE-1-2", score=0.0, percentile=0.1)],
    ("kev", ""): [Fact(cve="CVE-1-1", exploited=Exploited(added="2026-01-01", due="2026-02-01", ransomware=True))],
    ("nvd", ""): [
        Fact(
            cve="CVE-1-1",
            summary="From NVD",
            severity=(("CVSS_V3", HIGH, "nvd@nist.gov"),),
            cwes=("CWE-400",),
            references=("https://nvd.test/1",),
        )
    ],
}


def test_facts_reach_a_distribution_by_its_other_names(tmp_path: Path) -> None:
    records = {OSV: [said("DSA-1", aliases=("CVE-1-1",)), said("CVE-1-2"), said("CVE-1-3")], **FACTS}
    first, second, third = ask(tmp_path, records, [deb("expat", "1.0")]).findings
    assert (first.epss, first.epss_percentile) == (0.9, 0.99)
    assert first.epss_date == datetime(2026, 5, 5, tzinfo=UTC)
    assert first.kev is True
    assert first.known_exploited
    assert (first.known_exploited.due, first.known_exploited.ransomware) == ("2026-02-01", True)
    assert first.severity is Severity.HIGH
    assert [(score.source, score.score) for score in first.cvss] == [("nvd@nist.gov", 7.5)]
    assert (first.description, first.cwes, first.references) == ("From NVD", ("CWE-400",), ("https://nvd.test/1",))
    assert (first.published, first.modified) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    # a score of nothing is a score, and no score is none
    assert (second.epss, second.kev, second.severity) == (0.0, False, Severity.UNKNOWN)
    assert (third.epss, third.epss_date, third.kev) == (None, None, False)


def test_a_vendors_rating_stands_before_that_of_nvd(tmp_path: Path) -> None:
    (finding,) = ask(tmp_path, {OSV: [said("CVE-1-1", word="low")], **FACTS}, [deb("expat", "1.0")]).findings
    assert finding.severity is Severity.LOW
    assert [score.source for score in finding.cvss] == ["nvd@nist.gov"]


def test_without_a_list_nobody_knows_whether_a_flaw_is_used(tmp_path: Path) -> None:
    (finding,) = ask(tmp_path, {OSV: [said("CVE-1-1")]}, [deb("expat", "1.0")]).findings
    assert (finding.epss, finding.kev) == (None, None)


def test_feeds_tell_what_they_know_in_events_and_sources(tmp_path: Path) -> None:
    events: list[Event] = []
    records = {OSV: [said("CVE-1-1")], VENDOR: [said("CVE-1-1")], **FACTS}
    advice = ask(tmp_path, records, [deb("expat", "1.0")], progress=Progress(events.append))
    stages = [event.stage for event in events]
    assert {"nvd.enrich.done", "epss.enrich.done", "kev.enrich.done", "nvd.enrich.timing", "vendor.query.done"} <= set(
        stages
    )
    assert advice.known == {"nvd": 1, "epss": 1, "kev": 1}
    assert [source.feed for source in advice.sources] == ["epss", "kev", "nvd", "osv:Debian", "vendor"]
    assert [(entry.what, entry.detail) for entry in advice.coverage if entry.what == "advisories.epss"] == [
        ("advisories.epss", "2 records of 2026-05-05")
    ]


def test_a_stale_or_failed_feed_makes_a_scan_incomplete_only_where_it_rests_on_it(tmp_path: Path) -> None:
    records = {OSV: [said("CVE-1-1")], ("osv", "npm"): [said("GHSA-1", where="npm")], **FACTS}
    packages = [deb("expat", "1.0")]
    assert told(ask(tmp_path, records, packages, Feeds(stale_after=2)), "stale") == []
    stale = matched(tmp_path, packages, Feeds(stale_after=1))
    assert told(stale, "stale") == []
    builder = Builder(tmp_path / "b.db", base=tmp_path / "a.db")
    builder.failed("osv", "npm", at=AT, reason="unreachable: no")
    builder.failed("osv", "Debian", at=AT, reason="unreachable: gone")
    builder.failed("kev", "", at=AT, reason="malformed: HTML")
    builder.close()
    (tmp_path / "b.db").replace(tmp_path / "a.db")
    failed = told(matched(tmp_path, packages), "feed_failed")
    assert failed == [
        (
            "advisories.kev",
            CoverageState.PARTIAL,
            "kev could not be had on 2026-05-06, had last on 2026-05-06: malformed: HTML",
        ),
        (
            "advisories.osv:Debian",
            CoverageState.PARTIAL,
            "osv:Debian could not be had on 2026-05-06, had last on 2026-05-06: unreachable: gone",
        ),
    ]


def test_age_counts_from_when_a_feed_was_last_had(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "a.db", base=None)
    with builder.collection("osv", "Debian") as collection:
        collection.put("CVE-1-1", "", (said("CVE-1-1"),))
        collection.finish(Mark(updated_at=(NOW - timedelta(hours=169)).isoformat()))
    builder.close()
    packages = [deb("expat", "1.0")]
    assert told(matched(tmp_path, packages), "stale") == [
        ("advisories.osv:Debian", CoverageState.PARTIAL, "osv:Debian is stale: had last on 2026-04-29")
    ]
    assert told(matched(tmp_path, packages, Feeds(stale_after=0)), "stale") == []
    assert told(matched(tmp_path, [plain("npm", "left", "1.0")]), "stale") == []


@pytest.mark.parametrize(
    ("days", "why"), [(36, ""), (38, "osv:Debian is stale: nothing in it is newer than of 2026-03-29"), (-9, "")]
)
def test_a_feed_that_answers_and_stands_still_is_stale_by_the_newest_of_all_its_scopes(
    tmp_path: Path, days: int, why: str
) -> None:
    builder = Builder(tmp_path / "a.db", base=None)
    for scope, age in (("Debian", 400), ("npm", days)):
        with builder.collection("osv", scope) as collection:
            collection.put("CVE-1-1", "", (said("CVE-1-1"),))
            collection.finish(Mark(date=(NOW - timedelta(days=age)).isoformat(), updated_at=AT))
    builder.close()
    packages = [deb("expat", "1.0")]
    assert [detail for what, _, detail in told(matched(tmp_path, packages), "stale") if what.endswith("Debian")] == (
        [why] if why else []
    )
    assert told(matched(tmp_path, packages, Feeds(stale_after=0)), "stale") == []


def test_a_feed_that_was_named_and_is_not_there_is_missing(tmp_path: Path) -> None:
    advice = ask(tmp_path, {("kev", ""): FACTS["kev", ""]}, [deb("expat", "1.0")], Feeds(enabled=("osv", "kev")))
    assert [(what, state) for what, state, _ in told(advice, "no_feed")] == [("advisories.osv", CoverageState.MISSING)]
    ask(tmp_path, {OSV: [said("CVE-1-1")]}, [])
    told_once = told(matched(tmp_path, [deb("expat", "1.0")]), "no_feed")
    assert [(what, state) for what, state, _ in told_once] == [("advisories", CoverageState.NOT_CONFIGURED)]


def test_language_packages_of_the_system_are_judged_by_the_distribution(tmp_path: Path) -> None:
    records = {OSV: [said("CVE-1-1", name="other")], ("osv", "PyPI"): [said("GHSA-1", name="idna", where="PyPI")]}
    owned = plain("pypi", "idna", "1.0", owner="deb/python3-idna")
    system = deb("python3-idna", "1.0-1", source="python-idna")
    advice = ask(tmp_path, records, [system, owned])
    assert advice.findings == ()
    assert told(advice, "owned") == [
        (
            "advisories.PyPI",
            CoverageState.SKIPPED,
            "judged by Debian:12, whose system packages they belong to: idna of deb/python3-idna",
        )
    ]
    # of a distribution that nobody speaks of, and of an owner that is not there, the language's advisories do
    elsewhere = deb("python3-idna", "1.0-1", release="99")
    assert [finding.rule for finding in matched(tmp_path, [elsewhere, owned]).findings] == ["GHSA-1"]
    assert [finding.rule for finding in matched(tmp_path, [owned]).findings] == ["GHSA-1"]


def test_one_upgrade_ends_several_findings_and_leaves_some(tmp_path: Path) -> None:
    records = {
        ("osv", "npm"): [
            said("GHSA-1", name="left", where="npm", fixed="1.2.0"),
            said("GHSA-2", name="left", where="npm", fixed="1.4.0"),
            said("GHSA-3", name="left", where="npm", fixed=None),
            said("GHSA-4", name="right", where="npm", fixed="5.0.0"),
        ]
    }
    packages = [plain("npm", "left", "1.0.0"), plain("npm", "left", "1.3.0"), plain("npm", "right", "1.0.0")]
    left, right = ask(tmp_path, records, packages).upgrades
    assert (left.package, left.present, left.version, left.leaves) == ("pkg:npm/left", ("1.0.0", "1.3.0"), "1.4.0", 1)
    assert left.removes == ("GHSA-1: npm/left", "GHSA-2: npm/left")
    assert (right.package, right.removes, right.leaves) == ("pkg:npm/right", ("GHSA-4: npm/right",), 0)


def rpm(version: str) -> Package:
    return Package(
        purl=f"pkg:rpm/almalinux/expat@{version}",
        type="rpm",
        namespace="almalinux",
        name="expat",
        version=version,
        distro=Distro(id="almalinux", version="9.5"),
    )


@pytest.mark.parametrize(
    ("version", "rules"),
    [
        ("2.5.0-3.el9_5.3", []),  # mended on its own line, below what mends the next
        ("2.5.0-3.el9_5.1", ["CVE-2025-1"]),
        ("2.5.0-5.el9_6", []),
        ("2.5.0-4.el9_6", ["CVE-2025-1"]),
        ("2.5.0-3.el9", ["CVE-2025-1"]),  # of no point release: whatever speaks
        ("2.5.0-3.el9_4", ["CVE-2025-1"]),  # of one that nobody speaks of
    ],
)
def test_a_build_is_judged_by_the_erratum_for_its_point_release(tmp_path: Path, version: str, rules: list[str]) -> None:
    errata = [
        said(f"ALSA-{n}", name="expat", where="AlmaLinux:9", fixed=fixed, aliases=("CVE-2025-1",))
        for n, fixed in enumerate(("2.5.0-3.el9_5.3", "2.5.0-5.el9_6"))
    ]
    advice = ask(tmp_path, {("osv", "AlmaLinux"): errata}, [rpm(version)])
    assert [finding.rule for finding in advice.findings] == rules
    if version == "2.5.0-3.el9_5.3":
        assert [detail for _, _, detail in told(advice, "overruled")] == [
            "1 hit left out: osv calls those versions not affected: CVE-2025-1"
        ]


@pytest.mark.parametrize(
    ("version", "hit"),
    [("go1.24rc1", True), ("1.24beta1", True), ("go1.24rc2", False), ("go1.24", False), ("go1.24.1", False)],
)
def test_pre_releases_of_go_are_ordered_as_advisories_write_them(tmp_path: Path, version: str, hit: bool) -> None:
    records = {("osv", "Go"): [said("GO-1", name="stdlib", where="Go", fixed="1.24.0-rc.2")]}
    advice = ask(tmp_path, records, [plain("golang", "stdlib", version)])
    assert bool(advice.findings) is hit
    assert told(advice, "odd_version") == []


def test_what_mends_a_module_of_go_is_spelt_as_its_users_do(tmp_path: Path) -> None:
    records = {("osv", "Go"): [said("GO-1", name="golang.org/x/net", where="Go", fixed="0.38.0")]}
    advice = ask(tmp_path, records, [plain("golang", "net", "v0.31.0", namespace="golang.org/x")])
    assert [(one.present, one.version) for one in advice.upgrades] == [(("v0.31.0",), "v0.38.0")]
    assert [finding.fixed_in for finding in advice.findings] == [("v0.38.0",)]


def test_what_lies_in_the_systems_folders_is_the_systems(tmp_path: Path) -> None:
    records = {
        OSV: [said("CVE-1-1", name="other")],
        ("osv", "RubyGems"): [said("GHSA-1", name="rack", where="RubyGems")],
    }
    system = deb("ruby-rack", "2.0-1")
    theirs = plain("gem", "rack", "1.0", path="usr/share/rubygems-integration/all/specifications/rack.gemspec")
    own = plain("gem", "rack", "1.0", path="usr/local/lib/ruby/gems/specifications/rack.gemspec")
    assert ask(tmp_path, records, [system, theirs]).findings == ()
    assert [finding.rule for finding in matched(tmp_path, [system, own]).findings] == ["GHSA-1"]
    assert [finding.rule for finding in matched(tmp_path, [theirs]).findings] == ["GHSA-1"]
    of_two = deb("ruby-rack", "2.0-1", release="11")
    assert [finding.rule for finding in matched(tmp_path, [system, of_two, theirs]).findings] == ["GHSA-1"]


def test_programs_are_matched_by_their_products_names_as_a_hint(tmp_path: Path) -> None:
    program = plain("generic", "curl", "8.5.0", path="usr/bin/tool", tier=Tier.HEURISTIC)
    other = plain("generic", "something", "1.0", path="usr/bin/other", tier=Tier.HEURISTIC)
    records: Records = {
        ("nvd", ""): [
            said("CVE-2024-1000", name="haxx:libcurl", where="CPE", fixed="8.6.0", reason="built for windows"),
            said("CVE-2024-1001", name="haxx:curl", where="CPE", fixed="8.5.0"),
            Fact(cve="CVE-2024-1000", severity=(("CVSS_V3", HIGH, "nvd@nist.gov"),)),
        ]
    }
    advice = ask(tmp_path, records, [program, other])
    (finding,) = advice.findings
    assert (finding.title, finding.severity, finding.ruled_by) == ("CVE-2024-1000: generic/curl", "high", "only:nvd")
    assert (finding.tier, finding.confidence) == (Tier.HEURISTIC, 0.3)
    assert ranges(finding) == ["8.5.0 is affected: introduced 0, fixed 8.6.0 (built for windows)"]
    assert [(entry.what, entry.state, entry.count) for entry in advice.coverage if entry.what == "advisories.CPE"] == [
        ("advisories.CPE", CoverageState.LOOKED, 1)
    ]
    assert [(what, state) for what, state, _ in told(advice, "no_product")] == [
        ("advisories.generic", CoverageState.SKIPPED)
    ]
    without = ask(tmp_path, {OSV: [said("CVE-1-1")]}, [program])
    assert [state for _, state, _ in told(without, "by_name")] == [CoverageState.NOT_CONFIGURED]


def test_a_vendor_that_is_still_looking_is_a_weaker_word(tmp_path: Path) -> None:
    looking = said("CVE-1-1", fixed=None, state=State.INVESTIGATING)
    (finding,) = ask(tmp_path, {VENDOR: [looking]}, [deb("expat", "1.0")]).findings
    assert finding.confidence == pytest.approx(0.665)


@pytest.mark.parametrize(("days", "told_stale"), [(0.5, False), (400, True)])
def test_what_was_had_at_a_time_to_come_is_not_fresh_for_ever(tmp_path: Path, days: float, told_stale: bool) -> None:
    builder = Builder(tmp_path / "a.db", base=None)
    with builder.collection("osv", "Debian") as collection:
        collection.put("CVE-1-1", "", (said("CVE-1-1"),))
        collection.finish(Mark(updated_at=(NOW + timedelta(days=days)).isoformat()))
    builder.close()
    assert bool(told(matched(tmp_path, [deb("expat", "1.0")]), "stale")) is told_stale
