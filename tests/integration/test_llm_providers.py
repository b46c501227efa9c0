"""Who is asked for a team: only whom one can ask, and never nobody because of a row that nobody can remove."""

from __future__ import annotations

import pytest

from surveyor.service import auth
from surveyor.service.actions import teams
from tests.integration.test_api import failed
from tests.integration.test_llm import KEY, PATH, put
from tests.integration.test_ui_sessions import Browser
from tests.servers.service import Client, Service

COMPATIBLE = {"provider": "compatible", "base_url": "http://127.0.0.1:8085/v1", "analysis_model": "m"}


async def keeper(service: Service) -> Client:
    """A program that may change what everybody shares."""
    made = await teams.create_key(
        service.sessions, team=str(service.first.team_id), name="keeper", scopes=(*auth.SCOPES, auth.PLATFORM)
    )
    return service.client(made.secret)


def listed(client: Client) -> list[tuple[str, str, bool]]:
    rows = client.get(PATH).json["data"]["providers"]
    return [(row["provider"], row["level"], row["in_force"]) for row in rows]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"provider": "compatible"}, ["base_url", "analysis_model"]),
        ({"provider": "compatible", "base_url": "https://example.com/v1"}, ["analysis_model"]),
        ({"provider": "compatible", "analysis_model": "m", "enabled": True}, ["base_url"]),
        ({"provider": "anthropic"}, ["key"]),
        ({"provider": "openai", "analysis_model": "gpt-x"}, ["key"]),
    ],
)
async def test_what_could_never_be_asked_is_refused_unless_it_is_off(
    service: Service, change: dict[str, object], missing: list[str]
) -> None:
    operator = await keeper(service)
    assert put(operator, COMPATIBLE, level="platform").status == 200
    error = failed(put(service.client(), change), 422, "invalid_params")
    assert error["details"] == {"providers": [f"{change['provider']}: {name} is missing" for name in missing]}
    assert all(name in str(error["message"]) for name in missing)
    # all or none: nothing was kept, and everybody's is asked as before
    failed(put(service.client(), {"provider": "openai", "key": KEY}, {"provider": "anthropic"}), 422, "invalid_params")
    assert listed(service.client()) == [("compatible", "platform", True)]
    assert put(service.client(), {**change, "enabled": False}).status == 200


async def test_a_change_is_judged_with_what_is_kept(service: Service) -> None:
    client = service.client()
    assert put(client, {"provider": "anthropic", "key": KEY}).status == 200
    assert put(client, {"provider": "anthropic", "analysis_model": "claude-x"}).status == 200
    failed(put(client, {"provider": "anthropic", "key": None}), 422, "invalid_params")
    assert put(client, {"provider": "anthropic", "key": None, "enabled": False}).status == 200
    failed(put(client, {"provider": "anthropic", "enabled": True}), 422, "invalid_params")
    assert put(client, {"provider": "anthropic", "enabled": True, "key": KEY}).status == 200
    assert listed(client) == [("anthropic", "team", True)]


async def test_a_provider_can_be_forgotten(service: Service) -> None:
    client, operator = service.client(), await keeper(service)
    assert put(operator, COMPATIBLE, {"provider": "openai", "key": KEY}, level="platform").status == 200
    assert put(client, {"provider": "compatible", "enabled": False}).status == 200
    assert listed(client) == [
        ("openai", "platform", True),
        ("compatible", "team", False),
        ("compatible", "platform", False),
    ]
    left = client("DELETE", f"{PATH}/compatible")
    assert left.status == 200
    assert [row["level"] for row in left.json["data"]["providers"]] == ["platform", "platform"]
    assert listed(client) == [("openai", "platform", True), ("compatible", "platform", True)]
    failed(client("DELETE", f"{PATH}/compatible"), 404, "not_found")
    failed(client("DELETE", f"{PATH}/compatible?level=platform"), 403, "forbidden")
    failed(client("DELETE", f"{PATH}/other"), 422, "invalid_params")
    failed(client("DELETE", f"{PATH}/openai?level=everybody"), 422, "invalid_params")
    assert operator("DELETE", f"{PATH}/openai?level=platform").status == 200
    failed(operator("DELETE", f"{PATH}/openai?level=platform"), 404, "not_found")
    assert listed(client) == [("compatible", "platform", True)]


async def test_who_may_not_write_and_who_is_not_of_the_team_forgets_nothing(service: Service) -> None:
    assert put(service.client(), {"provider": "anthropic", "key": KEY}).status == 200
    reading = await teams.create_key(service.sessions, team=str(service.first.team_id), name="r", scopes=(auth.READ,))
    failed(service.client(reading.secret)("DELETE", f"{PATH}/anthropic"), 403, "forbidden")
    other = await teams.create_team(service.sessions, slug="other")
    stranger = service.client((await teams.create_key(service.sessions, team=str(other.id), name="t")).secret)
    failed(stranger("DELETE", f"{PATH}/anthropic"), 404, "not_found")
    assert listed(service.client()) == [("anthropic", "team", True)]


async def test_the_page_says_what_is_missing_and_saves_what_is_whole(service: Service) -> None:
    browser = Browser(service)
    token = await teams.create_link(service.sessions, team="default")
    assert browser.submit("/sign-in", {"token": token}).status == 303
    csrf = browser.csrf()
    refused = browser.submit("/llm/anthropic", {"csrf": csrf, "enabled": "on"})
    assert refused.status == 422
    assert "Anthropic cannot be asked without key" in refused.text
    assert browser.submit("/llm/anthropic", {"csrf": csrf, "enabled": "on", "key": KEY}).status == 303
    # a key that is not typed stays
    assert browser.submit("/llm/anthropic", {"csrf": csrf, "enabled": "on", "analysis_model": "x"}).status == 303
    assert listed(service.client()) == [("anthropic", "team", True)]
    for _ in range(2):  # also by who has the page open twice
        assert browser.submit("/llm/anthropic/delete", {"csrf": csrf}).status == 303
    assert listed(service.client()) == []
