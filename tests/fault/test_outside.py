"""PostgreSQL and S3 that are not ours, named by settings alone; the store away for half a minute; the real patience."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.fault import waves
from tests.fault.forward import Forward
from tests.fault.stage import Stage, stage
from tests.fault.test_faults import SEED
from tests.fault.waves import FAULTS, Round, Wave, table
from tests.servers.s3 import Bucket, Seaweed


@pytest.fixture(scope="module")
def seaweed() -> Iterator[Seaweed]:
    """An S3 server."""
    with Seaweed() as server:
        yield server


@pytest.fixture
def wire(seaweed: Seaweed) -> Iterator[Forward]:
    """What can be cut on the way to it."""
    with Forward(urlsplit(seaweed.endpoint).port or 0) as made:
        yield made


def through(bucket: Bucket, wire: Forward) -> dict[str, str]:
    """The settings of a bucket at the other end of a wire."""
    return {**bucket.environment(), "SURVEYOR_S3_ENDPOINT": f"http://127.0.0.1:{wire.port}"}


def test_another_postgresql_and_an_s3_by_settings_alone_and_the_s3_away_for_a_moment(
    seaweed: Seaweed, wire: Forward
) -> None:
    """The stage's database is a server of its own, which no process of the service has started or may stop."""
    bucket = seaweed.bucket()
    with stage(seed=SEED, workers=2, heartbeat=0.5, stalled=2, **through(bucket, wire)) as made:
        rounds = away(made, wire, 3, files=2, pages=0)
        scans = made.query("select id::text, kind from audit_scan_runs order by kind")
        kept = bucket.keys()
        assert not (made.folder / "home" / "objects").exists()
        assert not (made.folder / "home" / "pg").exists()
    print("\n" + table(rounds))
    artifact = next(scan_id for scan_id, kind in scans if kind == "artifact")
    assert [key for key in kept if key.startswith("uploads/")]
    assert [key for key in kept if key.startswith(f"scans/{artifact}/artifact.")]


def away(made: Stage, wire: Forward, seconds: float, *, files: int, pages: int) -> list[Round]:
    """Cut the wire to the store while scans run; what needs no store goes on, and nothing fails for it."""
    reference = waves.undisturbed(made)
    wave = Wave(made, f"S3 away for {seconds:g} s")
    wave.start(files=files, pages=pages)

    def gone(_: Wave) -> tuple[bool, None]:
        wire.cut()
        assert made.ask("GET", "/scans?limit=1")[0] == 200
        time.sleep(seconds)
        wire.mend()
        return True, None

    wave.hurt(1, 0.5, gone)
    rounds = wave.settle(waves.SECONDS)
    wave.judge(reference, may_fail=frozenset())
    assert {row[0] for row in made.query("select status from audit_scan_runs")} == {"done"}
    assert rounds
    return rounds


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_store_that_is_away_for_half_a_minute_fails_no_scan(seaweed: Seaweed, wire: Forward) -> None:
    with stage(seed=SEED, workers=2, heartbeat=0.5, stalled=2, **through(seaweed.bucket(), wire)) as made:
        print("\n" + table(away(made, wire, 30, files=6, pages=1)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_with_the_real_patience_a_dead_workers_scans_are_taken_over_within_90_seconds() -> None:
    """Heartbeats of 15 s, 60 s of patience: the defaults, as no setting says otherwise."""
    assert "SURVEYOR_HEARTBEAT_SECONDS" not in os.environ
    with stage(seed=SEED, workers=2, heartbeat=15, stalled=60) as made:
        reference = waves.undisturbed(made)
        wave = Wave(made, "worker kill -9, real values")
        wave.start(files=4, pages=0)
        wave.hurt(1, 1.0, FAULTS["worker kill -9"])
        rounds = wave.settle(150)
        wave.judge(reference, may_fail=frozenset())
        taken = made.query(
            "select max(extract(epoch from e.ts - p.ts)) from scan_events e join lateral ("
            " select max(ts) as ts from scan_events b where b.scan_id = e.scan_id and b.seq < e.seq) p on true"
            " where e.stage = 'scan.retry.warn'"
        )[0][0]
    print("\n" + table(rounds) + f"\nsilence before it was begun again: at most {taken} s")
    assert taken is not None, "no scan was on the worker that died"
    assert taken < 90
