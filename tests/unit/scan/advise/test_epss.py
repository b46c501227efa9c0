"""EPSS's scores: from a folder of days and over a socket; numbers that are none, and files that are hostile."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.scan.advise import stream
from surveyor.scan.advise.feeds import epss
from surveyor.scan.advise.origin import Fetch, Manners
from surveyor.scan.advise.record import Fact
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import Action, CollectionResult, update
from surveyor.scan.errors import Malformed, Unreachable
from surveyor.scan.events import Progress
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.flaws import scores, write_epss
from tests.servers.osv_bucket import Bucket, serve
from tests.unit.scan.advise.conftest import no_network

ROWS = {"CVE-1999-0001": ("0.01", "0.5"), "CVE-2024-3094": ("0.9", "1.00000"), "CVE-2026-123456": ("0.00000", "0.0")}
DATED = "epss_scores-2026-08-{:02}.csv.gz"


def run(source: Path | str, database: Path, fetch: Fetch = no_network) -> CollectionResult:
    wanted = want(epss.FEED, source, fetch=fetch, manners=Manners(sleep=lambda _: None))
    (result,) = update([wanted], database, progress=Progress()).collections
    return result


def client(bucket: Bucket) -> Client:
    port = int(bucket.url.rpartition(":")[2])
    return Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),)))


def facts(database: Path, *cves: str) -> dict[str, Fact]:
    with open_snapshot(database) as snapshot:
        return {cve: by["epss"] for cve, by in snapshot.facts(cves).items()}


def test_scores_over_a_socket_with_a_validator(tmp_path: Path) -> None:
    folder, path = write_epss(tmp_path / "epss", scores(ROWS)), tmp_path / "a.db"
    with serve(folder) as bucket:
        first = run(bucket.url, path, client(bucket).fetch)
        assert (first.action, first.rows, first.broken) == (Action.UPDATED, 3, 0)
        assert run(bucket.url, path, client(bucket).fetch).action is Action.UNCHANGED
        assert bucket.asked == [("/epss_scores-current.csv.gz", 200), ("/epss_scores-current.csv.gz", 304)]
        write_epss(folder, scores({"CVE-2024-3094": ("0.8", "0.9")}, date="2026-08-17"))
        assert run(bucket.url, path, client(bucket).fetch).rows == 1
    assert facts(path, *ROWS) == {"CVE-2024-3094": Fact(cve="CVE-2024-3094", score=0.8, percentile=0.9)}
    assert status(path)[0].date == datetime(2026, 8, 17, tzinfo=UTC)


def test_a_score_of_nothing_is_a_score(tmp_path: Path) -> None:
    run(write_epss(tmp_path / "epss", scores(ROWS)), tmp_path / "a.db")
    found = facts(tmp_path / "a.db", "CVE-2026-123456", "CVE-2026-9999")
    assert found == {"CVE-2026-123456": Fact(cve="CVE-2026-123456", score=0.0, percentile=0.0)}


def test_of_a_folder_the_newest_day(tmp_path: Path) -> None:
    folder, path = tmp_path / "epss", tmp_path / "a.db"
    write_epss(folder, scores({"CVE-2024-3094": ("0.1", "0.1")}, date="2026-08-15"), name=DATED.format(15))
    write_epss(folder, scores({"CVE-2024-3094": ("0.2", "0.2")}, date="2026-08-16"), name=DATED.format(16))
    (folder / "epss_scores-notes.csv.gz").write_bytes(b"no scores")
    run(folder, path)
    assert facts(path, "CVE-2024-3094")["CVE-2024-3094"].score == 0.2
    assert run(folder, path).action is Action.UNCHANGED
    # of the same size and time, as a copy by a tool may be
    write_epss(folder, scores({"CVE-2024-3094": ("0.3", "0.3")}, date="2026-08-17"), name=DATED.format(17))
    stat = (folder / DATED.format(16)).stat()
    os.utime(folder / DATED.format(17), ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    assert run(folder, path).action is Action.UPDATED
    assert facts(path, "CVE-2024-3094")["CVE-2024-3094"].score == 0.3


def test_a_file_whose_compression_somebody_took_off(tmp_path: Path) -> None:
    (tmp_path / "epss").mkdir()
    (tmp_path / "epss" / epss.CURRENT).write_bytes(scores(ROWS).replace("\n", "\r\n").encode())
    assert run(tmp_path / "epss", tmp_path / "a.db").rows == 3


BROKEN = {
    "a word": "CVE-2024-1111,high,0.5",
    "not a number": "CVE-2024-1111,nan,0.5",
    "infinite": "CVE-2024-1111,inf,0.5",
    "above one": "CVE-2024-1111,1.5,0.5",
    "a huge exponent": "CVE-2024-1111,1e999,0.5",
    "below nothing": "CVE-2024-1111,-0.1,0.5",
    "a percentile above one": "CVE-2024-1111,0.1,50",
    "two dots": "CVE-2024-1111,0.1.2,0.5",
    "a hexadecimal": "CVE-2024-1111,0x1p0,0.5",
    "an underscore": "CVE-2024-1111,0.1_0,0.5",
    "other digits": "CVE-2024-1111,٠.٥,0.5",
    "no percentile": "CVE-2024-1111,0.1",
    "more columns": "CVE-2024-1111,0.1,0.5,x",
    "no CVE": "GHSA-x,0.1,0.5",
    "a CVE of many digits": f"CVE-2024-{'1' * 40},0.1,0.5",
    "controls": "CVE-2024-1111\x1b[2J,0.1,0.5",
}


@pytest.mark.parametrize("row", BROKEN.values(), ids=BROKEN)
def test_a_broken_row_is_counted_and_the_others_stay(tmp_path: Path, row: str) -> None:
    with pytest.raises(Malformed):
        epss.normalise(row.encode(), "")
    result = run(write_epss(tmp_path / "epss", scores(ROWS) + row + "\n"), tmp_path / "a.db")
    assert (result.rows, result.broken) == (3, 1)
    assert "malformed: " in result.notes[0]


@given(st.binary(max_size=80) | st.from_regex(r"CVE-2024-[0-9]{4},[0-9.eE+-]{0,12},[0-9.eE+-]{0,12}").map(str.encode))
def test_any_row_is_a_fact_within_bounds_or_malformed(row: bytes) -> None:
    try:
        (fact,) = epss.normalise(row, "")
    except Malformed:
        return
    assert fact.score is not None
    assert 0.0 <= fact.score <= 1.0


FILES = {
    "empty": b"",
    "no date": b"cve,epss,percentile\nCVE-2024-1111,0.1,0.5\n",
    "a strange date": b"#model_version:x,score_date:yesterday\ncve,epss,percentile\n",
    "other columns": b"#model_version:x,score_date:2026-08-16\ncve,percentile,epss\nCVE-2024-1111,0.1,0.5\n",
    "a page": b"<html>later</html>",
    "one long line": b"#" + b"x" * (1 << 20),
    "cut short": gzip.compress(scores(ROWS).encode() * 5_000)[:-20],
    "no gzip behind its mark": b"\x1f\x8b" + b"\xff" * 100,
    "rubbish behind the end": gzip.compress(scores(ROWS).encode()) + b"rubbish",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_that_is_none_leaves_what_was_there(tmp_path: Path, content: bytes) -> None:
    folder, path = write_epss(tmp_path / "epss", scores(ROWS)), tmp_path / "a.db"
    run(folder, path)
    (folder / epss.CURRENT).write_bytes(content)
    with pytest.raises(Unreachable, match=r"malformed|limit_exceeded"):
        run(folder, path)
    (kept,) = status(path)
    assert kept.rows == 3
    assert kept.failure
    assert len(facts(path, *ROWS)) == 3


def test_a_bomb_ends_early_and_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = b"CVE-2024-1111,0.1,0.5\n"
    (tmp_path / "epss").mkdir()
    (tmp_path / "epss" / epss.CURRENT).write_bytes(gzip.compress(scores({}).encode() + row * 1_000_000))
    # every row is read until then, and slowly while memory is watched
    monkeypatch.setattr(stream, "_RATIO_FROM", 64 << 10)
    monkeypatch.setattr(stream, "MAX_RATIO", 10)
    tracemalloc.start()
    with pytest.raises(Unreachable, match="compression ratio"):
        run(tmp_path / "epss", tmp_path / "a.db")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
    monkeypatch.setattr(epss, "_MAX_ROWS", 2)
    with pytest.raises(Unreachable, match="more than 2 scores"):
        run(write_epss(tmp_path / "many", scores(ROWS)), tmp_path / "b.db")


def test_members_of_a_gzip_file_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"a\n\nb") + gzip.compress(b"c\n \nd"))
    with (tmp_path / "x").open("rb") as file:
        assert list(stream.lines(file, max_bytes=100, max_line=10)) == [b"a", b"bc", b"d"]


def test_the_shared_scores(shared_dir: Path, tmp_path: Path) -> None:
    result = run(shared_dir / "advisories" / "epss", tmp_path / "a.db")
    assert result.rows > 300_000
    assert result.broken == 0
    assert facts(tmp_path / "a.db", "CVE-2021-44228")["CVE-2021-44228"].score
