"""From a finding to a proof and back: real scans and verifications of a site on this machine, by a real worker."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.events import Progress
from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import findings, hosts, regressions, reopenings, scans, tasks, verifications
from surveyor.service.actions.findings import Decision
from surveyor.service.config import Config
from surveyor.service.errors import Conflict, InvalidParams, NotFound
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.findings import FindingRow, others_of_rule
from surveyor.service.store.tasks import Task
from surveyor.service.store.verifications import Verification
from tests.programs import elf
from tests.servers.osv_bucket import record, write
from tests.servers.pipeline import Ground, open_ground, wheel, worker
from tests.servers.processes import psutil_gone
from tests.servers.psi import Psi
from tests.servers.web import Site

CSP = "security_header_csp"
PAGE = "<!doctype html><html lang=en><title>A shop of goods</title><body><h1>Shop</h1>"
POLICY = ("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'")


@pytest_asyncio.fixture
async def near(config: Config, site: Site) -> AsyncIterator[Ground]:
    """The service's room, with the site allowed to its one project: to nobody else, and by no setting."""
    async with open_ground(config) as made:
        await hosts.put(made.platform.sessions, project_id=made.project_id, hosts=[f"127.0.0.1:{site.port}"])
        yield made


async def scanned(near: Ground, url: str) -> UUID:
    scan = await scans.start_web(near.platform, **near.place, url=url)
    await near.ended(scan.id)
    return scan.id


async def listed(near: Ground, **wanted: Any) -> list[FindingRow]:
    page = await findings.page(near.platform.sessions, **near.place, wanted=Filter(**wanted), limit=100)
    return list(page.items)


async def one(near: Ground, rule: str = CSP) -> FindingRow:
    (row,) = await listed(near, rule=rule)
    return row


async def task_of(near: Ground, finding: FindingRow) -> Task:
    return await tasks.create(near.platform.sessions, **near.place, finding_id=finding.id)


async def again(near: Ground, task: Task) -> Task:
    return await tasks.find(near.platform.sessions, **near.place, task_id=task.id)


async def started(near: Ground, task: Task, *checks: str, **more: Any) -> Verification:
    return await verifications.start(near.platform, **near.place, task_id=task.id, who="person", checks=checks, **more)


async def ended(near: Ground, made: Verification, seconds: float = 60.0) -> Verification:
    return await until(near, made, lambda held: held.result != "pending", seconds)


async def until(
    near: Ground, made: Verification, judge: Callable[[Verification], bool], seconds: float = 60.0
) -> Verification:
    end = time.monotonic() + seconds
    while True:
        held = await verifications.find(near.platform.sessions, **near.place, verification_id=made.id)
        if judge(held):
            return held
        if time.monotonic() > end:
            raise TimeoutError(str(held))
        await asyncio.sleep(0.05)


async def verified(near: Ground, task: Task, *checks: str, **more: Any) -> Verification:
    return await ended(near, await started(near, task, *checks, **more))


async def opened(near: Ground) -> list[tuple[str, UUID]]:
    page = await regressions.page(near.platform.sessions, **near.place)
    return [(item.trigger, item.finding_id) for item in page.items]


