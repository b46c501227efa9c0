"""One image from many layers: who made them, who owns their files, and that reading them at once changes nothing."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.engine import layer as layer_module
from surveyor.scan.engine import reading
from surveyor.scan.engine.layer import LayerReader
from surveyor.scan.engine.look import Look
from surveyor.scan.engine.owners import listed
from surveyor.scan.events import Event
from surveyor.scan.model import Report, Tier
from tests.images import ALPINE, DEBIAN, Oci, deb, jar, npm, pack, pom, python, scan, scan_bytes, sha256, tar, troubles

IDNA = "usr/lib/python3/dist-packages/idna-3.3.egg-info"
LIST = "var/lib/dpkg/info/python3-idna.list"


def owners(report: Report) -> dict[str, str | None]:
    return {package.name: package.owner for package in report.packages}


def test_a_language_package_knows_the_system_package_that_put_it_there(tmp_path: Path) -> None:
    root = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": deb("python3-idna", "3.3-1") + deb("node-x", "1"),
        IDNA: python("idna", "3.3"),
        "usr/local/lib/python3/site-packages/Django-3.2.dist-info/METADATA": python("Django", "3.2"),
        "usr/share/nodejs/x/package.json": npm("x", "1"),
    }
    lists = {
        LIST: b"/.\n/usr\n/" + IDNA.encode() + b"\n",
        "var/lib/dpkg/info/node-x.list": b"/share/nodejs/x/package.json\n",
    }
    report = scan_bytes(tmp_path, Oci().add([tar({**root, **lists})]).tar())
    assert owners(report) == {
        "python3-idna": None,
        "node-x": None,
        "idna": "deb/python3-idna",
        "django": None,
        "x": "deb/node-x",
    }


def test_what_a_system_package_only_shows_is_there_and_not_confirmed(tmp_path: Path) -> None:
    places = {
        "shown": "usr/share/doc/x/examples/node_modules/shown/package.json",
        "tested": "usr/lib/x/tests/fixtures/node_modules/tested/package.json",
        "examples": "usr/share/nodejs/examples/package.json",  # its name
        "mine": "srv/examples/node_modules/mine/package.json",  # nobody's
    }
    listed_ = "\n".join(f"/{path}" for name, path in places.items() if name != "mine")
    root = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": deb("x", "1"),
        "var/lib/dpkg/info/x.list": f"/.\n{listed_}\n".encode(),
        **{path: npm(name, "1") for name, path in places.items()},
    }
    tiers = {package.name: package.tier for package in scan_bytes(tmp_path, tar(root)).packages}
    guesses = {name for name, tier in tiers.items() if tier is Tier.HEURISTIC}
    assert guesses == {"shown", "tested"}
    assert tiers.keys() == {"x", *places}


@pytest.mark.parametrize("before", [*range(65_520, 65_540), 200_000])
def test_a_line_of_a_long_list_is_found_wherever_the_list_is_split(before: int) -> None:
    line, filler = b"/usr/bin/tool", b"/x" * 20 + b"\n"
    count, rest = divmod(before, len(filler))
    paths = b"y" * (rest - 1) + b"\n" * min(rest, 1) + filler * count + line + b"\n" + filler * 3
    assert paths.index(line) == before
    assert list(listed(paths, {line: line, b"/x": b"/x"})) == [line]
    assert list(listed(b"/y" * 40_000 + line + b"\n" + line, {line: line})) == [line]
    assert list(listed(b"/y" * 40_000 + line, {line: line})) == []


def test_apk_owns_by_its_database(tmp_path: Path) -> None:
    root = {
        "etc/os-release": ALPINE,
        "lib/apk/db/installed": b"P:py3-idna\nV:3.3-r0\nA:x86_64\nF:usr/lib/idna-3.3.egg-info\nR:PKG-INFO\nR:x\n\n",
        "usr/lib/idna-3.3.egg-info/PKG-INFO": python("idna", "3.3"),
    }
    assert owners(scan_bytes(tmp_path, tar(root)))["idna"] == "apk/py3-idna"


def pacman(sections: dict[str, str]) -> bytes:
    return "".join(f"%{key}%\n{value}\n\n" for key, value in sections.items()).encode()


def test_pacman_owns_by_its_lists_and_tells_what_a_package_needs(tmp_path: Path) -> None:
    local, idna = "var/lib/pacman/local", "usr/lib/idna-3.6.dist-info/METADATA"
    sections = {"NAME": "python-idna", "VERSION": "3.6-1", "DEPENDS": "python>=3.12\nlibx.so=1-64"}
    other = {"NAME": "python", "VERSION": "3.12.1-1", "PROVIDES": "python3\nlibx.so=1-64"}
    root = {
        "etc/os-release": b"ID=arch\n",
        f"{local}/python-idna-3.6-1/desc": pacman(sections),
        f"{local}/python-3.12.1-1/desc": pacman(other),
        f"{local}/python-idna-3.6-1/files": pacman({"FILES": f"usr/\n{idna}", "BACKUP": "etc/x 0"}),
        idna: python("idna", "3.6"),
    }
    report = scan_bytes(tmp_path, tar(root))
    assert owners(report) == {"python": None, "python-idna": None, "idna": "alpm/python-idna"}
    needs = {package.name: package.dependencies for package in report.packages}
    assert needs["python-idna"] == ("pkg:alpm/arch/python@3.12.1-1?distro=arch",)


def history(layers: list[bytes], steps: list[dict[str, object]], *, docker: bool) -> bytes:
    """An image with a configuration that tells how it was made."""
    config = {"rootfs": {"diff_ids": [sha256(layer) for layer in layers]}, "history": steps}
    text = json.dumps(config).encode()
    if docker:
        names = [f"{number}/layer.tar" for number in range(len(layers))]
        manifest = [{"Config": "config.json", "RepoTags": ["shop:1"], "Layers": names}]
        members = {"config.json": text, "manifest.json": json.dumps(manifest).encode()}
        return tar({**members, **dict(zip(names, layers, strict=True))})
    oci = Oci()
    described = [oci.blob(layer, "application/vnd.oci.image.layer.v1.tar") for layer in layers]
    document = {"config": oci.blob(text, "application/vnd.oci.image.config.v1+json"), "layers": described}
    oci.manifests.append(oci.blob(json.dumps(document).encode(), "application/vnd.oci.image.manifest.v1+json"))
    return oci.tar()


@pytest.mark.parametrize("docker", [True, False])
def test_a_location_names_the_instruction_that_made_its_layer(tmp_path: Path, *, docker: bool) -> None:
    layers = [
        tar({"a/node_modules/a/package.json": npm("a", "1")}),
        tar({"b/node_modules/b/package.json": npm("b", "1")}),
    ]
    steps: list[dict[str, object]] = [
        {"created_by": "/bin/sh -c #(nop) ADD file:abc in / "},
        {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
        {"created_by": "RUN /bin/sh -c npm ci # buildkit"},
    ]
    report = scan_bytes(tmp_path, history(layers, steps, docker=docker))
    made = {package.name: package.locations[0].instruction for package in report.packages}
    assert made == {"a": "ADD file:abc in /", "b": "RUN /bin/sh -c npm ci"}
    fewer = scan_bytes(tmp_path, history(layers, steps[:1], docker=docker))
    assert [package.locations[0].instruction for package in fewer.packages] == [None, None]


def image() -> bytes:
    """Eight compressed layers that replace, remove and add."""
    dice, layers = random.Random(7), []
    for number in range(8):
        files: dict[str, bytes] = {"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", f"5.{number}")}
        for _ in range(6):
            name = dice.choice("abcdefgh")
            folder = f"srv/{name}/node_modules"
            if dice.random() < 0.2:
                files[f"srv/.wh.{name}"] = b""
            else:
                files[f"{folder}/{name}/package.json"] = npm(name, f"{number}.0.0")
        files["noise"] = dice.randbytes(200_000)
        layers.append(pack(tar(files), dice.choice(["gzip", "zstd"])))
    return Oci().add(layers).tar()


def test_layers_read_at_once_give_the_same_as_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = image()
    monkeypatch.setattr(reading.os, "cpu_count", lambda: 4)
    several = scan_bytes(tmp_path, data)
    monkeypatch.setattr(reading.os, "cpu_count", lambda: 1)
    single = scan_bytes(tmp_path, data)
    assert several.packages == single.packages
    assert several.packages
    assert several.coverage == single.coverage


@pytest.mark.parametrize(("form", "most"), [("gzip", 2), ("plain", 1)])
def test_only_layers_that_have_to_be_inflated_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, most: int
) -> None:
    """Each of the first two waits until both are being read, where there is somebody to wait for."""
    monkeypatch.setattr(reading.os, "cpu_count", lambda: 2)
    read, meeting, met = LayerReader.read, threading.Barrier(most), list[int]()

    def together(reader: LayerReader) -> Look:
        met.append(meeting.wait(timeout=20))
        return read(reader)

    monkeypatch.setattr(LayerReader, "read", together)
    layers = [pack(tar({f"{name}/node_modules/{name}/package.json": npm(name, "1")}), form) for name in "abcd"]
    report = scan_bytes(tmp_path, Oci().add(layers).tar())
    assert len(report.packages) == len(met) == 4
    assert set(met) == set(range(most))


def test_how_far_a_scan_is_never_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveyor.scan.limits._TICK", 0.0)
    path, events = tmp_path / "image.tar", list[Event]()
    path.write_bytes(image())
    scan(path, events=events)
    told = [event.pct for event in events if event.pct is not None]
    assert told == sorted(told)
    walking = {event.pct for event in events if event.stage == "container.layers" and event.pct is not None}
    assert len(walking) > 8
    assert max(walking) == 60


def test_a_large_file_of_a_compressed_layer_is_read_from_a_spool(tmp_path: Path) -> None:
    large = jar(pom("g", "large", "1"), ("noise", random.Random(1).randbytes(17 << 20)))
    report = scan_bytes(tmp_path, Oci().add([pack(tar({"opt/large.jar": large, "z": b"1"}), "gzip")]).tar())
    assert [package.name for package in report.packages] == ["large"]
    assert not troubles(report)


def test_files_behind_a_spooled_one_are_whole(tmp_path: Path) -> None:
    """Those in the last chunk that went to the spool lie there, and the one across its end does not."""
    elf, noise = b"\x7fELF" + bytes(300_000), random.Random(2).randbytes(17 << 20)
    files = {"etc/os-release": DEBIAN, "usr/bin/large": b"\x7fELF" + noise, **{f"usr/bin/p{n}": elf for n in range(12)}}
    report = scan_bytes(tmp_path, Oci().add([pack(tar(files, mode=0o755), "gzip")]).tar())
    assert [entry for entry in troubles(report) if "cut short" in (entry.detail or "")] == []


def test_programs_go_to_who_asks_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executables by their mode and first bytes; of those in a distribution's folders the unowned ones last."""
    elf = b"\x7fELF" + bytes(200)
    root = {
        "etc/os-release": DEBIAN,
        "var/lib/dpkg/status": deb("bash", "5.2"),
        "var/lib/dpkg/info/bash.list": b"/.\n/bin/bash\n",
        "usr/bin/bash": elf,
        "usr/bin/stray": elf,
        "usr/lib/libstray.so.1": elf,
        "opt/app/run": elf,
        "opt/app/script": b"#!/bin/sh\n" + bytes(200),
    }
    seen: dict[str, list[str]] = {"all": [], "unowned": []}
    unit = next(unit for unit in CATALOGERS if unit.id == "npm")

    def watching(kind: str) -> object:
        def parse(file: object, budget: object) -> object:
            seen[kind].append(file.path)  # type: ignore[attr-defined]
            return iter(())

        fields = {name: getattr(unit, name) for name in unit.__dataclass_fields__}
        return type(unit)(**{**fields, "id": kind, "parse": parse, "programs": True, "unowned": kind == "unowned"})

    monkeypatch.setattr(layer_module, "_PROGRAMS", (watching("all"),))
    monkeypatch.setattr(layer_module, "_UNOWNED", (watching("unowned"),))
    for form in ("plain", "gzip"):
        seen["all"].clear()
        seen["unowned"].clear()
        report = scan_bytes(tmp_path, Oci().add([pack(tar(root, mode=0o755), form)]).tar())
        assert seen["all"] == ["usr/bin/bash", "usr/bin/stray", "usr/lib/libstray.so.1", "opt/app/run"]
        assert sorted(seen["unowned"]) == ["opt/app/run", "usr/bin/stray", "usr/lib/libstray.so.1"]
        assert not troubles(report)


def test_a_layer_of_a_compression_that_is_not_read_leaves_the_others(tmp_path: Path) -> None:
    strange = b"LRZI" + bytes(5000)
    report = scan_bytes(tmp_path, Oci().add([tar({"a/node_modules/x/package.json": npm("x", "1")}), strange]).tar())
    assert [package.purl for package in report.packages] == ["pkg:npm/x@1"]
    [entry] = troubles(report)
    assert (entry.what, entry.reason, entry.layer) == ("acquire.layer", "unsupported", sha256(strange))
    assert "lrzip" in (entry.detail or "")
