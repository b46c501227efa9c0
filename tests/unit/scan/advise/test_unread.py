"""What feeds say and cannot be read: kept beside what could be, and told by the scans that it may concern."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.advise.feeds import FEEDS, alpine, debian, nvd, redhat
from surveyor.scan.advise.match import advise
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.events import Progress
from surveyor.scan.model import CoverageState, Package, Tier
from tests.servers.nvd import cve, match
from tests.servers.osv_bucket import Record, record, write
from tests.unit.scan.advise.conftest import deb, plain, run
from tests.unit.scan.advise.test_distributions import SECDB, TRACKER, apk, load, put

LOOKED, PARTIAL = CoverageState.LOOKED, CoverageState.PARTIAL
GOOD = [record(f"GHSA-{n}", "npm", f"pkg{n}", fixed="2.0.0") for n in range(120)]


def broken(name: str, what: str = "Left") -> Record:
    made = record(name, "npm", what)
    made["affected"][0]["ranges"] = "all"
    return made


def missed(path: Path, *packages: Package) -> list[tuple[CoverageState, str | None]]:
    with open_snapshot(path) as snapshot:
        advice = advise(packages, snapshot, artifact="x", progress=Progress())
    return [(entry.state, entry.detail) for entry in advice.coverage if entry.reason == "unread_records"]


def test_a_record_that_is_no_use_concerns_the_scans_of_its_package(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": [*GOOD, broken("GHSA-x")]}), tmp_path / "a.db"
    left, other = plain("npm", "left", "1.0"), plain("npm", "pkg1", "1.0")
    for _ in range(2):
        (result,) = run(bucket, path).collections
        assert (result.broken, result.rows, status(path)[0].unread) == (1, 120, 1)
    why = "GHSA-x (malformed: ranges is not a list of objects)"
    assert missed(path, left) == [(PARTIAL, f"1 record about left could not be read: {why}")]
    beside = "1 record beside 120, none about what is here as far as can be told, could not be read"
    assert missed(path, other) == [(LOOKED, f"{beside}: {why}")]
    assert missed(path, deb("expat", "1.0")) == []
    # it is mended, then gone
    write(bucket, {"npm": [*GOOD, record("GHSA-x", "npm", "left")]})
    run(bucket, path)
    assert missed(path, left) == []
    write(bucket, {"npm": [*GOOD, {**broken("GHSA-x"), "modified": "2030-01-01T00:00:00Z"}]})
    run(bucket, path)
    assert [state for state, _ in missed(path, left)] == [PARTIAL]
    write(bucket, {"npm": GOOD})
    run(bucket, path)
    assert (missed(path, left), status(path)[0].unread) == ([], 0)


def test_many_of_which_nobody_knows_what_they_are_about_concern_every_scan_of_the_feed(tmp_path: Path) -> None:
    nameless = [{"id": f"GHSA-x{n}", "modified": "2026-01-01T00:00:00Z", "affected": n} for n in range(2)]
    path = tmp_path / "a.db"
    run(write(tmp_path / "b", {"npm": [*GOOD, *(broken(f"GHSA-y{n}") for n in range(9)), nameless[0]]}), path)
    assert [state for state, _ in missed(path, plain("npm", "pkg1", "1.0"))] == [LOOKED]
    run(write(tmp_path / "b", {"npm": [*GOOD, *nameless]}), path)
    ((state, detail),) = missed(path, plain("npm", "pkg1", "1.0"))
    assert state is PARTIAL
    assert detail
    assert detail.startswith("2 records beside 120 could not be read: GHSA-x0 (malformed: affected is not a list")
    lines = (tmp_path / "b" / "npm" / "modified_id.csv").read_text()
    (tmp_path / "b" / "npm" / "modified_id.csv").write_text(f"2026-02-01T00:00:00Z,GHSA-z\n{lines}")
    run(tmp_path / "b", path)
    ((_, detail),) = missed(path, plain("npm", "pkg1", "1.0"))
    assert "1 record listed but not there" in str(detail)


def test_one_flaw_that_is_no_use_costs_its_source_package_no_other(tmp_path: Path) -> None:
    tracker: dict[str, Any] = copy.deepcopy(TRACKER)
    tracker["expat"]["CVE-2024-1001"]["releases"]["bookworm"]["fixed_version"] = 7
    tracker["expat"]["CVE-2024-1003"] = {"releases": "none"}
    tracker["expat"]["nonsense"] = {}
    (result,) = load(debian, put(tmp_path / "d", "json", tracker), tmp_path / "a.db")
    assert (result.broken, result.cut, result.rows) == (0, 1, 7)
    assert result.notes == ("expat: malformed: CVE-2024-1001 of bookworm: a fixed version that is no text",)
    with open_snapshot(tmp_path / "a.db") as snapshot:
        known = {
            release: {row.ids[0] for row in snapshot.affected(release, "expat")} for release in snapshot.ecosystems
        }
    assert len(known["Debian:12"]) == 5
    assert "CVE-2024-1001" in known["Debian:11"] - known["Debian:12"]
    assert [state for state, _ in missed(tmp_path / "a.db", deb("libexpat1", "2.0", source="expat"))] == [PARTIAL]
    assert [state for state, _ in missed(tmp_path / "a.db", deb("zlib1g", "1.2", source="zlib"))] == [LOOKED]


def test_one_version_of_alpines_that_is_no_use_costs_its_package_no_other(tmp_path: Path) -> None:
    secdb: dict[str, Any] = copy.deepcopy(SECDB)
    secdb["packages"][0]["pkg"]["secfixes"]["3.1.4-r1"] = "CVE-2023-1001"
    (result, *_) = load(alpine, put(tmp_path / "s", "v3.19/main.json", secdb), tmp_path / "a.db")
    assert (result.broken, result.cut, result.rows) == (0, 1, 3)
    assert [state for state, _ in missed(tmp_path / "a.db", apk("libssl3", "1", "openssl"))] == [PARTIAL]
    assert [state for state, _ in missed(tmp_path / "a.db", apk("xen", "1"))] == [LOOKED]


def test_of_nvd_a_product_and_a_flaw_that_cannot_be_read(tmp_path: Path) -> None:
    odd = cve("CVE-2024-1001", match("cpe:2.3:a:libexpat_project:libexpat", versionEndExcluding=2))  # type: ignore[arg-type]
    lost = {"cve": {"id": "CVE-2024-1002", "x": 10**30}, "y": "\ud800"}
    good = [cve(f"CVE-2023-{n}", match("cpe:2.3:a:x:y:1")) for n in range(1_000, 1_300)]
    folder = put(tmp_path / "n", "nvd.json", {"vulnerabilities": [odd, lost, *good]})
    (result,) = load(nvd, folder, tmp_path / "a.db")
    assert (result.broken, result.cut, result.rows) == (1, 1, 301)
    program = plain("generic", "expat", "1.0", tier=Tier.HEURISTIC)
    ((state, detail),) = missed(tmp_path / "a.db", program)
    assert (state, "about libexpat_project:libexpat could" in str(detail)) == (PARTIAL, True)
    # what is lost of a flaw concerns whoever has that flaw
    tracker = {"other": {"CVE-2024-1002": TRACKER["zlib"]["CVE-2024-1009"]}}
    load(debian, put(tmp_path / "d", "json", tracker), tmp_path / "a.db")
    assert [state for state, _ in missed(tmp_path / "a.db", deb("expat", "1"))] == [LOOKED]
    ((state, detail),) = missed(tmp_path / "a.db", deb("other", "1"))
    assert (state, "about CVE-2024-1002 could" in str(detail)) == (PARTIAL, True)


ABOUT: dict[str, tuple[str, bytes, str, list[tuple[str, str]]]] = {
    "osv": (
        "X-1",
        b'{"package": {"name": "a\\u0062", "ecosystem": "npm"}}, "package":{"name":"c","ecosystem":"Go"}',
        "npm",
        [("npm", "ab")],
    ),
    "redhat": (
        "2024/cve-2024-1.json",
        b'{"purl":"pkg:rpm/redhat/expat@2.5.0-1?arch=src"',
        "vex",
        [("Red Hat", "expat")],
    ),
    "debian": ("expat", b"", "", [("Debian", "expat")]),
    "alpine": ("main/openssl", b"", "v3.19", [("Alpine:v3.19", "openssl")]),
    "nvd": ("CVE-2024-1001", b"{", "", [("", "CVE-2024-1001")]),
    "epss": ("CVE-2024-1001", b"{", "", [("", "CVE-2024-1001")]),
    "kev": ("an entry without a CVE", b"{", "", []),
}


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.id)
def test_every_feed_tells_of_a_record_that_is_none_what_it_is_about(feed: Any) -> None:
    entry, raw, scope, about = ABOUT[feed.id]
    assert list(feed.about_what(entry, raw, scope)) == about


def test_files_alone_are_as_old_as_the_newest_of_them(tmp_path: Path) -> None:
    def file(day: str) -> dict[str, Any]:
        tracking = {"id": "CVE-2024-1001", "current_release_date": day}
        return {"document": {"category": "csaf_vex", "tracking": tracking}, "vulnerabilities": []}

    for name, day in (("1001", "2026-02-03T00:00:00Z"), ("1002", "2026-01-01T00:00:00Z"), ("1003", "zzz")):
        put(tmp_path / "vex", f"cve-2024-{name}.json", file(day))
    for _ in range(2):
        load(redhat, tmp_path, tmp_path / "a.db")
        assert str(status(tmp_path / "a.db")[0].date) == "2026-02-03 00:00:00+00:00"
        put(tmp_path / "vex", "cve-2024-1002.json", file("2026-01-02T00:00:00Z"))
