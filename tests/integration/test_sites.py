"""Several pages of a site in the service: asked for, scanned with sealed headers, kept, proved, forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from surveyor.scan import engine
from surveyor.scan.events import Progress
from surveyor.scan.plan import Crawl
from surveyor.scan.report import json as report_json
from surveyor.scan.settings import Settings
from surveyor.service.actions import evidence, findings, options, rechecks, scans, sealing, tasks, verifications
from surveyor.service.actions.options import Options
from surveyor.service.config import Config
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store import scans as store
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.scans import scan_runs
from surveyor.service.vault import Vault
from tests.integration.test_api import SHORT
from tests.servers.pipeline import Ground, open_ground, worker
from tests.servers.service import Service, running
from tests.servers.web import Site

SECRET = "open-sesame-4711"
PAGE = "<!doctype html><html lang=en><title>{}</title><h1>Shop</h1><a href=/a>A</a><a href=/b>B</a>"


@pytest_asyncio.fixture
async def near(config: Config, site: Site) -> AsyncIterator[Ground]:
    """The service's room, with the site allowed to it."""
    allowed = config.model_copy(update={"scan": {"allow_hosts": f"127.0.0.1:{site.port}"}})
    async with open_ground(allowed) as made:
        yield made


async def test_a_site_is_scanned_with_sealed_headers_kept_proved_and_forgotten(near: Ground, site: Site) -> None:
    for path, title in (("/", "Start"), ("/a", "Goods"), ("/b", "Goods")):
        site.page(path, PAGE.format(title) + path)
    platform, place = near.platform, near.place
    asked = Options(crawl=Crawl(pages=3, rate=50), headers=(("Authorization", f"Bearer {SECRET}"),))
    allowed = f"127.0.0.1:{site.port}"
    off = {"SURVEYOR_CHROMIUM": "off", "SURVEYOR_PROBES": "off", "SURVEYOR_LINKS": "0"}
    with worker(near.config, SURVEYOR_ALLOW_HOSTS=allowed, **off):
        scan = await scans.start_web(platform, **place, url=site.url("/"), options=asked)
        done = await near.ended(scan.id)
        assert done.scanner_status["security"].state == done.scanner_status["seo"].state == "done"
        assert {entry["count"] for entry in done.coverage if entry["what"] == "crawl"} == {3}
        # the four scanners have one crawl, whose pages lie nowhere when they have ended
        assert [seen.path for seen in site.requests].count("/a") == 1
        for _ in range(300):  # the last of them takes those away once it has told that it ended
            if not (left := list(platform.temporary.glob(f"scans/{scan.id}/pages*"))):
                break
            await asyncio.sleep(0.1)
        assert left == []
        rows = {row.rule: row for row in await rows_of(near)}
        assert len(rows["security_header_csp"].assets) == 3
        assert rows["security_header_csp"].evidence[0]["value"] == "on 3 of 3 pages"
        # what they were asked with is nowhere but in the seal
        assert {seen.headers.get("authorization") for seen in site.requests} == {f"Bearer {SECRET}"}
        assert SECRET not in repr(done) + repr(await near.events(scan.id))
        assert done.options["headers"] == ["Authorization"]

        # what was seen, judged again, says what the scanner said
        seen = b"".join([part async for part in (await saw(near, scan.id, "seo")).chunks])
        told = report_json.decode(await platform.storage.get_bytes(done.report_keys["seo"], max_bytes=1 << 24))
        again = await asyncio.to_thread(engine.recheck, seen, Settings(), Progress())
        assert replace(again, started_at=told.started_at, finished_at=told.finished_at) == told
        assert SECRET.encode() not in seen

        # and by the service: without asking the site, as of then, and for proofs as that scan looked
        site.requests.clear()
        before = {row.title: (len(row.assets), row.last_seen.date()) for row in await rows_of(near)}
        run = await rechecks.start(platform, **place, scan_id=scan.id)
        judged_again = await near.ended(run.id)
        assert judged_again.scanner_status["seo"].state == judged_again.scanner_status["security"].state == "done"
        assert site.requests == []
        assert judged_again.summary["findings"] == done.summary["findings"]
        stored = await platform.storage.get_bytes(judged_again.report_keys["seo"], max_bytes=1 << 24)
        assert report_json.decode(stored).findings == told.findings
        now = await rows_of(near)
        assert {row.title: (len(row.assets), row.last_seen.date()) for row in now} == before
        assert {row.last_scan_id for row in now} == {run.id}
        assert max(row.last_seen for row in now) < run.inserted_at
        assert all(row.first_seen <= row.last_seen for row in now)
        assert (await saw(near, run.id, "seo")).name == (await saw(near, scan.id, "seo")).name
        assert await evidence.saw(platform.sessions, run.id, "seo") == scan.id

        # a rule that compares pages is proved by looking at all of them, in the same way
        site.page("/b", PAGE.format("Other goods").replace("<h1>Shop", "<h1>Other"))
        site.page("/a", PAGE.format("Goods").replace("<h1>Shop", "<h1>Goods"))
        site.requests.clear()
        assert (await proof(near, rows["seo_site_duplicates"].id)).result == "passed"
        assert {seen.headers.get("authorization") for seen in site.requests} == {f"Bearer {SECRET}"}

    other = Vault(b"k" * 32)
    await sealing.reseal(platform.sessions, old=platform.vault, new=other)
    resealed = await near.scan(scan.id)
    assert options.of_scan(resealed, other) == asked
    later = await scans.start_web(platform, **place, url=site.url(""))
    async with platform.sessions() as session, session.begin():
        await store.change(session, later.id, status="done", scanner_status={"seo": store.Slot(state="done")})
    with pytest.raises(Conflict, match="a later scan"):
        await rechecks.start(platform, **place, scan_id=run.id)
    with pytest.raises(Conflict, match="nothing is kept"):
        await rechecks.start(platform, **place, scan_id=later.id)
    assert await evidence.forget(platform, days=0) == 1
    with pytest.raises(NotFound):
        await saw(near, scan.id, "seo")


