"""What a scan tells of each family of artifacts: every stage that applies, in order."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan import engine, limits, vocabulary
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.engine import digests
from surveyor.scan.events import Event, Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import sboms
from tests.apple.hfs import volume
from tests.apple.udif import image
from tests.discs import iso
from tests.images import DEBIAN, deb, docker_save, npm, pack, tar
from tests.programs import elf, go_inline
from tests.repositories import element, index, primary
from tests.servers.osv_bucket import record, write
from tests.unit.scan.acquire.test_trees import zipped

APP = {"app/node_modules/lodash/package.json": npm("lodash", "4.17.15")}
SYSTEM = {"usr/lib/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}
RPMS = {"repodata/primary.xml": primary([element("bash", "0:5.2-1")])}
DEBS = {"dists/bookworm/main/binary-amd64/Packages": index(("bash", "5.2", ""))}
#: What of each family is scanned, and the stages that only it has.
FAMILIES = {
    "container": (docker_save([tar(SYSTEM), tar(APP)]), set()),
    "archive": (zipped(APP), {"archive.type", "archive.type.timing"}),
    "iso": (iso({**APP, **RPMS}), {"iso.detect", "iso.detect.timing", "iso.repodata", "iso.repodata.timing"}),
    "dmg": (image(volume(APP)), set()),
    "binary": (
        elf({".go.buildinfo": go_inline()}),
        {"binary.type", "binary.type.timing", "binary.hardening", "binary.hardening.timing"},
    ),
    "sbom": (sboms.cyclonedx_json(), set()),
}
EVERY = {
    *("scan.start", "scan.open", "scan.summary", "scan.done"),
    *("osv.query.start", "osv.query.done", "osv.timing"),
}
PARTS = {
    *("extract", "extract.timing", "layers", "layers.timing", "packages", "packages.app", "hash.timing"),
    *("packages.timing", "packages.app.timing"),
    *("osv.query", "osv.query.timing", "osv.query.done"),
}
#: Stages of the second seed's table whose events count something.
COUNTING = re.compile(r"\.(?:extract|layers|packages|packages\.app|osv\.query|osv\.query\.done|repodata|hardening)$")


@pytest.fixture(scope="module")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    database = folder / "advisories.db"
    bucket = write(folder / "bucket", {"npm": [record("GHSA-1", "npm", "lodash", fixed="4.17.21")]})
    update([want(feed("osv"), bucket, fetch=_no_network)], database, progress=Progress())
    return database


def _no_network(url: str, **_: Any) -> Any:
    raise AssertionError(f"asked the network for {url}")


def told(folder: Path, data: bytes, advisories: Path | None = None) -> list[Event]:
    path, events = folder / "artifact", list[Event]()
    path.write_bytes(data)
    engine.run(plan(str(path)), Settings(advisories=advisories), Progress(events.append))
    return events


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_tells_every_stage_of_its_own(tmp_path: Path, advisories: Path, family: str) -> None:
    data, own = FAMILIES[family]
    events = told(tmp_path, data, advisories)
    expected = EVERY | {f"{family}.{part}" for part in PARTS} | own
    # advisories of some ecosystems are not there, which is told as an error of the look-up
    assert {event.stage for event in events} - {"osv.err"} == expected
    assert all(vocabulary.is_known(event.stage) for event in events)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_event_comes_first_and_percent_never_goes_back(tmp_path: Path, advisories: Path, family: str) -> None:
    events = told(tmp_path, FAMILIES[family][0], advisories)
    assert (events[0].stage, events[0].pct) == ("scan.start", 1)
    rising = [event.pct for event in events if event.pct is not None]
    assert rising == sorted(rising)
    assert (events[-1].stage, rising[-1]) == ("scan.done", 100)
    assert len(set(rising)) >= 7


@pytest.mark.parametrize("family", FAMILIES)
def test_steps_count_and_times_are_milliseconds(tmp_path: Path, advisories: Path, family: str) -> None:
    events = told(tmp_path, FAMILIES[family][0], advisories)
    for event in events:
        if event.stage.endswith(".timing"):
            assert (event.detail, event.level) == (f"ms={event.data['ms']}", "debug")
            assert isinstance(event.data["ms"], int)
        elif COUNTING.search(event.stage):
            assert re.search(r"[0-9]", event.detail) or event.detail == "none", event


def test_a_file_that_is_inflated_first_tells_how_far_it_is_and_so_does_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_TICK", 0.0)
    opening = [
        one for one in told(tmp_path, pack(tar({**SYSTEM, "x": bytes(3 << 20)}), "gzip")) if one.stage == "scan.open"
    ]
    counts = [one.data["inflated"] for one in opening[1:]]
    assert counts == sorted(counts)
    assert counts[-1] > 3 << 20
    assert {one.pct for one in opening} == {2, 3}
    read, more = list[int](), threading.Event()

    def tick(count: int) -> None:
        read.append(count)
        more.set()

    monkeypatch.setattr(digests, "_TICK", 0.001)
    monkeypatch.setattr(digests.FileDigest, "_take", lambda _: more.wait())
    assert digests.FileDigest(tmp_path / "artifact", None).result(tick) is None
    assert read[0] == 0


@pytest.mark.parametrize(
    ("files", "detail"),
    [(RPMS, "repodata=1 debian_index=0"), (DEBS, "repodata=0 debian_index=1")],
    ids=["rpm", "debian"],
)
def test_the_repository_of_a_disc_is_told(tmp_path: Path, files: dict[str, bytes], detail: str) -> None:
    assert [event.detail for event in told(tmp_path, iso(files)) if event.stage == "iso.repodata"] == [detail]


def test_a_disc_without_a_repository_tells_of_none_and_which_tree_is_read(tmp_path: Path) -> None:
    events = told(tmp_path, iso(APP))
    assert "iso.repodata" not in {event.stage for event in events}
    assert [event.detail for event in events if event.stage == "iso.detect"] == ["ISO 9660 with Rock Ridge, DISC"]


def test_what_is_opened_inside_is_told_by_its_path_and_what_cannot_be_too(tmp_path: Path) -> None:
    inner, broken = zipped(APP), b"PK\3\4" + bytes(40)
    events = told(tmp_path, zipped({"in/a.zip": inner, "in/b.zip": broken}))
    inside = {event.stage: event.detail for event in events if ".nested" in event.stage}
    assert inside["archive.extract.nested"].startswith("in/a.zip: archive/zip, ")
    assert "in/b.zip" in inside["archive.extract.nested.err"]
    assert all(vocabulary.is_known(event.stage) for event in events)


def test_what_cannot_be_opened_says_how_long_that_took(tmp_path: Path) -> None:
    events = told(tmp_path, b"nothing that anybody knows")
    assert [event.stage for event in events] == ["scan.start", "scan.open", "scan.open.timing", "scan.error"]


def test_a_cut_outer_file_is_an_error_of_the_family_it_is_of(tmp_path: Path) -> None:
    events = told(tmp_path, pack(zipped(APP), "xz")[:-8])
    assert "archive.extract.err" in {event.stage for event in events}


def test_without_advisories_nothing_is_said_to_be_done(tmp_path: Path) -> None:
    stages = {event.stage for event in told(tmp_path, zipped(APP))}
    assert "archive.osv.query.warn" in stages
    assert "archive.osv.query.done" not in stages
