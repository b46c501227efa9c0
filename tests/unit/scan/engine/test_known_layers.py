"""Layers of a registry's image that the layer cache knows: they stay where they are, and the report is the same."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from surveyor.scan import engine
from surveyor.scan.engine.cache import LayerCache
from surveyor.scan.engine.stacks import Stack
from surveyor.scan.events import Event, Progress
from surveyor.scan.limits import Limits
from surveyor.scan.model import CoverageState, Report
from surveyor.scan.plan import plan
from tests.images import DEBIAN, Link, deb, npm, pack, purls, tar, troubles
from tests.servers.distribution import Distribution, written

SYSTEM = pack(tar({"etc/os-release": DEBIAN, "var/lib/dpkg/status": deb("bash", "5.2")}), "gzip")
RELEASE = pack(tar({"etc/os-release": DEBIAN}), "gzip")
#: Its data is read only where a link or another file leads to it.
MORE = pack(tar({"data/dpkg-status": deb("zlib", "1.3"), "srv/more.txt": b"b==2\n"}), "gzip")


@cache  # gzip keeps the time: the next second's bytes are another layer
def app(name: str) -> bytes:
    return pack(tar({f"srv/node_modules/{name}/package.json": npm(name, "1")}), "gzip")


class Ground:
    """A registry, a folder of looks, and what the last scan told and asked for."""

    def __init__(self, server: Distribution, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.events: list[Event] = []

    def push(self, *layers: bytes, **lies: Any) -> list[str]:
        """Push an image of these layers; ``lies`` are in every descriptor. Returns their digests."""
        made = [self.server.blob(layer) for layer in layers]
        self.server.image([{**one, **lies} for one in made], "1")
        return [one["digest"] for one in made]

    def scan(self, limits: Limits | None = None, *, cached: bool = True) -> Report:
        """Scan what was pushed last."""
        self.events, self.server.requests[:] = [], []
        cache = self.folder / "cache" if cached else None
        settings = self.server.settings(limits=limits or Limits(seconds=60), layer_cache=cache)
        return engine.run(plan(str(self.server.reference)), settings, Progress(self.events.append))

    def asked(self, *digests: str) -> list[int]:
        """How often each of these blobs was asked for by the last scan."""
        paths = [seen.path for seen in self.server.requests]
        return [paths.count(self.server.path(digest)) for digest in digests]

    def pulled(self) -> list[tuple[object, object]]:
        """How many layers came and how many were known, each time that some were to come."""
        done = [event.data for event in self.events if event.stage == "container.pull.done"]
        return [(data["layers"], data["known"]) for data in done]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with Distribution() as server:
        yield Ground(server, tmp_path)


def said(report: Report) -> tuple[object, ...]:
    target = report.target
    return report.packages, report.coverage, report.findings, report.scan_status, target.digest, target.type


def test_the_same_image_again_asks_for_no_layer(ground: Ground) -> None:
    layers = ground.push(SYSTEM, app("a"), SYSTEM)
    whole = ground.scan(cached=False)
    first = ground.scan()
    assert ground.asked(*layers) == [1, 1, 1]  # the third is the first
    assert ground.pulled() == [(2, 0)]
    again = ground.scan()
    assert ground.asked(*layers) == [0, 0, 0]
    assert len(ground.server.requests) == 2  # the manifest and the configuration
    assert said(whole) == said(first) == said(again)
    assert len(again.packages) == 2
    assert ground.pulled() == [(0, 2)]
    [told] = [event.detail for event in ground.events if event.stage == "container.pull.done"]
    assert told == "0 layers, 0.0 kB; 2 layers known from before"
    shown = [event.pct for event in ground.events if event.pct is not None]
    assert shown == sorted(shown)


def test_a_second_image_pays_for_its_own_layer_only(ground: Ground) -> None:
    ground.push(SYSTEM, MORE, app("a"))
    ground.scan()
    layers = ground.push(SYSTEM, MORE, app("b"))
    report = ground.scan()
    assert ground.asked(*layers) == [0, 0, 1]
    assert ground.pulled() == [(1, 2)]
    assert said(report) == said(ground.scan(cached=False))
    assert [package.name for package in report.packages] == ["bash", "b"]


@pytest.mark.parametrize(
    "top",
    [
        {"var/lib/dpkg/status": Link("../../../data/dpkg-status")},
        {"srv/requirements.txt": b"a==1\n-r more.txt\n"},
        {"etc/alternatives/x": b"x", "srv/requirements.txt": b"-r more.txt\n-r gone.txt\n"},
    ],
    ids=["link", "referral", "referral to nothing"],
)
def test_a_known_layer_comes_when_something_leads_into_it(ground: Ground, top: dict[str, Any]) -> None:
    ground.push(RELEASE, MORE, app("a"))
    ground.scan()
    layers = ground.push(RELEASE, MORE, pack(tar(top), "zstd"))
    report = ground.scan()
    assert ground.asked(*layers)[1:] == [1, 1]
    assert ground.pulled()[0] == (1, 2)
    assert "which was known from before and is needed" in " ".join(event.detail for event in ground.events)
    assert {"zlib", "b"} & {package.name for package in report.packages}
    assert said(report) == said(ground.scan(cached=False))
    assert said(report) == said(ground.scan())
    shown = [event.pct for event in ground.events if event.pct is not None]
    assert shown == sorted(shown)


@pytest.mark.parametrize(("named", "times"), [("more.txt", [0, 1, 0, 1]), ("gone.txt", [0, 0, 0, 1])])
def test_only_the_known_layer_that_has_a_file_comes_for_it(ground: Ground, named: str, times: list[int]) -> None:
    ground.push(SYSTEM, MORE, app("a"))
    ground.scan()
    layers = ground.push(SYSTEM, MORE, app("a"), pack(tar({"srv/requirements.txt": f"-r {named}\n".encode()}), "gzip"))
    report = ground.scan()
    assert ground.asked(*layers) == times
    assert said(report) == said(ground.scan(cached=False))
    assert [entry.path for entry in report.coverage if entry.what == "acquire.referrals"] == (
        ["srv/gone.txt"] if named == "gone.txt" else []
    )


@pytest.mark.parametrize(
    "name", ["/srv/more.txt", "srv//more.txt", "srv/./more.txt", "x/../srv/more.txt", "./srv/more.txt"]
)
def test_a_file_of_an_oddly_spelt_name_is_not_passed_by(ground: Ground, name: str) -> None:
    base = pack(tar({name: b"b==2\n"}), "gzip")
    ground.push(base)
    ground.scan()
    ground.push(base, pack(tar({"srv/requirements.txt": b"-r more.txt\n"}), "gzip"))
    assert purls(ground.scan()) == ["pkg:pypi/b@2"]


def test_what_another_process_removed_meanwhile_comes_after_all(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = ground.push(SYSTEM, MORE, app("a"))
    first = ground.scan()
    holds = LayerCache.holds

    def removed(cache: LayerCache, *asked: Any) -> bool:
        held = holds(cache, *asked)
        next(cache.shelf.folder.glob(f"*/{cache.key(*asked)}")).unlink()  # no folder: others may be in it
        return held

    monkeypatch.setattr(LayerCache, "holds", removed)
    monkeypatch.setattr(Stack, "get", lambda *_: None)  # and the image's own entry too
    again = ground.scan()
    assert ground.asked(*layers) == [1, 1, 1]
    assert ground.pulled()[0] == (0, 3)
    assert said(again) == said(first)


def test_an_entry_that_is_none_any_more_is_no_loss(ground: Ground) -> None:
    layers = ground.push(SYSTEM, app("a"))
    first = ground.scan()
    for entry in (ground.folder / "cache").glob("*/*"):
        entry.write_bytes(b"no entry")
    again = ground.scan()
    assert ground.asked(*layers) == [1, 1]
    assert said(again) == said(first)


def test_what_comes_late_is_verified_and_asked_for_once(ground: Ground) -> None:
    layers = ground.push(SYSTEM, app("a"))
    ground.scan()
    for entry in (ground.folder / "cache").glob("*/*"):
        entry.write_bytes(b"no entry")
    ground.server.raw(ground.server.path(layers[0]), written(200, b"z" * len(SYSTEM)))
    report = ground.scan()
    assert ground.asked(*layers) == [1, 1]
    assert purls(report) == ["pkg:npm/a@1"]
    [entry] = troubles(report)
    assert (entry.state, entry.reason, entry.layer) == (CoverageState.FAILED, "wrong_digest", layers[0])


def test_a_look_that_does_not_fit_the_budget_is_read_as_far_as_it_does(ground: Ground) -> None:
    names = ["a", "b", "c", "d"]
    [layer] = ground.push(pack(tar({f"srv/node_modules/{one}/package.json": npm(one, "1") for one in names}), "gzip"))
    assert len(ground.scan().packages) == 4
    bounded = ground.scan(Limits(packages=2))
    assert ground.asked(layer) == [1]
    assert said(bounded) == said(ground.scan(Limits(packages=2), cached=False))
    assert {entry.reason for entry in troubles(bounded)} == {"limit_exceeded"}


def test_other_bounds_on_what_a_file_may_be_ask_for_the_layers(ground: Ground) -> None:
    layers = ground.push(SYSTEM, app("a"))
    ground.scan()
    ground.scan(Limits(depth=1))
    assert ground.asked(*layers) == [1, 1]


@pytest.mark.parametrize("size", [10, 0, None, 10**18])
def test_a_manifest_that_lies_about_a_known_layer_is_told_so(ground: Ground, size: int | None) -> None:
    ground.push(SYSTEM, app("a"))
    ground.scan()
    ground.push(SYSTEM, app("a"), size=size)
    report = ground.scan()
    assert said(report) == said(ground.scan(cached=False))
    assert len(troubles(report)) == 2


def test_known_layers_need_no_room_and_are_told_when_they_do(ground: Ground) -> None:
    limits = Limits(spool_bytes=len(MORE) + 50)
    ground.push(MORE)
    ground.scan(limits)
    ground.push(MORE, app("a"))
    assert purls(ground.scan(limits)) == ["pkg:npm/a@1"]
    assert not troubles(ground.scan(limits))
    ground.push(MORE, pack(tar({"srv/requirements.txt": b"a==1\n-r more.txt\n"}), "gzip"))
    report = ground.scan(limits)
    assert purls(report) == ["pkg:pypi/a@1"]
    assert ("acquire.referrals", "limit_exceeded") in [(entry.what, entry.reason) for entry in troubles(report)]
