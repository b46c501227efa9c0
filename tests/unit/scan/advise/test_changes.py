"""What an update says it has changed: the packages and flaws of which something else is said, no more and no fewer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from surveyor.scan.advise import changes
from surveyor.scan.advise.build import Builder
from surveyor.scan.advise.changes import Changes
from surveyor.scan.advise.record import Advisory, Affected, Fact, Mark
from surveyor.scan.advise.snapshot import open_snapshot
from tests.servers.osv_bucket import record, write
from tests.unit.scan.advise.conftest import run

LATER = "2026-02-01T00:00:00Z"
NPM = [record(f"GHSA-{n}", "npm", f"pkg{n}", fixed="2.0.0") for n in range(5)]
MARK = Mark(date=LATER, updated_at=LATER)


def state(path: Path) -> str:
    with open_snapshot(path) as snapshot:
        return snapshot.state


def since(path: Path, earlier: str) -> Changes:
    with open_snapshot(path) as snapshot:
        return snapshot.changes(earlier)


def test_an_update_names_what_it_changed(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    first = state(path)
    assert since(path, first).none
    moved = record("GHSA-1", "npm", "other", fixed="2.0.0", modified=LATER)
    fixed = record("GHSA-3", "npm", "pkg3", fixed="2.0.1", modified=LATER)
    gone = record("GHSA-2", "npm", "pkg2", modified=LATER, withdrawn=LATER)
    write(bucket, {"npm": [NPM[0], moved, gone, fixed]})
    run(bucket, path)
    told = since(path, first)
    # both names of the one that moved, the one withdrawn, the one whose fix came, the one no longer there
    assert told.packages == tuple(("npm", name) for name in ("other", "pkg1", "pkg2", "pkg3", "pkg4"))
    assert not told.everything
    assert told.flaws == ()


def test_read_again_is_not_changed(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    before = state(path)
    # the same under another time in the list: it is read, written, and says what it said
    (bucket / "npm" / "modified_id.csv").write_text("".join(f"{LATER},GHSA-{n}\n" for n in range(5)), "ascii")
    assert sum(item.changed for item in run(bucket, path).collections) == 5
    assert state(path) == before
    assert since(path, before).none


def test_changes_of_several_updates_are_told_together(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    states = [state(path)]
    records = list(NPM)
    for number in range(3):
        later = f"2026-03-0{number + 1}T00:00:00Z"
        records[number] = record(f"GHSA-{number}", "npm", f"pkg{number}", fixed="9", modified=later)
        write(bucket, {"npm": records})
        run(bucket, path)
        states.append(state(path))
    assert len(set(states)) == 4
    told = [[name for _, name in since(path, earlier).packages] for earlier in states]
    assert told == [["pkg0", "pkg1", "pkg2"], ["pkg1", "pkg2"], ["pkg2"], []]


@pytest.mark.parametrize("earlier", ["", "nonsense", "x.", ".1", "another.0", "{lineage}.99", "{lineage}.-1"])
def test_of_an_unknown_state_everything_has_changed(tmp_path: Path, earlier: str) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    told = since(path, earlier.format(lineage=state(path).partition(".")[0]))
    assert told.everything
    assert not told.none


def test_a_database_made_anew_is_another(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    before = state(path)
    path.unlink()
    run(bucket, path)
    assert since(path, before).everything


def test_a_database_of_before_states_is_built_upon(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE lineage")
        db.execute("DROP TABLE change")
    db.close()
    assert (state(path), since(path, "").everything) == ("", True)
    write(bucket, {"npm": NPM[1:]})
    run(bucket, path)
    assert since(path, "").everything
    assert since(path, state(path)).none


def advisory(name: str, fixed: str) -> Advisory:
    spans = (("i", "0", "f", fixed),)
    return Advisory(
        id=f"X-{name}",
        modified=LATER,
        affected=(Affected(ecosystem="Debian:12", name=name, ranges=spans),),
    )


def build(path: Path, base: Path | None, feed: str, items: dict[str, Advisory | Fact]) -> None:
    builder = Builder(path, base=base)
    with builder.collection(feed, "") as collection:
        collection.clear()
        for entry, item in items.items():
            collection.put(entry, LATER, (item,))
        collection.finish(MARK)
    builder.close()


def test_a_feed_that_is_written_anew_is_compared(tmp_path: Path) -> None:
    one, two = tmp_path / "1.db", tmp_path / "2.db"
    build(one, None, "debian", {name: advisory(name, "2") for name in ("a", "b", "c")})
    build(two, one, "debian", {"a": advisory("a", "2"), "b": advisory("b", "3"), "d": advisory("d", "1")})
    assert since(two, state(one)).packages == tuple(("Debian:12", name) for name in ("b", "c", "d"))


def test_flaws_change_but_not_for_a_score_that_moves_every_day(tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{number}.db" for number in (1, 2, 3))
    build(one, None, "nvd", {"CVE-1": Fact(cve="CVE-1", summary="a"), "CVE-2": Fact(cve="CVE-2", summary="b")})
    build(two, one, "nvd", {"CVE-1": Fact(cve="CVE-1", summary="a"), "CVE-2": Fact(cve="CVE-2", summary="c")})
    assert since(two, state(one)).flaws == ("CVE-2",)
    build(three, two, "epss", {"CVE-1": Fact(cve="CVE-1", score=0.5)})
    assert since(three, state(one)).flaws == ("CVE-2",)


def test_too_many_are_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    before = state(path)
    monkeypatch.setattr(changes, "MOST", 2)
    write(bucket, {"npm": [record(f"GHSA-{n}", "npm", f"pkg{n}", fixed="7", modified=LATER) for n in range(5)]})
    run(bucket, path)
    assert since(path, before).everything
    assert since(path, state(path)).none


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    monkeypatch.setattr(changes, "_KEPT", 2)
    states = [state(path)]
    for number in range(4):
        later = f"2026-03-0{number + 1}T00:00:00Z"
        write(bucket, {"npm": [*NPM, record("GHSA-9", "npm", f"new{number}", fixed="1", modified=later)]})
        run(bucket, path)
        states.append(state(path))
    assert since(path, states[0]).everything
    assert [name for _, name in since(path, states[-2]).packages] == ["new2", "new3"]
