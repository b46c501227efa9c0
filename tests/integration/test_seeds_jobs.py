"""What docs/reference/seeds.md says of jobs and their progress and no other test shows: stages, signs of life."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import text

from surveyor.service.actions import slots, sweep
from surveyor.service.config import Config
from surveyor.service.store.scans import Scan
from tests.images import ALPINE, DEBIAN, deb, docker_save, jar, npm, pom, python, tar
from tests.servers.pipeline import Ground, first_child, wheel, worker

IMAGE = {
    "usr/lib/os-release": DEBIAN,
    "var/lib/dpkg/status": deb("bash", "5.2"),
    "app/node_modules/lodash/package.json": npm("lodash", "4.17.15"),
    "app/node_modules/bad/package.json": b'{"name"',
    "usr/lib/python3/dist-packages/x-1.dist-info/METADATA": python("x", "1"),
}
APK = b"C:Q1pSfbqhrlqA2jAM7bVvW0lxRk1uA=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\n"


async def purls(ground: Ground) -> set[str]:
    async with ground.platform.sessions() as session:
        found = (await session.execute(text("select purl from scan_packages"))).scalars().all()
    return {purl.partition("?")[0] for purl in found}


async def test_an_image_tells_its_steps_by_name(ground: Ground) -> None:
    with worker(ground.config):
        scan = await ground.start(docker_save([tar(IMAGE)]), "shop.tar")
        other = await ground.start(
            docker_save([tar({"etc/os-release": ALPINE, "lib/apk/db/installed": APK})]), "alpine.tar"
        )
        done, _ = await ground.ended(scan.id), await ground.ended(other.id)
    assert done.status == "done"
    told = await ground.events(scan.id)
    order = [
        "scan.start",
        "scan.open",
        "container.extract",
        "container.layers",
        "container.packages",
        "container.packages.app",
        "container.osv.query",
        "scan.summary",
        "scan.done",
    ]
    stages = [event.stage for event in told]
    assert [stage for stage in dict.fromkeys(stages) if stage in order] == order
    assert await purls(ground) == {
        "pkg:deb/debian/bash@5.2",
        "pkg:npm/lodash@4.17.15",
        "pkg:pypi/x@1",
        "pkg:apk/alpine/musl@1.2.5-r0",
    }
    timings = {event.stage: event for event in told if event.stage.endswith(".timing")}
    assert {f"container.{step}.timing" for step in ("extract", "layers", "osv.query")} <= set(timings)
    assert all(event.detail.startswith("ms=") and event.level == "debug" for event in timings.values())
    # a broken file is an error of its stage, while the scan goes on
    (broken,) = [event for event in told if event.stage.endswith(".err")]
    assert (broken.stage, broken.level) == ("container.packages.app.err", "error")
    assert "node_modules/bad/package.json" in broken.detail


async def test_an_archive_tells_its_steps_by_name(ground: Ground) -> None:
    with worker(ground.config):
        scan = await ground.start(jar(pom("g", "a", "1")), "demo.jar")
        done = await ground.ended(scan.id)
    assert done.status == "done"
    told = await ground.events(scan.id)
    stages = [event.stage for event in told]
    assert {"archive.extract", "archive.type", "archive.osv.query", "archive.osv.query.timing"} <= set(stages)
    (kind,) = [event for event in told if event.stage == "archive.type"]
    assert kind.detail == "java-jar"


async def sign(ground: Ground, last: Scan) -> Scan:
    """The next sign of life."""
    return await ground.until(last.id, lambda run: run.updated_at > last.updated_at)


async def test_a_silent_scanner_is_kept_alive_by_its_worker(ground: Ground, slow_file: bytes) -> None:
    with worker(ground.config) as running:
        scan = await ground.start(slow_file, "slow.tar")
        before = await ground.until(scan.id, lambda run: run.last_seq >= 2)
        child = await first_child(running)
        child.suspend()
        silent = await sign(ground, before)
        while (later := await sign(ground, silent)).last_seq > silent.last_seq:
            silent = later  # what it had said before is stored now
        for _ in range(2):
            later = await sign(ground, later)
        assert later.last_seq == silent.last_seq >= before.last_seq
        assert later.scanner_status["artifact"].attempt == 1
        child.resume()
        assert (await ground.ended(scan.id)).status == "done"


async def test_a_job_may_be_silent_for_thirty_minutes_and_no_longer(ground: Ground, config: Config) -> None:
    assert (config.stale_minutes, config.heartbeat_seconds) == (30, 15)
    scan, sessions = await ground.start(wheel(), "a.whl"), ground.platform.sessions
    await slots.begin(sessions, scan.id)
    assert await slots.claim(sessions, scan.id, "artifact", uuid4())
    silent = text("update audit_scan_runs set updated_at = now() - make_interval(mins => :minutes, secs => 1)")
    for minutes, ended in ((29, 0), (30, 1)):
        async with sessions() as session, session.begin():
            await session.execute(silent, {"minutes": minutes})
        assert await sweep.stale(sessions, seconds=config.stale_minutes * 60) == ended
    held = await ground.scan(scan.id)
    assert (held.status, held.error) == ("failed", "stale job timeout")
