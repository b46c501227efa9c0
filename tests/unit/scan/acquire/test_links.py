"""Package databases behind symbolic links: found where the links lead inside the merged tree, or told."""

from __future__ import annotations

from pathlib import Path

import pytest

from surveyor.scan.limits import Limits
from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from tests.images import (
    ALPINE,
    DEBIAN,
    Link,
    deb,
    docker_save,
    jar,
    npm,
    pack,
    pom,
    purls,
    scan,
    scan_bytes,
    sha256,
    tar,
    troubles,
)

Tree = dict[str, "bytes | Link | None"]
DPKG, STATUS = "var/lib/dpkg", "var/lib/dpkg/status"
RELEASE: Tree = {"etc/os-release": DEBIAN}
BASH = deb("bash", "1")
FOUND = ["pkg:deb/debian/bash@1?arch=amd64&distro=debian-12"]
APK = b"P:musl\nV:1.2.5-r0\nA:x86_64\n\n"
MUSL = ["pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1"]


def image(*layers: Tree) -> bytes:
    return docker_save([tar(layer) for layer in layers])


def links(report: Report) -> list[Coverage]:
    return [entry for entry in report.coverage if entry.what == "acquire.links"]


@pytest.mark.parametrize(
    "tree",
    [
        {DPKG: Link("/usr/dpkg"), "usr/dpkg/status": BASH},
        {DPKG: Link("../../usr/dpkg"), "usr/dpkg/status": BASH},
        {DPKG: Link("../../../../../usr/dpkg"), "usr/dpkg/status": BASH},
        {STATUS: Link("/data/dpkg-status"), "data/dpkg-status": BASH},
        {STATUS: Link("status.real"), STATUS + ".real": BASH},
        {"var/lib": Link("/data/lib"), "data/lib/dpkg/status": BASH},
        {"var": Link("data"), "data/lib/dpkg/status": BASH},
        {DPKG: Link("/a"), "a": Link("b"), "b": Link("/c/d"), "c": Link("e"), "e/d/status": BASH},
        {DPKG: Link("/data"), "data/status": Link("../x"), "x": Link("/y"), "y": BASH},
        {DPKG: Link("/data"), "data/status": Link("data/orig", hard=True), "data/orig": BASH},
        {DPKG: Link("/data"), "data/status.d/bash": BASH, "data/status.d/bash.md5sums": b"x"},
        {f"{DPKG}/status.d": Link("/data"), "data/bash": BASH},
        {f"{DPKG}/status.d/bash": Link("/data/bash"), "data/bash": BASH},
    ],
)
@pytest.mark.parametrize("form", ["image", "gzip", "tar", "directory"])
def test_a_database_behind_links(tmp_path: Path, tree: Tree, form: str) -> None:
    files = RELEASE | tree
    if form == "directory":
        report = scan(unpack(tmp_path / "root", files))
    elif form == "tar":
        report = scan_bytes(tmp_path, tar(files))
    else:
        report = scan_bytes(tmp_path, docker_save([pack(tar(files), form)]))
    assert purls(report) == FOUND
    assert not troubles(report)
    assert not links(report)


def unpack(folder: Path, files: Tree) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link) and content.hard:
            (folder / content.target).parent.mkdir(parents=True, exist_ok=True)
            (folder / content.target).write_bytes(BASH)
            path.hardlink_to(folder / content.target)
        elif isinstance(content, Link):
            path.symlink_to(content.target)
        elif not path.exists():
            path.write_bytes(content or b"")
    return folder


def test_a_package_has_the_path_it_is_known_by_and_the_layer_of_its_bytes(tmp_path: Path) -> None:
    layers = [{**RELEASE, DPKG: Link("/usr/dpkg")}, {"usr/dpkg/status": BASH}, {"x": b""}]
    (package,) = scan_bytes(tmp_path, image(*layers)).packages
    (location,) = package.locations
    assert (location.path, location.layer) == (STATUS, sha256(tar(layers[1])))
    assert package.evidence[0].where == STATUS


