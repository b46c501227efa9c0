"""A bucket, a database made of it, and packages to ask about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.origin import Fetch, Manners
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import UpdateResult, update
from surveyor.scan.events import Event, Progress
from surveyor.scan.model import Distro, Location, Package, SourcePackage
from tests.servers.osv_bucket import Record, write

Made = Callable[..., Path]


def no_network(url: str, **_: Any) -> Any:
    raise AssertionError(f"asked the network for {url}")


def run(
    source: Path | str,
    database: Path,
    *,
    fetch: Fetch = no_network,
    ecosystems: tuple[str, ...] | None = None,
    **more: Any,
) -> UpdateResult:
    """Update from OSV's bucket alone; what a server does not give is asked for again at once."""
    wanted = want(feed("osv"), source, fetch=fetch, scopes=ecosystems, manners=Manners(sleep=lambda _: None))
    return update([wanted], database, **{"progress": Progress(), **more})


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def progress(events: list[Event]) -> Progress:
    return Progress(events.append)


@pytest.fixture
def database(tmp_path: Path) -> Made:
    """Make a database of records by ecosystem."""

    def made(records: Mapping[str, Sequence[Record]]) -> Path:
        path = tmp_path / "advisories.db"
        run(write(tmp_path / "bucket", records), path)
        return path

    return made


def deb(
    name: str, version: str, *, source: str | None = None, source_version: str | None = None, release: str = "12"
) -> Package:
    return Package(
        purl=f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-{release}",
        type="deb",
        namespace="debian",
        name=name,
        version=version,
        source=SourcePackage(name=source or name, version=source_version or version),
        distro=Distro(id="debian", version=release),
        locations=(Location(path="var/lib/dpkg/status", layer="sha256:" + "a" * 64),),
    )


def plain(
    kind: str, name: str, version: str, *, namespace: str | None = None, path: str = "app/lock", **more: Any
) -> Package:
    full = f"{namespace}/{name}" if namespace else name
    return Package(
        purl=f"pkg:{kind}/{full}@{version}",
        type=kind,
        namespace=namespace,
        name=name,
        version=version,
        locations=(Location(path=path),),
        **more,
    )
