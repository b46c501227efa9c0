"""What pages say while advisories are missing, on their way and there; and the offer to scan again what had none."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from surveyor.service.actions import teams
from surveyor.service.store import advisories
from tests.integration.test_ui_sessions import Browser, signed_in
from tests.servers.service import Service

_ARTIFACT = """insert into artifacts (team_id, sha256, size, storage_key, filename, removed_at)
values (:team, md5(:name) || md5(:name), 1, 'k', :name, case when :kept then null else now() end) returning id"""
_SCAN = """insert into audit_scan_runs (team_id, project_id, kind, status, name, artifact_id, coverage, finished_at,
                             inserted_at)
values (:team, :project, 'artifact', :status, :name, :artifact, cast(:coverage as jsonb), now(), clock_timestamp())
returning id"""
BLIND = '[{"what": "advisories", "state": "missing", "reason": "missing"}]'
SEEN = '[{"what": "advisories", "state": "looked"}]'


async def scanned(
    service: Service,
    name: str,
    coverage: str = BLIND,
    *,
    status: str = "done",
    kept: bool = True,
    of: UUID | None = None,
) -> tuple[UUID, UUID]:
    """An ended scan of a file, and the file."""
    async with service.sessions() as session, session.begin():
        whose = {"team": service.first.team_id, "name": name}
        if of is None:
            of = (await session.execute(text(_ARTIFACT), {**whose, "kept": kept})).scalar_one()
        project = (await session.execute(text("select id from projects limit 1"))).scalar_one()
        values = {**whose, "project": project, "artifact": of, "coverage": coverage, "status": status}
        return (await session.execute(text(_SCAN), values)).scalar_one(), of


async def update(service: Service, status: str, **more: object) -> None:
    async with service.sessions() as session, session.begin():
        await session.execute(text("delete from advisory_updates"))
        made = await advisories.add(session)
        await advisories.change(session, made.id, status=status, **more)


def asks_again(html: str) -> bool:
    return "hx-trigger" in html


async def test_an_open_page_follows_an_update_to_its_end(service: Service) -> None:
    browser = await signed_in(service)
    scan, _ = await scanned(service, "shop.tar")
    pieces = ("/advisories", f"/scans/{scan}/advisories")
    for piece in pieces:
        html = browser.get(piece).text
        assert asks_again(html)
        assert "Update advisories" in html
    await update(service, "running")
    for piece in pieces:
        html = browser.get(piece).text
        assert asks_again(html)
        assert "are being updated" in html
    await update(service, "failed", error="no `route` to <osv>")
    for piece in pieces:
        assert "The last update failed: no <code>route</code> to &lt;osv&gt;" in browser.get(piece).text
    await update(service, "done", sources=[{"feed": "osv", "date": "2026-11-25"}])
    for piece in pieces:
        html = browser.get(piece).text
        assert not asks_again(html)
        assert "Scan it again" in html
        assert 'hx-target="#feeds"' in html
        assert "OSV" in html


async def test_a_feed_that_stands_still_and_one_with_records_that_are_no_use_are_marked(service: Service) -> None:
    browser, had = await signed_in(service), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z"
    still = {"feed": "kev", "date": "2025-01-01", "updated_at": had, "rows": 5, "stale_from": "2025-02-01T00:00:00Z"}
    odd = {"feed": "nvd", "date": had, "updated_at": had, "rows": 7, "unread": 3, "stale_from": "2999-01-01T00:00:00Z"}
    await update(service, "done", sources=[still, odd])
    page = browser.get("/feeds").text
    assert page.count('<span class="word partial">stale</span>') == 1
    assert page.count("a copy that stands still") == 1
    assert page.count("3 of its records could not be read") == 1


async def test_only_what_had_none_and_can_be_had_is_offered(service: Service) -> None:
    browser = await signed_in(service)
    await update(service, "done", sources=[{"feed": "osv", "date": "2026-11-25"}])
    assert "were scanned without" not in browser.get("/").text
    await scanned(service, "one.tar")
    await scanned(service, "two.tar")
    await scanned(service, "gone.tar", kept=False)
    _, again = await scanned(service, "again.tar")
    await scanned(service, "again.tar", SEEN, of=again)
    await scanned(service, "stopped.tar", status="cancelled")
    page = browser.get("/").text
    assert "2 files were scanned without them" in page
    assert browser.submit("/advisories/rescan", {"csrf": browser.csrf()}).status == 303
    async with service.sessions() as session:
        made = await session.execute(text("select name from audit_scan_runs where retry_of is not null order by name"))
        assert list(made.scalars()) == ["one.tar", "two.tar"]
    # what waits to be scanned is not offered once more
    assert "scanned without" not in browser.get("/").text


async def test_one_is_scanned_again_by_its_page(service: Service) -> None:
    browser = await signed_in(service)
    scan, _ = await scanned(service, "shop.tar")
    answer = browser.submit(f"/scans/{scan}/again", {"csrf": browser.csrf()})
    assert answer.status == 303
    assert re.fullmatch(r"/scans/[0-9a-f-]{36}", answer.headers["location"])
    assert answer.headers["location"] != f"/scans/{scan}"
    gone, _ = await scanned(service, "gone.tar", kept=False)
    answer = browser.submit(f"/scans/{gone}/again", {"csrf": browser.csrf()})
    assert answer.status == 409
    assert "upload it again" in answer.text


@pytest.mark.parametrize("trick", ["", "x", "//evil.example", "https://evil.example", "../.."])
async def test_asking_for_an_update_leads_back_to_the_scan_and_nowhere_else(service: Service, trick: str) -> None:
    browser, scan = await signed_in(service), str(uuid4())
    for given, there in ((scan, f"/scans/{scan}"), (trick, "/")):
        answer = browser.submit("/advisories/update", {"csrf": browser.csrf(), "scan": given})
        assert (answer.status, answer.headers["location"]) == (303, there)


async def test_scans_of_others_are_neither_shown_nor_made_again(service: Service) -> None:
    scan, _ = await scanned(service, "shop.tar")
    await update(service, "done", sources=[{"feed": "osv", "date": "2026-11-25"}])
    other = await teams.create_team(service.sessions, slug="other")
    browser = Browser(service)
    browser.submit("/sign-in", {"token": await teams.create_link(service.sessions, team=str(other.id))})
    assert browser.get(f"/scans/{scan}/advisories").status == 404
    assert browser.submit(f"/scans/{scan}/again", {"csrf": browser.csrf()}).status == 404
    assert "shop.tar" not in browser.get("/").text
    for path in ("/advisories/rescan", f"/scans/{scan}/again"):
        assert browser.submit(path, {"csrf": "x" * 43}).status == 403