async def test_a_fix_is_proved_taken_back_and_proved_again(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    sessions = near.platform.sessions
    with worker(near.config):
        await scanned(near, site.url("/"))
        finding = await one(near)
        task = await task_of(near, finding)
        await findings.decide(
            sessions, **near.place, finding_id=finding.id, who="person", decision=Decision(status="in_progress")
        )
        await tasks.change(sessions, **near.place, task_id=task.id, given={"status": "in_progress"})

        failed = await verified(near, task)
        assert (failed.result, failed.reason) == ("failed", None)
        (check,) = failed.checks
        assert (check["key"], check["status"]) == (CSP, "failed")
        assert "Content-Security-Policy missing" in check["after"]
        assert ((await again(near, task)).status, (await one(near)).status) == ("in_progress", "in_progress")

        site.page("/", PAGE, headers=(POLICY,))
        asked = len(site.requests)
        passed = await verified(near, task)
        assert len(site.requests) == asked + 1
        (check,) = passed.checks
        assert (passed.result, check["status"], check["after"]) == ("passed", "passed", ": ".join(POLICY))
        assert check["before"]
        assert [look["asset"] for look in check["assets"]] == [site.url("/")]
        done, solved = await again(near, task), await one(near)
        assert (done.status, solved.status) == ("done", "resolved")
        assert done.done_at == solved.resolved_at == passed.finished_at

        back = await reopenings.reopen(sessions, **near.place, verification_id=passed.id, who="person")
        assert (back.result, back.reopened_by, back.checks) == ("failed", "person", passed.checks)
        assert back.reopened_at is not None
        done, solved = await again(near, task), await one(near)
        assert (done.status, done.done_at) == ("in_progress", None)
        assert (solved.status, solved.resolved_at) == ("in_progress", None)
        assert await opened(near) == [("verification_reopened", finding.id)]
        with pytest.raises(Conflict):
            await reopenings.reopen(sessions, **near.place, verification_id=passed.id, who="person")

        assert (await verified(near, task)).result == "passed"
        (closed,) = (await regressions.page(sessions, **near.place)).items
        assert closed.closed_at is not None

        # and what was solved and is there again is taken up by the scan that sees it
        cookies = (("Set-Cookie", "sessionid=1"), ("Set-Cookie", "csrftoken=1"))
        site.page("/", PAGE, headers=cookies)
        seen = await scanned(near, site.url("/"))

        # one rule saw two things: what is mended of them is proved, and the other is not
        form, login = sorted(await listed(near, rule="security_cookies"), key=lambda row: row.title)
        async with sessions() as session:
            others = await others_of_rule(session, login, [site.url("/")])
            # of two that go by one title none is proved by the other's being known
            alike = await others_of_rule(session, replace(login, title=form.title), [site.url("/")])
        assert (others, form.title in dict(alike).values()) == ([(site.url("/"), form.title)], False)
        site.page("/", PAGE, headers=(("Set-Cookie", "sessionid=1; HttpOnly"), cookies[1]))
        proved = await verified(near, await task_of(near, login))
        assert (proved.result, form.title in proved.checks[0]["after"]) == ("passed", True)
        assert (await verified(near, await task_of(near, form))).result == "failed"
    assert (await one(near)).status == "triaged"
    assert await opened(near) == [("reappeared", finding.id), ("verification_reopened", finding.id)]
    past = (await findings.past(sessions, **near.place, finding_id=finding.id)).items
    assert [(change.before, change.after) for change in reversed(past) if change.field == "status"] == [
        ("new", "in_progress"),
        ("in_progress", "resolved"),
        ("resolved", "in_progress"),
        ("in_progress", "resolved"),
        ("resolved", "triaged"),
    ]
    assert past[0].who == f"scan:{seen}"
    assert past[1].who.startswith("verification:")


async def test_one_page_of_several_that_is_not_mended_fails_and_moves_nothing(near: Ground, site: Site) -> None:
    for path in ("/", "/a"):
        site.page(path, PAGE)
    with worker(near.config):
        for path in ("/", "/a"):
            await scanned(near, site.url(path))
        task = await task_of(near, await one(near))
        site.page("/", PAGE, headers=(POLICY,))
        held = await verified(near, task)
        (check,) = held.checks
        assert (held.result, check["status"]) == ("failed", "failed")
        assert {look["asset"]: look["status"] for look in check["assets"]} == {
            site.url("/"): "passed",
            site.url("/a"): "failed",
        }
        assert ((await again(near, task)).status, (await one(near)).status) == ("backlog", "new")
        site.page("/a", PAGE, headers=(POLICY,))
        assert (await verified(near, task)).result == "passed"


async def test_an_unknown_check_fails_and_a_site_that_is_gone_could_not_be_looked_at(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    with worker(near.config):
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near))
        site.page("/", PAGE, headers=(POLICY,))
        held = await verified(near, task, CSP, "no_such_check")
        assert [(check["key"], check["status"]) for check in held.checks] == [
            (CSP, "passed"),
            ("no_such_check", "unknown_check"),
        ]
        assert (held.result, held.reason) == ("failed", None)
        site.raw("/", b"")
        held = await verified(near, task)
        (check,) = held.checks
        assert (held.result, held.reason, check["status"]) == ("failed", "could_not_look", "not_looked")
    assert ((await again(near, task)).status, (await one(near)).status) == ("backlog", "new")


