"""The database on disk: what opens, what does not, and with which words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import orjson
import pytest

from surveyor.scan.advise import schema
from surveyor.scan.advise import snapshot as snapshots
from surveyor.scan.advise.codec import Codec, train
from surveyor.scan.advise.keys import Key
from surveyor.scan.advise.packing import (
    pack_names,
    pack_ranges,
    pack_rest,
    unpack_names,
    unpack_ranges,
    unpack_rest,
)
from surveyor.scan.advise.ranges import MISS, Keys, Spans, between, judge
from surveyor.scan.advise.record import Advisory, Affected
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.versions import order_of
from surveyor.scan.errors import Malformed, NotConfigured, Unsupported
from tests.servers.osv_bucket import record
from tests.unit.scan.advise.conftest import Made


def test_absent_is_not_configured(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="surveyor db update"), open_snapshot(tmp_path / "none.db"):
        pass


def test_garbage_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    with pytest.raises(Malformed), open_snapshot(path):
        pass
    path.write_bytes(b"")
    with pytest.raises(Unsupported, match="not an advisory database"), open_snapshot(path):
        pass


@pytest.mark.parametrize(("version", "word"), [(schema.VERSION + 1, "newer"), (0, "older")])
def test_another_schema_is_one_clear_error(database: Made, version: int, word: str) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "left")]})
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={version}")
    db.close()
    with pytest.raises(Unsupported, match=f"{word} schema {version}.*surveyor db update"), open_snapshot(path):
        pass


def test_scans_cannot_write(database: Made) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "left")]})
    before = path.read_bytes()
    with pytest.raises(Malformed, match="readonly"), open_snapshot(path) as snapshot:
        snapshot._db.execute("DELETE FROM advisory")
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.db-*"))


def test_a_path_with_signs_of_a_uri(tmp_path: Path, database: Made) -> None:
    path = database({"npm": [record("GHSA-a", "npm", "left")]})
    odd = tmp_path / "a?mode=rwc#b%20.db"
    path.rename(odd)
    with open_snapshot(odd) as snapshot:
        assert len(snapshot.affected("npm", "left")) == 1


def test_status_tells_feed_date_and_rows(database: Made) -> None:
    path = database(
        {
            "npm": [
                record("GHSA-a", "npm", "left", modified="2026-01-02T03:04:05.678Z"),
                record("GHSA-b", "npm", "left", modified="2026-01-01T00:00:00Z"),
                record("GHSA-c", "npm", "left", modified="2026-01-01T00:00:00Z", withdrawn="2026-01-01T00:00:00Z"),
            ],
            "Go": [record("GO-1", "Go", "x", modified="yesterday")],
        }
    )
    go, npm = status(path)
    assert (npm.feed, npm.scope, npm.rows) == ("osv", "npm", 2)
    assert npm.date is not None
    assert npm.date.isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert npm.updated_at is not None
    assert go.date is None


def test_a_record_that_names_a_package_twice_is_one_union(database: Made) -> None:
    twice = record("GHSA-a", "npm", "left", fixed="1.0.0")
    twice["affected"] += record("GHSA-a", "npm", "left", introduced="2.0.0", fixed="2.1.0")["affected"]
    path = database({"npm": [twice]})
    with open_snapshot(path) as snapshot:
        (row,) = snapshot.affected("npm", "left")
        assert row.ranges == [["i", "0", "f", "1.0.0"], ["i", "2.0.0", "f", "2.1.0"]]
        assert snapshot.affected("npm", "right") == []
        assert snapshot.affected("Nowhere", "left") == []


def test_packing_is_undone_with_and_without_a_dictionary() -> None:
    samples = [f'["GHSA-{n}",["CVE-2024-{n}"],[["i","0","f","{n}.2.3"]]]'.encode() for n in range(500)]
    dictionary = train(samples)
    assert dictionary
    assert train(samples[:10]) is None
    for held in (dictionary, None):
        codec = Codec(held)
        assert codec.unpack(codec.pack(samples[7]))[0] == "GHSA-7"
        with pytest.raises(Malformed):
            codec.unpack(b"not a frame")
        with pytest.raises(Malformed):
            codec.unpack(codec.pack(b'{"a": 1}'))
        with pytest.raises(Malformed):
            codec.unpack(codec.pack(b"[1"))


def test_records_are_read_many_at_once_in_whatever_order_they_are_asked_for(
    database: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_AT_ONCE", 3)
    monkeypatch.setattr(snapshots, "_RECENT", 1)
    path = database({"npm": [record(f"GHSA-{n}", "npm", "left", summary=f"flaw {n}") for n in range(7)]})
    with open_snapshot(path) as snapshot:
        rows = {row.ids[0][-1]: row for row in snapshot.affected("npm", "left")}

        def asked(order: str) -> int:
            questions: list[str] = []
            snapshot._db.set_trace_callback(questions.append)
            assert [snapshot.record(*rows[n][:2]).summary for n in order] == [f"flaw {n}" for n in order]
            return sum("FROM advisory" in question for question in questions)

        assert asked("0123456") == 7
        snapshot.ahead(rows[n].advisory for n in "0123456")
        assert asked("0123456") == 3
        snapshot.ahead(rows[n].advisory for n in "0123456")
        # not yet read, read and dropped, read again
        assert asked("605060") == 5
        assert asked("1234") == 4


def test_plain_text_holds_whatever_a_feed_says() -> None:
    odd = ("i", "0", "f", "1\x1f2\x1e3")
    said = Affected(ecosystem="npm", name="left", ranges=(odd, ("i", "4")), versions=("a\x1f",), reason="why")
    advisory = Advisory(id="X-1", modified="", aliases=("Y\x1e1",), errata=("Z", ""), affected=(said,))
    assert unpack_ranges(pack_ranges([said])) == [["i", "0", "f", "1\ufffd2\ufffd3"], ["i", "4"]]
    assert unpack_ranges(pack_ranges([])) == []
    assert unpack_names(pack_names(advisory)) == (("X-1", "Y\ufffd1"), ("Z", ""))
    packed = pack_rest([said])
    assert packed
    assert unpack_rest(orjson.loads(packed)) == (["a\x1f"], "why")


def _beyond(spans: Spans, key: Key, text: str | None) -> bool:
    known = spans[text]
    return known is not None and not any(start <= key < end for start, end, *_ in known)


def test_what_is_beyond_a_range_at_a_glance_is_no_hit() -> None:
    """All ranges of up to four events, and pairs of such: none is beyond that is a hit, and plain ones are known."""
    keys = Keys(order_of("npm"))
    spans = Spans(keys)
    events = [(kind, version) for kind in "iflma" for version in ("0", "1", "2", "?")]
    flats = [(*one, *other) for one in events for other in events]
    flats += [(*one, *other) for one in flats[::7] for other in flats[::11]]
    ranges = [[flat] for flat in flats] + [[one, other] for one, other in zip(flats, flats[5:], strict=False)]
    known = 0
    for flat in ranges:
        text = pack_ranges([Affected(ecosystem="npm", name="x", ranges=tuple(flat))])
        for version in ("0.9", "1", "1.5", "3"):
            key = keys[version]
            assert key is not None
            beyond = _beyond(spans, key, text)
            known += beyond
            said = judge(version, flat, (), keys)
            assert not beyond or said == MISS
            # what spans say of a version in between is what a look at the events says
            within = [(first, last) for start, end, first, last in spans[text] or () if start <= key < end]
            assert not within or said == between(*within[0])
    assert known
    assert _beyond(spans, keys["2"] or (), "i\x1f0\x1ff\x1f1\x1fi\x1f1.5\x1ff\x1f2\x1ei\x1f3\x1ff\x1f4")
    assert not _beyond(spans, keys["3.5"] or (), "i\x1f0\x1ff\x1f1\x1ei\x1f3\x1ff\x1f4")
