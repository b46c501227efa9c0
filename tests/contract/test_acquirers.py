"""What holds for every acquirer: one file, one id, a reason to exist, and no error but ours on hostile bytes."""

from __future__ import annotations

import importlib
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from surveyor.scan import acquire
from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.acquire.interface import Acquirer
from surveyor.scan.acquire.origin import open_origin
from surveyor.scan.errors import ScanError
from surveyor.scan.limits import Budget, Limits

FOLDER = Path(acquire.__file__).parent
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "acquire"
NOT_UNITS = {"__init__", "interface", "origin"}
SEED = 20_260_101


def samples() -> dict[str, bytes]:
    """One small whole artifact of each kind that is a file."""
    modules = sorted(path.stem for path in FIXTURES.glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"tests.fixtures.acquire.{name}").sample() for name in modules}


SAMPLES = samples()


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes cut somewhere, with some of them changed."""
    cut = bytearray(data[: rng.randrange(1, len(data) + 1)])
    for _ in range(rng.randrange(40)):
        cut[rng.randrange(len(cut))] = rng.randrange(256)
    return bytes(cut)


@pytest.mark.parametrize("unit", ACQUIRERS, ids=lambda unit: unit.id)
def test_an_acquirer_is_one_file_with_a_reason(unit: Acquirer) -> None:
    module = sys.modules[f"surveyor.scan.acquire.{unit.id}"]
    assert vars(module)["ACQUIRER"] is unit
    assert (module.__doc__ or "").strip()
    assert unit.version >= 1
    assert unit.summary


def test_every_file_is_registered_once() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - NOT_UNITS
    assert sorted(unit.id for unit in ACQUIRERS) == sorted(files)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("unit", ACQUIRERS, ids=lambda unit: unit.id)
def test_damaged_bytes_raise_only_our_errors(unit: Acquirer, kind: str, tmp_path: Path) -> None:
    rng, whole = random.Random(f"{SEED}{unit.id}{kind}"), SAMPLES[kind]
    for number in range(60):
        path = tmp_path / f"{number}"
        path.write_bytes(damaged(whole, rng))
        budget = Budget(Limits(seconds=5))
        try:
            origin = open_origin(path, path.name, budget)
            if unit.detect(origin):
                unit.read(origin, budget)
        except ScanError:
            continue


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_sample_is_taken_by_its_acquirer(kind: str, tmp_path: Path) -> None:
    path, budget = tmp_path / "sample", Budget(Limits())
    path.write_bytes(SAMPLES[kind])
    # a lock file is told by its name, and by nothing else
    origin = replace(open_origin(path, path.name, budget), reads=lambda _: kind == "manifest")
    unit = next(unit for unit in ACQUIRERS if unit.detect(origin))
    assert unit.id == kind
    assert unit.read(origin, budget).images
