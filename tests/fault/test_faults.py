"""Processes die at random points, and nothing is lost, done twice or left hanging.

``make fault`` runs the long form: ``SURVEYOR_FAULT_ROUNDS`` (200) faults; ``SURVEYOR_FAULT_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import secrets
import time

import pytest

from tests.fault import waves
from tests.fault.stage import stage
from tests.fault.waves import FAULTS, Round, table

ROUNDS = int(os.environ.get("SURVEYOR_FAULT_ROUNDS", "200"))
SEED = int(os.environ.get("SURVEYOR_FAULT_SEED", "0")) or secrets.randbelow(1 << 31)
#: How often each fault comes among twenty.
SHARES = {
    "worker kill -9": 6,
    "scanner child kill -9": 4,
    "API kill -9": 4,
    "PostgreSQL kill -9": 4,
    "PostgreSQL restarted": 2,
}


@pytest.mark.long
def test_a_few_faults_of_each_kind_lose_nothing() -> None:
    print(f"\nseed {SEED}")
    rounds: list[Round] = []
    with stage(seed=SEED, workers=2, heartbeat=0.5, stalled=2) as made:
        reference = waves.undisturbed(made)
        for fault, count in (
            ("worker kill -9", 1),
            ("scanner child kill -9", 1),
            ("API kill -9", 1),
            ("PostgreSQL kill -9", 1),
        ):
            rounds += waves.run(made, fault, reference, faults=count, files=2, pages=0, within=1.0)
    print(table(rounds))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_faults_at_random_points_lose_nothing() -> None:
    print(f"\nseed {SEED}, heartbeat 1 s, take-over after 6 s")
    rounds: list[Round] = []
    began = time.monotonic()
    with stage(seed=SEED, workers=4, heartbeat=1, stalled=6) as made:
        reference = waves.undisturbed(made)
        waves_of = {fault: -(-ROUNDS * share // 20) for fault, share in SHARES.items()}
        assert waves_of.keys() == FAULTS.keys()
        while left := [fault for fault, count in waves_of.items() if count > 0]:
            fault = made.random.choice(left)
            count = min(waves_of[fault], made.random.randint(3, 6))
            within = 1.0 if fault == "scanner child kill -9" else 3.0
            hits = waves.run(made, fault, reference, faults=count, files=8, pages=1, within=within)
            waves_of[fault] -= len(hits)
            rounds += hits
            print(f"{time.monotonic() - began:6.0f} s  {len(rounds):4} rounds  {fault} ×{len(hits)}", flush=True)
    print(table(rounds))
    assert len(rounds) >= ROUNDS