@pytest.mark.parametrize("lib", ["lib", "usr/lib"])
def test_apk_behind_a_link(tmp_path: Path, lib: str) -> None:
    tree = {"etc/os-release": ALPINE, f"{lib}/apk": Link("/data/apk"), "data/apk/db/installed": APK}
    assert purls(scan_bytes(tmp_path, image(tree))) == MUSL


def test_a_merged_usr_is_one_place_and_no_second_look(tmp_path: Path) -> None:
    tree = {"etc/os-release": ALPINE, "lib": Link("usr/lib"), "usr/lib/apk/db/installed": APK}
    report = scan_bytes(tmp_path, image(tree))
    assert purls(report) == MUSL
    assert [location.path for location in report.packages[0].locations] == ["usr/lib/apk/db/installed"]
    assert not links(report)
    assert not troubles(report)


def test_layers_are_merged_before_links_are_followed(tmp_path: Path) -> None:
    base = {**RELEASE, DPKG: Link("/old"), "old/status": deb("old", "1"), "new/status": deb("gone", "1")}
    moved = {DPKG: Link("/new"), "new/status": BASH}
    assert purls(scan_bytes(tmp_path, image(base, moved))) == FOUND
    removed = {DPKG: Link("/new"), "new/.wh.status": b""}
    report = scan_bytes(tmp_path, image(base, removed))
    assert purls(report) == []
    assert [(entry.path, entry.layer) for entry in troubles(report)] == [(DPKG, sha256(tar(removed)))]


def test_a_removed_link_leads_nowhere_and_is_nobodys_gap(tmp_path: Path) -> None:
    base = {**RELEASE, DPKG: Link("/old"), "old/status": deb("old", "1")}
    report = scan_bytes(tmp_path, image(base, {"var/lib/.wh.dpkg": b"", "usr/lib/x": b""}))
    assert purls(report) == []
    assert not troubles(report)


@pytest.mark.parametrize("folder", [{}, {"var/lib/dpkg/": None}])
def test_a_folder_that_replaces_a_link(tmp_path: Path, folder: Tree) -> None:
    base = {**RELEASE, DPKG: Link("/old"), "old/status": deb("old", "1")}
    assert purls(scan_bytes(tmp_path, image(base, {**folder, STATUS: BASH}))) == FOUND


@pytest.mark.parametrize(
    "tree",
    [
        {STATUS: Link("status")},
        {DPKG: Link("dpkg")},
        {DPKG: Link("/a"), "a": Link("b"), "b": Link("a")},
        {DPKG: Link("/a"), "a": Link("a/a/a")},
        {DPKG: Link("/nowhere")},
        {DPKG: Link("/here"), "here/other": b"x"},
        {STATUS: Link("/etc")},
        {"lib/apk/db/installed": Link("../../../nowhere")},
        {"var/lib/rpm": Link("/nowhere")},
        {DPKG: Link("x/" * 2000)},
    ],
)
def test_a_database_that_links_do_not_lead_to_is_told(tmp_path: Path, tree: Tree) -> None:
    report = scan_bytes(tmp_path, image(RELEASE | tree))
    assert purls(report) == []
    (entry,) = troubles(report)
    path = next(iter(tree))
    assert (entry.what, entry.state, entry.reason) == ("acquire.links", CoverageState.PARTIAL, "symlink")
    assert (entry.path, entry.count) == (path, 1)
    assert path in (entry.detail or "")
    assert report.scan_status is ScanStatus.PARTIAL


def test_links_out_of_a_directory_are_not_followed(tmp_path: Path) -> None:
    outside = unpack(tmp_path / "outside", {"status": BASH})
    for target in (str(outside), "../../../outside"):
        root = unpack(tmp_path / target.replace("/", "_"), {**RELEASE, DPKG: Link(target)})
        report = scan(root)
        assert purls(report) == []
        assert [entry.path for entry in troubles(report)] == [DPKG]


