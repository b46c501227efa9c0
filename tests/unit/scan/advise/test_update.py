"""Updates: what changed and nothing else, from a folder and over a socket, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.advise.update import Action, resolve
from surveyor.scan.errors import BadTarget, Unreachable, Unsupported
from surveyor.scan.events import Event, Progress
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.osv_bucket import Bucket, Record, record, serve, write
from tests.unit.scan.advise.conftest import no_network, run

NPM = [record(f"GHSA-{n}", "npm", f"pkg{n}", fixed="2.0.0") for n in range(5)]
GO = [record("GO-1", "Go", "example.test/x", fixed="1.2.0")]


def names(path: Path, ecosystem: str, name: str) -> list[str]:
    with open_snapshot(path) as snapshot:
        return sorted(row.ids[0] for row in snapshot.affected(ecosystem, name))


def client(bucket: Bucket) -> Client:
    port = int(bucket.url.rpartition(":")[2])
    return Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),)))


def test_first_build_then_nothing_to_do(tmp_path: Path, events: list[Event], progress: Progress) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM, "Go": GO}), tmp_path / "deep" / "er" / "a.db"
    first = run(bucket, path, progress=progress)
    assert {item.scope: (item.action, item.rows, item.changed) for item in first.collections} == {
        "Go": (Action.UPDATED, 1, 1),
        "npm": (Action.UPDATED, 5, 5),
    }
    stages = [event.stage for event in events]
    assert stages == ["osv.update.start", "osv.update", "osv.update", "osv.update.timing", "osv.update.done"]
    before = path.stat()
    second = run(bucket, path)
    assert [item.action for item in second.collections] == [Action.UNCHANGED, Action.UNCHANGED]
    assert sum(item.rows for item in second.collections) == 6
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert sorted(left.name for left in path.parent.iterdir()) == ["a.db", "a.db.lock"]


def test_only_what_changed_is_read(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM, "Go": GO}), tmp_path / "a.db"
    run(bucket, path)
    changed = record("GHSA-1", "npm", "other", fixed="3.0.0", modified="2026-02-01T00:00:00Z")
    withdrawn = record("GHSA-2", "npm", "pkg2", modified="2026-02-02T00:00:00Z", withdrawn="2026-02-02T00:00:00Z")
    write(bucket, {"npm": [NPM[0], changed, withdrawn, NPM[3]], "Go": GO})
    result = {item.scope: item for item in run(bucket, path).collections}
    assert result["Go"].action is Action.UNCHANGED
    npm = result["npm"]
    assert (npm.rows, npm.changed, npm.withdrawn, npm.removed, npm.broken) == (3, 2, 1, 1, 0)
    assert names(path, "npm", "pkg1") == []
    assert names(path, "npm", "other") == ["GHSA-1"]
    assert names(path, "npm", "pkg2") == []
    assert names(path, "npm", "pkg4") == []
    assert names(path, "npm", "pkg0") == ["GHSA-0"]


def test_one_id_under_two_releases_keeps_both(tmp_path: Path) -> None:
    eight, nine = (record("ALSA-1", f"AlmaLinux:{n}", "x", fixed=f"{n}-1") for n in (8, 9))
    bucket, path = write(tmp_path / "b", {"AlmaLinux": [eight]}), tmp_path / "a.db"
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(bucket / "AlmaLinux" / "all.zip", "a") as archive,
    ):
        archive.writestr("ALSA-1.json", json.dumps(nine))
    run(bucket, path)
    assert names(path, "AlmaLinux:8", "x") == names(path, "AlmaLinux:9", "x") == ["ALSA-1"]


def test_a_broken_record_is_noted_and_the_old_one_stays(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    broken = record("GHSA-1", "npm", "pkg1", modified="2026-03-01T00:00:00Z")
    broken["affected"] = "everything"
    new = record("GHSA-9", "npm", "pkg9", modified="2026-03-01T00:00:00Z")
    write(bucket, {"npm": [*NPM[:1], broken, *NPM[2:], new]})
    (npm,) = run(bucket, path).collections
    assert (npm.action, npm.changed, npm.broken, npm.rows) == (Action.UPDATED, 1, 1, 6)
    assert npm.notes == ("GHSA-1: malformed: affected is not a list of objects",)
    assert names(path, "npm", "pkg1") == ["GHSA-1"]
    # not taken as read: mended without a new date, it is looked at again
    write(
        bucket, {"npm": [*NPM[:1], record("GHSA-1", "npm", "mended", modified="2026-03-01T00:00:00Z"), *NPM[2:], new]}
    )
    assert run(bucket, path).collections[0].changed == 1
    assert names(path, "npm", "mended") == ["GHSA-1"]


def test_a_listed_record_that_is_not_there_is_asked_for_again(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM[:4]}), tmp_path / "a.db"
    lines = (bucket / "npm" / "modified_id.csv").read_text()
    (bucket / "npm" / "modified_id.csv").write_text("2026-05-05T00:00:00Z,GHSA-4\n" + lines)
    (first,) = run(bucket, path).collections
    assert first.notes == ("1 record listed but not there",)
    (second,) = run(bucket, path).collections
    assert second.action is Action.UPDATED
    write(bucket, {"npm": [*NPM[:4], {**NPM[4], "modified": "2026-05-05T00:00:00Z"}]})
    assert run(bucket, path).collections[0].rows == 5
    assert run(bucket, path).collections[0].action is Action.UNCHANGED


def test_an_archive_that_is_older_than_its_list_is_believed_for_now_only(tmp_path: Path) -> None:
    def listed(*days: int) -> list[Record]:
        return [
            record(f"GHSA-{day}", "npm", "left", fixed=f"{day}.0.0", modified=f"2026-02-{day:02}T00:00:00Z")
            for day in days
        ]

    bucket, path = write(tmp_path / "b", {"npm": listed(1, 2)}), tmp_path / "a.db"
    old = (bucket / "npm" / "all.zip").read_bytes()
    newer = [listed(1)[0], {**listed(2)[0], "modified": "2026-02-09T00:00:00Z", "withdrawn": "2026-02-09T00:00:00Z"}]
    write(bucket, {"npm": newer})
    new = (bucket / "npm" / "all.zip").read_bytes()
    (bucket / "npm" / "all.zip").write_bytes(old)
    run(bucket, path)
    assert names(path, "npm", "left") == ["GHSA-1", "GHSA-2"]
    # a cache may give it out for a while; the list is another each time
    (bucket / "npm" / "all.zip").write_bytes(new)
    with (bucket / "npm" / "modified_id.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert run(bucket, path).collections[0].changed == 1
    assert names(path, "npm", "left") == ["GHSA-1"]


def test_a_list_that_says_other_times_than_its_records_for_ever_is_followed_to_its_end(tmp_path: Path) -> None:
    bucket, path = (
        write(tmp_path / "b", {"Go": [record("GO-1", "Go", "x", modified="0001-01-01T00:00:00Z")]}),
        tmp_path / "a.db",
    )
    for turn in range(3):
        (bucket / "Go" / "modified_id.csv").write_text("2026-01-01T00:00:00Z,GO-1\n" + "\n" * turn, encoding="utf-8")
        assert run(bucket, path).collections[0].changed == (turn < 2)


def test_one_ecosystem_that_cannot_be_had_keeps_its_rows_and_the_others_go_on(
    tmp_path: Path, events: list[Event], progress: Progress
) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM, "Go": GO}), tmp_path / "a.db"
    run(bucket, path)
    write(bucket, {"npm": [record("GHSA-7", "npm", "pkg7", modified="2026-09-09T00:00:00Z")], "Go": []})
    (bucket / "npm" / "all.zip").write_bytes(b"PK\3\4 this was cut")
    result = run(bucket, path, progress=progress)
    assert result.failed == ("osv:npm",)
    by_name = {item.scope: item for item in result.collections}
    assert by_name["npm"].action is Action.KEPT
    assert by_name["npm"].rows == 5
    assert by_name["npm"].notes[0].startswith("malformed: not a zip")
    assert by_name["Go"].rows == 0
    assert names(path, "npm", "pkg0") == ["GHSA-0"]
    assert names(path, "Go", "example.test/x") == []
    assert [event.stage for event in events if event.level == "error"] == ["osv.update.err"]


def test_a_new_ecosystem_that_cannot_be_had_is_not_there(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM, "Go": GO}), tmp_path / "a.db"
    (bucket / "Go" / "modified_id.csv").unlink()
    result = run(bucket, path)
    assert {item.scope: item.action for item in result.collections} == {"Go": Action.FAILED, "npm": Action.UPDATED}
    go, npm = status(path)
    assert (npm.scope, npm.failure, npm.failed_at) == ("npm", "", None)
    assert (go.scope, go.rows, go.updated_at) == ("Go", 0, None)
    assert go.failure.startswith("unreachable: ")
    assert go.failed_at
    with open_snapshot(path) as snapshot:
        assert snapshot.answering("Go") == ()
    write(bucket, {"npm": NPM, "Go": GO})
    run(bucket, path)
    assert [(feed.scope, feed.failure, feed.rows) for feed in status(path)] == [("Go", "", 1), ("npm", "", 5)]


def test_nothing_at_all_is_an_error_and_makes_no_file(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    (bucket / "npm" / "all.zip").write_bytes(b"")
    with pytest.raises(Unreachable, match="nothing could be had"):
        run(bucket, path)
    assert not path.exists()
    with pytest.raises(BadTarget, match="no such directory"):
        run(tmp_path / "nowhere", path)
    with pytest.raises(Unreachable, match=r"ecosystems\.txt"):
        run(tmp_path, path)


def test_chosen_ecosystems_leave_the_others_alone(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM, "Go": GO}), tmp_path / "a.db"
    run(bucket, path, ecosystems=("npm",))
    assert [feed.scope for feed in status(path)] == ["npm"]
    run(bucket, path, ecosystems=("Go",))
    assert [feed.scope for feed in status(path)] == ["Go", "npm"]


def test_a_database_of_another_schema_or_of_garbage_is_made_anew(
    tmp_path: Path, events: list[Event], progress: Progress
) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    path.write_bytes(b"no database at all" * 100)
    assert run(bucket, path, progress=progress).collections[0].rows == 5
    assert "osv.warn" in [event.stage for event in events]
    assert names(path, "npm", "pkg0") == ["GHSA-0"]


def test_two_updates_do_not_meet(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"

    def second(event: Event) -> None:
        if event.stage == "osv.update":
            with pytest.raises(BadTarget, match="another update is running"):
                run(bucket, path)

    assert run(bucket, path, progress=Progress(second)).collections[0].rows == 5


def test_a_scan_that_began_before_reads_on(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    with open_snapshot(path) as snapshot:
        write(bucket, {"npm": [record("GHSA-X", "npm", "pkg0", modified="2027-01-01T00:00:00Z")]})
        run(bucket, path)
        assert [row.ids[0] for row in snapshot.affected("npm", "pkg0")] == ["GHSA-0"]
    assert names(path, "npm", "pkg0") == ["GHSA-X"]


def test_a_killed_update_harms_nothing(tmp_path: Path) -> None:
    bucket, path = write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db"
    run(bucket, path)
    before = path.read_bytes()
    more = [record(f"GHSA-n{n}", "npm", f"new{n}", modified="2026-06-01T00:00:00Z") for n in range(3_000)]
    write(bucket, {"npm": [*NPM, *more]}, singles=False)
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from surveyor.scan.advise import sources, update
        from surveyor.scan.advise.build import Collection
        from surveyor.scan.advise.feeds import feed
        from surveyor.scan.events import Progress
        put = Collection.put
        def slow(self, entry, modified, items):
            put(self, entry, modified, items)
            if entry == "GHSA-n2500":
                print("in the middle", flush=True)
                time.sleep(60)
        Collection.put = slow
        wanted = sources.want(feed("osv"), sys.argv[1], fetch=None)
        update.update([wanted], Path(sys.argv[2]), progress=Progress())
        """
    )
    source = str(Path(__file__).resolve().parents[4] / "src")
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(bucket), str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"in the middle\n"
    assert path.with_name("a.db.new").exists()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert path.read_bytes() == before
    assert run(bucket, path).collections[0].rows == 3_005
    assert not path.with_name("a.db.new").exists()


