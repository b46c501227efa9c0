"""Webhooks over a real socket: signed as the reference library wants it, tried again, switched off, never leaking."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from surveyor.scan.plan import WEB_SLOTS
from surveyor.service.actions import clock, deliveries, slots, sweep, webhooks
from surveyor.service.actions.slots import Result
from surveyor.service.actions.webhooks import NewWebhook, Wish
from surveyor.service.errors import Conflict, InvalidParams
from surveyor.service.store import webhooks as store
from surveyor.service.store.webhooks import Delivery, Webhook
from surveyor.service.vault import Vault
from tests.servers.pipeline import Ground, worker
from tests.servers.webhook import Answer, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def near(ground: Ground, receiver: Receiver) -> Ground:
    """The receiver, and only it, may be reached though it is on this machine."""
    settings = replace(ground.platform.scan, allow_hosts=(receiver.allowed,))
    return replace(ground, platform=replace(ground.platform, scan=settings))


async def made(near: Ground, receiver: Receiver, *events: str) -> NewWebhook:
    return await webhooks.create(near.platform, **near.place, url=receiver.url(), events=events or webhooks.EVENTS)


async def tell(near: Ground, event: str = webhooks.SCAN_DONE, **payload: object) -> None:
    async with near.platform.sessions() as session, session.begin():
        await webhooks.announce(session, near.project_id, event, {"links": {"page": "/scans/1"}, **payload})


async def attempts(near: Ground, hook: UUID) -> list[Delivery]:
    """Oldest first."""
    found = await webhooks.deliveries(near.platform.sessions, **near.place, webhook_id=hook, limit=100)
    return sorted(found.items, key=lambda d: (d.due_at, d.attempt))


async def now(near: Ground, hook: UUID) -> Webhook:
    return await webhooks.find(near.platform.sessions, **near.place, webhook_id=hook)


async def deliver(near: Ground, hook: UUID, seconds: float = deliveries.DEADLINE_SECONDS) -> int:
    """Make every attempt that waits, as a worker does, without the wait; their number."""
    waiting = [d for d in await attempts(near, hook) if d.status == "pending"]
    for one in waiting:
        outgoing = await deliveries.take(near.platform.sessions, one.id)
        if outgoing is not None:
            outcome = await deliveries.send(near.platform, outgoing, seconds=seconds)
            await deliveries.settle(near.platform.sessions, outgoing, outcome, retry_seconds=10.0)
    return len(waiting)


async def test_a_message_is_signed_as_the_reference_library_wants_it(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    await tell(near, scan_id=uuid4())
    assert await deliver(near, hook.webhook.id) == 1
    (message,) = receiver.messages
    said = message.verified(hook.secret)
    assert said["type"] == "scan.done"
    assert said["data"]["project_id"] == str(near.project_id)
    assert said["data"]["links"] == {"page": f"{near.platform.base_url}/scans/1"}
    assert message.headers["content-type"] == "application/json"
    assert not message.signed_by("whsec_C2FVsBQIhrscChlQIMVb5sSYspob7oD4")
    (done,) = await attempts(near, hook.webhook.id)
    assert (done.status, done.response_code, done.reason, done.message_id) == ("delivered", 204, None, message.id)
    assert done.latency_ms is not None


async def test_the_attempt_and_its_job_come_with_the_event_or_not_at_all(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    async with near.platform.sessions() as session, session.begin() as transaction:
        await webhooks.announce(session, near.project_id, webhooks.SCAN_DONE, {"links": {}})
        await transaction.rollback()
    assert await attempts(near, hook.webhook.id) == []
    async with near.platform.sessions() as session:
        jobs = await session.execute(text("select count(*) from procrastinate_jobs where queue_name = 'outgoing'"))
        assert jobs.scalar_one() == 0


async def test_what_was_not_asked_for_is_not_sent(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver, webhooks.SCAN_FAILED)
    await tell(near, webhooks.SCAN_DONE)
    await tell(near, webhooks.SCAN_FAILED)
    assert [d.event for d in await attempts(near, hook.webhook.id)] == ["scan.failed"]


async def test_failures_are_tried_again_under_the_same_id_with_growing_waits(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.fail(500, 302, 404, 503, 429)
    await tell(near)
    while await deliver(near, hook.webhook.id):
        pass
    rows = await attempts(near, hook.webhook.id)
    assert [(d.attempt, d.status, d.response_code) for d in rows] == [
        (1, "failed", 500),
        (2, "failed", 302),
        (3, "failed", 404),
        (4, "failed", 503),
        (5, "failed", 429),
        (6, "delivered", 204),
    ]
    assert len({message.id for message in receiver.messages}) == 1
    assert len({message.body for message in receiver.messages}) == 1
    for before, after in itertools.pairwise(rows):
        assert before.finished_at is not None
        wait = (after.due_at - before.finished_at).total_seconds()
        assert wait == pytest.approx(10 * 4 ** (before.attempt - 1), rel=0.21)
    assert (await now(near, hook.webhook.id)).failures == 0


async def test_after_six_attempts_a_message_is_given_up(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.otherwise = Answer(status=500)
    await tell(near)
    rounds = 0
    while await deliver(near, hook.webhook.id):
        rounds += 1
    assert rounds == len(receiver.messages) == deliveries.ATTEMPTS == 6


async def test_ten_failures_in_a_row_switch_it_off_and_a_person_on_again(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.otherwise = Answer(status=500)
    for _ in range(3):
        await tell(near)
    while await deliver(near, hook.webhook.id):
        pass
    held = await now(near, hook.webhook.id)
    assert (held.active, held.failures) == (False, 10)
    assert held.disabled_reason == "10 attempts failed in a row; the last: the receiver answered 500"
    assert len(receiver.messages) == 10
    states = [d.status for d in await attempts(near, hook.webhook.id)]
    assert states.count("failed") == 10
    assert states.count("skipped") == len(states) - 10 > 0
    await tell(near)
    assert len(await attempts(near, hook.webhook.id)) == len(states)
    receiver.otherwise = Answer()
    again = await webhooks.change(near.platform, **near.place, webhook_id=held.id, wish=Wish(active=True), who="person")
    assert (again.active, again.failures, again.disabled_at, again.disabled_reason) == (True, 0, None, None)
    await tell(near)
    assert await deliver(near, held.id) == 1
    assert [d.status for d in await attempts(near, held.id)].count("delivered") == 1


async def test_a_success_between_failures_begins_the_count_anew(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    for _ in range(4):
        receiver.fail(*[500] * 5)
        await tell(near)
        while await deliver(near, hook.webhook.id):
            pass
    held = await now(near, hook.webhook.id)
    assert (held.active, held.failures, len(receiver.messages)) == (True, 0, 24)


async def test_a_receiver_that_is_gone_is_not_asked_again(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.fail(410)
    await tell(near)
    while await deliver(near, hook.webhook.id):
        pass
    held = await now(near, hook.webhook.id)
    assert (held.active, held.disabled_reason) == (False, "the receiver answered 410: gone")
    assert len(receiver.messages) == 1


async def test_a_rotated_secret_overlaps_for_a_day(
    near: Ground, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await made(near, receiver)
    new = await webhooks.rotate(near.platform, **near.place, webhook_id=old.webhook.id)
    assert new.secret != old.secret
    await tell(near)
    await deliver(near, old.webhook.id)
    assert receiver.messages[-1].signed_by(new.secret)
    assert receiver.messages[-1].signed_by(old.secret)
    headers = deliveries.signed(near.platform, new.webhook, "msg_1", b"{}", clock.now() + timedelta(hours=25))
    assert len(headers["webhook-signature"].split()) == 1


async def test_secrets_are_sealed_and_of_no_use_elsewhere(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    async with near.platform.sessions() as session:
        row = (await session.execute(text("select to_jsonb(w)::text from webhooks w"))).scalar_one()
    assert hook.secret not in row
    assert hook.secret.removeprefix("whsec_").encode().hex() not in row
    assert hook.secret not in repr(await now(near, hook.webhook.id))
    # another installation's key: nothing is sent unsigned
    await tell(near)
    strange = replace(near, platform=replace(near.platform, vault=Vault(bytes(32))))
    await deliver(strange, hook.webhook.id)
    (failed, _) = await attempts(near, hook.webhook.id)
    assert (failed.status, failed.reason) == ("failed", "secret_unreadable")
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://169.254.169.254/latest/", "address_metadata"),
        ("http://10.0.0.1/", "address_private"),
        ("http://localhost/", "host_local"),
        ("ftp://example.com/", "scheme"),
        ("https://a:b@example.com/", "userinfo"),
    ],
)
async def test_a_url_that_leads_inside_is_refused(near: Ground, url: str, rule: str) -> None:
    with pytest.raises(InvalidParams) as refused:
        await webhooks.create(near.platform, **near.place, url=url)
    assert refused.value.details == {"url": [rule]}


async def test_a_url_that_leads_inside_only_now_is_not_asked(near: Ground, ground: Ground, receiver: Receiver) -> None:
    """As when the exemption is gone, or a name has another address than it had."""
    hook = await made(near, receiver)
    await tell(near)
    await deliver(ground, hook.webhook.id)
    (failed, again) = await attempts(near, hook.webhook.id)
    assert (failed.status, failed.reason, failed.response_code) == ("failed", "address_loopback", None)
    assert again.attempt == 2
    assert receiver.messages == []


async def test_no_redirect_is_followed_and_little_of_an_answer_is_kept(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    answers = (
        Answer(302, b"x" * 100_000, (("location", receiver.url("/other")),)),
        Answer(500, b"\0\xff" + b"y" * 9000),
    )
    receiver.script.extend(answers)
    await tell(near)
    await deliver(near, hook.webhook.id)
    await deliver(near, hook.webhook.id)
    assert [message.path for message in receiver.messages] == ["/hook", "/hook"]
    rows = await attempts(near, hook.webhook.id)
    assert rows[0].reason == "http_302"
    assert rows[1].response_excerpt is not None
    assert 100 < len(rows[1].response_excerpt) <= 200


async def test_a_silent_receiver_costs_its_deadline_and_no_more(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.script.append(Answer(seconds=30.0))
    await tell(near)
    await deliver(near, hook.webhook.id, seconds=1.0)
    assert [d.reason for d in await attempts(near, hook.webhook.id)] == ["unreachable", None]


async def test_of_two_that_make_the_same_attempt_one_counts(near: Ground, receiver: Receiver) -> None:
    """As after a worker that was thought dead: the receiver sees the id twice, we write one end and one retry."""
    hook = await made(near, receiver)
    receiver.otherwise = Answer(status=500)
    await tell(near)
    (only,) = await attempts(near, hook.webhook.id)
    both = [await deliveries.take(near.platform.sessions, only.id) for _ in range(2)]
    for outgoing in both:
        assert outgoing is not None
        outcome = await deliveries.send(near.platform, outgoing)
        await deliveries.settle(near.platform.sessions, outgoing, outcome, retry_seconds=1.0)
    assert len({message.id for message in receiver.messages}) == 1
    assert len(await attempts(near, hook.webhook.id)) == 2
    assert (await now(near, hook.webhook.id)).failures == 1


async def test_a_worker_that_died_while_sending_is_one_failure(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    await tell(near)
    (only,) = await attempts(near, hook.webhook.id)
    await deliveries.lost(near.platform.sessions, only.id, retry_seconds=1.0)
    rows = await attempts(near, hook.webhook.id)
    assert [(d.status, d.reason) for d in rows] == [("failed", "worker_died"), ("pending", None)]


async def test_a_test_is_sent_once_and_counts_neither_way(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    await webhooks.change(
        near.platform, **near.place, webhook_id=hook.webhook.id, wish=Wish(active=False), who="person"
    )
    receiver.fail(500)
    await webhooks.test(near.platform.sessions, **near.place, webhook_id=hook.webhook.id)
    assert await deliver(near, hook.webhook.id) == 1
    assert await deliver(near, hook.webhook.id) == 0
    assert receiver.messages[0].verified(hook.secret)["type"] == "webhook.test"
    assert (await now(near, hook.webhook.id)).failures == 0


async def test_a_second_one_is_refused(near: Ground, receiver: Receiver) -> None:
    tries = await asyncio.gather(*(made(near, receiver) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, NewWebhook) for one in tries) == 1
    assert sum(isinstance(one, Conflict) for one in tries) == 4


async def test_an_event_and_the_webhooks_removal_do_not_break_each_other(near: Ground, receiver: Receiver) -> None:
    for _ in range(30):
        hook = await made(near, receiver)
        removal = webhooks.remove(near.platform.sessions, **near.place, webhook_id=hook.webhook.id)
        await asyncio.gather(tell(near), removal, tell(near))


async def test_an_event_does_not_wait_while_an_attempt_is_written_down(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    async with near.platform.sessions() as session, session.begin():
        await store.lock(session, hook.webhook.id)
        await store.change(session, hook.webhook.id, failures=1)
        await asyncio.wait_for(tell(near), 20.0)


async def test_old_attempts_are_forgotten(near: Ground, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = await made(near, receiver)
    await tell(near)
    await deliver(near, hook.webhook.id)
    await tell(near)
    later = clock.now() + timedelta(days=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    await deliveries.forget(near.platform.sessions)
    assert [d.status for d in await attempts(near, hook.webhook.id)] == ["pending"]


# --- what happens in scans ----------------------------------------------------------------------------------------

REPORT = (
    b'{"scanner": {"name": "surveyor"}, "target": {"kind": "web", "source": "http://127.0.0.1:9/", "type": "url"},'
    b'"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z", "scan_status": "complete",'
    b'"findings": [%s]}'
)
FINDING = (
    b'{"domain": "security", "rule": "made-up", "title": "%s", "severity": "%s", "description": "secret page text",'
    b'"assets": [{"type": "url", "value": "http://127.0.0.1:9/"}]}'
)


async def scanned(near: Ground, receiver: Receiver, *found: bytes) -> UUID:
    from surveyor.service.actions import scans

    scan = await scans.start_web(near.platform, **near.place, url=receiver.url("/page"))
    await slots.begin(near.platform.sessions, scan.id)
    for name in WEB_SLOTS:
        run = uuid4()
        assert await slots.claim(near.platform.sessions, scan.id, name, run)
        result = Result(report=REPORT % b",".join(found)) if name == "security" else Result(reason="unreachable")
        assert await slots.finish(near.platform, scan, name, run, result)
    return scan.id


async def test_a_scan_tells_of_its_end_and_of_new_critical_findings(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    found = [FINDING % (b"One", b"critical"), FINDING % (b"Two", b"critical"), FINDING % (b"Three", b"high")]
    first = await scanned(near, receiver, *found)
    await deliver(near, hook.webhook.id)
    told = {message.json["type"]: message for message in receiver.messages}
    assert sorted(told) == ["finding.new_critical", "scan.done"]
    critical, done = told["finding.new_critical"].json["data"], told["scan.done"].json["data"]
    assert (critical["scan_id"], critical["count"], len(critical["finding_ids"])) == (str(first), 2, 2)
    assert (done["scan_id"], done["status"], done["findings"]["critical"]) == (str(first), "done", 2)
    for message in receiver.messages:
        assert b"secret page text" not in message.body
        assert b"One" not in message.body
    receiver.messages.clear()
    await scanned(near, receiver, *found)
    await deliver(near, hook.webhook.id)
    assert [message.json["type"] for message in receiver.messages] == ["scan.done"]


async def test_a_solved_finding_that_is_seen_again_is_told_of(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver, webhooks.REGRESSION)
    await scanned(near, receiver, FINDING % (b"One", b"high"))
    async with near.platform.sessions() as session, session.begin():
        await session.execute(text("update findings set status = 'resolved', resolved_at = now()"))
    await scanned(near, receiver, FINDING % (b"One", b"high"))
    await deliver(near, hook.webhook.id)
    (message,) = receiver.messages
    said = message.verified(hook.secret)
    assert (said["type"], said["data"]["trigger"], said["data"]["count"]) == ("regression.opened", "reappeared", 1)


async def test_a_scan_that_fails_and_one_that_nobody_works_on(near: Ground, receiver: Receiver) -> None:
    from surveyor.service.actions import scans

    hook = await made(near, receiver)
    one, other = [await scans.start_web(near.platform, **near.place, url=receiver.url("/page")) for _ in range(2)]
    assert await slots.fail(near.platform.sessions, one.id, reason="attempts", detail="given up")
    async with near.platform.sessions() as session, session.begin():
        await session.execute(
            text("update audit_scan_runs set updated_at = now() - interval '1 hour' where id = :id"), {"id": other.id}
        )
        await session.execute(text("update procrastinate_jobs set status = 'doing'"))
    assert await sweep.stale(near.platform.sessions, seconds=1800) == 1
    await deliver(near, hook.webhook.id)
    told = sorted((message.json["type"], message.json["data"]["scan_id"]) for message in receiver.messages)
    assert told == sorted([("scan.failed", str(one.id)), ("scan.failed", str(other.id)), ("scan.stale", str(other.id))])


# --- a worker process ----------------------------------------------------------------------------------------------


async def test_a_worker_delivers_and_tries_again(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.fail(500, 503)
    settings = {"SURVEYOR_ALLOW_HOSTS": f"127.0.0.1:{receiver.port}", "SURVEYOR_WEBHOOK_RETRY_SECONDS": "0.2"}
    with worker(near.config, **settings) as running:
        await tell(near)
        messages = await asyncio.to_thread(receiver.until, lambda seen: len(seen) == 3)
        end = time.monotonic() + 30
        while (await attempts(near, hook.webhook.id))[-1].status == "pending" and time.monotonic() < end:
            await asyncio.sleep(0.05)
        assert running.stop() == 0
    assert {message.verified(hook.secret)["type"] for message in messages} == {"scan.done"}
    assert len({message.id for message in messages}) == 1
    rows = await attempts(near, hook.webhook.id)
    assert [(d.attempt, d.status) for d in rows] == [(1, "failed"), (2, "failed"), (3, "delivered")]


async def test_silent_receivers_do_not_hold_up_the_start_of_scans(near: Ground, receiver: Receiver) -> None:
    await made(near, receiver)
    receiver.otherwise = Answer(seconds=30.0)
    with worker(near.config, SURVEYOR_ALLOW_HOSTS=f"127.0.0.1:{receiver.port}"):
        # each costs its deadline, four at a time: who waited behind them all would wait for forty seconds
        for _ in range(16):
            await tell(near)
        await asyncio.to_thread(receiver.until, lambda seen: len(seen) >= 4)
        scan = await near.start(b"\0nothing" * 20, "x.bin")
        await near.until(scan.id, lambda run: run.status != "queued", 2 * deliveries.DEADLINE_SECONDS)


async def test_a_killed_workers_message_is_sent_by_another_under_the_same_id(near: Ground, receiver: Receiver) -> None:
    hook = await made(near, receiver)
    receiver.script.append(Answer(seconds=30.0))
    allowed = f"127.0.0.1:{receiver.port}"
    with worker(near.config, SURVEYOR_ALLOW_HOSTS=allowed) as first:
        await tell(near)
        await asyncio.to_thread(receiver.until, lambda seen: len(seen) == 1)
        first.signal(signal.SIGKILL)
    with worker(near.config, SURVEYOR_ALLOW_HOSTS=allowed):
        messages = await asyncio.to_thread(receiver.until, lambda seen: len(seen) == 2)
        end = time.monotonic() + 30
        while (await attempts(near, hook.webhook.id))[0].status == "pending" and time.monotonic() < end:
            await asyncio.sleep(0.05)
    assert messages[0].id == messages[1].id
    assert [(d.attempt, d.status) for d in await attempts(near, hook.webhook.id)] == [(1, "delivered")]
