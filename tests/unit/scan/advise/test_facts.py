"""Facts about flaws, and feeds of several kinds in one database: kept apart, read together, told when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from surveyor.scan.advise import swap
from surveyor.scan.advise.feeds.interface import Changes, Feed, Fetched, Known, whole
from surveyor.scan.advise.origin import Directory, Origin
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, State
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.sources import Wanted
from surveyor.scan.advise.update import Action, update
from surveyor.scan.errors import Malformed, Unreachable
from surveyor.scan.events import Event, Progress

FULL = Fact(
    cve="CVE-2024-1",
    score=0.0,
    percentile=0.25,
    exploited=Exploited(added="2024-01-02", due="2024-02-03", action="patch", ransomware=True),
    published="2024-01-01T00:00:00",
    modified="2024-01-02T00:00:00",
    summary="bad",
    severity=(("CVSS_V3", "CVSS:3.1/AV:N", "nvd@nist.gov"),),
    cwes=("CWE-79",),
    status="Analyzed",
    references=("https://x.test/",),
)


@contextmanager
def lines(origin: Origin, scope: str, known: Known) -> Iterator[Changes | None]:
    """A feed of one file, a JSON value a line, all of it or what a cursor has not seen."""
    with origin.open("lines", max_bytes=1 << 20, etag=known.mark.etag) as opened:
        if opened.file is None:
            yield None
            return
        rows = opened.file.read().splitlines()
        records: list[Fetched] = [(orjson.loads(row)["cve"], "", row) for row in rows]
        yield Changes(records=records, whole=True, date="2024-05-06", etag=opened.etag, cursor=f"{scope}{len(rows)}")


def normalise(raw: bytes, scope: str) -> list[Fact | Advisory]:
    """Each line is a score, and with a name in it an advisory besides."""
    value = orjson.loads(raw)
    if value["score"] == "bad":
        raise Malformed("a bad score")
    items: list[Fact | Advisory] = [Fact(cve=value["cve"], score=value["score"])]
    if name := value.get("name"):
        hit = Affected(ecosystem="X:1", name=name, state=State.WILL_NOT_FIX, reason="too old")
        items.append(Advisory(id=value["cve"], modified="", affected=(hit,)))
    return items


def feed(name: str) -> Feed:
    return Feed(id=name, title=name, address="https://x.test", scopes=whole, fetch=lines, normalise=normalise)


def write(folder: Path, *rows: dict[str, object]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "lines").write_bytes(b"\n".join(orjson.dumps(row) for row in rows))
    return folder


def wanted(name: str, folder: Path) -> Wanted:
    return Wanted(feed=feed(name), origin=Directory(folder))


def test_a_fact_comes_back_as_it_went_in(tmp_path: Path) -> None:
    from surveyor.scan.advise.build import Builder
    from surveyor.scan.advise.record import Mark

    facts = [FULL, Fact(cve="CVE-2024-2"), Fact(cve="CVE-2024-3", score=0.5, percentile=0.0)]
    builder = Builder(tmp_path / "a.db", base=None)
    with builder.collection("one", "") as collection:
        for fact in facts:
            collection.put(fact.cve, "", (fact,))
        assert collection.finish(Mark(date="2024-01-01")) == 3
    builder.close()
    with open_snapshot(tmp_path / "a.db") as snapshot:
        found = snapshot.facts([fact.cve for fact in facts] + ["CVE-1999-1"])
        assert {cve: said["one"] for cve, said in found.items()} == {fact.cve: fact for fact in facts}
        assert snapshot.facts(f"CVE-1-{n}" for n in range(2_500)) == {}


def test_two_feeds_speak_of_one_flaw_and_one_package(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    one = write(tmp_path / "one", {"cve": "CVE-1-1", "score": 0.1, "name": "left"}, {"cve": "CVE-1-2", "score": 0.2})
    two = write(tmp_path / "two", {"cve": "CVE-1-1", "score": 0.9, "name": "left"})
    result = update([wanted("one", one), wanted("two", two)], path, progress=Progress())
    assert [(item.name, item.rows) for item in result.collections] == [("one", 2), ("two", 1)]
    with open_snapshot(path) as snapshot:
        said = snapshot.facts(["CVE-1-1", "CVE-1-2"])
        assert {cve: {feed: fact.score for feed, fact in by.items()} for cve, by in said.items()} == {
            "CVE-1-1": {"one": 0.1, "two": 0.9},
            "CVE-1-2": {"one": 0.2},
        }
        rows = snapshot.affected("X:1", "left")
        assert [(row.ids, row.state, row.reason) for row in rows] == [(("CVE-1-1",), "will_not_fix", "too old")] * 2
        assert [status.feed for status in snapshot.answering("X:1")] == ["one", "two"]
        assert snapshot.marks()["one", ""].cursor == "2"


def test_a_feed_that_gives_all_forgets_what_it_does_not_name(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.db", tmp_path / "one"
    write(folder, {"cve": "CVE-1-1", "score": 0.1, "name": "left"}, {"cve": "CVE-1-2", "score": 0.2})
    update([wanted("one", folder)], path, progress=Progress())
    write(folder, {"cve": "CVE-1-2", "score": 0.3})
    update([wanted("one", folder)], path, progress=Progress())
    with open_snapshot(path) as snapshot:
        assert {cve: by["one"].score for cve, by in snapshot.facts(["CVE-1-1", "CVE-1-2"]).items()} == {"CVE-1-2": 0.3}
        assert snapshot.affected("X:1", "left") == []
        assert snapshot.answering("X:1") == ()


def test_a_source_that_lost_a_fifth_at_once_is_not_believed(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.db", tmp_path / "one"
    rows: list[dict[str, object]] = [{"cve": f"CVE-1-{n}", "score": 0.5} for n in range(100)]
    update([wanted("one", write(folder, *rows))], path, progress=Progress())
    with pytest.raises(Unreachable, match="100 records have become 79"):
        update([wanted("one", write(folder, *rows[:79]))], path, progress=Progress())
    (kept,) = status(path)
    assert kept.rows == 100
    assert "not believed" in kept.failure
    with open_snapshot(path) as snapshot:
        assert len(snapshot.facts(f"CVE-1-{n}" for n in range(100))) == 100
    (accepted,) = update([wanted("one", folder)], path, progress=Progress(), accept_loss=True).collections
    assert (accepted.action, accepted.rows) == (Action.UPDATED, 79)
    assert update([wanted("one", write(folder, *rows[:64]))], path, progress=Progress()).collections[0].rows == 64


def test_what_cannot_be_read_is_counted_and_asked_for_again(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.db", tmp_path / "one"
    write(folder, {"cve": "CVE-1-1", "score": 0.1}, {"cve": "CVE-1-2", "score": "bad"})
    (result,) = update([wanted("one", folder)], path, progress=Progress()).collections
    assert (result.broken, result.notes) == (1, ("CVE-1-2: malformed: a bad score",))
    assert update([wanted("one", folder)], path, progress=Progress()).collections[0].action is Action.UPDATED


def test_one_feed_that_fails_leaves_the_other_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    one, two = write(tmp_path / "one", {"cve": "CVE-1-1", "score": 0.1}), tmp_path / "two"
    result = update([wanted("one", one), wanted("two", two)], path, progress=Progress())
    assert result.failed == ("two",)
    held = {feed.name: feed for feed in status(path)}
    assert (held["one"].rows, held["one"].failure) == (1, "")
    assert (held["two"].rows, held["two"].updated_at) == (0, None)
    assert "no such file" in held["two"].failure


def test_an_unchanged_feed_is_noted_as_looked_at_now_and_then(tmp_path: Path) -> None:
    path, start = tmp_path / "a.db", datetime(2026, 1, 1, tzinfo=UTC)
    asked = wanted("one", write(tmp_path / "one", {"cve": "CVE-1-1", "score": 0.1}))
    for hours, seen in ((0, 0), (1, 0), (7, 7), (8, 7)):
        now = start + timedelta(hours=hours)
        (result,) = update([asked], path, progress=Progress(), now=lambda now=now: now).collections  # type: ignore[misc]
        assert result.action is (Action.UPDATED if hours == 0 else Action.UNCHANGED)
        assert status(path)[0].updated_at == start + timedelta(hours=seen)


def test_what_one_feed_gave_is_in_use_while_the_next_is_asked(tmp_path: Path) -> None:
    path, seen = tmp_path / "a.db", list[list[str]]()
    one, two = (write(tmp_path / name, {"cve": "CVE-1-1", "score": 0.1}) for name in ("one", "two"))

    def listening(event: Event) -> None:
        if event.stage == "two.update.start":
            seen.append([feed.name for feed in status(path)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update([wanted("one", one), wanted("two", two)], path, progress=Progress(listening))
    assert seen == [["one"]]
    assert [feed.name for feed in status(path)] == ["one"]
    assert not path.with_name("a.db.new").exists()


def test_a_feed_of_which_nothing_can_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.db", write(tmp_path / "one", {"cve": "CVE-1-1", "score": "bad"})
    with pytest.raises(Unreachable, match="none of 1 record could be read: CVE-1-1: malformed: a bad score"):
        update([wanted("one", folder)], path, progress=Progress())
    assert not path.exists()


def test_a_database_is_copied_once_for_all_feeds_that_were_had_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, folders = tmp_path / "a.db", [write(tmp_path / name, {"cve": "CVE-1", "score": 0.1}) for name in "abcd"]
    feeds = [wanted(folder.name, folder) for folder in folders]
    update(feeds, path, progress=Progress())
    copies: list[object] = []
    copy = swap.copy
    monkeypatch.setattr(swap, "copy", lambda *paths: copies.append(paths) or copy(*paths))
    for folder in folders[1:]:
        (folder / "lines").unlink()
    later = datetime.now(UTC) + timedelta(days=1)
    assert update(feeds, path, progress=Progress(), now=lambda: later).failed == ("b", "c", "d")
    assert len(copies) == 1
    assert [(one.feed, one.updated_at == later.replace(microsecond=0), bool(one.failure)) for one in status(path)] == [
        ("a", True, False),
        ("b", False, True),
        ("c", False, True),
        ("d", False, True),
    ]
    for folder in folders:
        write(folder, {"cve": "CVE-1", "score": 0.2}, {"cve": "CVE-2", "score": 0.1})
    assert [one.rows for one in update(feeds, path, progress=Progress()).collections] == [2, 2, 2, 2]
    assert len(copies) == 2
    # one that was not there may take long: what was had before it is in use meanwhile
    write(folders[0], {"cve": "CVE-1", "score": 0.3})
    new = wanted("new", write(tmp_path / "new", {"cve": "CVE-1", "score": 0.1}))
    assert [one.rows for one in update([feeds[0], new], path, progress=Progress()).collections] == [
        1,
        1,
    ]
    assert len(copies) == 4