def test_over_a_socket_with_validators(tmp_path: Path) -> None:
    folder, path = write(tmp_path / "b", {"npm": NPM, "Go": GO, "Rocky Linux": []}), tmp_path / "a.db"
    with serve(folder) as bucket:
        first = run(bucket.url, path, fetch=client(bucket).fetch)
        assert {item.scope: item.rows for item in first.collections} == {"Go": 1, "Rocky Linux": 0, "npm": 5}
        bucket.asked.clear()
        second = run(bucket.url + "/", path, fetch=client(bucket).fetch)
        assert {item.action for item in second.collections} == {Action.UNCHANGED}
        assert bucket.asked == [
            ("/ecosystems.txt", 200),
            ("/Go/modified_id.csv", 304),
            ("/Rocky Linux/modified_id.csv", 304),
            ("/npm/modified_id.csv", 304),
        ]
        bucket.asked.clear()
        write(folder, {"npm": [*NPM, record("GHSA-new+1", "npm", "pkg0", modified="2026-08-01T00:00:00Z")]})
        run(bucket.url, path, fetch=client(bucket).fetch, ecosystems=("npm",))
        assert bucket.asked == [("/npm/modified_id.csv", 200), ("/npm/GHSA-new+1.json", 200)]
    assert names(path, "npm", "pkg0") == ["GHSA-0", "GHSA-new+1"]