async def test_rules_of_other_scanners_are_verified_too(near: Ground, site: Site) -> None:
    site.page("/", "<!doctype html><html><body><img src=a>")
    rules = ("seo_title", "accessibility_image_alt")

    async def statuses() -> list[str]:
        made = [await started(near, task) for task in chosen]
        checks = [check for held in made for check in (await ended(near, held)).checks]
        # what could not be looked at says why
        return [check["after"] if check["status"] == "not_looked" else check["status"] for check in checks]

    with worker(near.config):
        await scanned(near, site.url("/"))
        chosen = [await task_of(near, await one(near, rule)) for rule in rules]
        assert await statuses() == ["failed", "failed"]
        site.page("/", "<!doctype html><html><title>A shop of goods</title><body><img src=a alt='A shop'>")
        assert await statuses() == ["passed", "passed"]


async def test_another_check_than_the_findings_own_proves_nothing_alone(near: Ground, site: Site) -> None:
    site.page("/", PAGE, headers=(("X-Content-Type-Options", "nosniff"),))
    with worker(near.config):
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near))
        held = await verified(near, task, "security_header_xcto")
    assert [(check["key"], check["status"], bool(check["before"])) for check in held.checks] == [
        (CSP, "failed", True),
        ("security_header_xcto", "passed", False),
    ]
    assert held.result == "failed"
    assert ((await again(near, task)).status, (await one(near)).status) == ("backlog", "new")


@pytest.mark.parametrize("status", [204, 301, 403, 404, 503])
async def test_what_is_sent_with_another_answer_than_the_page_proves_nothing(
    near: Ground, site: Site, status: int
) -> None:
    site.page("/", PAGE)
    with worker(near.config):
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near))
        site.page("/", "" if status == 204 else "<p>Sorry", status=status, headers=(POLICY,))
        held = await verified(near, task)
    (check,) = held.checks
    assert (held.result, held.reason, check["status"]) == ("failed", "could_not_look", "not_looked")
    assert f"answered {status}" in check["after"]


async def test_nothing_is_reopened_while_it_is_looked_at_again(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    with worker(near.config):
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near))
        site.page("/", PAGE, headers=(POLICY,))
        proof = await verified(near, task)
    waiting = await started(near, task)
    with pytest.raises(Conflict, match="running") as refused:
        await reopenings.reopen(near.platform.sessions, **near.place, verification_id=proof.id, who="person")
    assert refused.value.details == {"verification_id": str(waiting.id)}


async def test_two_at_once_are_one_and_the_other_is_told(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    with worker(near.config):
        await scanned(near, site.url("/"))
    task = await task_of(near, await one(near))
    asked = await asyncio.gather(*(started(near, task) for _ in range(6)), return_exceptions=True)
    made = [held for held in asked if isinstance(held, Verification)]
    refused = [error for error in asked if isinstance(error, Conflict)]
    assert (len(made), len(refused)) == (1, 5)
    assert {str(error.details["verification_id"]) for error in refused if error.details} == {str(made[0].id)}


async def test_a_worker_that_dies_midway_changes_nothing_and_the_next_one_ends_it(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    with worker(near.config) as first:
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near))
        site.drip("/", seconds=60)
        made = await started(near, task)
        await until(near, made, lambda held: held.attempts == 1)
        await asyncio.sleep(0.5)
        with psutil_gone():
            first.process.kill()
            first.process.wait(20)
    assert (await verifications.find(near.platform.sessions, **near.place, verification_id=made.id)).result == "pending"
    site.page("/", PAGE, headers=(POLICY,))
    with worker(near.config):
        held = await ended(near, made)
    assert (held.result, held.attempts) == ("passed", 2)
    assert (await again(near, task)).status == "done"
    past = (await findings.past(near.platform.sessions, **near.place, finding_id=held.finding_id)).items
    assert [change.after for change in past] == ["resolved"]


