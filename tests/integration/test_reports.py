"""Reports of a project: asked for, made by a worker, stored, fetched by a link, and the numbers over days."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from surveyor.service import config as service_config
from surveyor.service import documents
from surveyor.service.actions import exports, teams
from surveyor.service.actions.platform import Platform
from surveyor.service.config import Config
from surveyor.service.errors import StorageUnavailable
from surveyor.service.storage import Storage, Stored
from surveyor.service.store.database import Sessions
from surveyor.service.store.reports import ReportRow
from tests.servers.pipeline import Ground, worker
from tests.servers.s3 import Bucket
from tests.servers.service import Answer, Client, Service, running

SHORT = "/api/v1/audit"
NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


async def put(
    sessions: Sessions,
    place: dict[str, UUID],
    title: str,
    *,
    score: int | None = 50,
    status: str = "new",
    first_seen: datetime = NOW - timedelta(days=20),
    domain: str = "security",
    severity: str = "high",
    inserted_at: datetime | None = None,
) -> UUID:
    """A finding as a scan and a person left it."""
    statement = text("""
        insert into findings (team_id, project_id, domain, rule, title, severity, status, confidence, priority_score,
                              first_scan_id, last_scan_id, first_seen, last_seen, inserted_at, evidence)
        values (:team_id, :project_id, :domain, 'r', :title, :severity, :status, 1, :score,
                gen_random_uuid(), gen_random_uuid(), :first_seen, :first_seen, :inserted_at,
                '[{"kind": "header", "where": "server", "value": "shop"}]')
        returning id""")
    values = {"domain": domain, "title": title, "severity": severity, "status": status, "score": score}
    values |= {"first_seen": first_seen, "inserted_at": inserted_at or first_seen}
    async with sessions() as session, session.begin():
        made: UUID = (await session.execute(statement, place | values)).scalar_one()
    return made


async def move(sessions: Sessions, finding: UUID, before: str, after: str, at: datetime) -> None:
    """What a finding's history says of one move."""
    statement = text("""
        insert into finding_history (finding_id, at, who, field, before, after)
        values (:finding, :at, 'person', 'status', to_jsonb(cast(:before as text)), to_jsonb(cast(:after as text)))""")
    async with sessions() as session, session.begin():
        await session.execute(statement, {"finding": finding, "at": at, "before": before, "after": after})


def place_of(service: Service) -> dict[str, UUID]:
    return {"team_id": service.first.team_id, "project_id": service.first.project_id}


def export(client: Client, kind: str = "json") -> dict[str, Any]:
    answer = client.post(f"{SHORT}/reports/export", body={"format": kind})
    assert answer.status == 202, answer.text
    data: dict[str, Any] = answer.json["data"]
    return data


def fetched(service: Service, url: str) -> Answer:
    parts = urlsplit(url)
    return service.stranger().get(f"{parts.path}?{parts.query}")


def platform(service: Service) -> Platform:
    found: Platform = service.app.state.platform
    return replace(found, sessions=service.sessions)