def test_an_os_release_behind_links(tmp_path: Path) -> None:
    for tree in (
        {"etc/os-release": Link("/opt/release"), "opt/release": DEBIAN},
        {"etc": Link("system/etc"), "system/etc/os-release": DEBIAN},
    ):
        assert purls(scan_bytes(tmp_path, image({**tree, STATUS: BASH}))) == FOUND


def test_a_database_that_is_not_read_is_told_behind_a_link_too(tmp_path: Path) -> None:
    report = scan_bytes(tmp_path, image({"var/lib/rpm": Link("/data/rpm"), "data/rpm/rpmdb.sqlite": b"x"}))
    assert [(entry.what, entry.path) for entry in troubles(report)] == [("catalog.rpm", "var/lib/rpm/rpmdb.sqlite")]


def test_a_system_below_a_folder_has_its_own_root(tmp_path: Path) -> None:
    below: Tree = {"etc/os-release": DEBIAN, DPKG: Link("/usr/dpkg"), "usr/dpkg/status": BASH}
    report = scan_bytes(tmp_path, tar({f"rootfs/{name}": content for name, content in below.items()}))
    assert purls(report) == FOUND
    assert report.packages[0].locations[0].path == f"rootfs/{STATUS}"


LEFT = npm("left", "1")


def test_records_of_applications_are_followed_too(tmp_path: Path) -> None:
    tree: Tree = {
        **RELEASE,
        "app/node_modules/left/package.json": Link("/store/left.json"),
        "store/left.json": LEFT,
        "opt/a.jar": Link("a-1.jar"),
        "opt/a-1.jar": jar(pom("g", "a", "1")),
    }
    report = scan_bytes(tmp_path, image(tree))
    assert purls(report) == ["pkg:maven/g/a@1", "pkg:npm/left@1"]
    assert [location.path.partition("!")[0] for package in report.packages for location in package.locations] == [
        "opt/a-1.jar",
        "app/node_modules/left/package.json",
    ]
    assert not links(report)


def test_an_applications_link_to_nothing_is_a_gap_in_what_may_be_a_part_only(tmp_path: Path) -> None:
    tree: Tree = {"app/node_modules/left/package.json": Link("/store/left.json"), "opt/a.jar": Link("gone.jar")}
    for data, state in ((image(RELEASE | tree), CoverageState.SKIPPED), (tar(tree), CoverageState.PARTIAL)):
        (entry,) = links(scan_bytes(tmp_path, data))
        assert (entry.state, entry.count) == (state, 2)
        assert entry.path == "app/node_modules/left/package.json"


def test_what_ends_the_second_look_is_told_beside_the_link(tmp_path: Path) -> None:
    """A link that seems to lead to nothing may lead to what a limit kept from being looked at again."""
    whole = tar({**RELEASE, "a/long.file": bytes(range(256)) * 4096, DPKG: Link("/usr/dpkg"), "usr/dpkg/status": BASH})
    layer = pack(whole, "gzip")
    data = docker_save([layer])
    once = Limits(inflated_bytes=len(whole) * 3 // 2)
    assert purls(scan_bytes(tmp_path, data)) == FOUND
    report = scan_bytes(tmp_path, data, limits=once)
    assert purls(report) == []
    told = [(entry.reason, entry.layer) for entry in links(report)]
    assert told == [("limit_exceeded", sha256(layer)), ("symlink", sha256(layer))]
    assert report.scan_status is ScanStatus.PARTIAL


def test_very_many_links(tmp_path: Path) -> None:
    tree: Tree = {f"n/node_modules/a{number}/package.json": Link("../" * 300 + f"x/{number}") for number in range(3000)}
    report = scan_bytes(tmp_path, image({**RELEASE, **tree, STATUS: BASH}))
    assert purls(report) == FOUND
    assert [entry.count for entry in links(report)] == [3000]


def test_very_many_hard_links(tmp_path: Path) -> None:
    tree: Tree = {f"store/{number}": npm(f"a{number}", "1") for number in range(1000)}
    tree |= {f"n/node_modules/a{n}/package.json": Link(f"store/{n}", hard=True) for n in range(1000)}
    assert len(scan_bytes(tmp_path, image(tree)).packages) == 1000