async def test_a_page_that_drips_is_given_up_at_the_deadline_of_headers(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    with worker(near.config, SURVEYOR_VERIFY_SECONDS="1"):
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near))
        site.drip("/", seconds=120)
        began = time.monotonic()
        held = await verified(near, task)
        assert time.monotonic() - began < 60
    (check,) = held.checks
    assert (held.reason, check["status"]) == ("could_not_look", "not_looked")


async def test_a_slow_page_is_measured_again(near: Ground, site: Site, psi: Psi) -> None:
    site.page("/", PAGE)
    key = {"SURVEYOR_PSI_KEY": psi.key, "SURVEYOR_PSI_BASE": psi.base}
    allowed = {"SURVEYOR_ALLOW_HOSTS": f"127.0.0.1:{site.port} {psi.base.removeprefix('http://')}"}
    psi.lab["largest-contentful-paint"] = 9000.0
    with worker(near.config, **key, **allowed):
        await scanned(near, site.url("/"))
        task = await task_of(near, await one(near, "performance_lcp"))
        held = await verified(near, task)
        assert [check["status"] for check in held.checks] == ["failed"]
        psi.lab["largest-contentful-paint"] = 900.0
        held = await verified(near, task)
        assert [(check["status"], check["after"]) for check in held.checks] == [
            ("passed", "900 ms (lab), Lighthouse 13.5.0, mobile")
        ]
        del psi.lab["largest-contentful-paint"]
        held = await verified(near, task)
        assert [check["status"] for check in held.checks] == ["not_looked"]


@pytest.mark.long
async def test_one_that_kills_every_worker_ends_after_some(near: Ground, site: Site) -> None:
    site.page("/", PAGE)
    with worker(near.config):
        await scanned(near, site.url("/"))
    task = await task_of(near, await one(near))
    site.drip("/", seconds=60)
    made = await started(near, task)
    for attempt in (1, 2, 3):
        with worker(near.config, SURVEYOR_VERIFY_SECONDS="60") as running:
            await until(near, made, lambda held, attempt=attempt: held.attempts == attempt)  # type: ignore[misc]
            running.process.kill()
            running.process.wait(20)
    with worker(near.config):
        held = await ended(near, made)
    assert (held.result, held.reason, held.attempts) == ("failed", "attempts", 3)
    assert ((await again(near, task)).status, (await one(near)).status) == ("backlog", "new")


DEMO = "CVE-2026-1: pypi/demo"


@pytest.fixture
def advisories(near: Ground) -> None:
    path = near.platform.scan.advisories
    assert path is not None
    records = {"PyPI": [record("CVE-2026-1", "PyPI", "demo", fixed="2.0", aliases=["GHSA-1"])]}

    def nothing(url: str, **_: Any) -> Any:
        raise AssertionError(url)

    update([want(feed("osv"), write(near.config.home / "bucket", records), fetch=nothing)], path, progress=Progress())


async def file_scanned(near: Ground, content: bytes, name: str) -> UUID:
    scan = await near.start(content, name)
    done = await near.ended(scan.id)
    assert done.status == "done", done.error
    return scan.id


