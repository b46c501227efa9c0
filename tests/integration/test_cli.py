"""The command line as a person runs it: real processes, real files, exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from surveyor.scan import vocabulary
from surveyor.scan.report import json as report_json
from tests import images
from tests.servers.osv_bucket import record, serve, write
from tests.servers.web import Site

Surveyor = Callable[..., "subprocess.CompletedProcess[str]"]
HIGH = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}]


@pytest.fixture
def surveyor(tmp_path: Path) -> Surveyor:
    """Runs ``surveyor`` with a data folder of its own and nothing from this environment."""
    environment = {
        "PATH": os.environ["PATH"],
        "SURVEYOR_CHROMIUM": "off",
        "SURVEYOR_HOME": str(tmp_path / "home"),
        "HOME": str(tmp_path),
    }

    def run(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "surveyor", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, env=environment | more, timeout=60, check=False)

    return run


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    """Advisories: one rated high, one that nobody has rated."""
    return write(
        tmp_path / "bucket",
        {
            "Debian": [record("DEBIAN-CVE-2024-1", "Debian:12", "expat", fixed="2.6", upstream=["CVE-2024-1"])],
            "npm": [record("GHSA-1", "npm", "lodash", fixed="4.17.21", aliases=["CVE-2021-23337"], severity=HIGH)],
        },
    )


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A Debian image with one vulnerable package of each kind."""
    layer = images.tar(
        {
            "etc/os-release": images.DEBIAN,
            "var/lib/dpkg/status": images.deb("libexpat1", "2.5.0-1", source="expat"),
            "app/node_modules/lodash/package.json": images.npm("lodash", "4.17.15"),
        }
    )
    path = tmp_path / "image.tar"
    path.write_bytes(images.docker_save([images.pack(layer, "gzip")]))
    return path


@pytest.fixture
def debian_only(tmp_path: Path) -> Path:
    """An image whose only package is one that nobody rated the flaw of."""
    layer = images.tar(
        {"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("libexpat1", "2.5.0-1", source="expat")}
    )
    path = tmp_path / "debian.tar"
    path.write_bytes(images.docker_save([layer]))
    return path


def test_without_advisories_packages_are_told_and_the_scan_is_incomplete(surveyor: Surveyor, image: Path) -> None:
    done = surveyor("scan", image, "--format", "json")
    report = report_json.decode(done.stdout.encode())
    assert done.returncode == 3
    assert [package.name for package in report.packages] == ["libexpat1", "lodash"]
    assert any(entry.what == "advisories" and entry.state == "missing" for entry in report.coverage)


def test_update_over_http_then_scan_then_status(surveyor: Surveyor, bucket: Path, image: Path) -> None:
    with serve(bucket) as server:
        made = surveyor("db", "update", "--from", server.url)
        assert made.returncode == 0, made.stderr
        again = surveyor("db", "update", "--from", server.url, "--quiet")
    assert "unchanged" in again.stdout
    assert again.stderr == ""
    status = surveyor("db", "status")
    (line,) = (line for line in status.stdout.splitlines() if line.startswith("osv:Debian"))
    day, _, _ = (bucket / "Debian" / "modified_id.csv").read_text().partition("T")
    assert day in line
    assert "today" in line
    assert "stale" not in line
    done = surveyor("scan", image)
    assert done.returncode == 0
    assert "CVE-2024-1: deb/debian/expat" in done.stdout
    assert "CVE-2021-23337: npm/lodash" in done.stdout
    assert "1 high, 0 medium, 0 low, 1 unknown" in done.stdout
    # piped: plain lines of progress, none of it among the report
    assert "scan.start" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("gate", "code"), [("critical", 0), ("high", 1), ("low", 1), ("unknown", 1), ("critical,unknown", 1)]
)
def test_the_gate(surveyor: Surveyor, bucket: Path, image: Path, gate: str, code: int) -> None:
    assert surveyor("scan", image, "--advisories", bucket, "--fail-on", gate, "--quiet").returncode == code


def test_a_gate_on_severity_ignores_what_nobody_rated(surveyor: Surveyor, bucket: Path, debian_only: Path) -> None:
    done = surveyor("scan", debian_only, "--advisories", bucket, "--fail-on", "low", "--quiet")
    assert done.returncode == 0
    assert "1 unknown" in done.stdout


