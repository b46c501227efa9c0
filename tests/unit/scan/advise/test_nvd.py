"""NVD over a real socket: pages, windows, limits, bad days, and runs that go on where another one stopped."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.advise.feeds import nvd
from surveyor.scan.advise.origin import Manners
from surveyor.scan.advise.record import Fact, Mark
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.swap import parked
from surveyor.scan.advise.update import Action, CollectionResult, update
from surveyor.scan.errors import LimitExceeded, Unreachable
from surveyor.scan.events import Event, Progress
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.nvd import NOW, Nvd, cve, match, serve
from tests.unit.scan.advise.conftest import no_network

Run = Callable[..., CollectionResult]
OPENSSL = match("cpe:2.3:a:openssl:openssl", versionEndExcluding="3.0.2")


def many(count: int, *, begin: int = 1, **more: Any) -> list[Any]:
    return [cve(f"CVE-2025-{10_000 + number}", OPENSSL, **more) for number in range(begin, begin + count)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nvd]:
    monkeypatch.setattr(nvd, "PAGE", 10)
    monkeypatch.setattr(nvd, "_SMALLEST_PAGE", 3)
    with serve(*many(25)) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def run(server: Nvd, tmp_path: Path, waits: list[float]) -> Run:
    """Bring a database up to date from the server, at a time."""
    port = int(server.url.split(":")[2].partition("/")[0])
    client = Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),)))
    path = tmp_path / "a.db"

    def asked(at: datetime = NOW, *, key: str | None = None, progress: Progress | None = None) -> CollectionResult:
        manners = Manners(sleep=waits.append, clock=lambda: 0.0)
        wanted = want(nvd.FEED, server.url, fetch=client.fetch, key=key, parked=parked(path), manners=manners)
        (result,) = update([wanted], path, progress=progress or Progress(), now=lambda: at).collections
        return result

    return asked


def fact(path: Path, name: str) -> Fact:
    with open_snapshot(path) as snapshot:
        return snapshot.facts([name])[name]["nvd"]


def advised(path: Path, name: str) -> list[str]:
    with open_snapshot(path) as snapshot:
        return sorted(row.ids[0] for row in snapshot.affected("CPE", name))


def starts(server: Nvd) -> list[str]:
    return [query["startIndex"] for query in server.asked]


def test_all_pages_and_then_nothing_within_two_hours(server: Nvd, run: Run, tmp_path: Path, waits: list[float]) -> None:
    result = run()
    assert (result.action, result.rows, result.changed, result.notes) == (Action.UPDATED, 25, 25, ())
    assert starts(server) == ["0", "9", "18"]
    assert waits == [6.0, 6.0]
    assert len(advised(tmp_path / "a.db", "openssl:openssl")) == 25
    assert fact(tmp_path / "a.db", "CVE-2025-10001").summary == "CVE-2025-10001 is bad."
    (held,) = status(tmp_path / "a.db")
    assert held.date == datetime(2026, 1, 1, tzinfo=UTC)
    assert run(NOW + timedelta(hours=1)).action is Action.UNCHANGED
    assert len(server.asked) == 3
    assert not list(parked(tmp_path / "a.db").glob("*/*"))


def test_with_a_key_it_may_be_asked_more_often(server: Nvd, run: Run, waits: list[float]) -> None:
    run(key="s3cret")
    assert waits == [0.6, 0.6]
    assert set(server.keys) == {"s3cret"}
    run(NOW + timedelta(days=1))
    assert server.keys[-1] is None


def test_afterwards_only_what_was_modified(server: Nvd, run: Run, tmp_path: Path) -> None:
    run()
    server.asked.clear()
    server.now = NOW + timedelta(days=1)
    changed = cve("CVE-2025-10001", match("cpe:2.3:a:haxx:curl"), modified="2026-09-01T20:00:00.000")
    server.records[0] = changed
    server.records.append(cve("CVE-2026-0001", OPENSSL, modified="2026-09-02T01:00:00.000"))
    server.records[1]["cve"] |= {"vulnStatus": "rejected", "lastModified": "2026-09-01T11:30:00.000"}
    result = run(NOW + timedelta(days=1))
    assert server.asked == [
        {
            "resultsPerPage": "10",
            "startIndex": "0",
            "lastModStartDate": "2026-09-01T11:00:00.000+00:00",
            "lastModEndDate": "2026-09-02T12:00:00.000+00:00",
        }
    ]
    assert (result.changed, result.withdrawn, result.rows) == (3, 1, 26)
    assert advised(tmp_path / "a.db", "haxx:curl") == ["CVE-2025-10001"]
    assert "CVE-2025-10001" not in advised(tmp_path / "a.db", "openssl:openssl")
    assert "CVE-2025-10002" not in advised(tmp_path / "a.db", "openssl:openssl")
    assert fact(tmp_path / "a.db", "CVE-2025-10002").status == "Rejected"
    assert status(tmp_path / "a.db")[0].date == datetime(2026, 9, 2, 1, tzinfo=UTC)


def test_a_long_absence_is_asked_for_in_windows(server: Nvd, run: Run) -> None:
    run()
    server.asked.clear()
    server.now = later = NOW + timedelta(days=300)
    server.records += many(12, begin=100, modified="2027-05-01T00:00:00.000")
    result = run(later)
    assert result.changed == 12
    spans = [(query["lastModStartDate"], query["lastModEndDate"]) for query in server.asked]
    assert spans[-1] == spans[-2]
    assert len(set(spans)) == 3
    moments = [[datetime.fromisoformat(text) for text in span] for span in dict.fromkeys(spans)]
    assert all(end - start <= timedelta(days=120) for start, end in moments)
    assert [start for start, _ in moments[1:]] == [end for _, end in moments[:-1]]
    assert moments[-1][1] == later


def test_a_window_in_which_nothing_happened(server: Nvd, run: Run) -> None:
    run()
    server.now = NOW + timedelta(days=3)
    assert run(NOW + timedelta(days=3)).action is Action.UNCHANGED


def test_a_clock_that_was_ahead_does_not_keep_it_from_being_asked(server: Nvd, run: Run) -> None:
    run(NOW + timedelta(days=300))
    server.asked.clear()
    server.records.append(cve("CVE-2026-0001", OPENSSL, modified="2026-09-01T11:00:00.000"))
    assert run(NOW + timedelta(hours=3)).changed > 0
    assert len(server.asked) > 0


def test_refusals_failures_and_pages_for_people_are_waited_for(server: Nvd, run: Run, waits: list[float]) -> None:
    server.answers = [403, 503, b"\xef\xbb\xbf <!DOCTYPE html><html>busy</html>"]
    assert run().rows == 25
    assert server.statuses == [403, 503, 200, 200, 200, 200]
    assert waits == [12.0, 6.0, 24.0, 6.0, 48.0, 6.0, 6.0, 6.0]


PAGES = {
    "no JSON": b'{"totalResults": ',
    "nothing": b"",
    "a list": b"[]",
    "no total": b'{"startIndex": 0, "timestamp": "2026-09-01T00:00:00"}',
    "a total in words": b'{"startIndex": 0, "totalResults": "25", "timestamp": "2026-09-01T00:00:00"}',
    "a huge total": b'{"startIndex": 0, "totalResults": 9000000000, "timestamp": "2026-09-01T00:00:00"}',
    "no time": b'{"startIndex": 0, "totalResults": 25}',
    "an empty page": b'{"startIndex": 0, "totalResults": 25, "timestamp": "2026-09-01T00:00:00"}',
    "another page": b'{"startIndex": 5, "totalResults": 0, "timestamp": "2026-09-01T00:00:00"}',
    "a record that was cut short": b'{"startIndex": 0, "totalResults": 1, "vulnerabilities": [{"cve": {"id": "CVE-20',
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_an_answer_that_is_none_is_asked_for_again(server: Nvd, run: Run, page: bytes) -> None:
    server.answers = [page, page]
    assert run().rows == 25
    assert starts(server) == ["0", "0", "0", "9", "18"]


def test_what_stays_no_answer_fails_and_says_so(server: Nvd, run: Run) -> None:
    server.answers = [b"[]"] * 3
    with pytest.raises(Unreachable, match="malformed: not a JSON object"):
        run()
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 404])
def test_pages_that_are_too_large_become_smaller(server: Nvd, run: Run, status: int) -> None:
    server.largest, server.too_large = 5, status
    assert run().rows == 25
    assert [query["resultsPerPage"] for query in server.asked] == ["10", "5", "5", "5", "5", "5", "5"]
    server.largest = 1


def test_a_server_that_finds_every_page_too_large(server: Nvd, run: Run) -> None:
    server.largest = 0
    with pytest.raises(Unreachable, match="HTTP 400"):
        run()
    assert [query["resultsPerPage"] for query in server.asked] == ["10", "5", "2"]


def test_a_run_that_broke_off_goes_on_with_the_pages_it_had(server: Nvd, run: Run, tmp_path: Path) -> None:
    server.budget = 2
    with pytest.raises(Unreachable, match="HTTP 403"):
        run()
    assert not (tmp_path / "a.db").exists()
    assert len(list(parked(tmp_path / "a.db").glob("nvd/*.zst"))) == 2
    server.budget = 10
    server.asked.clear()
    server.now = NOW + timedelta(days=2)
    # changed after it was had: the next windows begin when the first page was had, not now
    server.records[0] = cve("CVE-2025-10001", match("cpe:2.3:a:haxx:curl"), modified="2026-09-02T00:00:00.000")
    assert run(NOW + timedelta(days=2)).rows == 25
    assert starts(server) == ["18"]
    assert not list(parked(tmp_path / "a.db").glob("*/*"))
    assert "CVE-2025-10001" in advised(tmp_path / "a.db", "openssl:openssl")
    server.now = NOW + timedelta(days=3)
    assert run(NOW + timedelta(days=3)).changed == 1
    assert advised(tmp_path / "a.db", "haxx:curl") == ["CVE-2025-10001"]


def test_a_page_from_before_the_first_one_is_had_anew(server: Nvd, run: Run, tmp_path: Path) -> None:
    server.budget = 2
    with pytest.raises(Unreachable):
        run()
    # the first page has been swept away, the second waits still
    first, _ = sorted(parked(tmp_path / "a.db").glob("nvd/*.zst"), key=lambda path: path.stat().st_mtime_ns)
    first.unlink()
    server.budget = 10
    server.asked.clear()
    server.now = NOW + timedelta(days=2)
    server.records[12]["cve"] |= {"vulnStatus": "Rejected", "lastModified": "2026-09-02T00:00:00.000"}
    assert run(NOW + timedelta(days=2)).withdrawn == 1
    assert starts(server) == ["0", "9", "18"]


def test_a_page_that_was_kept_and_is_broken_is_had_anew(server: Nvd, run: Run, tmp_path: Path) -> None:
    server.budget = 1
    with pytest.raises(Unreachable):
        run()
    (kept,) = parked(tmp_path / "a.db").glob("nvd/*.zst")
    kept.write_bytes(kept.read_bytes()[:30] + b"\0" * 30)
    server.budget = 10
    assert run().rows == 25


def test_records_that_come_and_go_while_paging_move_none_out_of_sight(server: Nvd, run: Run, tmp_path: Path) -> None:
    def change(query: dict[str, str]) -> None:
        if query["startIndex"] == "9" and len(server.asked) == 1:
            del server.records[2:5]
            server.records.append(cve("CVE-2026-0001", OPENSSL))
        if query["startIndex"] == "14":
            server.records.append(cve("CVE-2026-0002", OPENSSL))

    server.before = change
    result = run()
    # of 25 three are gone, after they were had, and two have come
    assert (result.rows, result.notes) == (27, ())
    assert starts(server) == ["0", "9", "5", "14"]
    names = advised(tmp_path / "a.db", "openssl:openssl")
    assert {"CVE-2026-0001", "CVE-2026-0002"} | {f"CVE-2025-{10_000 + n}" for n in range(1, 26)} == set(names)
    assert len(names) == 27


def test_a_server_that_gives_the_same_record_again(server: Nvd, run: Run) -> None:
    server.largest = 2
    server.before = lambda query: query.update(startIndex="0")
    with pytest.raises(Unreachable, match="malformed: "):
        run()


def test_a_server_without_an_end(server: Nvd, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvd, "_MAX_PAGES", 6)
    server.before = lambda _: server.records.extend(many(10, begin=len(server.records) + 1))
    with pytest.raises(Unreachable, match="more than 6 pages"):
        run()


def test_the_way_is_told(server: Nvd, run: Run) -> None:
    events: list[Event] = []
    run(progress=Progress(events.append))
    told = [(event.pct, event.detail) for event in events if event.stage == "nvd.update"]
    assert told[:3] == [(40, "10 of 25 records"), (76, "19 of 25 records"), (100, "25 of 25 records")]


def copied(folder: Path, name: str, *records: Any, lines: bool = False, made: str = "") -> None:
    folder.mkdir(exist_ok=True)
    told = {"timestamp": made} if made else {}
    answer = {"resultsPerPage": len(records), "totalResults": len(records), **told, "vulnerabilities": records}
    text = "\n".join(json.dumps(record) for record in records) if lines else json.dumps(answer, indent=4)
    (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())


def test_a_folder_of_copies(tmp_path: Path) -> None:
    folder, path = tmp_path / "nvd", tmp_path / "a.db"
    copied(folder, "nvdcve-2.0-2024.json.gz", *many(3))
    copied(folder, "api2_page_1.json", *many(3, begin=3))
    copied(folder, "nvd_cves.jsonl", *many(2, begin=7), lines=True)
    (folder / "README.md").write_text("no records")
    wanted = want(nvd.FEED, folder, fetch=no_network)
    (result,) = update([wanted], path, progress=Progress()).collections
    assert (result.rows, result.broken, result.notes) == (7, 0, ())
    assert update([wanted], path, progress=Progress()).collections[0].action is Action.UNCHANGED
    copied(folder, "nvd_cves.jsonl", *many(1, begin=7), lines=True)
    (result,) = update([wanted], path, progress=Progress(), accept_loss=True).collections
    assert (result.action, result.rows) == (Action.UPDATED, 6)


@pytest.mark.parametrize(
    ("name", "made", "newest"),
    [
        ("nvdcve-2.0-modified.json.gz", "2026-01-02T02:00:01.123", True),
        ("nvdcve-2.0-modified.json.gz", "", True),
        ("a-page.json", "2026-01-02T02:00:01.123", True),
        ("nvdcve-2.0-modified.json.gz", "2025-12-01T00:00:00.000", False),
    ],
)
def test_of_a_flaw_in_several_copies_the_newest_counts(tmp_path: Path, name: str, made: str, newest: bool) -> None:
    folder, path = tmp_path / "nvd", tmp_path / "a.db"
    copied(folder, "nvdcve-2.0-2025.json.gz", *many(3), made="2026-01-01T03:00:01.123" if made else "")
    copied(folder, name, *many(1, vulnStatus="Rejected"), made=made)
    update([want(nvd.FEED, folder, fetch=no_network)], path, progress=Progress())
    assert (fact(path, "CVE-2025-10001").status == "Rejected") is newest
    assert ("CVE-2025-10001" in advised(path, "openssl:openssl")) is not newest


def test_a_record_goes_by_its_name_wherever_that_stands(tmp_path: Path) -> None:
    def turned(record: Any) -> Any:
        return {"cve": dict(reversed(record["cve"].items()))}

    copied(tmp_path, "a.json", *map(turned, many(2)))
    copied(tmp_path, "b.json", *many(2, begin=2))
    assert [name for name, _, _ in _records(tmp_path)] == ["CVE-2025-10002", "CVE-2025-10003", "CVE-2025-10001"]


def test_a_copy_may_be_of_any_moment_so_the_api_is_asked_for_all(server: Nvd, run: Run, tmp_path: Path) -> None:
    copied(tmp_path / "nvd", "some.json", *many(3))
    update(
        [want(nvd.FEED, tmp_path / "nvd", fetch=no_network)], tmp_path / "a.db", progress=Progress(), now=lambda: NOW
    )
    assert run().rows == 25
    assert "lastModStartDate" not in server.asked[0]


def test_a_record_beyond_all_bounds_and_a_great_file_in_little_memory(tmp_path: Path) -> None:
    folder = tmp_path / "nvd"
    folder.mkdir()
    record = json.dumps(cve("CVE-2025-{}", OPENSSL, junk="x" * 5_000)).encode()
    with (folder / "all.jsonl").open("wb") as file:
        for number in range(10_000):
            file.write(record.replace(b"{}", str(10_000 + number).encode()) + b"\n")
    tracemalloc.start()
    (result,) = update([want(nvd.FEED, folder, fetch=no_network)], tmp_path / "a.db", progress=Progress()).collections
    assert tracemalloc.get_traced_memory()[1] < 24 << 20
    tracemalloc.stop()
    assert result.rows == 10_000
    (folder / "all.jsonl").write_bytes(b'{"cve": {"id": "' + b"x" * (9 << 20))
    with pytest.raises(LimitExceeded):
        list(_records(folder))


def _records(folder: Path) -> Iterator[Any]:
    from surveyor.scan.advise.feeds.interface import Known
    from surveyor.scan.advise.origin import Directory

    with nvd.fetch(Directory(folder), "", Known(mark=Mark(), entries=dict, now=NOW)) as changes:
        assert changes
        yield from changes.records


def test_the_shared_records(shared_dir: Path, tmp_path: Path) -> None:
    wanted = want(nvd.FEED, shared_dir / "advisories" / "nvd", fetch=no_network)
    (result,) = update([wanted], tmp_path / "a.db", progress=Progress()).collections
    assert result.rows > 110
    # one names no CVE, by purpose
    assert result.broken == 1
    assert "CVE-2022-0778" in advised(tmp_path / "a.db", "openssl:openssl")
    assert fact(tmp_path / "a.db", "CVE-2022-0778").severity[0][0] == "CVSS_V3"