@pytest.mark.usefixtures("advisories")
async def test_a_vulnerability_is_verified_against_the_newest_inventory(near: Ground) -> None:
    with worker(near.config):
        await file_scanned(near, wheel("demo", "1.0"), "app.whl")
        (finding,) = await listed(near, domain="vulnerability")
        assert finding.title == DEMO
        task = await task_of(near, finding)
        held = await verified(near, task)
        (check,) = held.checks
        assert (held.result, check["key"], check["status"]) == ("failed", "CVE-2026-1", "failed")
        # a scan of the mended artifact under another name, named by its id
        other = await file_scanned(near, wheel("demo", "2.0"), "app-next.whl")
        held = await verified(near, task, scan_id=other)
        assert held.result == "passed"
        assert (await again(near, task)).status == "done"
        await reopenings.reopen(near.platform.sessions, **near.place, verification_id=held.id, who="person")
        # and under its own
        await file_scanned(near, wheel("demo", "2.1"), "app.whl")
        held = await verified(near, task, "GHSA-1")
        assert (held.result, held.checks[0]["assets"][0]["asset"]) == ("passed", "artifact app.whl")
        assert held.checks[0]["after"].startswith("demo 2.1: ")
    (finding,) = await listed(near, domain="vulnerability")
    assert finding.status == "resolved"


@pytest.mark.usefixtures("advisories")
async def test_a_package_that_is_not_there_any_more_is_no_finding_even_where_there_is_none_left(near: Ground) -> None:
    with worker(near.config):
        await file_scanned(near, wheel("demo", "1.0"), "app.zip")
        task = await task_of(near, (await listed(near, domain="vulnerability"))[0])
        empty = io.BytesIO()
        with zipfile.ZipFile(empty, "w") as archive:
            archive.writestr("readme.txt", "nothing to see")
        await file_scanned(near, empty.getvalue(), "app.zip")
        held = await verified(near, task)
    assert (held.result, held.checks[0]["after"]) == ("passed", "the package is not there any more")


@pytest.mark.usefixtures("advisories")
async def test_what_the_inventory_does_not_prove_is_not_proved(near: Ground, site: Site) -> None:
    with worker(near.config):
        scan = await file_scanned(near, wheel("demo", "1.0"), "app.whl")
        (finding,) = await listed(near, domain="vulnerability")
        task = await task_of(near, finding)
        held = await verified(near, task, CSP)
        assert [(check["key"], check["status"]) for check in held.checks] == [
            ("CVE-2026-1", "failed"),
            (CSP, "unknown_check"),
        ]
        # an inventory that is not kept any more does not say that the package is gone
        from sqlalchemy import text

        async with near.platform.sessions() as session, session.begin():
            await session.execute(text("delete from scan_packages where scan_id = :scan"), {"scan": scan})
        held = await verified(near, task)
        assert (held.result, held.reason, held.checks[0]["status"]) == ("failed", "could_not_look", "not_looked")
    with pytest.raises(NotFound):
        await started(near, task, scan_id=uuid4())
    web = await task_of(near, finding)
    page = await scans.start_web(
        replace(near.platform, scan=replace(near.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))),
        **near.place,
        url="http://127.0.0.1:9/",
    )
    with pytest.raises(InvalidParams):
        await started(near, web, scan_id=page.id)


@pytest.mark.usefixtures("advisories")
async def test_how_a_program_is_protected_is_verified_by_the_next_scan_of_it(near: Ground) -> None:
    with worker(near.config):
        await file_scanned(near, elf(kind=2), "shop")
        (finding,) = await listed(near, domain="security")
        assert (finding.rule, finding.assets[0].type, finding.assets[0].path) == ("hardening_pie", "program", "shop")
        task = await task_of(near, finding)
        held = await verified(near, task)
        assert (held.result, held.checks[0]["status"]) == ("failed", "failed")
        await file_scanned(near, elf(), "shop")
        held = await verified(near, task)
        assert (held.result, held.checks[0]["assets"][0]["asset"]) == ("passed", "artifact shop")
    (finding,) = await listed(near, domain="security")
    assert finding.status == "resolved"
