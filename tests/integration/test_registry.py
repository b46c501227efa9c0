"""Images by name against a real registry on loopback: what was pushed is what is found."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from surveyor.scan import engine
from surveyor.scan.acquire.pull import pull
from surveyor.scan.errors import Denied
from surveyor.scan.events import Event, Progress
from surveyor.scan.formats import reference
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import CoverageState, Report, ScanStatus
from surveyor.scan.net import Client
from surveyor.scan.net.registry import Registry
from surveyor.scan.net.response import Response
from surveyor.scan.plan import plan
from surveyor.scan.settings import AllowedHost, Login, Logins, Settings
from tests import images
from tests.servers.issuer import Issuer
from tests.servers.registry import HTPASSWD, MANIFEST, PASSWORD, RealRegistry, packed

pytestmark = pytest.mark.registry

BASE = images.tar({"etc/os-release": images.DEBIAN, "var/lib/dpkg/status": images.deb("bash", "5.2-1")})
APP = images.tar({"app/node_modules/lodash/package.json": images.npm("lodash", "4.17.15")})
ARM = images.tar({"app/node_modules/left-pad/package.json": images.npm("left-pad", "1.3.0")})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("registry")) as running:
        yield running


def scan(name: str, settings: Settings, *, platform: str | None = None, events: list[Event] | None = None) -> Report:
    sinks = [] if events is None else [events.append]
    return engine.run(plan(name, platform=platform), settings, Progress(*sinks))


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "schema 2"])
def test_an_image_is_pulled_by_tag_and_by_digest(registry: RealRegistry, docker: bool) -> None:
    pushed = registry.push("team/shop", f"1-{docker}", [BASE, APP], docker=docker)
    events: list[Event] = []
    report = scan(f"{registry.name}/team/shop:1-{docker}", registry.settings(), events=events)
    assert images.purls(report) == ["pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12", "pkg:npm/lodash@4.17.15"]
    assert report.scan_status is ScanStatus.PARTIAL  # there is no advisory database
    assert images.troubles(report) == []
    assert report.target.type == "container"
    assert report.target.source == f"{registry.name}/team/shop:1-{docker}"
    assert report.target.name == f"{registry.name}/team/shop:1-{docker}"
    assert report.target.digest == pushed["digest"]
    [lodash] = [package for package in report.packages if package.name == "lodash"]
    assert [place.layer for place in lodash.locations] == [images.sha256(packed(APP))]
    stages = [event.stage for event in events]
    assert "container.pull" in stages
    assert "container.pull.done" in stages
    shown = [event.pct for event in events if event.pct is not None]
    assert shown == sorted(shown)
    again = scan(f"{registry.name}/team/shop:whatever@{pushed['digest']}", registry.settings())
    assert images.purls(again) == images.purls(report)
    assert again.target.digest == pushed["digest"]


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "schema 2"])
def test_one_platform_of_an_index_is_chosen_and_the_others_are_told(registry: RealRegistry, docker: bool) -> None:
    amd = registry.push("team/many", "", [BASE, APP], docker=docker)
    arm = registry.push("team/many", "", [BASE, ARM], platform="linux/arm64/v8", docker=docker)
    registry.index("team/many", f"2-{docker}", [amd, arm], docker=docker)
    name = f"{registry.name}/team/many:2-{docker}"
    report = scan(name, registry.settings(), platform="linux/arm64")
    assert "pkg:npm/left-pad@1.3.0" in images.purls(report)
    assert "pkg:npm/lodash@4.17.15" not in images.purls(report)
    assert report.target.digest == arm["digest"]
    [other] = [entry for entry in report.coverage if entry.reason == "not_chosen"]
    assert (other.state, other.layer) == (CoverageState.SKIPPED, amd["digest"])
    assert "linux/amd64" in (other.detail or "")
    here = scan(name, registry.settings(), platform=str(reference.Platform.here()))
    assert scan(name, registry.settings()).target.digest == here.target.digest
    gone = scan(name, registry.settings(), platform="linux/s390x")
    assert gone.scan_status is ScanStatus.FAILED
    assert gone.error == f"{name} has no image for linux/s390x; it has: linux/amd64, linux/arm64/v8"


def test_an_index_in_an_index_is_descended(registry: RealRegistry) -> None:
    amd = registry.push("team/nested", "", [BASE])
    inner = {"mediaType": "application/vnd.oci.image.index.v1+json"}
    digest = registry.index("team/nested", "inner", [amd])
    size = len(json.dumps({"schemaVersion": 2, "mediaType": inner["mediaType"], "manifests": [amd]}).encode())
    registry.index("team/nested", "outer", [{**inner, "digest": digest, "size": size}])
    report = scan(f"{registry.name}/team/nested:outer", registry.settings(), platform="linux/amd64")
    assert report.target.digest == amd["digest"]


def test_a_platform_that_the_only_image_is_not_of_is_refused(registry: RealRegistry) -> None:
    registry.push("team/one", "1", [BASE], platform="linux/arm64")
    report = scan(f"{registry.name}/team/one:1", registry.settings(), platform="linux/amd64")
    assert report.error == f"{registry.name}/team/one:1 has no image for linux/amd64: it is of linux/arm64 only"
    assert images.purls(scan(f"{registry.name}/team/one:1", registry.settings()))


def test_what_is_not_there_is_said(registry: RealRegistry) -> None:
    registry.push("team/there", "1", [BASE])
    report = scan(f"{registry.name}/team/there:2", registry.settings())
    assert report.scan_status is ScanStatus.FAILED
    assert "MANIFEST_UNKNOWN" in (report.error or "")
    assert report.coverage[0].reason == "not_found"
    assert "has no" in (scan(f"{registry.name}/team/nothing:1", registry.settings()).error or "")


def test_what_is_no_image_is_unsupported(registry: RealRegistry) -> None:
    chart = registry.blob("team/chart", b"name: x", "application/vnd.cncf.helm.config.v1+json")
    text = registry.blob("team/chart", b"words", "text/plain")
    registry.manifest("team/chart", "1", {"schemaVersion": 2, "mediaType": MANIFEST, "config": chart, "layers": [text]})
    report = scan(f"{registry.name}/team/chart:1", registry.settings())
    assert report.scan_status is ScanStatus.UNSUPPORTED
    assert "text/plain" in " ".join(entry.detail or "" for entry in report.coverage) or "other types" in str(
        report.error
    )


def test_a_layer_over_the_bound_is_left_out_and_the_rest_is_read(registry: RealRegistry) -> None:
    big = images.tar({"big": os.urandom(200_000)})
    registry.push("team/big", "1", [BASE, big])
    report = scan(f"{registry.name}/team/big:1", registry.settings(limits=Limits(spool_bytes=100_000)))
    assert "pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12" in images.purls(report)
    [entry] = images.troubles(report)
    assert (entry.state, entry.reason) == (CoverageState.PARTIAL, "limit_exceeded")
    assert entry.layer == images.sha256(packed(big))


def test_a_layer_that_comes_twice_is_fetched_once(registry: RealRegistry) -> None:
    registry.push("team/twice", "1", [BASE, BASE])
    registry_ = Registry(reference.parse(f"{registry.name}/team/twice:1"), registry.settings())
    artifact = pull(reference.parse(f"{registry.name}/team/twice:1"), registry_, Budget(Limits()), Progress())
    first, second = artifact.images[0].layers
    assert first.blob is second.blob  # type: ignore[attr-defined]


def test_layers_that_are_known_from_another_image_do_not_come_again(
    registry: RealRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    stream = Client.stream

    def seen(client: Client, url: str, **more: Any) -> Response:
        asked.append(url.rpartition("/")[2])
        return stream(client, url, **more)

    monkeypatch.setattr(Client, "stream", seen)
    registry.push("team/first", "1", [BASE, APP])
    registry.push("team/second", "1", [BASE, ARM])
    settings = registry.settings(layer_cache=tmp_path)
    scan(f"{registry.name}/team/first:1", settings)
    layers = [images.sha256(packed(layer)) for layer in (BASE, APP, ARM)]
    assert [asked.count(layer) for layer in layers] == [1, 1, 0]
    asked.clear()
    report = scan(f"{registry.name}/team/second:1", settings)
    assert [asked.count(layer) for layer in layers] == [0, 0, 1]
    assert len(asked) == 4  # the manifest, over https and then over http, and the configuration besides
    whole = scan(f"{registry.name}/team/second:1", registry.settings())
    assert (report.packages, report.coverage) == (whole.packages, whole.coverage)
    assert report.packages


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealRegistry, trustme.CA]]:
    """A registry over TLS that wants a name and a password."""
    folder = tmp_path_factory.mktemp("locked")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    (folder / "htpasswd").write_text(HTPASSWD + "\n")
    auth = f"auth: {{htpasswd: {{realm: tests, path: {folder / 'htpasswd'}}}}}\n"
    with RealRegistry(folder, auth=auth, tls=(folder / "cert.pem", folder / "key.pem")) as running:
        running.push("team/secret", "1", [BASE])
        yield running, authority


def asked(locked: tuple[RealRegistry, trustme.CA], logins: Logins) -> None:
    import ssl

    running, authority = locked
    context = ssl.create_default_context()
    authority.configure_trust(context)
    settings = running.settings(logins=logins)
    named = reference.parse(f"{running.name}/team/secret:1")
    registry = Registry(named, settings, client=Client(settings, tls=context))
    artifact = pull(named, registry, Budget(Limits()), Progress())
    assert len(artifact.images[0].layers) == 1


def test_a_login_opens_a_registry_over_tls(locked: tuple[RealRegistry, trustme.CA]) -> None:
    login = Login(host=locked[0].name, source="here", username="surveyor", password=PASSWORD)
    asked(locked, Logins(found=(login,)))


def test_without_a_login_the_places_are_named(locked: tuple[RealRegistry, trustme.CA]) -> None:
    with pytest.raises(Denied, match=r"no login for .* was found in a\.json, b\.json"):
        asked(locked, Logins(looked=("a.json", "b.json")))


def test_a_login_that_is_not_accepted_is_named_without_its_secret(locked: tuple[RealRegistry, trustme.CA]) -> None:
    login = Login(host=locked[0].name, source="config.json", username="surveyor", password="wrong-one")
    with pytest.raises(Denied, match=r"with the login from config\.json") as denied:
        asked(locked, Logins(found=(login,)))
    assert "wrong-one" not in str(denied.value)
    assert "wrong-one" not in repr(login)


def test_the_command_line_reads_dockers_logins(locked: tuple[RealRegistry, trustme.CA], tmp_path: Path) -> None:
    running, authority = locked
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    packed = base64.b64encode(f"surveyor:{PASSWORD}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {running.name: {"auth": packed}}}))
    command = [sys.executable, "-m", "surveyor", "scan", f"{running.name}/team/secret:1", "--format", "json"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DOCKER_CONFIG": str(tmp_path),
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "SURVEYOR_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [*command, "--allow-host", running.name, "--progress-file", str(tmp_path / "events")],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert [package["name"] for package in report["packages"]] == ["bash"]
    for text in (done.stdout, done.stderr, (tmp_path / "events").read_bytes()):
        assert PASSWORD.encode() not in text
        assert packed.encode() not in text
    refused = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert refused.returncode == 2
    assert "--allow-host" in refused.stderr


def test_a_real_registry_believes_the_token_that_its_issuer_gives(tmp_path: Path) -> None:
    with (
        Issuer(tmp_path, login="robot:let me pull") as issuer,
        RealRegistry(tmp_path, auth=issuer.section) as registry,
    ):
        registry.proof = f"Bearer {issuer.signed('repository:team/app:pull,push')}"
        registry.push("team/app", "1", [BASE, APP])
        hosts = tuple(AllowedHost(host="127.0.0.1", port=port) for port in (registry.port, issuer.port))
        login = Login(host=registry.name, source="here", username="robot", password="let me pull")
        name = f"{registry.name}/team/app:1"
        report = scan(name, Settings(allow_hosts=hosts, logins=Logins(found=(login,))))
        assert len(report.packages) == 2
        assert issuer.asked() == [{"service": ["tests"], "scope": ["repository:team/app:pull"], "account": ["robot"]}]
        assert "gives no token" in (scan(name, Settings(allow_hosts=hosts)).error or "")
