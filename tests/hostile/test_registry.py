"""Registries that lie, loop, flood or lead inside: the scan ends within its bounds and says what it did not see."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.acquire.pull import waiting
from surveyor.scan.events import Event, Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import Coverage, CoverageState, Report, ScanStatus
from surveyor.scan.plan import plan
from surveyor.scan.settings import Settings
from tests import images
from tests.servers.distribution import (
    INDEX,
    MANIFEST,
    REPOSITORY,
    Distribution,
    Realm,
    endless,
    written,
)
from tests.servers.web import Site

BASE = images.pack(
    images.tar({"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("bash", "1")}), "gzip"
)
BASH = "pkg:deb/debian/bash@1?arch=amd64&distro=debian-12"


@pytest.fixture
def server() -> Iterator[Distribution]:
    with Distribution() as running:
        yield running


def scan(server: Distribution, limits: Limits | None = None, settings: Settings | None = None) -> Report:
    settings = settings or server.settings(limits=limits or Limits(seconds=100))
    return engine.run(plan(str(server.reference), platform="linux/amd64"), settings, Progress())


def test_one_bad_layer_leaves_the_others(server: Distribution) -> None:
    other = server.blob(images.pack(images.tar({"x": b"y" * 5000}), "gzip"))
    server.image([server.blob(BASE), other], "1")
    server.raw(server.path(other["digest"]), written(200, b"z" * other["size"]))
    report = scan(server)
    assert images.purls(report) == [BASH]
    assert report.scan_status is ScanStatus.PARTIAL
    [entry] = images.troubles(report)
    assert (entry.what, entry.state, entry.reason) == ("acquire.registry", CoverageState.FAILED, "wrong_digest")
    assert entry.layer == other["digest"]


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (10, "wrong_size"),
        (None, "malformed"),
        ("7", "malformed"),
        (-1, "malformed"),
        (0, "malformed"),
        (10**18, "limit_exceeded"),
    ],
)
def test_a_layers_size_is_held_against_it(server: Distribution, size: object, reason: str) -> None:
    lying = server.blob(os.urandom(5000), size=size)
    server.image([server.blob(BASE), lying], "1")
    report = scan(server)
    assert images.purls(report) == [BASH]
    assert [entry.reason for entry in images.troubles(report)] == [reason]


def test_a_layer_without_end_is_cut(server: Distribution) -> None:
    layer = server.blob(os.urandom(100_000))
    server.image([server.blob(BASE), layer], "1")
    server.raw(server.path(layer["digest"]), endless)
    report = scan(server)
    assert [entry.reason for entry in images.troubles(report)] == ["wrong_size"]


def test_all_layers_together_are_bounded(server: Distribution) -> None:
    layers = [server.blob(os.urandom(40_000)) for _ in range(5)]
    server.image([server.blob(BASE), *layers], "1")
    report = scan(server, Limits(spool_bytes=100_000))
    assert images.purls(report) == [BASH]
    assert [entry.reason for entry in images.troubles(report)].count("limit_exceeded") == 3


def test_a_drip_ends_with_the_scans_time(server: Distribution, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = server.blob(os.urandom(100_000))
    server.image([layer], "1")
    server.drip(server.path(layer["digest"]), seconds=60)
    events: list[Event] = []
    monkeypatch.setattr(waiting, "_BEAT_SECONDS", 0.2)
    settings = server.settings(limits=Limits(seconds=3.5))
    report = engine.run(plan(str(server.reference)), settings, Progress(events.append))
    # who waits is told so all the while
    assert sum("kB of 1 layer" in event.detail for event in events if event.stage == "container.pull") >= 2
    assert report.scan_status is ScanStatus.FAILED
    assert (report.finished_at - report.started_at).total_seconds() < 30


def test_a_process_does_not_stay_for_a_registry_that_bids_it_wait(server: Distribution, tmp_path: Path) -> None:
    layer = server.blob(BASE)
    server.image([layer], "1")
    server.raw(server.path(layer["digest"]), written(429, b"", (("Retry-After", "60"),)))
    program = tmp_path / "scan.py"
    program.write_text(
        "from surveyor.scan import engine\n"
        "from surveyor.scan.events import Progress\n"
        "from surveyor.scan.limits import Limits\n"
        "from surveyor.scan.plan import plan\n"
        "from surveyor.scan.settings import Settings, parse_allowed_host\n"
        f"allowed = (parse_allowed_host('{server.reference.host}'),)\n"
        "settings = Settings(allow_hosts=allowed, limits=Limits(seconds=1.5))\n"
        f"print(engine.run(plan('{server.reference}'), settings, Progress()).error)\n"
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120, check=True)
    assert "scan took more than" in done.stdout


def test_an_index_that_names_itself_is_no_loop(server: Distribution) -> None:
    digest = "sha256:" + "0" * 64
    entry = {"mediaType": INDEX, "digest": digest, "size": 1}
    server.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}, "1", digest)
    report = scan(server)
    assert report.scan_status is ScanStatus.FAILED
    assert len(server.requests) < 5


def test_indexes_in_indexes_end(server: Distribution) -> None:
    inner = server.image([server.blob(BASE)], platform={"os": "linux", "architecture": "amd64"})
    for _ in range(10):
        inner = server.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner]}, "1")
    report = scan(server)
    assert report.error == "indexes are nested too deep"


def test_one_index_at_a_time_is_held(server: Distribution) -> None:
    inner = server.image([server.blob(BASE)], platform={"os": "linux", "architecture": "amd64"})
    for _ in range(4):
        inner = server.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [inner, *[{}] * 150_000]}, "1")
    tracemalloc.start()
    try:
        assert scan(server).error == "descriptor has no usable digest"
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()


def test_an_index_of_thousands_is_cut(server: Distribution) -> None:
    entry = {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": 1, "platform": {"os": "plan9"}}
    image = server.image([server.blob(BASE)], platform={"os": "linux", "architecture": "amd64"})
    server.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image, *[entry] * 5000]}, "1")
    report = scan(server)
    assert images.purls(report) == [BASH]
    assert [entry.reason for entry in images.troubles(report)] == ["limit_exceeded"]
    assert sum(entry.reason == "not_chosen" for entry in report.coverage) == 63


def test_a_manifest_of_thousands_of_layers_is_cut(server: Distribution) -> None:
    server.image([server.blob(BASE)] * 5000, "1")
    report = scan(server)
    assert "limit_exceeded" in [entry.reason for entry in images.troubles(report)]
    assert images.purls(report) == [BASH]


def test_thousands_of_layers_of_other_types_are_not_all_told(server: Distribution) -> None:
    server.image([server.blob(BASE), *[server.blob(b"?", "application/x-other")] * 5000], "1")
    report = scan(server)
    assert images.purls(report) == [BASH]
    assert sum(entry.reason == "no_filesystem" for entry in report.coverage) == 511


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"layers": 1},
        {"layers": [1]},
        {"layers": [{}]},
        {"layers": [{"digest": 5}]},
        {"layers": [{"digest": "sha256:../../etc/passwd"}]},
        {"manifests": 1},
        {"manifests": []},
        {"manifests": [None]},
        {"manifests": [{"digest": "sha256:" + "0" * 64, "platform": 3}]},
        {"layers": [{"digest": "sha256:" + "0" * 64, "mediaType": ["tar"]}]},
        {"config": "x", "layers": [{"digest": "sha256:" + "0" * 64, "size": 2}]},
    ],
)
def test_no_document_raises(server: Distribution, document: dict[str, object]) -> None:
    server.document({"schemaVersion": 2, **document}, "1")
    assert scan(server).scan_status in {ScanStatus.FAILED, ScanStatus.UNSUPPORTED}


def test_a_bomb_in_a_layer_is_cut_like_one_in_a_file(server: Distribution) -> None:
    bomb = server.blob(images.pack(images.tar({"zeros": bytes(50 << 20)}), "gzip"))
    server.image([server.blob(BASE), bomb], "1")
    report = scan(server, Limits(inflated_bytes=10 << 20))
    assert {entry.reason for entry in images.troubles(report)} == {"limit_exceeded"}


def test_words_of_a_registry_cannot_steer_a_terminal(server: Distribution) -> None:
    events: list[str] = []
    words = b'{"errors":[{"code":"X","message":"\\u001b[2J\\u202egone"}]}'
    server.raw(f"/v2/{REPOSITORY}/manifests/1", written(404, words))
    sink = Progress(lambda event: events.append(event.detail))
    engine.run(plan(str(server.reference)), server.settings(), sink)
    assert "\x1b" not in "".join(events)
    assert "\u202e" not in "".join(events)


def refusal(report: Report) -> Coverage:
    """The entry that says which rule of the guard it was."""
    [entry] = [entry for entry in report.coverage if entry.state is CoverageState.FAILED]
    return entry


PRIVATE = {
    "http://127.0.0.1:{port}/": "address_loopback",
    "http://localhost:{port}/": "host_local",
    "http://[::1]:{port}/": "address_loopback",
    "http://169.254.169.254/latest/meta-data/": "address_metadata",
    "http://10.0.0.1/": "address_private",
    "http://metadata.google.internal/": "host_local",
    "http://2130706433/": "url_form",
    "http://u:p@127.0.0.1:{port}/": "userinfo",
    "file:///etc/passwd": "scheme",
    "gopher://127.0.0.1:{port}/": "scheme",
}


@pytest.mark.ssrf
@pytest.mark.parametrize(("url", "rule"), PRIVATE.items())
def test_a_realm_cannot_lead_inside(server: Distribution, site: Site, url: str, rule: str) -> None:
    server.proof = "Bearer never"
    server.challenge = f'Bearer realm="{url.format(port=site.port)}",service="x"'
    report = scan(server)
    assert report.scan_status is ScanStatus.FAILED
    assert refusal(report).reason == rule
    assert site.requests == []


@pytest.mark.ssrf
@pytest.mark.parametrize(("url", "rule"), PRIVATE.items())
@pytest.mark.parametrize("status", [302, 307])
def test_a_blob_cannot_lead_inside(server: Distribution, site: Site, url: str, rule: str, status: int) -> None:
    layer = server.blob(os.urandom(1000))
    server.image([server.blob(BASE), layer], "1")
    server.redirect(server.path(layer["digest"]), url.format(port=site.port), status=status)
    report = scan(server)
    assert images.purls(report) == [BASH]
    assert refusal(report).reason == rule
    assert site.requests == []


@pytest.mark.ssrf
@pytest.mark.parametrize(("url", "rule"), PRIVATE.items())
def test_a_manifest_cannot_lead_inside(server: Distribution, site: Site, url: str, rule: str) -> None:
    server.redirect(f"/v2/{REPOSITORY}/manifests/1", url.format(port=site.port))
    report = scan(server)
    assert refusal(report).reason == rule
    assert site.requests == []


@pytest.mark.ssrf
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("127.0.0.1/app:1", "address_loopback"),
        ("localhost/app:1", "host_local"),
        ("[::1]/app:1", "address_loopback"),
        ("10.1.2.3/app:1", "address_private"),
        ("169.254.169.254/app:1", "address_metadata"),
        ("registry.internal/app:1", "host_local"),
        ("0x7f.1/app:1", "host_numeric"),
        ("registry.example:22/app:1", "port"),
    ],
)
def test_a_registry_inside_is_refused_before_a_packet(name: str, rule: str) -> None:
    report = engine.run(plan(name), Settings(), Progress())
    assert report.scan_status is ScanStatus.FAILED
    assert refusal(report).reason == rule


@pytest.mark.ssrf
def test_the_exemption_of_a_registry_is_not_its_realms() -> None:
    with Realm() as realm, Distribution(realm=realm) as server:
        server.image([server.blob(BASE)], "1")
        narrow = Settings(allow_hosts=server.settings().allow_hosts[:1])
        assert refusal(scan(server, settings=narrow)).reason == "address_loopback"
        assert realm.requests == []
        assert images.purls(scan(server)) == [BASH]
