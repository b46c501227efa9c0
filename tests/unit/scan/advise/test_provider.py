"""How Red Hat's folders are followed: archive, changes and deletions over HTTP, and each layout of a folder on disk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from surveyor.scan.advise import provider
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.origin import Fetch, Manners
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import Action, CollectionResult, update
from surveyor.scan.errors import Unreachable
from surveyor.scan.events import Event, Progress
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from surveyor.scan.vocabulary import is_known
from tests.servers.csaf import Document, Writer, name_of, tarball, write
from tests.servers.osv_bucket import Bucket, serve

from .conftest import no_network

RHEL_9 = "cpe:/o:redhat:enterprise_linux:9"


def flaw(number: int, *, day: str = "2025-12-30", name: str = "") -> Document:
    writer = Writer(f"CVE-2026-{1000 + number}", modified=f"{day}T00:00:00+00:00")
    return writer.say("known_affected", "rhel_9", RHEL_9, f"{name or f'p{number}'}.src").document()


def run(
    source: Path | str, database: Path, *, fetch: Fetch = no_network, progress: Progress | None = None
) -> CollectionResult:
    """Update the one scope that is there."""
    wanted = want(feed("redhat"), source, fetch=fetch, scopes=("vex",), manners=Manners(sleep=lambda _: None))
    (result,) = update([wanted], database, progress=progress or Progress()).collections
    return result


def names(database: Path) -> list[str]:
    """The packages, of twenty, on which something is said."""
    with open_snapshot(database) as snapshot:
        return [name for name in (f"p{number}" for number in range(20)) if snapshot.affected("Red Hat:9", name)]


def over(bucket: Bucket) -> Fetch:
    port = int(bucket.url.rpartition(":")[2])
    return Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),))).fetch


def test_archive_then_changes_then_nothing_over_a_socket(tmp_path: Path) -> None:
    folder, path = tmp_path / "vex", tmp_path / "a.db"
    # the archive is older than p2 and has p3 still, which was deleted
    old = [flaw(0), flaw(1), flaw(2, name="p9"), flaw(3)]
    write(
        folder,
        [flaw(0), flaw(1), flaw(2, day="2026-01-05")],
        archived=old,
        deleted={name_of(flaw(3)): "2026-01-06T00:00:00+00:00"},
    )
    with serve(tmp_path) as bucket:
        first = run(bucket.url, path, fetch=over(bucket))
        assert (first.action, first.rows, first.changed, first.broken) == (Action.UPDATED, 3, 3, 0)
        assert [asked for asked, _ in bucket.asked] == [
            "/vex/changes.csv",
            "/vex/deletions.csv",
            "/vex/archive_latest.txt",
            "/vex/2026/cve-2026-1002.json",
            "/vex/csaf_vex_2026-01-02.tar.zst",
        ]
        assert names(path) == ["p0", "p1", "p2"]
        bucket.asked.clear()
        assert run(bucket.url, path, fetch=over(bucket)).action is Action.UNCHANGED
        assert bucket.asked == [("/vex/changes.csv", 304)]
        bucket.asked.clear()
        write(
            folder,
            [flaw(1, day="2026-01-07", name="p7"), flaw(2, day="2026-01-05"), flaw(4, day="2026-01-08")],
            deleted={name_of(flaw(0)): "2026-01-07T00:00:00+00:00", name_of(flaw(9)): "2026-01-07T00:00:00+00:00"},
        )
        second = run(bucket.url, path, fetch=over(bucket))
        assert (second.changed, second.removed, second.rows) == (2, 1, 3)
        assert [asked for asked, _ in bucket.asked] == [
            "/vex/changes.csv",
            "/vex/deletions.csv",
            "/vex/2026/cve-2026-1004.json",
            "/vex/2026/cve-2026-1001.json",
        ]
    assert names(path) == ["p2", "p4", "p7"]
    (told,) = status(path)
    assert (told.name, str(told.date)) == ("redhat:vex", "2026-01-08 00:00:00+00:00")


def test_a_file_deleted_and_made_again_stays(tmp_path: Path) -> None:
    write(tmp_path / "vex", [flaw(0, day="2026-01-09")], deleted={name_of(flaw(0)): "2026-01-05T00:00:00+00:00"})
    with serve(tmp_path) as bucket:
        run(bucket.url, tmp_path / "a.db", fetch=over(bucket))
    assert names(tmp_path / "a.db") == ["p0"]


def test_many_changes_come_by_a_newer_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "SINGLES", 2)
    folder, path = tmp_path / "vex", tmp_path / "a.db"
    write(folder, [flaw(number) for number in range(4)])
    with serve(tmp_path) as bucket:
        run(bucket.url, path, fetch=over(bucket))
        bucket.asked.clear()
        changed = [flaw(number, day="2026-02-01", name=f"p{number + 10}") for number in range(3)]
        newest = flaw(5, day="2026-02-05")
        write(folder, [*changed, flaw(3), newest], archived=[*changed, flaw(3)], day="2026-02-03")
        result = run(bucket.url, path, fetch=over(bucket))
        assert (result.changed, result.removed, result.broken) == (4, 0, 0)
        assert [asked for asked, _ in bucket.asked][2:] == [
            "/vex/archive_latest.txt",
            "/vex/2026/cve-2026-1005.json",
            "/vex/csaf_vex_2026-02-03.tar.zst",
        ]
        assert names(path) == ["p3", "p5", "p10", "p11", "p12"]
        # the same archive again would give nothing
        bucket.asked.clear()
        later = [flaw(number, day="2026-02-02", name=f"p{number + 10}") for number in range(3)]
        write(folder, [*later, flaw(3), newest], archived=[*changed, flaw(3)], day="2026-02-03")
        assert run(bucket.url, path, fetch=over(bucket)).changed == 3
        assert "/vex/csaf_vex_2026-02-03.tar.zst" not in [asked for asked, _ in bucket.asked]


def test_what_a_server_does_not_give_is_told_and_asked_for_again(tmp_path: Path) -> None:
    folder, path = tmp_path / "vex", tmp_path / "a.db"
    documents = [flaw(0), flaw(1, day="2026-01-05"), flaw(2, day="2026-01-05")]
    # of p1 the archive has an older state, of p2 none
    write(folder, documents, archived=[flaw(0), flaw(1, name="p9")])
    with serve(tmp_path) as bucket:
        for name in ("1001", "1002"):
            bucket.broken[f"/vex/2026/cve-2026-{name}.json"] = 500
        first = run(bucket.url, path, fetch=over(bucket))
        assert (first.changed, first.broken) == (2, 2)
        assert "HTTP 500" in first.notes[0]
        assert names(path) == ["p0", "p9"]
        bucket.broken.clear()
        second = run(bucket.url, path, fetch=over(bucket))
        assert (second.changed, second.broken) == (2, 0)
    assert names(path) == ["p0", "p1", "p2"]


def test_what_changed_since_the_archive_comes_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider, "MOST_SINGLES", 1)
    folder, path = tmp_path / "vex", tmp_path / "a.db"
    documents = [flaw(0), flaw(1, day="2026-01-05"), flaw(2, day="2026-01-06"), flaw(3, day="2026-01-04")]
    # of p1 the archive has an older state, of p3 none
    write(folder, documents, archived=[flaw(0), flaw(1, name="p9")])
    with serve(tmp_path) as bucket:
        first = run(bucket.url, path, fetch=over(bucket))
        assert (first.changed, first.broken, first.notes) == (3, 0, ("1 record listed but not there",))
        assert names(path) == ["p0", "p2", "p9"]
        for had in (["p0", "p1", "p2"], ["p0", "p1", "p2", "p3"]):
            bucket.asked.clear()
            assert run(bucket.url, path, fetch=over(bucket)).changed == 1
            assert len(bucket.asked) == 3
            assert names(path) == had
        assert run(bucket.url, path, fetch=over(bucket)).action is Action.UNCHANGED


def test_an_archive_with_nothing_under_the_listed_names_is_told(tmp_path: Path) -> None:
    write(tmp_path / "vex", [flaw(0), flaw(1)], archived=[])
    with serve(tmp_path) as bucket:
        result = run(bucket.url, tmp_path / "a.db", fetch=over(bucket))
        assert result.notes == ("2 records listed but not there",)


@pytest.mark.parametrize(
    "missing", ["changes.csv", "deletions.csv", "archive_latest.txt", "csaf_vex_2026-01-02.tar.zst"]
)
def test_a_folder_without_one_of_its_parts_is_not_read(tmp_path: Path, missing: str) -> None:
    (write(tmp_path / "vex", [flaw(0)]) / missing).unlink()
    with serve(tmp_path) as bucket, pytest.raises(Unreachable, match="404"):
        run(bucket.url, tmp_path / "a.db", fetch=over(bucket))


@pytest.mark.parametrize("name", ["../../etc/passwd", "x.tar.zst", "csaf_vex_2026.tar.zst", "", "\0"])
def test_an_archive_of_another_name_is_not_asked_for(tmp_path: Path, name: str) -> None:
    (write(tmp_path / "vex", [flaw(0)]) / "archive_latest.txt").write_text(name)
    with serve(tmp_path) as bucket:
        with pytest.raises(Unreachable, match="not the name of an archive"):
            run(bucket.url, tmp_path / "a.db", fetch=over(bucket))
        assert len(bucket.asked) == 3


def test_odd_lines_of_a_list_are_passed_over(tmp_path: Path) -> None:
    folder = write(tmp_path / "vex", [flaw(0)])
    odd = '"../../x.json","2026-01-01T00:00:00+00:00"\n"/etc/x.json","2026-01-01"\nno comma\n,\n"y.txt","2026"\n'
    listed = folder.joinpath("changes.csv").read_text()
    folder.joinpath("changes.csv").write_bytes(odd.encode() + listed.encode() + b"\xff\xfe,\xff\n" + b"," * 100_000)
    with serve(tmp_path) as bucket:
        assert run(bucket.url, tmp_path / "a.db", fetch=over(bucket)).rows == 1
        assert all("x.json" not in asked for asked, _ in bucket.asked)


def test_a_broken_download_of_the_archive_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "vex", [flaw(number) for number in range(10)])
    with serve(tmp_path) as bucket:
        bucket.cut["/vex/csaf_vex_2026-01-02.tar.zst"] = 200
        assert run(bucket.url, tmp_path / "a.db", fetch=over(bucket)).rows == 10
        tries = [
            headers.get("range")
            for (asked, _), headers in zip(bucket.asked, bucket.headers, strict=True)
            if "tar" in asked
        ]
    assert tries == [None, "bytes=200-"]


def test_every_layout_of_a_folder_on_disk(tmp_path: Path) -> None:
    whole = write(tmp_path / "mirror" / "vex", [flaw(0), flaw(1)])
    flat, archive, years = tmp_path / "flat", tmp_path / "archive" / "vex", tmp_path / "years" / "csaf_vex"
    flat.mkdir()
    archive.mkdir(parents=True)
    for number in range(2):
        place = years / "2026" if number else years
        place.mkdir(parents=True, exist_ok=True)
        for folder in (flat, place):
            folder.joinpath(f"cve-2026-100{number}.json").write_text(json.dumps(flaw(number)))
    flat.joinpath("other.json").write_text("{}")
    archive.joinpath("csaf_vex_2026-01-02.tar.zst").write_bytes(tarball([flaw(0), flaw(1)]))
    archive.joinpath("csaf_vex_2025-01-02.tar.zst").write_bytes(b"older, and not looked at")
    for at, folder in enumerate((whole.parent, flat, archive.parent, years.parent)):
        path = tmp_path / f"{at}.db"
        first = run(folder, path)
        assert (first.rows, first.broken) == (2, 0), folder
        assert names(path) == ["p0", "p1"]
        assert run(folder, path).action is Action.UNCHANGED


def test_a_folder_is_followed_by_its_files(tmp_path: Path) -> None:
    folder, path = write(tmp_path / "vex", [flaw(0), flaw(1)], archived=[flaw(0), flaw(2), flaw(3)]), tmp_path / "a.db"
    folder.joinpath("deletions.csv").write_text('"2026/cve-2026-1003.json","2026-01-01"\n')
    assert run(tmp_path, path).rows == 3
    assert names(path) == ["p0", "p1", "p2"]
    changed = folder / name_of(flaw(0))
    changed.write_text(json.dumps(flaw(0, name="p7")))
    os.utime(changed, (1, 1))
    (folder / name_of(flaw(1))).unlink()
    second = run(tmp_path, path)
    assert (second.changed, second.removed) == (1, 1)
    # what only the archive has stays
    assert names(path) == ["p2", "p7"]
    (folder / "csaf_vex_2026-03-03.tar.zst").write_bytes(tarball([flaw(5)]))
    run(tmp_path, path)
    assert names(path) == ["p5", "p7"]


def test_a_folder_is_followed_by_its_deletions(tmp_path: Path) -> None:
    folder, path = write(tmp_path / "vex", [], archived=[flaw(0), flaw(1)]), tmp_path / "a.db"
    folder.joinpath("changes.csv").write_text(f'"{name_of(flaw(0))}","2026-01-02"\n')
    folder.joinpath("deletions.csv").write_text(f'"{name_of(flaw(0))}","2026-01-01"\n')
    assert run(tmp_path, path).rows == 2  # what was made again after it had been deleted is there
    folder.joinpath("deletions.csv").write_text(f'"{name_of(flaw(1))}","2026-01-03"\n')
    second = run(tmp_path, path)
    assert (second.changed, second.removed) == (0, 1)
    assert names(path) == ["p0"]
    assert run(tmp_path, path).action is Action.UNCHANGED


def test_an_archive_that_is_none_is_told_beside_files(tmp_path: Path) -> None:
    folder, path = write(tmp_path / "vex", [flaw(0)]), tmp_path / "a.db"
    (folder / "csaf_vex_2026-01-02.tar.zst").write_bytes(b"A TAR.ZST OF FILES")
    result = run(tmp_path, path)
    assert (result.rows, result.broken) == (1, 1)
    assert result.notes[0].startswith("csaf_vex_2026-01-02.tar.zst: ")
    (folder / name_of(flaw(0))).unlink()
    with pytest.raises(Unreachable):
        run(tmp_path, tmp_path / "b.db")


def test_a_broken_file_is_noted_and_the_old_state_stays(tmp_path: Path) -> None:
    folder, path = write(tmp_path / "vex", [flaw(0)]), tmp_path / "a.db"
    run(tmp_path, path)
    (folder / name_of(flaw(0))).write_text("{")
    result = run(tmp_path, path)
    assert (result.broken, result.rows) == (1, 1)
    assert names(path) == ["p0"]


def test_events_are_published_words(tmp_path: Path) -> None:
    events: list[Event] = []
    write(tmp_path / "vex", [flaw(0)])
    run(tmp_path, tmp_path / "a.db", progress=Progress(events.append))
    assert [event.stage for event in events] == [
        "redhat.update.start",
        "redhat.update",
        "redhat.update.timing",
        "redhat.update.done",
    ]
    assert all(is_known(event.stage) for event in events)


def test_without_any_folder_the_place_is_taken_for_a_server(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"changes\.csv"):
        run(tmp_path, tmp_path / "a.db")
