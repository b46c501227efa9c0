"""The runner that takes the network away, and the fixture that insists on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import conftest, isolation

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_runner_leaves_loopback_alone_or_says_that_it_cannot() -> None:
    code = "import os; from tests import isolation as i; print(os.environ[i.VARIABLE], i.only_loopback_is_up())"
    told = run(sys.executable, "tests/isolation.py", sys.executable, "-c", code)
    assert told.returncode == 0, told.stderr
    assert told.stdout == "namespace True\n" or told.stdout.startswith("isolation: ")


def test_the_runner_hands_on_the_commands_code() -> None:
    assert run(sys.executable, "tests/isolation.py", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert run(sys.executable, "tests/isolation.py").returncode == 2


def test_connections_are_blocked_here() -> None:
    assert conftest._connections_are_blocked()


def test_a_test_of_hostile_addresses_fails_where_packets_could_leave() -> None:
    if isolation.only_loopback_is_up():
        pytest.skip("there is no network here to be protected from")
    told = run(
        sys.executable, "-m", "pytest", "-q", "--force-enable-socket", "-p", "no:cacheprovider",
        "tests/hostile/test_ssrf.py", "-k", "test_judge_address_speaks_of_addresses",
    )  # fmt: skip
    assert told.returncode == 1
    assert "run it through `python tests/isolation.py" in told.stdout
