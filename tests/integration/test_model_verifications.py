"""What a model found is verified by a model, and never by a model's word alone; models on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from surveyor.scan.settings import AllowedHost
from surveyor.service.actions import findings, llm, scans, tasks, verifications
from surveyor.service.errors import QuotaExceeded
from surveyor.service.store.finding_lists import Filter
from surveyor.service.store.tasks import Task
from surveyor.service.store.verifications import Verification
from tests.integration.test_llm_analysis import configure, greedy, settings
from tests.integration.test_remedy import ended
from tests.servers.llm import Models, obliging
from tests.servers.pipeline import Ground, worker
from tests.servers.web import Site
from tests.unit.llm.injections import INJECTIONS

RULE = "accessibility_model_link_purpose"
LINKS = "".join(f'<a href="/{n}">click here</a>' for n in range(5))


def page(text: str, links: str = LINKS) -> str:
    return f"<!doctype html><html lang=en><title>Shop</title><p>{text}</p>{links}</html>"


@pytest.fixture
def near(ground: Ground) -> Ground:
    """This machine may be scanned."""
    settings = replace(ground.platform.scan, allow_hosts=(AllowedHost(host="127.0.0.1"),))
    return replace(ground, platform=replace(ground.platform, scan=settings))


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        served.page("/", page("Welcome"))
        yield served


@pytest.fixture
def models() -> Iterator[Models]:
    """Models that name what the page's links lack."""
    with Models(make=greedy) as served:
        yield served


async def found(near: Ground, site: Site, models: Models) -> Task:
    """A task of what a model found on the site."""
    await configure(near, models)
    scan = await scans.start_web(near.platform, **near.place, url=site.url())
    await near.ended(scan.id)
    listed = await findings.page(near.platform.sessions, **near.place, wanted=Filter(rule=RULE))
    return await tasks.create(near.platform.sessions, **near.place, finding_id=listed.items[0].id)


async def verified(near: Ground, task: Task) -> Verification:
    made = await verifications.start(near.platform, **near.place, task_id=task.id, who="person")
    return await ended(near, made)


async def test_a_models_finding_is_proved_gone_when_the_page_has_changed_and_it_names_it_no_more(
    near: Ground,
    site: Site,
    models: Models,
) -> None:
    with worker(near.config, **settings(site)):
        task = await found(near, site, models)
        named = await verified(near, task)
        (check,) = named.checks
        assert (named.result, check["key"], check["status"]) == ("failed", RULE, "failed")
        assert "click here" in check["after"]
        site.page("/", page("Welcome", '<a href="/0">Opening hours</a>'))
        models.make = obliging
        proved = await verified(near, task)
    (check,) = proved.checks
    assert (proved.result, check["status"]) == ("passed", "passed")
    assert check["after"].startswith("claude-haiku")
    assert (await tasks.find(near.platform.sessions, **near.place, task_id=task.id)).status == "done"
    used = await llm.used(near.platform, team_id=near.team_id)
    # the scan's and two verifications'
    assert (used.units.used, used.units.reserved) == (3, 0)
    assert [call.subject_id for call in used.calls.items[:2]] == [proved.id, named.id]
    assert [call.subject for call in used.calls.items] == ["verification", "verification", "scan", "scan", "scan"]


async def test_a_page_that_talks_a_model_into_silence_is_not_mended(near: Ground, site: Site, models: Models) -> None:
    with worker(near.config, **settings(site)):
        task = await found(near, site, models)
        models.make = obliging  # it says that there is nothing
        for injection in INJECTIONS[::4]:
            site.page("/", page(injection))
            held = await verified(near, task)
            (check,) = held.checks
            assert (held.result, check["status"], check["assets"][0]["reason"]) == ("failed", "failed", "unchanged")
    assert (await tasks.find(near.platform.sessions, **near.place, task_id=task.id)).status == "backlog"


@pytest.mark.parametrize("step", [500, "schema"])
async def test_models_that_fail_prove_nothing_and_cost_no_unit(
    near: Ground,
    site: Site,
    models: Models,
    step: Any,
) -> None:
    with worker(near.config, **settings(site)):
        task = await found(near, site, models)
        models.script = [step]
        held = await verified(near, task)
    (check,) = held.checks
    assert (held.result, held.reason, check["status"]) == ("failed", "could_not_look", "not_looked")
    assert check["assets"][0]["reason"] == "unanswered"
    units = (await llm.used(near.platform, team_id=near.team_id)).units
    assert (units.used, units.reserved) == (1, 0)


async def test_without_a_unit_it_is_refused_and_without_a_provider_it_cannot_look(
    near: Ground,
    site: Site,
    models: Models,
) -> None:
    with worker(near.config, **settings(site)):
        task = await found(near, site, models)
        none = replace(near, platform=replace(near.platform, llm=replace(near.platform.llm, monthly_units=1)))
        with pytest.raises(QuotaExceeded):
            await verifications.start(none.platform, **near.place, task_id=task.id, who="person")
        assert not (await verifications.page(near.platform.sessions, **near.place)).items
        await llm.remove_provider(near.platform, team_id=None, kind="anthropic")
        held = await verified(near, task)
    (check,) = held.checks
    assert (held.reason, check["assets"][0]["reason"]) == ("could_not_look", "not_configured")
