"""The result as a whole: metrics, score, and under what they were measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from surveyor.scan.errors import Malformed
from surveyor.scan.figures import Device, Engine
from surveyor.scan.formats.lighthouse import load
from surveyor.scan.formats.loose import URL, listed, number, part, text, whole
from surveyor.scan.patterns import regex
from surveyor.scan.speed import Environment, Metric, Source, Speed

#: Ours, and the audit that measures it.
METRICS = (
    ("fcp", "first-contentful-paint"),
    ("lcp", "largest-contentful-paint"),
    ("tbt", "total-blocking-time"),
    ("cls", "cumulative-layout-shift"),
    ("si", "speed-index"),
    ("tti", "interactive"),
    ("inp", "interaction-to-next-paint"),
)
_WARNINGS = 10
_BROWSER = regex(r"(?:Headless)?(Chrome/[0-9.]{1,30})")


def failure(result: Mapping[str, Any]) -> str | None:
    """The code of what kept Lighthouse from measuring the page, such as ``NO_FCP``; ``None`` where nothing did."""
    code = part(result, "runtimeError").get("code")
    # no set: what was written may be a list
    return None if code in (None, "", "NO_ERROR") else text(str(code)[:100])


def read(result: Mapping[str, Any], *, url: str, by: Engine, device: Device) -> Speed:
    """What a result says of ``url``, loaded as it says, else as ``device``; raises ``Malformed`` for no metric."""
    metrics = tuple(_metrics(part(result, "audits")))
    if not metrics:
        raise Malformed("the result of Lighthouse has no measurement")
    settings = part(result, "configSettings")
    warnings = result.get("runWarnings")
    return Speed(
        url=url,
        metrics=metrics,
        score=_score(result),
        engine=f"Lighthouse {text(result.get('lighthouseVersion'), 20)}".strip(),
        by=by,
        device=next((one for one in Device if one == settings.get("formFactor")), device),
        environment=_environment(part(result, "environment"), settings),
        runs=({metric.id: metric.value for metric in metrics},),
        load=load.read(result, page=text(result.get("finalUrl"), URL) or url),
        notes=tuple(map(text, warnings[:_WARNINGS])) if isinstance(warnings, list) else (),
    )


def _metrics(audits: Mapping[str, Any]) -> Iterator[Metric]:
    for ours, audit in METRICS:
        value = number(part(audits, audit).get("numericValue"))
        if value is not None:
            yield _metric(ours, value)
    # the audit "server-response-time" leaves out the connection and redirects, which visitors wait for too
    for row in listed(part(audits, "metrics", "details").get("items")):
        value = number(row.get("timeToFirstByte"))
        if value is not None:
            yield _metric("ttfb", value)
            return


def _metric(name: str, value: float) -> Metric:
    return Metric(id=name, value=value, source=Source.LAB, low=value, high=value)


def _score(result: Mapping[str, Any]) -> float | None:
    score = number(part(result, "categories", "performance").get("score"))
    return score if score is not None and score <= 1 else None


def _environment(environment: Mapping[str, Any], settings: Mapping[str, Any]) -> Environment:
    throttling, screen = part(settings, "throttling"), part(settings, "screenEmulation")
    method = text(settings.get("throttlingMethod"), 20)
    # the same object holds both kinds of numbers; only those of the method were in force
    simulated = method == "simulate"
    latency, down = ("rttMs", "throughputKbps") if simulated else ("requestLatencyMs", "downloadThroughputKbps")
    browser = _BROWSER.search(text(environment.get("hostUserAgent")))
    return Environment(
        browser=browser[1] if browser else "",
        agent=text(environment.get("networkUserAgent")),
        benchmark=number(environment.get("benchmarkIndex")),
        method=method,
        latency=number(throttling.get(latency)),
        down=number(throttling.get(down)),
        up=None if simulated else number(throttling.get("uploadThroughputKbps")),
        slowdown=number(throttling.get("cpuSlowdownMultiplier")),
        width=whole(screen.get("width")),
        height=whole(screen.get("height")),
        ratio=number(screen.get("deviceScaleFactor")),
    )
