"""Files of one long run of something, which patterns with two ways to take a blank read in the square of its length."""

from __future__ import annotations

import contextlib
import random
import time

import pytest

from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.errors import ScanError
from tests.contract.test_catalogers import cases_of, parse

TEXTUAL = (
    *("bun", "cargo_lock", "cocoapods", "conan", "conda_environment", "debian_copyright", "gem", "gemfile_lock"),
    *("go_mod", "gradle", "hackage", "hex_lock", "julia", "maven_pom", "nuget_project", "pacman", "pnpm", "pub"),
    *("python_lock", "requirements", "yarn"),
)
#: Of one thread's processor time; a busy machine takes a fiftieth of it.
SECONDS = 5.0


@pytest.mark.parametrize("unit", [unit for unit in CATALOGERS if unit.id in TEXTUAL], ids=lambda unit: unit.id)
def test_long_runs_are_read_in_linear_time(unit: object) -> None:
    dice = random.Random(unit.id)  # type: ignore[attr-defined]
    for case in cases_of(unit):  # type: ignore[arg-type]
        for run in (b" ", b"\t", b"a", b".", b"a.", b":", b"/", b"A ", b"//", b"- ", b'\\"'):
            for _ in range(6):
                at = dice.randrange(len(case.data))
                data = case.data[:at] + run * 60_000 + case.data[at:]
                start = time.thread_time()
                with contextlib.suppress(ScanError):
                    parse(unit, data, case.path)  # type: ignore[arg-type]
                assert time.thread_time() - start < SECONDS, (case.path, run, at)
