"""Matching by OSV's API over a real socket: the same findings as with a database, and what was not answered is told."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveyor.scan.advise.match import Advice, advise
from surveyor.scan.advise.online import Api, answered
from surveyor.scan.advise.snapshot import open_snapshot
from surveyor.scan.errors import Malformed, Refused, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.model import Coverage, Distro, Package
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.osv_api import OsvApi, serve
from tests.servers.osv_bucket import record
from tests.unit.scan.advise.conftest import Made, deb, plain

NOW = datetime(2026, 5, 6, tzinfo=UTC)
RECORDS = [
    record("GHSA-1", "npm", "left", fixed="1.5.0", aliases=["CVE-2024-1000"], summary="bad"),
    record("GHSA-2", "npm", "left", fixed="0.5.0"),
    record("PYSEC-1", "PyPI", "idna", modified="2024-01-01T00:00:00Z", fixed="3.7"),
    record("DEBIAN-CVE-2024-1001", "Debian:12", "expat", fixed="2.5.0-1+deb12u2", upstream=["CVE-2024-1001"]),
    record("USN-1", "Ubuntu:22.04:LTS", "expat", fixed="2.4.7-1ubuntu0.3"),
]
PACKAGES = [
    plain("npm", "left", "1.0.0"),
    plain("pypi", "Idna", "3.6"),
    deb("libexpat1", "2.5.0-1", source="expat"),
    plain("npm", "clean", "1.0.0"),
]


def client(api: OsvApi) -> Client:
    port = int(api.url.rpartition(":")[2])
    return Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),)))


def ask(api: OsvApi, kept: Path, packages: Sequence[Package] = PACKAGES) -> tuple[Advice, tuple[Coverage, ...]]:
    asked = Api(api.url, client(api), sleep=lambda _: None)
    with answered(packages, asked, kept, now=NOW, progress=Progress()) as said:
        return advise(packages, said.snapshot, artifact="x", progress=Progress(), now=NOW), said.coverage


def test_findings_are_those_of_a_database(tmp_path: Path, database: Made) -> None:
    with serve(RECORDS) as api:
        advice, coverage = ask(api, tmp_path / "kept")
    by_ecosystem: dict[str, list[dict[str, object]]] = {}
    for item in RECORDS:
        by_ecosystem.setdefault(item["affected"][0]["package"]["ecosystem"].partition(":")[0], []).append(item)
    with open_snapshot(database(by_ecosystem)) as snapshot:
        local = advise(PACKAGES, snapshot, artifact="x", progress=Progress(), now=NOW)
    assert [finding.rule for finding in advice.findings] == ["CVE-2024-1000", "PYSEC-1", "CVE-2024-1001"]
    assert advice.findings == local.findings
    assert coverage == ()
    assert [(entry.what, entry.state, entry.count) for entry in advice.coverage if entry.state == "looked"] == [
        ("advisories.Debian:12", "looked", 1),
        ("advisories.PyPI", "looked", 1),
        ("advisories.npm", "looked", 2),
    ]
    # what the API knows is of today, however old the records are
    assert {source.date for source in advice.sources} == {NOW}
    assert not [entry for entry in advice.coverage if entry.reason == "stale"]


def test_records_are_had_once_a_state(tmp_path: Path) -> None:
    records = [dict(item) for item in RECORDS]
    with serve(records) as api:
        first, _ = ask(api, tmp_path)
        gets = [path for path in api.asked if path != "/v1/querybatch"]
        assert sorted(gets) == [f"/v1/vulns/{name}" for name in ("DEBIAN-CVE-2024-1001", "GHSA-1", "GHSA-2", "PYSEC-1")]
        api.asked.clear()
        assert ask(api, tmp_path)[0] == first
        assert api.asked == ["/v1/querybatch"]
        records[0]["modified"] = "2026-09-09T00:00:00Z"
        api.asked.clear()
        ask(api, tmp_path)
        assert api.asked == ["/v1/querybatch", "/v1/vulns/GHSA-1"]


def test_pages_are_followed_for_those_that_have_more(tmp_path: Path) -> None:
    many = [record(f"GHSA-{n}", "npm", "left", fixed="2.0.0") for n in range(7)]
    with serve([*many, *RECORDS[2:]]) as api:
        api.page = 3
        advice, coverage = ask(api, tmp_path)
        assert api.batches == [4, 1, 1]
    assert sum(finding.rule.startswith("GHSA-") for finding in advice.findings) == 7
    assert coverage == ()


def test_what_has_further_pages_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    many = [record(f"GHSA-{n}", "npm", "left", fixed="2.0.0") for n in range(7)]
    with serve([*many, *RECORDS[2:]]) as api:
        api.page, api.forgetful = 3, True
        advice, (entry,) = ask(api, tmp_path)
    assert sum(finding.rule.startswith("GHSA-") for finding in advice.findings) == 3
    assert (entry.state, entry.reason, entry.count) == ("partial", "not_answered", 1)
    assert "HTTP 400: npm/left" in (entry.detail or "")


def test_a_release_that_the_api_knows_nothing_of_is_not_clean(tmp_path: Path) -> None:
    known = record("DEBIAN-CVE-2024-1", "Debian:11", "curl", fixed="7.0", upstream=["CVE-2024-1"])
    rhel = plain("rpm", "expat", "2.5.0-1.el9", distro=Distro(id="rhel", version="9.4"))
    packages = [deb("zlib1g", "1", release="11"), deb("zlib1g", "1", release="99"), rhel]
    with serve([known]) as api:
        advice, coverage = ask(api, tmp_path, packages)
        assert api.batches == [2, 12]
    assert coverage == ()
    assert [(entry.what, entry.state, entry.reason) for entry in advice.coverage if entry.reason != "no_feed"] == [
        ("advisories.Debian:11", "looked", None),
        ("advisories.Debian:99", "missing", "no_advisories"),
        ("advisories.Red Hat:9", "missing", "no_advisories"),
    ]


def test_a_thousand_questions_a_batch_each_once(tmp_path: Path) -> None:
    packages = [plain("npm", f"p{n}", "1.0.0") for n in range(1_001)] + [plain("npm", "p0", "1.0.0", path="b")]
    with serve([]) as api:
        assert ask(api, tmp_path, packages)[0].findings == ()
        assert api.batches == [1_000, 1]


def test_one_question_that_is_refused_fails_no_batch(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.unknown = frozenset({"PyPI"})
        advice, (entry,) = ask(api, tmp_path)
    assert [finding.rule for finding in advice.findings] == ["CVE-2024-1000", "CVE-2024-1001"]
    assert (entry.state, entry.reason, entry.count) == ("partial", "not_answered", 1)
    assert "invalid ecosystem: PyPI/Idna" in (entry.detail or "")
    assert [item.what for item in advice.coverage if item.reason == "no_advisories"] == ["advisories.PyPI"]


def test_an_ecosystem_that_is_refused_is_asked_about_once(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.unknown = frozenset({"PyPI"})
        advice, (entry,) = ask(api, tmp_path, [*PACKAGES, *(plain("pypi", f"p{n}", "1") for n in range(50))])
        assert api.batches == [54, 3]
    assert [finding.rule for finding in advice.findings] == ["CVE-2024-1000", "CVE-2024-1001"]
    assert entry.count == 51


def test_a_record_that_is_not_there_is_told(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.lost = frozenset({"GHSA-1"})
        advice, (entry,) = ask(api, tmp_path)
    assert [finding.rule for finding in advice.findings] == ["PYSEC-1", "CVE-2024-1001"]
    assert (entry.state, entry.reason, entry.count) == ("partial", "record_missing", 1)
    assert "HTTP 404: GHSA-1" in (entry.detail or "")


def test_another_record_is_neither_kept_nor_read_in_the_place_of_one(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.swapped = {"GHSA-1": "GHSA-2"}
        _, (entry,) = ask(api, tmp_path)
        assert "another record" in (entry.detail or "")
        api.swapped = {}
        advice, coverage = ask(api, tmp_path)
    assert coverage == ()
    assert "CVE-2024-1000" in {name for finding in advice.findings for name in finding.ids}


def test_what_has_no_time_of_change_is_had_each_time(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.dated = False
        ask(api, tmp_path)
        ask(api, tmp_path)
        assert api.asked.count("/v1/vulns/GHSA-1") == 2


def test_an_api_that_takes_all_the_time_is_not_waited_for(tmp_path: Path) -> None:
    clock = iter(range(0, 10**6, 500))
    with serve(RECORDS) as api:
        asked = Api(api.url, client(api), sleep=lambda _: None, clock=lambda: float(next(clock)))
        with answered(PACKAGES, asked, tmp_path, now=NOW, progress=Progress()) as said:
            (entry,) = said.coverage
    assert entry.reason == "record_missing"
    assert "not done in 1200 s" in (entry.detail or "")


def test_a_busy_api_is_asked_again_and_a_dead_one_is_unreachable(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.busy = 3
        assert len(ask(api, tmp_path)[0].findings) == 3
        api.busy = 4
        with pytest.raises(Unreachable, match="HTTP 503"):
            ask(api, tmp_path)
    with socket.socket() as nobody:  # the port is ours, and nobody listens there
        nobody.bind(("127.0.0.1", 0))
        api.url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(Unreachable):
            ask(api, tmp_path)


def test_what_the_guard_refuses_is_refused(tmp_path: Path) -> None:
    asked = Api("http://127.0.0.1:80", Client(Settings()), sleep=lambda _: None)
    with pytest.raises(Refused), answered(PACKAGES, asked, tmp_path, now=NOW, progress=Progress()):
        pass


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"results": []}',
        b'{"results": [1, 2, 3, 4]}',
        b'{"results": [{"vulns": 5}, {}, {}, {}]}',
        b'{"results": [{"vulns": [{"id": "../../etc/passwd"}]}, {}, {}, {}]}',
        b'{"results": [{"next_page_token": 7}, {}, {}, {}]}',
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_strange_answers_are_malformed(tmp_path: Path, answer: bytes) -> None:
    with serve(RECORDS) as api:
        api.answer = answer
        with pytest.raises(Malformed):
            ask(api, tmp_path)


def test_pages_without_end_end(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        api.answer = b'{"results": [{"next_page_token": "again"}]}'
        advice, (entry,) = ask(api, tmp_path, PACKAGES[:1])
        assert len(api.batches) == 50
    assert "more than 50 pages" in (entry.detail or "")
    assert advice.findings == ()


def test_a_release_with_long_support_is_asked_by_that_name(tmp_path: Path) -> None:
    ubuntu = Package(
        purl="pkg:deb/ubuntu/expat@2.4.7-1",
        type="deb",
        namespace="ubuntu",
        name="expat",
        version="2.4.7-1",
        distro=Distro(id="ubuntu", version="22.04"),
    )
    with serve(RECORDS) as api:
        assert [finding.rule for finding in ask(api, tmp_path, [ubuntu])[0].findings] == ["USN-1"]


@pytest.mark.parametrize(
    "content", [b"", b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096], ids=range(3)
)
def test_a_broken_file_of_kept_records_breaks_no_scan(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "records.db").write_bytes(content)
    with serve(RECORDS) as api:
        assert len(ask(api, tmp_path)[0].findings) == 3


def test_a_kept_record_that_was_damaged_is_told_and_not_silently_missed(tmp_path: Path) -> None:
    with serve(RECORDS) as api:
        ask(api, tmp_path)
        with sqlite3.connect(tmp_path / "records.db") as db:
            db.execute("UPDATE record SET payload = x'00' WHERE id = 'GHSA-1'")
        db.close()
        # what cannot be read is had again
        assert len(ask(api, tmp_path)[0].findings) == 3
