"""The layer cache: the same answer again for less, and never the answer of another layer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.engine import cache as cache_module
from surveyor.scan.engine import results
from surveyor.scan.engine.layer import LayerReader
from surveyor.scan.engine.stacks import Stack
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.events import Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import Report
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests.golden.test_inventory import image
from tests.images import DEBIAN, Link, Oci, deb, docker_save, npm, pack, purls, sha256, tar, troubles


class Reads:
    """Counts the layers that are really read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        read = LayerReader.read

        def counted(reader: LayerReader) -> object:
            self.count += 1
            return read(reader)

        monkeypatch.setattr(LayerReader, "read", counted)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def scan(tmp_path: Path, data: bytes, *, most: int = 1 << 20, limits: Limits | None = None) -> Report:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    settings = Settings(layer_cache=tmp_path / "cache", layer_cache_bytes=most, limits=limits or Limits())
    return engine.run(plan(str(path)), settings, Progress())


def app(name: str) -> bytes:
    return tar({f"srv/node_modules/{name}/package.json": npm(name, "1")})


def said(report: Report) -> tuple[object, ...]:
    return report.packages, report.coverage, report.findings, report.scan_status


OTHER = {
    "etc/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "var/lib/dpkg/info/bash.list": b"/srv/node_modules/a/package.json\n",
    "srv/node_modules/a/package.json": npm("a", "1"),
    "srv/node_modules/broken/package.json": b"{",
    "lib/apk/db/installed": Link("../../elsewhere"),
    "go.mod": b"module x\n",
    "a\xff\x01b/node_modules/c/package.json".encode("latin-1").decode("utf-8", "surrogateescape"): npm("c", "1"),
}


@pytest.mark.parametrize("data", [image(), docker_save([tar(OTHER), tar({"srv/node_modules/.wh.a": b""})])])
def test_the_second_time_says_the_same_and_reads_nothing(tmp_path: Path, data: bytes, reads: Reads) -> None:
    first = scan(tmp_path, data)
    assert reads.count > 1
    reads.count = 0
    assert said(scan(tmp_path, data)) == said(first)
    assert reads.count == 0
    assert first.packages


def test_a_second_image_pays_for_its_own_layer_only(tmp_path: Path, reads: Reads) -> None:
    base = pack(tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}), "gzip")
    scan(tmp_path, Oci().add([base, app("a")]).tar())
    reads.count = 0
    found = scan(tmp_path, Oci().add([base, app("b")]).tar())
    assert [package.name for package in found.packages] == ["bash", "b"]
    assert reads.count == 1


def test_an_image_that_lies_about_a_layer_speaks_for_itself_only(tmp_path: Path, reads: Reads) -> None:
    true, false = (
        app("a"),
        app("b"),
    )
    honest = docker_save([true])
    assert sha256(true) in honest.decode("latin-1")
    lying = docker_save([false]).replace(sha256(false).encode(), sha256(true).encode())
    assert purls(scan(tmp_path, lying)) == ["pkg:npm/b@1"]
    reads.count = 0
    assert purls(scan(tmp_path, honest)) == ["pkg:npm/a@1"]
    assert reads.count == 1


def test_a_layer_that_is_cut_short_is_not_kept(tmp_path: Path, reads: Reads) -> None:
    layer = tar({"a/node_modules/a/package.json": npm("a", "1"), "b": bytes(5000)})[:6000]
    data = docker_save([layer])
    scan(tmp_path, data)
    scan(tmp_path, data)
    assert reads.count == 2


