"""The PageSpeed Insights client against a local server that speaks its protocol."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from surveyor.scan.errors import Declined, Malformed, NotConfigured, Refused, ScanError, Unreachable
from surveyor.scan.figures import Device
from surveyor.scan.gather import Errand
from surveyor.scan.gather import psi as client
from surveyor.scan.net import Client
from surveyor.scan.settings import Settings
from tests.servers.psi import Psi

URL = "https://site.example/a?b=c&d=ä"


def errand(
    server: Psi,
    *,
    seconds: float = 30.0,
    pauses: list[float] | None = None,
    device: Device = Device.MOBILE,
    **changes: Any,
) -> Errand:
    changes = {"psi_key": server.key, "psi_base": server.base, **changes}
    settings = Settings(**changes)
    return Errand(
        url=URL,
        settings=settings,
        client=Client(settings),
        deadline=time.monotonic() + seconds,
        sleep=pauses.append if pauses is not None else time.sleep,
        jitter=lambda: 0.5,
        device=device,
    )


def test_the_page_is_measured_on_a_phone_and_units_are_ours(psi: Psi) -> None:
    psi.field = {
        "LARGEST_CONTENTFUL_PAINT_MS": 2100,
        "CUMULATIVE_LAYOUT_SHIFT_SCORE": 15,
        "INTERACTION_TO_NEXT_PAINT": 180,
    }
    speed = gather(psi)
    (call,) = psi.calls
    assert call.query == {
        "url": [URL],
        "strategy": ["MOBILE"],
        "category": ["PERFORMANCE"],
        "locale": ["en"],
        "key": [psi.key],
    }
    assert (speed.score, speed.engine) == (0.97, "Lighthouse 13.5.0")
    values = {(metric.id, metric.source): metric.value for metric in speed.metrics}
    assert values == {
        ("lcp", "field"): 2100,
        ("cls", "field"): 0.15,
        ("inp", "field"): 180,
        ("fcp", "lab"): 900,
        ("lcp", "lab"): 1500,
        ("tbt", "lab"): 40,
        ("cls", "lab"): 0.01,
        ("si", "lab"): 1800,
    }


def gather(server: Psi, **changes: Any) -> Any:
    return client.gather(errand(server, **changes))


def test_any_audit_may_be_absent(psi: Psi) -> None:
    psi.lab = {"total-blocking-time": 5.0}
    psi.score = None
    speed = gather(psi)
    assert ([metric.id for metric in speed.metrics], speed.score) == (["tbt"], None)


def test_without_a_key_or_network_it_is_not_configured(psi: Psi) -> None:
    with pytest.raises(NotConfigured, match="set SURVEYOR_PSI_KEY"):
        gather(psi, psi_key=None)
    with pytest.raises(NotConfigured, match="offline"):
        gather(psi, offline=True)
    assert psi.calls == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_service_is_asked_again_after_longer_and_longer_pauses(psi: Psi, status: int) -> None:
    psi.failures = [status]
    pauses: list[float] = []
    assert gather(psi, pauses=pauses).metrics
    assert (len(psi.calls), pauses) == (2, [1.5])
    psi.failures = [status] * 9
    pauses.clear()
    with pytest.raises(Declined, match=str(status)):
        gather(psi, pauses=pauses)
    assert (len(psi.calls), pauses) == (6, [1.5, 3, 6])
    psi.failures, psi.retry_after = [status], "4"
    pauses.clear()
    assert gather(psi, pauses=pauses).metrics
    assert pauses == [4]
    psi.failures, psi.retry_after = [status], "60"
    with pytest.raises(Declined):
        gather(psi, pauses=pauses)


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (429, "Quota exceeded for quota metric 'Queries' and limit 'Queries per day'", Declined),
        (400, "API key not valid. Please pass a valid API key.", Declined),
        (403, "PageSpeed Insights API has not been used in project 1 before or it is disabled", Declined),
        (500, "Lighthouse returned error: NOT_HTML. The page provided is not HTML", Unreachable),
        (500, "Lighthouse returned error: DNS_FAILURE.", Unreachable),
    ],
)
def test_a_spent_quota_and_a_page_that_is_none_are_final(
    psi: Psi, status: int, message: str, error: type[ScanError]
) -> None:
    psi.failures, psi.message = [status], message
    with pytest.raises(ScanError) as told:
        gather(psi)
    assert (type(told.value), len(psi.calls)) == (error, 1)


def test_no_answer_at_all_is_the_services_fault(psi: Psi) -> None:
    pauses: list[float] = []
    with pytest.raises(Declined, match="no answer"):
        gather(psi, psi_base="http://127.0.0.1:9", pauses=pauses)
    assert len(pauses) == 3


def test_questions_about_one_origin_keep_apart_in_one_scan(psi: Psi) -> None:
    pauses: list[float] = []
    one = replace(errand(psi, pauses=pauses), clock=lambda: 0.0, deadline=30.0)
    for url in (URL, f"{URL}/second", "https://other.example/"):
        client.gather(replace(one, url=url))
    assert pauses == [2.0]


def test_visits_of_the_origin_are_never_the_pages(psi: Psi) -> None:
    psi.origin = {"LARGEST_CONTENTFUL_PAINT_MS": 9000, "EXPERIMENTAL_TIME_TO_FIRST_BYTE": 700}
    for fallback in (False, True):
        psi.fallback = fallback
        speed = gather(psi)
        assert {metric.id: metric.value for metric in speed.metrics if metric.source == "origin"} == {
            "lcp": 9000,
            "ttfb": 700,
        }
        assert not [metric for metric in speed.metrics if metric.source == "field"]
        decides = speed.metric("lcp")
        assert (decides.source, decides.value) == ("lab", 1500)
        assert speed.metric("ttfb") is None


def test_the_device_is_asked_for_by_name(psi: Psi) -> None:
    speed = gather(psi, device=Device.DESKTOP)
    assert psi.calls[0].query["strategy"] == ["DESKTOP"]
    assert (speed.device, speed.by) == ("desktop", "psi")
    # what the result says of itself counts more
    psi.result = {"configSettings": {"formFactor": "mobile", "throttlingMethod": "simulate"}}
    speed = gather(psi, device=Device.DESKTOP)
    assert (speed.device, speed.environment.simulated) == ("mobile", True)


def test_real_visits_are_kept_where_the_laboratory_has_nothing(psi: Psi) -> None:
    psi.lab, psi.field = {}, {"LARGEST_CONTENTFUL_PAINT_MS": 2100}
    speed = gather(psi)
    assert ([metric.id for metric in speed.metrics], speed.score, speed.load) == (["lcp"], None, None)


def test_without_time_for_another_run_none_is_begun(psi: Psi) -> None:
    psi.failures = [500]
    late = replace(errand(psi), clock=lambda: 55.0 if psi.calls else 0.0, deadline=60.0)
    with pytest.raises(Unreachable, match="500"):
        client.gather(late)
    assert len(psi.calls) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_other_refusals_are_final(psi: Psi, status: int) -> None:
    psi.failures = [status]
    with pytest.raises(Unreachable, match=str(status)):
        gather(psi)
    assert len(psi.calls) == 1


def test_a_wrong_key_is_told_without_the_key(psi: Psi) -> None:
    with pytest.raises(Unreachable, match="API key not valid") as error:
        gather(psi, psi_key="wrong key+1")
    assert "wrong" not in str(error.value)


def test_an_answer_of_200_may_be_a_failure(psi: Psi) -> None:
    psi.runtime_error = ("NO_FCP", "nothing was painted")
    with pytest.raises(Unreachable, match="NO_FCP"):
        gather(psi)


def test_an_answer_without_numbers_is_malformed(psi: Psi) -> None:
    psi.lab = {}
    with pytest.raises(Malformed):
        gather(psi)
    psi.lab = {"largest-contentful-paint": float("nan"), "speed-index": -1.0, "first-contentful-paint": True}
    with pytest.raises(Malformed):
        gather(psi)


def test_the_services_address_is_exempt_and_nothing_else_is(psi: Psi) -> None:
    asked = errand(psi)
    assert asked.settings.allow_hosts == ()
    psi_settings = asked.client.with_settings(asked.settings)
    with pytest.raises(Refused):
        psi_settings.get(psi.base, max_bytes=1, seconds=1)


@pytest.mark.parametrize("failures", [[], [400], [403], [429] * 4, [500] * 4])
def test_no_error_repeats_the_key(psi: Psi, failures: list[int]) -> None:
    psi.failures = failures
    psi.runtime_error = ("NO_FCP " + psi.key, "x") if not failures else None
    with pytest.raises(ScanError) as error:
        gather(psi, pauses=[])
    assert psi.key not in str(error.value)
    assert psi.key not in repr(errand(psi).settings)
