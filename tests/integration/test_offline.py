"""``--offline`` proved: in every process of the scan a socket for a network and a look-up of a name fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveyor.scan.advise.build import Builder
from surveyor.scan.advise.feeds import FEEDS
from surveyor.scan.advise.record import Advisory, Affected, Exploited, Fact, Mark
from tests import images

#: Read by every interpreter that starts with its folder on the path.
BLOCK = """
import os, sys, socket
ASKED = {"socket.connect", "socket.sendto", "socket.bind"}
NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
def hook(event, args):
    network = event == "socket.__new__" and args[1] != socket.AF_UNIX
    # the address of a Unix socket is a path
    if network or event in NAMES or event in ASKED and not isinstance(args[1], (str, bytes)):
        with open(os.environ["ASKED"], "a") as file:
            file.write(event + "\\n")
        raise OSError("no network: " + event)
sys.addaudithook(hook)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder with a database of every feed, all had just now."""
    place = tmp_path / "home" / "advisories"
    place.mkdir(parents=True)
    builder, now = Builder(place / "advisories.db", base=None), datetime.now(UTC).isoformat(timespec="seconds")
    debian = Affected(ecosystem="Debian:12", name="expat", ranges=(("i", "0", "f", "2.6"),))
    npm = Affected(ecosystem="npm", name="lodash", ranges=(("i", "0", "f", "4.17.21"),))
    fact = Fact(cve="CVE-2024-1", score=0.5, percentile=0.9, exploited=Exploited(added="2024-01-01"))
    for feed in FEEDS:
        for scope in ("Debian", "npm") if feed.id == "osv" else ("",):
            with builder.collection(feed.id, scope) as collection:
                if feed.id in {"epss", "kev", "nvd"}:
                    collection.put(fact.cve, now, (fact,))
                else:
                    advisory = Advisory(id="CVE-2024-1", modified=now, affected=(npm if scope == "npm" else debian,))
                    collection.put(advisory.id, now, (advisory,))
                collection.finish(Mark(date=now, updated_at=now))
    builder.close()
    return place.parent


@pytest.fixture
def image(tmp_path: Path) -> Path:
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


def blocked(tmp_path: Path, home: Path, *words: object) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """A command without a network, and what it asked of one."""
    hooks, asked = tmp_path / "hooks", tmp_path / "asked"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(BLOCK)
    done = subprocess.run(
        [sys.executable, "-m", "surveyor", *map(str, words)],
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "SURVEYOR_HOME": str(home),
            "PYTHONPATH": os.pathsep.join([str(hooks), *filter(None, sys.path)]),
            "ASKED": str(asked),
        },
        timeout=120,
        check=False,
    )
    return done, asked.read_text().splitlines() if asked.exists() else []


def test_an_artifact_is_scanned_with_every_feed_and_no_network(tmp_path: Path, home: Path, image: Path) -> None:
    done, asked = blocked(tmp_path, home, "scan", image, "--offline", "--format", "json")
    assert asked == []
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["scan_status"] == "complete"
    assert {source["feed"] for source in report["sources"]} >= {"osv:Debian", "osv:npm", "epss", "kev", "nvd"}
    assert {(one["rule"], one["epss"], one["kev"]) for one in report["findings"]} == {("CVE-2024-1", 0.5, True)}
    assert len(report["findings"]) == 2


def test_the_block_notes_what_a_scan_asks_of_a_network(tmp_path: Path, home: Path) -> None:
    done, asked = blocked(tmp_path, home, "scan", "http://127.0.0.1:9/", "--allow-host", "127.0.0.1:9")
    assert asked
    assert done.returncode in {2, 3}
