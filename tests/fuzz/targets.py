"""What is fuzzed: a target takes any bytes, and may answer with nothing or with an error of ours."""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.acquire.interface import Acquirer, Origin
from surveyor.scan.acquire.origin import open_blob
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.feeds.interface import Feed
from surveyor.scan.advise.packing import by_package, pack_fact, pack_names, pack_ranges, pack_record, pack_rest
from surveyor.scan.advise.pieces import cut
from surveyor.scan.advise.record import Fact
from surveyor.scan.advise.stream import chunks
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.purl import purl
from surveyor.scan.errors import ScanError
from surveyor.scan.limits import MIB, Budget, Limits
from surveyor.scan.tree.entry import Blob, Entry, Kind, Wanted
from tests.fuzz import pages, seeds

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
#: Every parser must end within these, whatever it reads; libFuzzer's own limits lie above.
LIMITS = Limits(
    seconds=10.0,
    entries=20_000,
    candidates=2_000,
    packages=5_000,
    file_bytes=4 * MIB,
    inflated_bytes=64 * MIB,
    spool_bytes=16 * MIB,
)
_EVERY = Wanted(re.compile(rb""), programs=True)
_LOOKED = 4096  # bytes that are read of every file that a tree names
_FILES = 500


@dataclass(frozen=True, kw_only=True)
class Target:
    """A name, what takes the bytes, and whole examples of them."""

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def _acquire(units: tuple[Acquirer, ...], data: bytes) -> None:
    """Open bytes as an artifact, walk all its trees, and read the beginning of every file."""
    budget = Budget(LIMITS)
    try:
        origin = open_blob(Blob(buffer=data, start=0, end=len(data)), "fuzz", budget) if data else None
        unit = next((unit for unit in units if origin and unit.detect(origin)), None)
        if unit is None or origin is None:
            return
        _walk(unit, origin, budget)
    except ScanError:
        return


def _walk(unit: Acquirer, origin: Origin, budget: Budget) -> None:
    for image in unit.read(origin, budget).images[:4]:
        for layer in image.layers[:4]:
            try:
                for number, entry in enumerate(layer.walk(_EVERY, budget)):
                    if number < _FILES:
                        _look(entry)
            except ScanError:
                continue


def _look(entry: Entry) -> None:
    assert b".." not in entry.name.split(b"/"), entry.name
    assert not entry.name.startswith(b"/"), entry.name
    if entry.kind is Kind.FILE:
        try:
            entry.head(_LOOKED)
        except ScanError:
            return


def _catalog(units: tuple[Cataloger, ...], path: str, data: bytes) -> None:
    """Give bytes to catalogers as a file of this path; what they say must be fit to print."""
    for unit in units:
        try:
            for told in unit.parse(File(path=path, data=memoryview(data[: unit.limit])), Budget(LIMITS)):
                if isinstance(told, Record):
                    assert told.name.isprintable()
                    assert told.version.isprintable()
                    purl(told, None).encode("ascii")
        except ScanError:
            continue


def _acquirers() -> Iterator[Target]:
    units = {unit.id: unit for unit in ACQUIRERS}
    for name, examples in seeds.ARTIFACTS.items():
        wanted = (units[name.partition(".")[0]],)
        yield Target(name=name, run=partial(_acquire, wanted), seeds=tuple(make() for make in examples))


def _catalogers() -> Iterator[Target]:
    for unit in CATALOGERS:
        if unit.programs:
            continue
        cases = importlib.import_module(f"tests.fixtures.catalog.{unit.id}").CASES
        for number, case in enumerate(cases[:3] if unit.id == "rpm" else cases[:1]):
            name = f"catalog.{unit.id}" + (f".{number}" if unit.id == "rpm" else "")
            examples = (case.data,) if unit.id == "rpm" else tuple(one.data for one in cases)
            yield Target(name=name, run=partial(_catalog, (unit,), case.path), seeds=examples)
    programs = tuple(unit for unit in CATALOGERS if unit.programs)
    for name, examples in seeds.PROGRAMS.items():
        whole = tuple(make() for make in examples)
        more = [importlib.import_module(f"tests.fixtures.catalog.{unit.id}").CASES for unit in programs]
        magic = {"elf": b"\x7fELF", "pe": b"MZ"}.get(name, b"")
        fitting = tuple(case.data for cases in more for case in cases if magic and case.data.startswith(magic))
        yield Target(name=name, run=partial(_catalog, programs, "fuzz"), seeds=(*whole, *fitting))


def _normalise(feed: Feed, data: bytes) -> None:
    """Read bytes as a record of a feed; what it says must fit in the database."""
    try:
        for item in feed.normalise(data, ""):
            if isinstance(item, Fact):
                pack_fact(item)
                continue
            pack_record(item)
            pack_names(item).encode()
            for items in by_package(item).values():
                (pack_ranges(items) or "").encode()
                pack_rest(items)
    except ScanError:
        return


def _feeds() -> Iterator[Target]:
    for name, examples in seeds.FEEDS.items():
        yield Target(name=f"feed.{name}", run=partial(_normalise, feed(name)), seeds=tuple(make() for make in examples))
    yield Target(name="feed.nvd.page", run=_page, seeds=tuple(make() for make in seeds.PAGES))


def _page(data: bytes) -> None:
    """Read bytes as a page, a yearly file or lines of records."""
    try:
        for record in cut(chunks(io.BytesIO(data), max_bytes=LIMITS.inflated_bytes), {}):
            _normalise(feed("nvd"), record)
    except ScanError:
        return


def _pages() -> Iterator[Target]:
    for name, (run, examples) in pages.PAGES.items():
        yield Target(name=name, run=run, seeds=examples)
    for name, (run, make) in pages.MADE.items():
        yield Target(name=name, run=run, seeds=(make(),))


def targets() -> dict[str, Target]:
    """All of them, by name."""
    return {target.name: target for target in (*_acquirers(), *_catalogers(), *_feeds(), *_pages())}