def test_what_cannot_be_verified_in_time_is_no_loss(
    tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking a layer's digest may use up what the scan has left."""

    def late(*_: object) -> str:
        raise LimitExceeded("scan took more than 1 s")

    monkeypatch.setattr(cache_module, "content_digest", late)
    report = scan(tmp_path, docker_save([app("a")]))
    assert purls(report) == ["pkg:npm/a@1"]
    assert not troubles(report)
    assert not list((tmp_path / "cache").glob("*/*"))
    assert reads.count == 1


def test_what_was_kept_and_is_more_than_a_scan_may_hold_is_read_as_far_as_it_may(tmp_path: Path, reads: Reads) -> None:
    files = {f"srv/node_modules/{name}/package.json": npm(name, "1") for name in ("a", "b", "c", "d")}
    data = docker_save([tar(files)])
    assert len(scan(tmp_path, data).packages) == 4
    path = tmp_path / "image.tar"
    settings = Settings(layer_cache=tmp_path / "cache", limits=Limits(packages=2))
    bounded = engine.run(plan(str(path)), settings, Progress())
    assert purls(bounded) == ["pkg:npm/a@1", "pkg:npm/b@1"]
    assert {entry.reason for entry in troubles(bounded)} == {"limit_exceeded"}
    assert reads.count == 2


def test_a_new_version_of_a_unit_reads_again(tmp_path: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    data = docker_save([app("a")])
    scan(tmp_path, data)
    monkeypatch.setattr(cache_module, "_UNITS", cache_module._UNITS.replace("npm@", "npm@9"))
    monkeypatch.setattr(results, "INSTALLED", "with another source file")
    scan(tmp_path, data)
    assert reads.count == 2


def test_another_bound_on_what_a_file_may_be_reads_again(tmp_path: Path, reads: Reads) -> None:
    data = docker_save([app("a")])
    scan(tmp_path, data)
    scan(tmp_path, data, limits=Limits(depth=1))
    assert reads.count == 2


def test_what_a_bound_of_the_whole_scan_cut_off_is_not_kept(tmp_path: Path) -> None:
    data = docker_save([tar({f"{name}/node_modules/{name}/package.json": npm(name, "1") for name in "ab"})])
    assert purls(scan(tmp_path, data, limits=Limits(packages=1))) == ["pkg:npm/a@1"]
    assert purls(scan(tmp_path, data)) == ["pkg:npm/a@1", "pkg:npm/b@1"]


def test_a_kept_layer_draws_on_the_budget_as_one_that_is_read(tmp_path: Path) -> None:
    layers = [tar({f"{name}/node_modules/{name}/package.json": npm(name, "1")}) for name in "abc"]
    data, limits = docker_save(layers), Limits(packages=2)
    other = tmp_path / "other"
    other.mkdir()
    fresh = scan(other, data, limits=limits)
    assert len(scan(tmp_path, data).packages) == 3
    again = scan(tmp_path, data, limits=limits)
    assert len(fresh.packages) == len(again.packages) == 2
    assert [entry.reason for entry in troubles(again)] == [entry.reason for entry in troubles(fresh)]


def test_what_is_no_entry_is_none(tmp_path: Path, reads: Reads) -> None:
    data = docker_save([app("a")])
    first = scan(tmp_path, data)
    entries = {path: path.read_bytes() for path in (tmp_path / "cache").glob("*/*")}
    assert len(entries) == 2, "of the layer, and of the image"
    for length, begun in ((0, b""), (40, b""), (0, b"not zstd"), (0, bytes(100)), (0, b"{}")):
        for path, whole in entries.items():
            path.write_bytes(begun + whole[:length])
        assert said(scan(tmp_path, data)) == said(first)
    assert reads.count == 6


def test_the_folder_stays_within_its_bound(tmp_path: Path) -> None:
    for number in range(30):
        scan(tmp_path, docker_save([app(f"a{number}")]), most=4_000)
    sizes = [path.stat().st_size for path in (tmp_path / "cache").glob("*/*")]
    assert 0 < sum(sizes) <= 4_000


def test_what_was_asked_for_the_longest_ago_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "of", lambda *_: None)  # layers alone

    def entries() -> set[Path]:
        return set((tmp_path / "cache").glob("*/*"))

    old, new = docker_save([app("old")]), docker_save([app("new")])
    scan(tmp_path, old)
    (first,) = entries()
    scan(tmp_path, new)
    (second,) = entries() - {first}
    for number, path in enumerate((first, second)):
        os.utime(path, (number, number))
    scan(tmp_path, old)  # asked for again
    most = sum(path.stat().st_size for path in entries()) * 4 // 3  # less than three; two stay within four fifths
    scan(tmp_path, docker_save([app("third")]), most=most)
    assert first.exists()
    assert not second.exists()


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert purls(scan(tmp_path, docker_save([app("a")]))) == ["pkg:npm/a@1"]


def test_nobody_else_sees_the_folder(tmp_path: Path) -> None:
    scan(tmp_path, docker_save([app("a")]))
    assert (tmp_path / "cache").stat().st_mode & 0o077 == 0
