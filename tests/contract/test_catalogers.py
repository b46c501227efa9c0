"""What every cataloger owes the engine: a name, a fixture that it reads, and calm in the face of any bytes."""

from __future__ import annotations

import importlib
import inspect
import json
import random
import re
import sys
import time
from pathlib import Path

import pytest

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import Cataloger, File, Record
from surveyor.scan.catalog.unread import UNREAD, Unread
from surveyor.scan.engine.wanted import wanted
from surveyor.scan.errors import ScanError
from surveyor.scan.limits import Budget, Limits
from tests.fixtures.case import Case

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "catalog"
#: Of one thread's processor time; a busy machine takes a tenth of it, what grows with the square takes minutes.
SECONDS = 20.0

each = pytest.mark.parametrize("unit", CATALOGERS, ids=lambda unit: unit.id)


def cases_of(unit: Cataloger) -> tuple[Case, ...]:
    cases: tuple[Case, ...] = importlib.import_module(f"tests.fixtures.catalog.{unit.id}").CASES
    return cases


def parse(unit: Cataloger, data: bytes, path: str = "x") -> list[Record]:
    told = unit.parse(File(path=path, data=memoryview(data)), Budget(limits=Limits()))
    return [one for one in told if isinstance(one, Record)]


def test_ids_are_unique_and_sorted() -> None:
    ids = [unit.id for unit in CATALOGERS]
    assert ids == sorted(set(ids))
    assert not set(ids) & {unread.id for unread in UNREAD}


@each
def test_declaration(unit: Cataloger) -> None:
    module = sys.modules[unit.parse.__module__]
    assert Path(str(module.__file__)).stem == unit.id
    assert module.__doc__
    assert inspect.getdoc(unit.parse)
    assert unit.version >= 1
    assert unit.summary
    assert 0 < unit.limit <= Limits().file_bytes
    assert ("root" in unit.paths.groupindex) is unit.system


@each
def test_fixture(unit: Cataloger) -> None:
    for case in cases_of(unit):
        name = case.path.encode()
        if not unit.programs:
            assert wanted(system=True).match(name, name.rfind(b"/") + 1), case.path
            own = [part for part in (unit.names, unit.endings and rb"[^/]+\.(?:" + unit.endings + rb")") if part]
            assert re.compile(rb"(?:" + b"|".join(own) + rb")\Z").match(name, name.rfind(b"/") + 1), case.path
            assert unit.paths.search(name), case.path
        found = parse(unit, case.data, case.path)
        assert sorted(f"{record.name}@{record.version}" for record in found) == sorted(case.packages), case.path
        assert all(record.evidence for record in found), case.path


def hostile(unit: Cataloger, whole: bytes) -> dict[str, bytes]:
    dice = random.Random(unit.id)  # the same bytes every run
    cases = {f"random {size}": dice.randbytes(size) for size in (0, 1, 21, 512, 70_000)}
    cases |= {f"cut at {at}": whole[:at] for at in range(0, len(whole), max(1, len(whole) // 40))}
    for number in range(60):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        cases[f"damaged {number}"] = bytes(damaged)
    size = 1 << 20
    cases |= {
        "one long line": b"Package: " + b"a" * size,
        "many short lines": b"P:\nV:\n" * (size // 6),
        "many blank lines": b"\n" * size,
        "zero bytes": bytes(size),
        "many brackets": b"[" * size,
        "many objects": b"[" + b"{}," * (size // 3) + b"{}]",
        "a number without end": b'{"name":"a","version":"1","x":' + b"9" * size + b"}",
        "a name without end": b'{"name":"' + b"a" * size + b'","version":"1"}',
        "many ends of zips": b"PK\x05\x06" * (size // 4),
        "not UTF-8": whole.replace(b"a", b"\xff"),
    }
    return cases


@each
def test_hostile_bytes_raise_only_our_errors_and_end_soon(unit: Cataloger) -> None:
    cases = [(case, label, data) for case in cases_of(unit) for label, data in hostile(unit, case.data).items()]
    for case, label, data in cases:
        start = time.thread_time()
        try:
            found = parse(unit, data[: unit.limit], case.path)
        except ScanError:
            found = []
        assert time.thread_time() - start < SECONDS, label
        for record in found:
            assert record.name.isprintable(), label
            assert record.version.isprintable(), label
            assert len(record.name) + len(record.version) <= 512, label
            json.dumps([record.name, record.version, record.evidence, record.licenses]).encode("utf-8")


@pytest.mark.parametrize("unit", [*CATALOGERS, *UNREAD], ids=lambda unit: unit.id)
def test_paths_are_judged_in_linear_time(unit: Cataloger | Unread) -> None:
    for path in (
        b"a/" * 40_000,
        b"node_modules/" * 8_000,
        b"usr/lib/" * 10_000 + b"x",
        b"\xff" * 80_000,
        b"status.d/" * 9_000,
    ):
        start = time.thread_time()
        unit.paths.search(path)
        wanted(system=True).match(path, path.rfind(b"/") + 1)
        assert time.thread_time() - start < SECONDS, path[:20]


def test_every_fixture_belongs_to_a_cataloger() -> None:
    assert {path.stem for path in FIXTURES.glob("*.py")} - {"__init__"} == {unit.id for unit in CATALOGERS}