async def saw(near: Ground, scan_id: Any, slot: str) -> Any:
    return await evidence.download(near.platform, **near.place, scan_id=scan_id, slot=slot)


async def rows_of(near: Ground) -> list[Any]:
    return list((await findings.page(near.platform.sessions, **near.place, wanted=Filter(), limit=100)).items)


async def proof(near: Ground, finding_id: Any) -> Any:
    task = await tasks.create(near.platform.sessions, **near.place, finding_id=finding_id)
    made = await verifications.start(near.platform, **near.place, task_id=task.id, who="person")
    for _ in range(600):
        held = await verifications.find(near.platform.sessions, **near.place, verification_id=made.id)
        if held.result != "pending":
            return held
        await asyncio.sleep(0.1)
    raise TimeoutError(str(held))


async def test_options_are_judged_told_without_values_and_taken_over_by_a_retry(config: Config) -> None:
    async with running(config.model_copy(update={"scan": {"allow_hosts": "127.0.0.1:8080"}})) as service:
        await judged(service)


async def judged(service: Service) -> None:
    client = service.client()
    url = "http://127.0.0.1:8080/"
    given = {"crawl": {"pages": 5, "sitemap": True}, "device": "desktop", "headers": {"X-Stage": SECRET}}
    made = client.post(f"{SHORT}/scans/run", body={"url": url, "options": given})
    assert made.status == 202, made.text
    assert made.json["data"]["options"]["headers"] == ["X-Stage"]
    assert made.json["data"]["options"]["crawl"]["pages"] == 5
    assert SECRET not in made.text
    assert client.post(f"{SHORT}/scans/{made.json['data']['id']}/cancel").status == 202
    again = client.post(f"{SHORT}/scans/{made.json['data']['id']}/retry").json["data"]
    assert again["options"] == made.json["data"]["options"]
    async with service.sessions() as session:
        kept = (await session.execute(select(scan_runs.c.headers))).scalars().all()
    assert len(set(kept)) == 2
    for wrong in (
        {"crawl": {"pages": 501}},
        {"crawl": {"page": 5}},
        {"device": "watch"},
        {"headers": {"Host": "x"}},
        {"headers": {"X": "a\r\nb"}},
        {"crawl": {"pages": "5"}},
    ):
        refused = client.post(f"{SHORT}/scans/run", body={"url": url, "options": wrong})
        assert refused.status == 422, wrong
    with pytest.raises(InvalidParams):
        options.judged({"headers": {"A": "x", "a": "y"}})
