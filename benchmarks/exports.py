"""Export a project of many findings as a worker does: read from a real database, written, stored in a local folder.

    PYTHONPATH=src:. python benchmarks/exports.py [--findings 10000] [--runs 8]

Seconds of each format, from the claimed job to the report's end; three assets a finding.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from surveyor.service import config, worker
from surveyor.service.actions import exports
from surveyor.service.documents import FORMATS
from surveyor.service.postgres.server import Server
from surveyor.service.store import migrate
from tests.servers.pipeline import Ground, open_ground

FINDINGS = text("""
    insert into findings (team_id, project_id, domain, rule, title, severity, confidence, priority_score, description,
                          evidence, recommended_fix, first_scan_id, last_scan_id, first_seen, last_seen)
    select :team_id, :project_id, 'seo', 'r', 'finding ' || n, 'low', 1, n % 100, repeat('words ', 30),
           '[{"kind": "header", "where": "server", "value": "shop/1.2.3 and more of it"},
             {"kind": "header", "where": "content-security-policy", "value": "default-src * unsafe-inline"}]',
           '{"summary": "Raise the version, or turn the bound on.", "steps": ["one step", "another", "a third"]}',
           gen_random_uuid(), gen_random_uuid(), now(), now() from generate_series(1, :count) n""")
ASSETS = text("""
    insert into finding_assets (finding_id, project_id, scope, slot, identity, type, value, detected_by_scan,
                                first_seen, last_seen)
    select id, project_id, 's', 'seo', decode(md5(n::text), 'hex'), 'url', 'https://shop.example/' || n,
           first_scan_id, now(), now() from findings, generate_series(1, 3) n""")


async def fill(ground: Ground, count: int) -> None:
    """The project's findings."""
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(FINDINGS, {**ground.place, "count": count})
        await session.execute(ASSETS)
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(text("analyze"))


async def measure(ground: Ground, kind: str) -> float:
    """One export."""
    asked = await exports.request(ground.platform, **ground.place, kind=kind)
    before = time.perf_counter()
    await exports.write(ground.platform, asked.id)
    seconds = time.perf_counter() - before
    done = await exports.find(ground.platform.sessions, **ground.place, report_id=asked.id)
    assert done.status == "exported", done.error
    return seconds


async def run(folder: Path, count: int, runs: int) -> None:
    """Start a database, fill it, print the table."""
    server = Server(folder / "pg")
    server.open()
    try:
        url = server.url("surveyor")
        await migrate.upgrade(url)
        made = config.load({"SURVEYOR_HOME": str(folder / "home"), "DATABASE_URL": url})
        async with open_ground(made) as ground:
            await fill(ground, count)
            print(f"{count:,} findings, {runs} runs each")
            for kind in FORMATS:
                seconds = [await measure(ground, kind) for _ in range(runs)]
                print(f"{kind:5} median {statistics.median(seconds):5.2f} s  worst {max(seconds):5.2f} s")
    finally:
        server.close()


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--findings", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=8)
    given = options.parse_args()
    worker.settle()
    folder = Path(tempfile.mkdtemp(prefix="surveyor-exports-"))
    # the database's user has to get through
    folder.chmod(0o711)
    try:
        asyncio.run(run(folder, given.findings, given.runs))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
