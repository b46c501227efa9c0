"""What is kept of whole files: the same answer and the same words, for the very same bytes and question only."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from surveyor.scan import engine
from surveyor.scan.engine import artifact as pipeline
from surveyor.scan.engine import images, results, seen
from surveyor.scan.engine.digests import Digests
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.seen import Seen
from surveyor.scan.events import Event, Progress
from surveyor.scan.formats.protection import Protection
from surveyor.scan.limits import Limits
from surveyor.scan.model import (
    Coverage,
    CoverageState,
    Distro,
    Evidence,
    Location,
    Package,
    Presence,
    Report,
    ScanStatus,
    SourcePackage,
    Tier,
)
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.discs import iso
from tests.golden.test_inventory import image
from tests.images import DEBIAN, deb, docker_save, npm, purls, tar
from tests.programs import elf, go_inline

LAYER = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "srv/node_modules/a/package.json": npm("a", "1"),
    "srv/node_modules/broken/package.json": b"{",
    "srv/app": elf({".go.buildinfo": go_inline()}),
}
#: Seconds after a file was written at which its digest is remembered.
LATER = 10.0


class Ground:
    """One file, scanned again and again, and how often it was really read."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.cache, self.reads = folder / "artifact", folder / "cache", 0
        self.events: list[Event] = []
        self.late = LATER
        look = images.look

        def counted(*given: Any) -> Seen:
            self.reads += 1
            return look(*given)

        monkeypatch.setattr(images, "look", counted)
        monkeypatch.setattr(pipeline, "Digests", lambda folder: Digests(folder=folder, clock=self.clock))

    def clock(self) -> float:
        return self.path.stat().st_ctime + self.late

    def _write(self, data: bytes) -> None:
        """Touch the file for everybody to see: a filesystem's clock may stand still for some milliseconds."""
        before = self.path.stat().st_ctime_ns if self.path.exists() else None
        self.path.write_bytes(data)
        while self.path.stat().st_ctime_ns == before:
            self.path.write_bytes(data)

    def scan(self, data: bytes | None = None, *, limits: Limits | None = None, **asked: Any) -> Report:
        """Scan the file, of these bytes from now on."""
        if data is not None:
            self._write(data)
        self.events = []
        settings = Settings(layer_cache=self.cache, limits=limits or Limits())
        return engine.run(plan(str(self.path), **asked), settings, Progress(self.events.append))

    @property
    def told(self) -> list[tuple[object, ...]]:
        """What was told, but for times and how far a walk is."""
        return [
            (event.stage, event.detail, event.level, event.pct, event.data)
            for event in self.events
            if not event.stage.endswith((".timing", ".layers"))
        ]


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(tmp_path, monkeypatch)


def said(report: Report) -> tuple[object, ...]:
    return report.target, report.packages, report.coverage, report.findings, report.scan_status, report.scanner


@pytest.mark.parametrize(
    "data",
    [image(), docker_save([tar(LAYER)]), iso(LAYER), elf({".go.buildinfo": go_inline()})],
    ids=["oci", "docker", "iso", "binary"],
)
def test_the_second_time_says_and_tells_the_same_and_opens_nothing(ground: Ground, data: bytes) -> None:
    first, told = said(ground.scan(data)), ground.told
    assert ground.reads == 1
    assert said(ground.scan()) == first
    assert ground.reads == 1
    assert ground.told == told
    rising = [event.pct for event in ground.events if event.pct is not None]
    assert rising == sorted(rising)
    stages = {event.stage.partition(".")[2] for event in ground.events}
    assert {"extract.timing", "layers", "layers.timing", "hash.timing"} <= stages


def test_a_file_of_other_bytes_or_that_was_touched_is_read(ground: Ground) -> None:
    ground.scan(docker_save([tar(LAYER)]))
    other = docker_save([tar({"srv/node_modules/b/package.json": npm("b", "1")})])
    assert purls(ground.scan(other)) == ["pkg:npm/b@1"]
    os.utime(ground.path, (1, 1))  # a second writing may fall into the same tick of the filesystem's clock
    ground.scan()
    assert ground.reads == 3
    ground.scan()
    assert ground.reads == 3


def test_nothing_is_kept_of_a_file_that_was_just_written(ground: Ground) -> None:
    ground.late = 1.0
    ground.scan(docker_save([tar(LAYER)]))
    ground.scan()
    assert ground.reads == 2