@pytest.mark.parametrize("kind", ["json", "csv", "html", "pdf"])
async def test_a_report_is_queued_made_and_fetched_without_a_key(service: Service, kind: str) -> None:
    await put(service.sessions, place_of(service), "=SUM(A1) <b>missing</b>")
    asked = export(service.client(), kind)
    assert (asked["status"], asked["format"], asked["snapshot"]["export_url"]) == ("queued", kind, None)
    assert asked["snapshot"]["open_findings"] == 1
    await exports.write(platform(service), UUID(asked["id"]))
    done = service.client().get(f"{SHORT}/reports/{asked['id']}").json["data"]
    assert (done["status"], done["findings"], done["findings_total"], done["error"]) == ("exported", 1, 1, None)
    answer = fetched(service, done["snapshot"]["export_url"])
    assert answer.status == 200
    assert len(answer.body) == done["size"]
    assert answer.headers["content-disposition"].startswith('attachment; filename="surveyor-report-')
    assert answer.headers["content-disposition"].endswith(f'.{kind}"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    key = f"audit/{service.first.team_id}/{service.first.project_id}/{asked['id']}.{kind}"
    assert (await platform(service).storage.head(key)).size == done["size"]
    starts = {"json": b"{", "csv": b"\xef\xbb\xbfseverity", "html": b"<!doctype html>", "pdf": b"%PDF-1.7"}
    assert answer.body.startswith(starts[kind])


async def test_findings_stand_by_priority_unscored_last_and_then_by_age(service: Service) -> None:
    place = place_of(service)
    for title, score, days in (("unscored", None, 9), ("low", 10, 9), ("old", 70, 5), ("new", 70, 1), ("zero", 0, 9)):
        await put(service.sessions, place, title, score=score, first_seen=NOW - timedelta(days=days))
    asked = export(service.client())
    await exports.write(platform(service), UUID(asked["id"]))
    url = service.client().get(f"{SHORT}/reports/{asked['id']}").json["data"]["snapshot"]["export_url"]
    told = fetched(service, url).json
    assert [row["title"] for row in told["findings"]] == ["old", "new", "low", "zero", "unscored"]
    assert told["findings"][-1]["priority_score"] is None
    assert told["metrics"]["unscored"] == 1
    assert told["metrics"]["computed_health"] is None


async def test_more_than_ten_thousand_are_cut_and_every_format_says_so(ground: Ground) -> None:
    many = text("""
        insert into findings (team_id, project_id, domain, rule, title, severity, confidence, priority_score,
                              first_scan_id, last_scan_id, first_seen, last_seen)
        select :team_id, :project_id, 'seo', 'r', 'finding ' || n, 'low', 1, n % 100,
               gen_random_uuid(), gen_random_uuid(), now(), now() from generate_series(1, 10020) n""")
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(many, ground.place)
    held = await exports.gather(ground.platform.sessions, **ground.place, report_id=uuid4())
    assert (len(held.findings), held.findings_total, held.left_out) == (10_000, 10_020, 20)
    asked = await exports.request(ground.platform, **ground.place, kind="csv")
    await exports.write(ground.platform, asked.id)
    done = await found(ground, asked.id)
    assert (done.findings, done.findings_total) == (10_000, 10_020)
    assert done.storage_key is not None
    content = await ground.platform.storage.get_bytes(done.storage_key)
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(table) == 10_002
    assert "CUT: 20 of 10,020" in ",".join(table[-1])
    told = {kind: await documents.render(kind, held, ground.platform.temporary) for kind in ("json", "html")}
    assert json.loads(told["json"])["cut"] == {"total": 10_020, "held": 10_000, "left_out": 20}
    assert b"<b>Cut.</b> This file holds the first 10,000 findings by priority; 20 of 10,020" in told["html"]
    # the words are the same whatever the file holds, and ten thousand take a while to typeset
    few = replace(held, findings=held.findings[:30])
    pages = PdfReader(io.BytesIO(await documents.render("pdf", few, ground.platform.temporary))).pages
    words = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "Cut. This file holds the first 30 findings by priority; 9,990 of 10,020 are not in it." in words


class Refusing(Storage):
    """A store that is away."""

    async def put_bytes(self, *_: object, **__: object) -> Stored:
        raise StorageUnavailable("the bucket shop failed: connection refused")


async def test_a_store_that_is_away_fails_the_report_and_keeps_its_numbers(ground: Ground) -> None:
    await put(ground.platform.sessions, ground.place, "one", score=42)
    config = ground.config
    away = Refusing.open(config)
    asked = await exports.request(ground.platform, **ground.place, kind="json")
    await exports.write(replace(ground.platform, storage=away), asked.id)
    ended = await found(ground, asked.id)
    assert (ended.status, ended.storage_key, ended.findings) == ("failed", None, None)
    assert ended.error == "the bucket shop failed: connection refused"
    told = exports.shown(ended, "https://never.example")
    assert told["export_url"] is None
    assert (told["open_findings"], told["open_risk_score"]) == (1, 42)
    # what has ended stays so
    await exports.write(ground.platform, asked.id)
    assert (await found(ground, asked.id)).status == "failed"


async def found(ground: Ground, report_id: UUID) -> ReportRow:
    return await exports.find(ground.platform.sessions, **ground.place, report_id=report_id)


async def test_a_worker_makes_reports(ground: Ground) -> None:
    await put(ground.platform.sessions, ground.place, "one")
    with worker(ground.config):
        asked = [await exports.request(ground.platform, **ground.place, kind=kind) for kind in ("pdf", "json")]
        end = time.monotonic() + 90
        for report in asked:
            while (await found(ground, report.id)).status == "queued":
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
    for report in asked:
        done = await found(ground, report.id)
        assert done.status == "exported"
        assert done.storage_key is not None
        assert await ground.platform.storage.get_bytes(done.storage_key)


async def test_a_report_whose_job_is_gone_is_ended(ground: Ground) -> None:
    asked = await exports.request(ground.platform, **ground.place, kind="json")
    fresh = await exports.request(ground.platform, **ground.place, kind="json")
    waits = await exports.request(ground.platform, **ground.place, kind="json")
    async with ground.platform.sessions() as session, session.begin():
        old = text("update audit_reports set inserted_at = now() - interval '2 minutes' where id = any(:ids)")
        await session.execute(old, {"ids": [asked.id, waits.id]})
        gone = text("update procrastinate_jobs set status = 'failed' where id = any(:ids)")
        await session.execute(gone, {"ids": [asked.job_id, fresh.job_id]})
    assert await exports.end_lost(ground.platform.sessions) == 1
    ended = await found(ground, asked.id)
    assert (ended.status, ended.error) == ("failed", "stale job timeout")
    for other in (fresh, waits):
        assert (await found(ground, other.id)).status == "queued"


async def test_links_are_signed_anew_end_and_open_nothing_else(service: Service) -> None:
    asked = export(service.client())
    await exports.write(platform(service), UUID(asked["id"]))
    links = service.app.state.links
    good = links.to(UUID(asked["id"]), datetime.now(UTC))
    assert fetched(service, good).status == 200
    old = links.to(UUID(asked["id"]), datetime.now(UTC) - timedelta(hours=25))
    for url, words in (
        (old, "expired"),
        (good.replace(asked["id"], str(uuid4())), "not signed"),
        (good.replace("expires=1", "expires=2"), "not signed"),
        (f"{good[:-43]}{'A' * 43}", "not signed"),
    ):
        answer = fetched(service, url)
        assert (answer.status, answer.json["error"]["code"]) == (403, "forbidden")
        assert words in answer.json["error"]["message"]
    assert service.stranger().get(f"/api/v1/exports/{asked['id']}").status == 422
    queued = export(service.client())
    assert fetched(service, links.to(UUID(queued["id"]), datetime.now(UTC))).status == 409
    assert fetched(service, links.to(uuid4(), datetime.now(UTC))).status == 404


async def test_on_s3_the_link_leads_to_the_store(database_url: str, s3_bucket: Bucket, tmp_path: Any) -> None:
    values = {"SURVEYOR_HOME": str(tmp_path / "home"), "DATABASE_URL": database_url} | s3_bucket.environment()
    config: Config = service_config.load(values)
    async with running(config) as service:
        asked = export(service.client(), "html")
        own = replace(platform(service), storage=Storage.open(config))
        await exports.write(own, UUID(asked["id"]))
        url = service.client().get(f"{SHORT}/reports/{asked['id']}").json["data"]["snapshot"]["export_url"]
        assert url.startswith(config.base_url)
        answer = fetched(service, url)
        assert answer.status == 302
        target = urlsplit(answer.headers["location"])
        saved = Client(target.port or 80).get(f"{target.path}?{target.query}")
        assert saved.status == 200
        assert saved.body.startswith(b"<!doctype html>")
        assert saved.headers["content-disposition"].startswith("attachment")
        assert saved.headers["content-type"].startswith("text/html")
        keys = s3_bucket.keys()
        assert keys == [f"audit/{service.first.team_id}/{service.first.project_id}/{asked['id']}.html"]


async def test_lists_are_paged_and_narrowed(service: Service) -> None:
    made = [export(service.client(), kind)["id"] for kind in ("json", "csv", "json")]
    await exports.write(platform(service), UUID(made[0]))
    first = service.client().get(f"{SHORT}/reports?limit=2").json
    assert [row["id"] for row in first["data"]] == made[:0:-1]
    assert first["meta"]["total"] == 3
    rest = service.client().get(f"{SHORT}/reports?limit=2&cursor={first['meta']['next_cursor']}").json
    assert [row["id"] for row in rest["data"]] == made[:1]
    assert rest["meta"]["next_cursor"] is None
    csvs = service.client().get(f"{SHORT}/reports?format=csv").json["data"]
    assert [row["id"] for row in csvs] == [made[1]]
    done = service.client().get(f"{SHORT}/reports?status=exported").json["data"]
    assert [row["id"] for row in done] == [made[0]]
    assert service.client().get(f"{SHORT}/reports?status=lost").status == 422
    assert service.client().post(f"{SHORT}/reports/export", body={"format": "docx"}).status == 422
    assert service.client().post(f"{SHORT}/reports/export", body={}).status == 422
    assert service.client().get(f"{SHORT}/reports?cursor=nonsense").status == 422


async def test_another_teams_key_sees_nothing_and_a_reader_asks_for_nothing(service: Service) -> None:
    asked = export(service.client())
    await teams.create_team(service.sessions, slug="other", name="Other")
    other = service.client((await teams.create_key(service.sessions, team="other", name="k")).secret)
    assert other.get(f"{SHORT}/reports/{asked['id']}").status == 404
    assert other.get(f"{SHORT}/reports").json["data"] == []
    place = f"/api/v1/orgs/{service.first.team_id}/projects/{service.first.project_id}/audit"
    for path in ("reports", f"reports/{asked['id']}", "reports/summary"):
        assert other.get(f"{place}/{path}").status == 404
        assert service.client().get(f"{place}/{path}").status == 200
    assert other.post(f"{place}/reports/export", body={"format": "json"}).status == 404
    reader = await teams.create_key(service.sessions, team="default", name="r", scopes=("audit:read",))
    refused = service.client(reader.secret).post(f"{SHORT}/reports/export", body={"format": "json"})
    assert (refused.status, refused.json["error"]["code"]) == (403, "forbidden")
    assert service.stranger().get(f"{SHORT}/reports").status == 401


async def test_the_burn_down_follows_each_findings_history(service: Service) -> None:
    sessions, place = service.sessions, place_of(service)
    await put(sessions, place, "stays", score=10, first_seen=NOW - timedelta(days=30))
    await put(sessions, place, "came on the third", score=5, first_seen=NOW - timedelta(days=3))
    there_and_back = await put(sessions, place, "fixed and back", score=100, status="in_progress")
    await move(sessions, there_and_back, "new", "resolved", NOW - timedelta(days=5))
    await move(sessions, there_and_back, "resolved", "in_progress", NOW - timedelta(days=2))
    gone = await put(sessions, place, "dismissed", score=1000 % 101, status="dismissed")
    await move(sessions, gone, "new", "triaged", NOW - timedelta(days=6))
    await move(sessions, gone, "triaged", "dismissed", NOW - timedelta(days=1))
    await put(sessions, place, "unscored", score=None)
    path = f"{SHORT}/reports/summary?date_from={(NOW - timedelta(days=6)).date()}&date_to={NOW.date()}"
    told = service.client().get(path).json["data"]
    dropped = 1000 % 101
    assert [day["open_risk_score"] for day in told["risk_burn_down"]] == [
        110 + dropped,
        10 + dropped,
        10 + dropped,
        15 + dropped,
        115 + dropped,
        115,
        115,
    ]
    assert [day["open_findings"] for day in told["risk_burn_down"]] == [4, 3, 3, 4, 5, 4, 4]
    assert told["risk_burn_down"][0]["date"] == str((NOW - timedelta(days=6)).date())
    assert (told["open_findings"], told["open_risk_score"], told["unscored"]) == (4, 115, 1)
    # by default the week that ends today, and the days before it by name
    before = datetime.now(UTC).date()
    week = [day["date"] for day in service.client().get(f"{SHORT}/reports/summary").json["data"]["risk_burn_down"]]
    today = week[-1]
    assert str(before) <= today <= str(datetime.now(UTC).date())
    assert week == [str(date.fromisoformat(today) - timedelta(days=back)) for back in range(6, -1, -1)]
    days = f"date_from={(NOW - timedelta(days=40)).date()}&date_to={(NOW - timedelta(days=29)).date()}"
    earlier = service.client().get(f"{SHORT}/reports/summary?{days}").json["data"]
    assert [day["open_risk_score"] for day in earlier["risk_burn_down"]] == [0] * 10 + [10, 10]


async def test_rates_are_taken_from_their_range_and_unknown_without_anything(service: Service) -> None:
    sessions, place = service.sessions, place_of(service)
    told = service.client().get(f"{SHORT}/reports/summary").json["data"]
    assert (told["verification_pass_rate"], told["regression_rate"], told["open_findings"]) == (None, None, 0)
    found = [await put(sessions, place, f"f{n}") for n in range(4)]
    for one in found:
        await move(sessions, one, "new", "resolved", NOW - timedelta(days=10))
    async with sessions() as session, session.begin():
        task = text("""
            insert into audit_tasks (team_id, project_id, finding_id, title)
            values (:team_id, :project_id, :finding, 't') returning id""")
        held = (await session.execute(task, place | {"finding": found[0]})).scalar_one()
        proof = text("""
            insert into audit_verifications (team_id, project_id, task_id, finding_id, result, requested_by,
                                             finished_at)
            values (:team_id, :project_id, :task, :finding, :result, 'person', :at)""")
        for result, days in (("passed", 1), ("passed", 2), ("failed", 3), ("passed", 20)):
            values = {"task": held, "finding": found[0], "result": result, "at": NOW - timedelta(days=days)}
            await session.execute(proof, place | values)
        back = text("""
            insert into audit_regressions (team_id, project_id, finding_id, trigger, inserted_at)
            values (:team_id, :project_id, :finding, 'reappeared', :at)""")
        for finding, days in ((found[0], 2), (found[0], 1), (found[1], 30)):
            await session.execute(back, place | {"finding": finding, "at": NOW - timedelta(days=days)})
    told = service.client().get(f"{SHORT}/reports/summary").json["data"]
    assert (told["verification_pass_rate"], told["verifications"]) == (0.6667, 3)
    assert (told["regression_rate"], told["regressions"]) == (0.25, 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date_from=2026-02-02&date_to=2026-02-01", "date_from"),
        ("date_to=2999-01-01", "date_to"),
        ("date_from=2020-01-01&date_to=2022-01-01", "date_from"),
        ("date_from=yesterday", "date_from"),
        ("date_from=0001-01-01", "date_from"),
        ("date_to=0001-01-01", "date_to"),
    ],
)
async def test_days_that_make_no_range_are_refused(service: Service, query: str, field: str) -> None:
    answer = service.client().get(f"{SHORT}/reports/summary?{query}")
    assert (answer.status, answer.json["error"]["code"]) == (422, "invalid_params")
    assert field in answer.json["error"]["details"]
