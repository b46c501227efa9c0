"""Language models in the service: keys at rest, units under concurrency, the API, and who may see what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from surveyor.scan.settings import AllowedHost
from surveyor.service import auth
from surveyor.service.actions import llm, scans, sealing, teams, webhooks
from surveyor.service.actions.llm import Change
from surveyor.service.errors import InvalidParams, QuotaExceeded, SecretUnreadable
from surveyor.service.store import llm_calls, llm_quota
from surveyor.service.store import webhooks as webhook_store
from surveyor.service.store.llm_calls import NewCall
from surveyor.service.vault import Vault
from tests.servers.pipeline import Ground
from tests.servers.service import Client, Service

KEY = "sk-ant-test-0123456789abcdefghij-last"
PATH = "/api/v1/audit/llm/providers"
OK = NewCall(
    purpose="analysis",
    provider="anthropic",
    asked_model="m",
    model="m-1",
    outcome="ok",
    detail="",
    tokens_in=10,
    tokens_out=5,
    cost_usd=None,
    latency_ms=7,
    prompt_hash="0" * 64,
    schema_version="v1",
)


def near(ground: Ground, units: int = 1_000) -> Ground:
    """The same with this machine allowed, and so many units a month."""
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    bounds = replace(ground.platform.llm, monthly_units=units)
    return replace(ground, platform=replace(ground.platform, scan=settings, llm=bounds))


@pytest_asyncio.fixture
async def few(ground: Ground) -> AsyncIterator[Ground]:
    """A team with a provider and ten units."""
    made = near(ground, 10)
    await set_key(made)
    yield made


async def set_key(ground: Ground, **given: object) -> None:
    await llm.set_providers(
        ground.platform, team_id=ground.team_id, changes=[Change(kind="anthropic", given={"key": KEY, **given})]
    )


async def month(ground: Ground) -> tuple[int, int]:
    used = await llm.used(ground.platform, team_id=ground.team_id)
    return used.units.used, used.units.reserved


async def dump(ground: Ground) -> str:
    async with ground.platform.sessions() as session:
        return str(list((await session.execute(text("select p::text from llm_providers p"))).scalars()))


async def test_a_key_is_unreadable_in_the_database_and_readable_with_the_vault(ground: Ground) -> None:
    await set_key(ground)
    held = await dump(ground)
    assert KEY not in held
    assert KEY.encode().hex() not in held
    [candidate] = (await llm.callers(ground.platform, team_id=ground.team_id, purpose="analysis")).candidates
    assert candidate.provider.key == KEY


async def test_a_key_is_bound_to_its_row_and_its_installation(ground: Ground) -> None:
    await set_key(ground)
    other = replace(ground.platform, vault=Vault(b"x" * 32))
    assert (await llm.callers(other, team_id=ground.team_id, purpose="analysis")).candidates == ()
    async with ground.platform.sessions() as session, session.begin():
        await session.execute(text("update llm_providers set kind = 'openai'"))
    assert (await llm.callers(ground.platform, team_id=ground.team_id, purpose="analysis")).candidates == ()


async def test_keys_can_be_sealed_anew_under_another_secret(ground: Ground) -> None:
    await set_key(ground)
    await llm.set_providers(
        ground.platform, team_id=None, changes=[Change(kind="openai", given={"key": "sk-platform"})]
    )
    new = Vault(b"n" * 32)
    near = replace(ground.platform, scan=replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),)))
    made = await webhooks.create(near, **ground.place, url="http://127.0.0.1/hook")
    for _ in range(2):  # the second time, what was moved stays
        assert await sealing.reseal(ground.platform.sessions, old=ground.platform.vault, new=new) == 3
    moved = replace(ground.platform, vault=new)
    found = (await llm.callers(moved, team_id=ground.team_id, purpose="analysis")).candidates
    assert [candidate.provider.key for candidate in found] == [KEY, "sk-platform"]
    async with ground.platform.sessions() as session:
        (hook,) = await webhook_store.sealed(session)
    assert new.open(hook.secret, owner=f"webhook:{hook.id}") == made.secret
    with pytest.raises(SecretUnreadable):
        await sealing.reseal(ground.platform.sessions, old=Vault(b"o" * 32), new=Vault(b"p" * 32))


async def test_a_team_stands_before_everybody_of_its_kind_also_when_switched_off(ground: Ground) -> None:
    await llm.set_providers(ground.platform, team_id=None, changes=[Change(kind="anthropic", given={"key": "sk-all"})])

    async def key() -> list[str | None]:
        found = (await llm.callers(ground.platform, team_id=ground.team_id, purpose="analysis")).candidates
        return [candidate.provider.key for candidate in found]

    assert await key() == ["sk-all"]
    await set_key(ground)
    assert await key() == [KEY]
    await set_key(ground, enabled=False)
    assert await key() == []
    await llm.remove_provider(ground.platform, team_id=ground.team_id, kind="anthropic")
    assert await key() == ["sk-all"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/v1",
        "http://10.0.0.8/v1",
        "http://[::1]:8080",
        "http://169.254.169.254/v1",
        "http://a:b@x.example/",
        "ftp://x.example/",
        "http://localhost:8080/v1",
        "https://x.example:22/",
    ],
)
async def test_a_teams_address_has_to_be_public(ground: Ground, url: str) -> None:
    change = Change(kind="compatible", given={"base_url": url, "analysis_model": "m"})
    with pytest.raises(InvalidParams):
        await llm.set_providers(ground.platform, team_id=ground.team_id, changes=[change])
    assert await llm.providers(ground.platform.sessions, team_id=ground.team_id) == []


async def test_the_operators_may_be_private_and_a_teams_may_be_an_allowed_host(ground: Ground) -> None:
    change = Change(kind="compatible", given={"base_url": "http://127.0.0.1:8081/v1", "analysis_model": "m"})
    await llm.set_providers(ground.platform, team_id=None, changes=[change])
    allowed = near(ground)
    await llm.set_providers(allowed.platform, team_id=allowed.team_id, changes=[change])
    rows = await llm.providers(ground.platform.sessions, team_id=ground.team_id)
    assert [row.team_id for row in rows] == [ground.team_id, None]


async def test_a_key_cannot_be_sent_elsewhere_by_who_does_not_know_it(ground: Ground) -> None:
    allowed = near(ground)
    await set_key(allowed)
    elsewhere = {"base_url": "http://127.0.0.1:8082"}
    with pytest.raises(InvalidParams, match="needs the key again"):
        await llm.set_providers(
            allowed.platform, team_id=allowed.team_id, changes=[Change(kind="anthropic", given=elsewhere)]
        )
    await set_key(allowed, **elsewhere)


async def test_of_many_that_ask_at_once_as_many_get_a_unit_as_there_are(few: Ground) -> None:
    async def one() -> bool:
        try:
            await llm.reserve(few.platform, team_id=few.team_id, purpose="scan", subject_id=uuid4())
        except QuotaExceeded:
            return False
        return True

    got = await asyncio.gather(*(one() for _ in range(60)))
    assert sum(got) == 10
    assert await month(few) == (0, 10)


async def test_a_unit_is_charged_only_when_a_model_answered(few: Ground) -> None:
    answered, failed = uuid4(), uuid4()
    for subject, call in ((answered, OK), (failed, replace(OK, outcome="wrong_shape"))):
        await llm.reserve(few.platform, team_id=few.team_id, purpose="scan", subject_id=subject)
        async with few.platform.sessions() as session, session.begin():
            await llm_calls.add(
                session, team_id=few.team_id, project_id=few.project_id, subject_id=subject, calls=[call]
            )
    assert await month(few) == (0, 2)
    for _ in range(2):  # settled once, however often it is said
        await asyncio.gather(
            *(
                llm.settle(few.platform.sessions, purpose="scan", subject_id=subject)
                for subject in (answered, failed) * 3
            )
        )
    assert await month(few) == (1, 0)


async def test_without_a_provider_nothing_is_counted_or_refused(ground: Ground) -> None:
    none_left = near(ground, 0)
    scan = await scans.start_web(none_left.platform, **none_left.place, url="http://127.0.0.1:9/")
    assert scan.status == "queued"
    assert await month(none_left) == (0, 0)


async def test_a_kick_off_takes_a_unit_and_a_cancelled_scan_gives_it_back(few: Ground) -> None:
    scan = await scans.start_web(few.platform, **few.place, url="http://127.0.0.1:9/")
    assert await month(few) == (0, 1)
    await scans.cancel(few.platform, **few.place, scan_id=scan.id)
    assert await month(few) == (0, 0)


async def test_an_exhausted_month_refuses_full_and_lets_the_others_through(ground: Ground) -> None:
    made = near(ground, 1)
    await set_key(made)
    await scans.start_web(made.platform, **made.place, url="http://127.0.0.1:9/")
    with pytest.raises(QuotaExceeded):
        await scans.start_web(made.platform, **made.place, url="http://127.0.0.1:9/")
    for analysis in ("if_quota", "none"):
        scan = await scans.start_web(made.platform, **made.place, url="http://127.0.0.1:9/", analysis=analysis)
        assert scan.status == "queued"
    assert await month(made) == (0, 1)


async def test_a_unit_whose_scan_was_never_queued_comes_back(few: Ground) -> None:
    await llm.reserve(few.platform, team_id=few.team_id, purpose="scan", subject_id=uuid4())
    kept = await scans.start_web(few.platform, **few.place, url="http://127.0.0.1:9/")
    async with few.platform.sessions() as session, session.begin():
        moment = (await session.execute(text("select clock_timestamp() + interval '1 second'"))).scalar_one()
        assert await llm_quota.release_orphans(session, before=moment) == 1
        assert await llm_quota.state_of(session, purpose="scan", subject_id=kept.id) == "reserved"
    assert await month(few) == (0, 1)


def put(client: Client, *providers: dict[str, object], level: str = "team", path: str = PATH) -> object:
    return client("PUT", path, body={"level": level, "providers": list(providers)})


async def test_the_api_never_shows_a_key_again(service: Service) -> None:
    client = service.client()
    answer = put(client, {"provider": "anthropic", "key": KEY, "analysis_model": "claude-x"})
    assert answer.status == 200, answer.text
    [shown] = answer.json["data"]["providers"]
    assert shown["key_hint"] == "sk-ant-…last"
    assert (shown["has_key"], shown["in_force"], shown["level"], shown["analysis_model"]) == (
        True,
        True,
        "team",
        "claude-x",
    )
    for said in (answer.text, client.get(PATH).text, client.get("/api/v1/audit/llm/usage").text):
        assert KEY not in said
    first = shown["key_changed_at"]
    again = put(client, {"provider": "anthropic", "enabled": False}).json["data"]["providers"][0]
    assert (again["has_key"], again["enabled"], again["key_changed_at"]) == (True, False, first)
    rotated = put(client, {"provider": "anthropic", "key": KEY[:-4] + "next"}).json["data"]["providers"][0]
    assert rotated["key_hint"].endswith("next")
    assert rotated["key_changed_at"] > first
    off = {"provider": "anthropic", "key": None, "enabled": False}
    gone = put(client, off).json["data"]["providers"][0]
    assert (gone["has_key"], gone["key_hint"], gone["in_force"]) == (False, None, False)


@pytest.mark.parametrize(
    "body",
    [
        {"providers": []},
        {"providers": [{"provider": "other"}]},
        {"providers": [{"provider": "openai", "key": ""}]},
        {"providers": [{"provider": "openai", "key": "x" * 501}]},
        {"providers": [{"provider": "openai", "key": "a b\n"}]},
        {"providers": [{"provider": "openai", "surprise": 1}]},
        {"providers": [{"provider": "compatible", "base_url": "http://127.0.0.1/v1"}]},
        {"level": "everybody", "providers": [{"provider": "openai"}]},
    ],
)
async def test_the_api_refuses_what_is_no_provider(service: Service, body: dict[str, object]) -> None:
    answer = service.client()("PUT", PATH, body=body)
    assert (answer.status, answer.json["error"]["code"]) == (422, "invalid_params")
    assert service.client().get(PATH).json["data"]["providers"] == []


async def test_everybodys_providers_need_a_key_made_for_it(service: Service) -> None:
    refused = put(service.client(), {"provider": "openai", "key": "sk-everybody-0123456789"}, level="platform")
    assert (refused.status, refused.json["error"]["code"]) == (403, "forbidden")
    keeper = await teams.create_key(
        service.sessions, team=str(service.first.team_id), name="keeper", scopes=(*auth.SCOPES, auth.PLATFORM)
    )
    set_ = put(
        service.client(keeper.secret),
        {"provider": "openai", "key": "sk-everybody-0123456789", "base_url": "http://127.0.0.1:8085"},
        level="platform",
    )
    assert set_.status == 200, set_.text
    assert set_.json["data"]["providers"][0]["key_hint"] == "…89"  # short, so little is told
    other = await teams.create_team(service.sessions, slug="other")
    stranger = await teams.create_key(service.sessions, team=str(other.id), name="theirs")
    [seen] = service.client(stranger.secret).get(PATH).json["data"]["providers"]
    assert (seen["level"], seen["in_force"], seen["key_hint"], seen["base_url"]) == ("platform", True, None, None)


async def test_another_team_sees_nothing_of_ours(service: Service) -> None:
    put(service.client(), {"provider": "anthropic", "key": KEY})
    other = await teams.create_team(service.sessions, slug="other")
    stranger = service.client((await teams.create_key(service.sessions, team=str(other.id), name="t")).secret)
    assert stranger.get(PATH).json["data"]["providers"] == []
    ours = f"/api/v1/orgs/{service.first.team_id}/projects/{service.first.project_id}/audit/llm"
    for path in (f"{ours}/providers", f"{ours}/usage"):
        assert stranger.get(path).status == 404
    assert put(stranger, {"provider": "openai", "key": KEY}, path=f"{ours}/providers").status == 404


async def test_a_reader_may_look_and_not_set(service: Service) -> None:
    made = await teams.create_key(service.sessions, team=str(service.first.team_id), name="reader", scopes=(auth.READ,))
    reader = service.client(made.secret)
    assert reader.get(PATH).status == 200
    assert reader.get("/api/v1/audit/llm/usage").status == 200
    assert put(reader, {"provider": "openai", "key": KEY}).status == 403
    assert service.stranger().get(PATH).status == 401


async def test_an_exhausted_month_is_429_by_the_api(service: Service) -> None:
    client = service.client()
    put(client, {"provider": "anthropic", "key": KEY})
    platform = service.app.state.platform
    service.app.state.platform = replace(platform, llm=replace(platform.llm, monthly_units=1))
    page = {"url": "https://example.com/"}
    assert client.post("/api/v1/audit/scans/run", body=page).status == 202
    refused = client.post("/api/v1/audit/scans/run", body=page)
    assert (refused.status, refused.json["error"]["code"]) == (429, "quota_exceeded")
    assert client.post("/api/v1/audit/scans/run", body={**page, "analysis": "if_quota"}).status == 202
    assert client.post("/api/v1/audit/scans/run", body={**page, "analysis": "sometimes"}).status == 422
    quota = client.get("/api/v1/audit/llm/usage").json["data"]["quota"]
    assert (quota["units"], quota["used"], quota["reserved"], quota["remaining"]) == (1, 0, 1, 0)


async def test_the_ledger_is_paged_and_summed(service: Service) -> None:
    async with service.sessions() as session, session.begin():
        for _ in range(5):
            await llm_calls.add(
                session,
                team_id=service.first.team_id,
                project_id=service.first.project_id,
                subject_id=uuid4(),
                calls=[replace(OK, outcome="rate_limited", model=None, tokens_in=None, tokens_out=None), OK],
            )
    client, seen, path = service.client(), [], "/api/v1/audit/llm/usage?limit=4"
    cursor = ""
    while cursor is not None:
        page = client.get(path + (f"&cursor={cursor}" if cursor else "")).json
        seen += [call["id"] for call in page["data"]["calls"]]
        cursor = page["meta"]["next_cursor"]
    assert (len(seen), seen) == (10, sorted(set(seen), reverse=True))
    assert page["meta"]["total"] == 10
    totals = {model["model"]: model for model in page["data"]["models"]}
    assert totals["m-1"]["tokens_out"] == 25
    assert (totals["m-1"]["calls"], totals["m-1"]["cost_usd"], totals["m"]["answered"]) == (5, None, 0)
    assert client.get("/api/v1/audit/llm/usage?cursor=bm9uc2Vuc2U").status == 422
