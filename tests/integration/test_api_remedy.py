"""Findings, tasks, verifications and regressions as a program meets them: legal moves, histories, orders, strangers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from surveyor.remedy import priority
from surveyor.remedy.lifecycle import FINDING_MOVES, TASK_MOVES
from surveyor.service.actions import teams
from tests.servers.service import Answer, Client, Service

SHORT = "/api/v1/audit"
NOBODYS = "00000000-0000-4000-8000-000000000000"


def failed(answer: Answer, status: int, code: str) -> dict[str, Any]:
    told = answer.json
    assert (answer.status, told["error"]["code"]) == (status, code), told
    assert told["data"] is None
    error: dict[str, Any] = told["error"]
    return error


def data(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.text
    return answer.json["data"]


def patch(client: Client, path: str, **body: Any) -> Answer:
    return client("PATCH", f"{SHORT}/{path}", body=body)


async def add(service: Service, title: str = "Content-Security-Policy missing", **columns: Any) -> str:
    """A finding with one asset, as a scan would have left it."""
    given = {
        "team_id": service.first.team_id,
        "project_id": service.first.project_id,
        "domain": "security",
        "rule": "security_header_csp",
        "title": title,
        "severity": "medium",
        "confidence": 1,
        "first_scan_id": uuid4(),
        "last_scan_id": uuid4(),
        "first_seen": datetime.now(UTC),
        "last_seen": datetime.now(UTC),
        **columns,
    }
    asset = given.pop("asset", "http://shop.example/")
    names = ", ".join(given)
    async with service.sessions() as session, session.begin():
        statement = f"insert into findings ({names}) values ({', '.join(':' + name for name in given)}) returning id"
        found = (await session.execute(text(statement), given)).scalar_one()
        await session.execute(
            text(
                "insert into finding_assets (finding_id, project_id, scope, slot, identity, type, value,"
                " detected_by_scan, first_seen, last_seen) values (:id, :project, :scope, 'security', '', 'url',"
                " :value, :scan, now(), now())"
            ),
            {
                "id": found,
                "project": given["project_id"],
                "scope": f"url:{asset}",
                "value": asset,
                "scan": given["last_scan_id"],
            },
        )
    return str(found)


async def put(service: Service, table: str, identity: str, status: str) -> None:
    async with service.sessions() as session, session.begin():
        await session.execute(
            text(f"update {table} set status = :status where id = :id"), {"id": UUID(identity), "status": status}
        )


def task_of(client: Client, finding: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = data(client.post(f"{SHORT}/tasks", body={"finding_id": finding, **more}), 201)
    return made


async def test_every_move_of_a_finding_is_legal_or_names_the_legal_ones(service: Service) -> None:
    client, finding = service.client(), await add(service)
    for state, to in product(FINDING_MOVES, FINDING_MOVES):
        await put(service, "findings", finding, state)
        answer = patch(client, f"findings/{finding}", status=to, reason="because")
        if to == state or to in FINDING_MOVES[state]:
            assert data(answer)["status"] == to
        else:
            error = failed(answer, 409, "conflict")
            assert error["details"] == {"status": state, "legal": list(FINDING_MOVES[state])}
            assert data(client.get(f"{SHORT}/findings/{finding}"))["status"] == state


async def test_every_move_of_a_task_is_legal_or_names_the_legal_ones(service: Service) -> None:
    client = service.client()
    task = task_of(client, await add(service))["id"]
    for state, to in product(TASK_MOVES, TASK_MOVES):
        await put(service, "audit_tasks", task, state)
        answer = patch(client, f"tasks/{task}", status=to)
        if to == state or to in TASK_MOVES[state]:
            assert data(answer)["status"] == to
        else:
            error = failed(answer, 409, "conflict")
            assert error["details"] == {"status": state, "legal": list(TASK_MOVES[state])}
            assert data(client.get(f"{SHORT}/tasks/{task}"))["status"] == state


async def test_a_decision_is_kept_with_who_why_and_what_was_before(service: Service) -> None:
    client, finding, owner = service.client(), await add(service), str(uuid4())
    changed = data(
        patch(client, f"findings/{finding}", status="triaged", severity="high", owner_id=owner, reason="seen by all")
    )
    assert (changed["status"], changed["severity"], changed["severity_by"], changed["owner_id"]) == (
        "triaged",
        "high",
        "person",
        owner,
    )
    assert changed["status_reason"] == "seen by all"
    data(patch(client, f"findings/{finding}", owner_id=None))
    answer = client.get(f"{SHORT}/findings/{finding}/history")
    past = data(answer)
    assert [(change["field"], change["before"], change["after"]) for change in past] == [
        ("owner_id", owner, None),
        ("owner_id", None, owner),
        ("severity", "medium", "high"),
        ("status", "new", "triaged"),
    ]
    assert {change["who"] for change in past} == {f"key:{service.key[:16]}"[: len(past[0]["who"])]}
    assert {change["reason"] for change in past[1:]} == {"seen by all"}
    assert answer.json["meta"]["total"] == 4
    seen, cursor = [], ""
    while True:
        page = client.get(f"{SHORT}/findings/{finding}/history?limit=1{cursor}").json
        seen += [change["id"] for change in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['meta']['next_cursor']}"
    assert seen == [change["id"] for change in past]


async def test_what_changes_nothing_leaves_no_trace(service: Service) -> None:
    client, finding = service.client(), await add(service)
    before = data(client.get(f"{SHORT}/findings/{finding}"))
    data(patch(client, f"findings/{finding}", status="new", owner_id=None))
    assert data(client.get(f"{SHORT}/findings/{finding}/history")) == []
    after = data(client.get(f"{SHORT}/findings/{finding}"))
    assert {**after, "priority": None} == {**before, "priority": None}


@pytest.mark.parametrize(
    "body",
    [
        {"status": "dismissed"},
        {"status": "dismissed", "reason": "   "},
        {"severity": "unknown"},
        {"severity": None},
        {"status": None},
        {"status": "gone"},
        {"priority": 101},
        {"priority": -1},
        {"priority": True},
        {"owner_id": "me"},
        {"reason": "a\0b", "status": "dismissed"},
        {"title": "mine"},
        {"if_updated_at": "yesterday"},
    ],
)
async def test_a_decision_that_cannot_be_is_refused(service: Service, body: dict[str, Any]) -> None:
    finding = await add(service)
    failed(patch(service.client(), f"findings/{finding}", **body), 422, "invalid_params")
    assert data(service.client().get(f"{SHORT}/findings/{finding}/history")) == []


async def test_a_priority_that_a_person_set_stands_until_it_is_given_back(service: Service) -> None:
    client, finding = service.client(), await add(service)
    own = data(patch(client, f"findings/{finding}", priority=99))["priority"]
    assert (own["source"], own["score"], own["formula"]) == ("person", 99, priority.FORMULA)
    assert sum(factor["points"] for factor in own["factors"]) == own["by_source"]["formula"]["score"]
    data(patch(client, f"findings/{finding}", severity="critical"))
    worse = data(client.get(f"{SHORT}/findings/{finding}"))["priority"]
    assert (worse["source"], worse["score"]) == ("person", 99)
    assert worse["by_source"]["formula"]["score"] > own["by_source"]["formula"]["score"]
    severity = next(factor for factor in worse["factors"] if factor["name"] == "severity")
    assert (severity["value"], severity["source"]) == ("critical", "person")
    back = data(patch(client, f"findings/{finding}", priority=None))["priority"]
    assert (back["source"], back["score"]) == ("formula", worse["by_source"]["formula"]["score"])


async def test_what_a_model_says_is_shown_with_its_name(service: Service) -> None:
    client, finding = service.client(), await add(service)
    data(patch(client, f"findings/{finding}", severity="high"))
    said = '{"source": "model", "by_source": {"model": {"score": 61, "model": "some-model", "at": "2026-01-01"}}}'
    async with service.sessions() as session, session.begin():
        await session.execute(
            text("update findings set priority_score = 61, priority = priority || cast(:said as jsonb)"), {"said": said}
        )
    shown = data(client.get(f"{SHORT}/findings/{finding}"))["priority"]
    assert (shown["source"], shown["score"], shown["by_source"]["model"]["model"]) == ("model", 61, "some-model")


async def test_a_decision_on_what_was_seen_before_somebody_elses_is_refused(service: Service) -> None:
    client, finding = service.client(), await add(service)
    seen = data(client.get(f"{SHORT}/findings/{finding}"))["updated_at"]
    data(patch(client, f"findings/{finding}", status="triaged", if_updated_at=seen))
    error = failed(patch(client, f"findings/{finding}", status="in_progress", if_updated_at=seen), 409, "conflict")
    assert error["details"]["stale"] is True
    task = task_of(client, finding)
    data(patch(client, f"tasks/{task['id']}", title="first", if_updated_at=task["updated_at"]))
    failed(patch(client, f"tasks/{task['id']}", title="second", if_updated_at=task["updated_at"]), 409, "conflict")


async def test_of_two_that_move_at_once_one_is_told(service: Service) -> None:
    client, finding = service.client(), await add(service)
    await put(service, "findings", finding, "ready_verify")
    answers = await asyncio.gather(
        *(
            asyncio.to_thread(patch, client, f"findings/{finding}", status=to, reason="r")
            for to in ["in_progress", "resolved"] * 4
        )
    )
    past = data(client.get(f"{SHORT}/findings/{finding}/history"))
    chain = [(change["before"], change["after"]) for change in reversed(past)]
    assert all(one[1] == other[0] for one, other in pairwise(chain))
    assert all(after in FINDING_MOVES[before] for before, after in chain)
    assert {answer.status for answer in answers} <= {200, 409}


@pytest.mark.parametrize(
    ("severity", "hours"), [("critical", 24), ("high", 72), ("medium", 168), ("low", 336), ("unknown", None)]
)
async def test_a_task_is_due_by_the_severity_of_its_finding(service: Service, severity: str, hours: int | None) -> None:
    domain = "vulnerability" if severity == "unknown" else "security"
    task = task_of(service.client(), await add(service, severity=severity, domain=domain))
    assert (task["status"], task["priority"], task["title"]) == (
        "backlog",
        "medium",
        "Content-Security-Policy missing",
    )
    if hours is None:
        assert task["sla_due_at"] is None
    else:
        due = datetime.fromisoformat(task["sla_due_at"]) - datetime.fromisoformat(task["inserted_at"])
        assert abs(due - timedelta(hours=hours)) < timedelta(seconds=10)


async def test_what_is_said_about_a_task_is_kept(service: Service) -> None:
    client, finding = service.client(), await add(service)
    given = {
        "title": "Send a policy",
        "priority": "high",
        "owner_id": str(uuid4()),
        "sla_due_at": "2027-01-02T03:04:05Z",
        "external_ticket_key": "SEC-142",
        "pr_url": "https://git.example/shop/pulls/7",
    }
    task = task_of(client, finding, **given)
    assert {name: task[name] for name in given} == given
    more = {"external_ticket_key": None, "sla_due_at": None, "pr_url": "https://git.example/shop/pulls/8"}
    changed = data(patch(client, f"tasks/{task['id']}", **more))
    assert {name: changed[name] for name in more} == more
    assert changed["title"] == "Send a policy"
    data(patch(client, f"tasks/{task['id']}", status="in_progress"))
    assert [item["id"] for item in data(client.get(f"{SHORT}/tasks?status=in_progress"))] == [task["id"]]
    assert data(client.get(f"{SHORT}/tasks?status=backlog")) == []
    assert data(client.get(f"{SHORT}/tasks?owner_id={given['owner_id']}&finding_id={finding}&priority=high"))


@pytest.mark.parametrize(
    "body",
    [
        {"pr_url": "javascript:alert(1)"},
        {"pr_url": 'https://a/"><script>'},
        {"external_ticket_key": "two words"},
        {"title": ""},
        {"priority": "urgent"},
        {"sla_due_at": "2027-01-02T03:04:05"},
        {"status": "done"},
        {"title": "x" * 501},
    ],
)
async def test_a_task_that_cannot_be_is_refused(service: Service, body: dict[str, Any]) -> None:
    finding = await add(service)
    client = service.client()
    failed(client.post(f"{SHORT}/tasks", body={"finding_id": finding, **body}), 422, "invalid_params")
    assert data(client.get(f"{SHORT}/tasks")) == []


async def test_lists_are_paged_without_gap_or_repeat(service: Service) -> None:
    client, finding = service.client(), await add(service)
    made = [task_of(client, finding, title=f"{n}")["id"] for n in range(7)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"{SHORT}/tasks?limit=3{cursor}").json
        assert page["meta"]["total"] == 7
        seen += [item["id"] for item in page["data"]]
        if page["meta"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['meta']['next_cursor']}"
    assert seen == made[::-1]


async def test_findings_in_every_order_and_narrowed_by_what_they_affect(service: Service) -> None:
    client = service.client()
    for n in range(9):
        severity = ("low", "high", "unknown")[n % 3]
        await add(
            service,
            f"finding {n}",
            severity=severity,
            domain="vulnerability",
            priority_score=(n * 37) % 100,
            kev=n == 2,
            last_seen=datetime(2026, 1, 1 + (n * 5) % 9, tzinfo=UTC),
            asset=f"http://shop.example/{n % 2}",
        )
    orders: dict[str, list[Any]] = {}
    for sort in ("priority", "severity", "newest", "last_seen"):
        orders[sort], cursor = [], ""
        while True:
            page = client.get(f"{SHORT}/findings?limit=4&sort={sort}{cursor}").json
            orders[sort] += page["data"]
            if page["meta"]["next_cursor"] is None:
                break
            cursor = f"&cursor={page['meta']['next_cursor']}"
        assert len({row["id"] for row in orders[sort]}) == 9
    # what nobody has rated comes last, unless it is known to be exploited
    rated = [row for row in orders["priority"] if row["severity"] != "unknown" or row["kev"]]
    assert orders["priority"][: len(rated)] == rated
    assert [row["title"] for row in orders["priority"][len(rated) :]] == ["finding 8", "finding 5"]
    for part in (rated, orders["priority"][len(rated) :]):
        scores = [row["priority"]["score"] for row in part]
        assert scores == sorted(scores, reverse=True)
    ranks = [("unknown", "low", "high").index(row["severity"]) for row in orders["severity"]]
    assert ranks == sorted(ranks, reverse=True)
    for field, sort in (("inserted_at", "newest"), ("last_seen", "last_seen")):
        times = [row[field] for row in orders[sort]]
        assert times == sorted(times, reverse=True)
    page = client.get(f"{SHORT}/findings?limit=4&sort=severity").json
    wrong = client.get(f"{SHORT}/findings?limit=4&sort=priority&cursor={page['meta']['next_cursor']}")
    failed(wrong, 422, "invalid_params")
    having = data(client.get(f"{SHORT}/findings?asset=http://shop.example/1"))
    assert sorted(row["title"] for row in having) == [f"finding {n}" for n in (1, 3, 5, 7)]
    assert data(client.get(f"{SHORT}/findings?asset=http://shop.example")) == []


async def test_a_verification_waits_for_a_worker_and_only_one_of_a_task_does(service: Service) -> None:
    client, finding = service.client(), await add(service)
    task = task_of(client, finding)
    run = data(client.post(f"{SHORT}/verifications/run", body={"task_id": task["id"]}), 202)
    assert (run["result"], run["finding_id"], run["requested_by"][:4]) == ("pending", finding, "key:")
    assert [(check["key"], check["status"]) for check in run["checks"]] == [("security_header_csp", "running")]
    again = client.post(f"{SHORT}/verifications/run", body={"task_id": task["id"], "checks": ["a"]})
    assert failed(again, 409, "conflict")["details"] == {"verification_id": run["id"]}
    failed(client.post(f"{SHORT}/verifications/{run['id']}/reopen"), 409, "conflict")
    assert data(client.get(f"{SHORT}/verifications/{run['id']}")) == run
    assert [item["id"] for item in data(client.get(f"{SHORT}/verifications?result=pending&task_id={task['id']}"))] == [
        run["id"]
    ]
    assert data(client.get(f"{SHORT}/verifications?result=passed")) == []
    assert data(client.get(f"{SHORT}/regressions?trigger=reappeared")) == []
    async with service.sessions() as session:
        queued = text("select args ->> 'verification_id' from procrastinate_jobs where task_name = 'verify'")
        assert (await session.execute(queued)).scalars().all() == [run["id"]]


@pytest.mark.parametrize(
    "more", [{"checks": ["x" * 201]}, {"checks": ["a"] * 51}, {"checks": ["a b"]}, {"checks": "a"}, {"url": "http://a"}]
)
async def test_a_verification_that_cannot_be_is_refused(service: Service, more: dict[str, Any]) -> None:
    client = service.client()
    task = task_of(client, await add(service))
    failed(client.post(f"{SHORT}/verifications/run", body={"task_id": task["id"], **more}), 422, "invalid_params")
    failed(client.post(f"{SHORT}/verifications/run", body={"task_id": NOBODYS}), 404, "not_found")


def requests(finding: str, task: str, verification: str) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """Every endpoint that names a thing."""
    yield "GET", f"findings/{finding}", None
    yield "PATCH", f"findings/{finding}", {"status": "triaged"}
    yield "GET", f"findings/{finding}/history", None
    yield "POST", "tasks", {"finding_id": finding}
    yield "GET", f"tasks/{task}", None
    yield "PATCH", f"tasks/{task}", {"title": "mine"}
    yield "POST", "verifications/run", {"task_id": task}
    yield "GET", f"verifications/{verification}", None
    yield "POST", f"verifications/{verification}/reopen", None


async def test_another_teams_key_finds_nothing_and_changes_nothing(service: Service) -> None:
    client, finding = service.client(), await add(service)
    task = task_of(client, finding)["id"]
    run = data(client.post(f"{SHORT}/verifications/run", body={"task_id": task}), 202)["id"]
    await teams.create_team(service.sessions, slug="other", name="Other")
    other = service.client((await teams.create_key(service.sessions, team="other", name="k")).secret)
    for method, path, body in requests(finding, task, run):
        failed(other(method, f"{SHORT}/{path}", body=body), 404, "not_found")
    for path in ("findings", "tasks", "verifications", "regressions"):
        answer = other.get(f"{SHORT}/{path}").json
        assert (answer["data"], answer["meta"]["total"]) == ([], 0)
    assert data(client.get(f"{SHORT}/findings/{finding}"))["status"] == "new"
    assert len(data(client.get(f"{SHORT}/tasks"))) == 1


async def test_reading_needs_a_key_and_writing_one_that_may(service: Service) -> None:
    client, finding = service.client(), await add(service)
    task = task_of(client, finding)["id"]
    run = data(client.post(f"{SHORT}/verifications/run", body={"task_id": task}), 202)["id"]
    reader = service.client(
        (
            await teams.create_key(
                service.sessions, team=str(service.first.team_id), name="reader", scopes=("audit:read",)
            )
        ).secret
    )
    for method, path, body in requests(finding, task, run):
        failed(service.stranger()(method, f"{SHORT}/{path}", body=body), 401, "unauthorized")
        answer = reader(method, f"{SHORT}/{path}", body=body)
        if method == "GET":
            assert answer.status == 200
        else:
            failed(answer, 403, "forbidden")