def test_output_and_progress_files(surveyor: Surveyor, bucket: Path, image: Path, tmp_path: Path) -> None:
    output, events = tmp_path / "report.json", tmp_path / "events.ndjson"
    done = surveyor(
        "scan",
        image,
        "--advisories",
        bucket,
        "--format",
        "json",
        "--output",
        output,
        "--progress-file",
        events,
        "--quiet",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(report_json.decode(output.read_bytes()).findings) == 2
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert {"ts", "stage", "detail", "level", "component", "event"} <= set(lines[0])
    assert [line["stage"] for line in lines if not vocabulary.is_known(line["stage"])] == []
    assert lines[-1]["stage"] == "scan.done"


def test_a_page_on_an_allowed_host(surveyor: Surveyor, site: Site) -> None:
    site.page("/", "<!doctype html><html lang=en><title>t</title><h1>x</h1>")
    done = surveyor("scan", site.url("/"), "--allow-host", f"{site.host}:{site.port}", "--quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Content-Security-Policy missing" in done.stdout
    # not configured is told and changes no exit code
    assert "PageSpeed Insights key" in done.stdout


def test_a_private_page_is_refused_with_the_rule(surveyor: Surveyor, site: Site) -> None:
    done = surveyor("scan", site.url("/"), "--format", "json", "--quiet")
    report = report_json.decode(done.stdout.encode())
    assert done.returncode == 2
    assert {entry.reason for entry in report.coverage} == {"address_loopback"}
    assert site.requests == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["scan", "no/such/file"], "no such file"),
        (["scan", "ftp://example.test/"], "only http and https"),
        (["scan", ".", "--fail-on", "severe"], "--fail-on"),
        (["scan", ".", "--allow-host", ":80"], "--allow-host"),
        (["scan", ".", "--advisories", "no/such/place"], "--advisories no/such/place: no such directory"),
        (["scan", ".", "--advisories", "https://mirror.test/", "--offline"], "--offline"),
        (["scan", ".", "--format", "pdf"], "pdf"),
        (["scan"], "target"),
        (["db", "status"], "no advisory database"),
        (["db", "update", "--from", "no/such/folder"], "no such directory"),
        (["nonsense"], "nonsense"),
        # a pipeline's unset variable must not scan the present directory, pass the gate or take the default
        (["scan", ""], "TARGET must not be empty"),
        (["scan", ".", "--fail-on", ""], "--fail-on must not be empty"),
        (["scan", ".", "--fail-on="], "--fail-on must not be empty"),
        (["scan", ".", "--advisories", ""], "--advisories must not be empty"),
        (["scan", ".", "--output", ""], "--output must not be empty"),
        (["scan", ".", "--progress-file", ""], "--progress-file must not be empty"),
        (["scan", ".", "--allow-host", "a.test", "--allow-host", ""], "--allow-host must not be empty"),
        (["db", "update", "--from", ""], "--from must not be empty"),
        (["admin", "key", "revoke", ""], "KEY must not be empty"),
        (["db", "update", "--from", "ftp://x/"], "--from ftp://x/: only http and https"),
        (["scan", ".", "--advisories", "{notes}"], "--advisories {notes}: file is not a database; expected"),
        (["scan", "notaurl"], "begins with http:// or https://"),
        (["scan", ".", "--output", "no/such/folder/r.json"], "--output no/such/folder/r.json: cannot be written: No"),
        (["scan", ".", "--output", "."], "--output .: is a directory"),
        (["scan", ".", "--progress-file", "no/such/p"], "--progress-file no/such/p: cannot be written: No such"),
    ],
)
def test_bad_usage_is_one_sentence_and_two(surveyor: Surveyor, tmp_path: Path, words: list[str], told: str) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    done = surveyor(*(word.replace("{notes}", str(notes)) for word in words))
    assert done.returncode == 2
    assert told.replace("{notes}", str(notes)).lower() in done.stderr.lower()
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("SURVEYOR_ALLOW_HOSTS", "bad:port"), ("SURVEYOR_PSI_BASE", "not a url"), ("SURVEYOR_FEED_OSV", "ftp://x/")],
)
def test_a_bad_setting_is_named_by_its_own_name(surveyor: Surveyor, name: str, value: str) -> None:
    done = surveyor("db", "update", **{name: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"surveyor: {name} ") or done.stderr.startswith(f"surveyor: {name}:")
    assert "expected" in done.stderr
    assert done.stderr.count("\n") == 1


def test_missing_advisories_are_named_by_their_path(surveyor: Surveyor, image: Path) -> None:
    done = surveyor("scan", image, "--quiet", SURVEYOR_ADVISORIES="/nope/a.db")
    assert done.returncode == 3
    assert "/nope/a.db" in done.stderr
    assert "surveyor db update" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="root can become somebody else")