def test_nothing_is_kept_of_a_file_that_was_written_while_it_was_read(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, later = images.look, docker_save([tar({"srv/node_modules/b/package.json": npm("b", "1")})])

    def meanwhile(*given: Any) -> Seen:
        found = look(*given)
        ground.path.write_bytes(later)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(images, "look", meanwhile)
        ground.scan(docker_save([tar(LAYER)]))
    assert purls(ground.scan()) == ["pkg:npm/b@1"]


def test_another_question_is_another_answer(ground: Ground) -> None:
    data = docker_save([tar(LAYER)])
    ground.scan(data)
    ground.scan(limits=Limits(packages=40_000))
    assert ground.reads == 2
    ground.scan(platform="linux/amd64")
    assert ground.reads == 3
    ground.scan()
    assert ground.reads == 3


def test_an_installation_that_was_changed_has_other_answers(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.scan(docker_save([tar(LAYER)]))
    monkeypatch.setattr(results, "INSTALLED", "of another day")
    ground.scan()
    assert ground.reads == 2


def test_every_source_file_counts_though_its_size_and_time_are_what_they_were(tmp_path: Path) -> None:
    unit = tmp_path / "catalog" / "unit.py"
    unit.parent.mkdir()
    unit.write_text("VERSION = 1")
    os.utime(unit, (315532800, 315532800))
    before = results._installed(tmp_path, ())
    assert results._installed(tmp_path, ()) == before
    new = tmp_path / "new"
    new.write_text("VERSION = 2")
    os.utime(new, (315532800, 315532800))
    new.replace(unit)
    assert results._installed(tmp_path, ()) != before


def test_a_library_of_another_version_counts(tmp_path: Path) -> None:
    site, none = tmp_path / "site", str(tmp_path / "none")
    (site / "reader-1.0.dist-info").mkdir(parents=True)
    before = results._installed(tmp_path, [none, str(site)])
    (site / "reader-1.0.dist-info").rename(site / "reader-1.1.dist-info")
    assert results._installed(tmp_path, [none, str(site)]) != before


@pytest.mark.parametrize("limits", [Limits(packages=1), Limits(file_bytes=10)], ids=["packages", "bytes"])
def test_what_a_limit_cut_is_not_kept(ground: Ground, limits: Limits) -> None:
    ground.scan(docker_save([tar(LAYER)]), limits=limits)
    ground.scan(limits=limits)
    assert ground.reads == 2


def test_a_file_of_which_nothing_was_seen_is_looked_at_again(ground: Ground) -> None:
    first = ground.scan(docker_save([b"\x1f\x8b\x08\x00"]))
    assert first.scan_status is ScanStatus.FAILED
    assert said(ground.scan()) == said(first)
    assert ground.reads == 2


def test_a_file_whose_digest_the_caller_took_is_known_by_that(ground: Ground) -> None:
    ground.late = 0.0  # no digest is remembered
    ground.path.write_bytes(docker_save([tar(LAYER)]))
    request = replace(plan(str(ground.path)), digest="sha256:" + "ab" * 32)
    settings = Settings(layer_cache=ground.cache)
    reports = [engine.run(request, settings, Progress()) for _ in range(2)]
    assert said(reports[0]) == said(reports[1])
    assert ground.reads == 1


def test_an_entry_that_is_none_is_read_anew(ground: Ground) -> None:
    first = said(ground.scan(docker_save([tar(LAYER)])))
    for data in (
        b"",
        b"\x1f\x8b",
        seen.isal_zlib.compress(b"[]", 1, 31),
        seen.isal_zlib.compress(b'{"told":[]}', 1, 31),
    ):
        for entry in ground.cache.glob("*/*"):
            if entry.stat().st_size != 71:
                entry.write_bytes(data)
        reads = ground.reads
        assert said(ground.scan()) == first
        assert ground.reads == reads + 1


def everything(packages: int) -> Seen:
    """A value with something in every field."""
    package = Package(
        purl="pkg:deb/debian/bash@5.2",
        type="deb",
        name="bash",
        version="5.2",
        namespace="debian",
        licenses=("MIT", "GPL-3.0-or-later"),
        locations=(Location(path="a\\xff/b", layer="sha256:1", instruction="RUN x"), Location(path="c")),
        evidence=(Evidence(kind="package_record", value="Name: bash\nVersion: 5.2", where="a"),),
        tier=Tier.HEURISTIC,
        presence=Presence.DECLARED,
        found_by="dpkg@1",
        source=SourcePackage(name="bash", version="5.2"),
        distro=Distro(id="debian", version="12"),
        state="installed",
        owner="deb/bash",
        dependencies=("pkg:npm/a@1",),
        hashes=("sha256:00",),
    )
    plain = Package(purl="pkg:npm/a@1", type="npm", name="a", version="1")
    return Seen(
        type="container",
        name="app",
        digest="sha256:2",
        units={"catalog.dpkg": 2},
        packages=(package, plain) * (packages // 2),
        coverage=(Coverage(what="catalog", state=CoverageState.PARTIAL, reason="x", path="p", count=3),),
        guarded=(
            Guarded(protection=Protection(form="elf", arch="amd64", search_paths=("/x",), said={"a": "b"}), path="p"),
        ),
    )


@pytest.mark.parametrize("packages", [0, 2, 1_000, 2_002])
def test_a_value_is_the_same_as_bytes_and_back(packages: int) -> None:
    found = everything(packages)
    data = seen.encode(found, [])
    assert data is not None
    assert seen.decode(data) == (found, [])


def test_what_is_too_much_or_no_text_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Event(ts=None, stage="scan.open", detail="\udcff")  # type: ignore[arg-type]
    assert seen.encode(everything(2), [odd]) is None
    data = seen.encode(everything(2_000), [])
    monkeypatch.setattr(seen, "_MOST", 10_000)
    assert seen.encode(everything(2_000), []) is None
    assert data is not None
    assert seen.decode(data) is None


def test_a_known_file_brings_no_reader_of_any_format(tmp_path: Path) -> None:
    data = docker_save([tar(LAYER)])
    (tmp_path / "artifact").write_bytes(data)
    program = f"""
import sys, orjson
from dataclasses import replace
from pathlib import Path
from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
asked = replace(plan({str(tmp_path / "artifact")!r}), digest="sha256:{hashlib.sha256(data).hexdigest()}")
report = engine.run(asked, Settings(layer_cache=Path({str(tmp_path / "cache")!r})), Progress())
print(orjson.dumps([len(report.packages), *sys.modules]).decode())
"""

    def told() -> tuple[int, list[str]]:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
        packages, *modules = orjson.loads(done.stdout)
        readers = ("surveyor.scan.acquire", "surveyor.scan.catalog", "surveyor.scan.tree")
        return packages, [name for name in modules if name.startswith(readers)]

    packages, readers = told()
    assert packages > 1
    assert readers
    assert told() == (packages, [])
