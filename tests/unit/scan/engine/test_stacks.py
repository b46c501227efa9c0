"""What is kept of images by their layers: the same image in another file is opened only, and nobody lies to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import codec, results
from surveyor.scan.engine.layer import LayerReader
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import Report
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.golden.test_inventory import image
from tests.images import DEBIAN, Link, Oci, deb, docker_save, npm, pack, purls, tar

BASE = tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")})
#: A database that is reached by a link: who reads it walks its layer once more.
LINKED = tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": Link("/data/state"), "data/state": deb("bash", "5.2")})


NAME = "org.opencontainers.image.ref.name"


class Ground:
    """Images under new names and a shared cache; how many kept layers were asked for, and how many read."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.files = folder, 0
        self.events: list[Event] = []
        self.decoded = self.read = 0
        decode, read = codec.decode, LayerReader.read

        def decoding(*given: object) -> object:
            self.decoded += 1
            return decode(*given)  # type: ignore[arg-type]

        def reading(reader: LayerReader) -> object:
            self.read += 1
            return read(reader)

        monkeypatch.setattr(codec, "decode", decoding)
        monkeypatch.setattr(LayerReader, "read", reading)

    def scan(self, data: bytes, *, cached: bool = True) -> Report:
        """Scan a file of these bytes that nobody has seen."""
        self.files += 1
        self.events, self.decoded, self.read = [], 0, 0
        path = self.folder / f"{self.files}.tar"
        path.write_bytes(data)
        settings = Settings(layer_cache=self.folder / "cache") if cached else Settings()
        return engine.run(plan(str(path)), settings, Progress(self.events.append))

    @property
    def told(self) -> list[tuple[object, ...]]:
        """What was told of packages, but for times."""
        told = (one for one in self.events if one.stage.startswith("container.packages"))
        return [(one.stage, None if one.stage.endswith(".timing") else one.detail, one.pct) for one in told]


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(tmp_path, monkeypatch)


def said(report: Report) -> tuple[object, ...]:
    return report.packages, report.coverage, report.findings, report.scan_status, report.target.type


@pytest.mark.parametrize(
    "data", [image(), docker_save([BASE, tar({"srv/a/package.json": b"{"})]), docker_save([LINKED])]
)
def test_the_same_image_in_another_file_is_opened_only(ground: Ground, data: bytes) -> None:
    first, told = said(ground.scan(data)), ground.told
    assert first == said(ground.scan(data, cached=False))
    # what follows the end marker of the outer tar is nobody's, and makes it another file
    assert said(ground.scan(data + bytes(10_240))) == first
    assert (ground.decoded, ground.read) == (0, 0)
    assert ground.told == told
    assert told
    rising = [event.pct for event in ground.events if event.pct is not None]
    assert rising == sorted(rising)


def test_layers_in_another_order_or_under_another_name_are_another_image(ground: Ground) -> None:
    hidden = tar({"srv/node_modules/.wh.a": b""})
    app = tar({"srv/node_modules/a/package.json": npm("a", "1")})
    assert purls(ground.scan(docker_save([app, hidden]))) == []
    assert purls(ground.scan(docker_save([hidden, app]))) == ["pkg:npm/a@1"]
    assert (ground.decoded, ground.read) == (2, 0)
    names = ["registry.example/one:1", "registry.example/two:2"]
    named = [Oci().add([pack(app, "gzip")], annotations={NAME: name}).tar() for name in names]
    assert [ground.scan(named[at]).target.name for at in (0, 1, 0)] == [names[at] for at in (0, 1, 0)]
    assert (ground.decoded, ground.read) == (0, 0)


def test_an_image_whose_known_layer_is_another_one_speaks_for_nobody(ground: Ground) -> None:
    top = tar({"srv/node_modules/a/package.json": npm("a", "1")})
    ground.scan(docker_save([LINKED]))  # now its layer is known
    true = docker_save([LINKED, top])
    # of the same length, and under the same digest
    false = true.replace(b"Package: bash", b"Package: evil")
    assert len(false) == len(true)
    assert false != true
    lying = ground.scan(false)
    assert said(ground.scan(true)) == said(ground.scan(true, cached=False))
    assert said(lying)[0] != said(ground.scan(true))[0]


def test_an_installation_that_was_changed_asks_the_layers(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    data = docker_save([BASE, tar({"srv/node_modules/a/package.json": npm("a", "1")})])
    first = said(ground.scan(data))
    monkeypatch.setattr(results, "INSTALLED", "with another source file")
    assert said(ground.scan(data)) == first
    assert (ground.decoded, ground.read) == (2, 0)