def test_a_place_that_is_not_ours_is_a_sentence(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    # once as root, who alone can read the interpreter's files; what is imported by then is enough
    script = (
        "import contextlib, os, sys; from surveyor.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['scan', '/no/such'])\n"
        "os.setgid(65534); os.setuid(65534); main(['scan', sys.argv[1]])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(closed / "x")],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        timeout=60,
        check=False,
        cwd="/",
    )
    assert (done.returncode, done.stdout) == (2, "")
    # as nobody even the folder above may be closed
    assert done.stderr.splitlines()[1:] == [f"surveyor: {closed / 'x'}: cannot be opened: Permission denied"]


@pytest.mark.parametrize("url", ["http://user:pw123@{host}/", "http://user:pw/123@{host}/", "ftp://user:pw123@h/"])
def test_a_password_in_the_address_is_refused_and_told_nowhere(
    surveyor: Surveyor, site: Site, tmp_path: Path, url: str
) -> None:
    events, output = tmp_path / "e.ndjson", tmp_path / "r.json"
    target = url.replace("{host}", f"{site.host}:{site.port}")
    options = ["--allow-host", site.host, "--progress-file", events, "--output", output, "--format", "json"]
    done = surveyor("scan", target, *options)
    assert done.returncode == 2
    told = done.stdout + done.stderr + "".join(f.read_text() for f in (events, output) if f.exists())
    assert "pw" not in told
    if url.startswith("http:"):
        assert "userinfo" in done.stderr
    assert site.requests == []
    for words in (
        ("db", "update", "--from", target),
        ("db", "update", "--from", f"osvv={target}"),
        ("scan", tmp_path, "--advisories", target),
        ("scan", tmp_path, "--offline", "--advisories", target),
    ):
        mirror = surveyor(*words)
        assert mirror.returncode == 2, words
        assert "pw" not in mirror.stdout + mirror.stderr, words
        assert "Traceback" not in mirror.stderr


def test_a_refused_address_names_the_way_out(surveyor: Surveyor, site: Site) -> None:
    done = surveyor("scan", site.url("/"), "--quiet")
    assert done.returncode == 2
    assert "--allow-host HOST[:PORT]" in done.stderr
    assert "SURVEYOR_ALLOW_HOSTS" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def _limited() -> None:
    """No file of this process may grow over 64 kB, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10))


@pytest.mark.parametrize("limit", [None, _limited])
def test_a_full_disk_keeps_the_database_that_was_there(
    surveyor: Surveyor, small_disk: Path, bucket: Path, tmp_path: Path, limit: Callable[[], None] | None
) -> None:
    database = (tmp_path if limit else small_disk) / "advisories.db"
    assert surveyor("db", "update", "--from", bucket, SURVEYOR_ADVISORIES=str(database)).returncode == 0
    before = database.read_bytes()
    many = [
        record(f"GHSA-{n}", "npm", secrets.token_hex(200), fixed="1", summary=secrets.token_hex(900))
        for n in range(900)
    ]
    write(bucket, {"npm": many})
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SURVEYOR_ADVISORIES": str(database)}
    done = subprocess.run(
        [sys.executable, "-m", "surveyor", "db", "update", "--from", str(bucket), "--quiet"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
        preexec_fn=limit,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"surveyor: {database} was not updated: ")
    assert done.stderr.endswith("; what was there before stays\n")
    assert done.stderr.count("\n") == 1
    assert database.read_bytes() == before
    assert sorted(file.name for file in database.parent.glob("advisories.db*")) == [
        "advisories.db",
        "advisories.db.lock",
    ]


def test_a_report_that_cannot_be_written_is_not_lost(
    surveyor: Surveyor, small_disk: Path, bucket: Path, image: Path, tmp_path: Path
) -> None:
    output, events = small_disk / "report.json", small_disk / "events.ndjson"
    output.write_text("the one before")
    (small_disk / "ballast").write_bytes(bytes(240 << 10))
    words = ["scan", image, "--advisories", bucket, "--format", "json", "--output", output, "--quiet"]
    done = surveyor(*words, "--fail-on", "critical", "--progress-file", events)
    assert done.returncode == 2
    assert len(report_json.decode(done.stdout.encode()).findings) == 2
    assert f"--output {output}: cannot be written: No space left on device; the report is on standard" in done.stderr
    assert output.read_text() == "the one before"
    assert sorted(file.name for file in small_disk.iterdir()) == ["ballast", "events.ndjson", "report.json"]
    events.write_bytes(b"")
    with (small_disk / "ballast").open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(1 << 10)):
            pass
    done = surveyor("scan", image, "--advisories", bucket, "--quiet", "--progress-file", events)
    assert done.returncode == 2
    assert "2 findings" in done.stdout
    assert done.stderr == f"surveyor: --progress-file {events}: ends early: No space left on device\n"


def test_a_report_takes_its_place_whole(surveyor: Surveyor, bucket: Path, image: Path, tmp_path: Path) -> None:
    output, link = tmp_path / "out" / "report.json", tmp_path / "link.json"
    output.parent.mkdir()
    output.write_text("x" * 100_000)
    output.chmod(0o640)
    link.symlink_to(output)
    words = ["scan", image, "--advisories", bucket, "--format", "json", "--quiet", "--output"]
    assert surveyor(*words, link).returncode == 0
    assert len(report_json.decode(output.read_bytes()).findings) == 2
    assert output.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert [file.name for file in output.parent.iterdir()] == ["report.json"]
    assert report_json.decode(surveyor(*words, "/dev/stdout").stdout.encode()).findings
    # what could not be scanned writes a report too, what is bad usage touches nothing
    before = output.read_bytes()
    assert surveyor("scan", "no/such", "--output", output).returncode == 2
    assert output.read_bytes() == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
@pytest.mark.parametrize("words", [["scan", "{image}", "--quiet"], ["--version"], ["--help"], ["db", "status"]])
def test_output_that_nobody_can_take_is_no_failed_gate(
    surveyor: Surveyor, bucket: Path, image: Path, tmp_path: Path, words: list[str]
) -> None:
    assert surveyor("db", "update", "--from", bucket).returncode == 0
    environment = {"PATH": os.environ["PATH"], "SURVEYOR_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "surveyor", *(word.replace("{image}", str(image)) for word in words)]
    with Path("/dev/full").open("wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    assert done.returncode == 2
    assert b"No space left on device" in done.stderr
    assert done.stderr.count(b"\n") == 1, done.stderr


def test_a_deaf_terminal_does_not_turn_the_gate_off(bucket: Path, image: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SURVEYOR_HOME": str(tmp_path / "home")}
    words = ["scan", str(image), "--advisories", str(bucket), "--fail-on", "high"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        command = [sys.executable, "-m", "surveyor", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=out, env=environment, timeout=60, check=False)
    assert done.returncode == 1
    assert b"2 findings" in done.stdout


def test_a_defect_is_shown_whole_and_is_no_failed_gate(tmp_path: Path) -> None:
    script = (
        "import surveyor.cli.scan as s\ndef broken(target, **more): raise KeyError('defect')\n"
        "s.plan = broken\nfrom surveyor.cli import main\nmain(['scan', '.'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "KeyError: 'defect'" in done.stderr
    assert done.stderr.endswith("please report it with the lines above\n")


def test_what_is_no_artifact(surveyor: Surveyor, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    done = surveyor("scan", path, "--quiet")
    assert done.returncode == 2
    assert "Could not scan" in done.stdout


def test_a_database_that_does_not_answer_is_one_sentence(surveyor: Surveyor) -> None:
    for command in (["migrate"], ["serve"], ["worker"], ["admin", "team", "list"]):
        done = surveyor(*command, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
        assert done.returncode == 2, command
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error(image: Path, bucket: Path, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SURVEYOR_HOME": str(tmp_path / "home")}
    words = ["scan", str(image), "--quiet", "--format", "json", "--advisories", str(bucket)]
    command = [sys.executable, "-m", "surveyor", *words]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    assert done.stderr == b""