def test_many_changes_are_had_as_one_zip_and_server_errors_are_told(tmp_path: Path) -> None:
    many = [record(f"GHSA-{n}", "npm", f"pkg{n}") for n in range(300)]
    folder, path = write(tmp_path / "b", {"npm": many, "Go": GO}, singles=False), tmp_path / "a.db"
    with serve(folder) as bucket:
        bucket.broken["/Go/modified_id.csv"] = 503
        result = run(bucket.url, path, fetch=client(bucket).fetch)
        assert ("/npm/all.zip", 200) in bucket.asked
        by_name = {item.scope: item for item in result.collections}
        assert by_name["npm"].rows == 300
        assert by_name["Go"].action is Action.FAILED
        assert "HTTP 503" in by_name["Go"].notes[0]


def test_resolve_takes_a_database_a_bucket_or_a_url(tmp_path: Path, events: list[Event], progress: Progress) -> None:
    folder, cache = write(tmp_path / "b", {"npm": NPM}), tmp_path / "cache"
    made = resolve(str(folder), cache, no_network, progress)
    assert made.parent == cache
    assert names(made, "npm", "pkg0") == ["GHSA-0"]
    assert resolve(str(folder), cache, no_network, progress) == made
    assert resolve(str(made), cache, no_network, progress) == made
    with pytest.raises(BadTarget):
        resolve(str(tmp_path / "nowhere"), cache, no_network, progress)
    (tmp_path / "readme.db").write_text("")
    with pytest.raises(Unsupported):
        resolve(str(tmp_path / "readme.db"), cache, no_network, progress)
    with serve(folder) as bucket:
        web = resolve(bucket.url, cache, client(bucket).fetch, progress)
        assert web != made
        bucket.broken["/ecosystems.txt"] = 500
        assert resolve(bucket.url, cache, client(bucket).fetch, progress) == web
        assert "osv.warn" in [event.stage for event in events]
        with pytest.raises(Unreachable):
            resolve(bucket.url + "/else", cache, client(bucket).fetch, progress)


def test_the_shared_bucket(shared_dir: Path, tmp_path: Path) -> None:
    result = run(shared_dir / "advisories" / "bucket", tmp_path / "a.db")
    assert not result.failed
    assert sum(item.rows for item in result.collections) > 30_500
    assert sum(item.withdrawn for item in result.collections) > 40
    assert sum(item.broken for item in result.collections) == 0
    with open_snapshot(tmp_path / "a.db") as snapshot:
        assert len(snapshot.affected("Debian:12", "linux")) > 4_000


def test_update_is_given_its_time(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    moment = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
    run(write(tmp_path / "b", {"npm": NPM}), tmp_path / "a.db", now=lambda: moment)
    assert status(tmp_path / "a.db")[0].updated_at == moment
