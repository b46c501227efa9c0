"""How fast a page loads: measured once by one engine, then judged rule by rule."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial

from surveyor.scan.address import host_of
from surveyor.scan.check.interface import Check
from surveyor.scan.check.threshold import text
from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.rules import Rules
from surveyor.scan.errors import LimitExceeded, NotConfigured, ScanError, Undecided
from surveyor.scan.figures import Engine
from surveyor.scan.gather import Errand, Gatherer, lab, lighthouse, psi
from surveyor.scan.model import Coverage, CoverageState
from surveyor.scan.net import judge_url
from surveyor.scan.score import performance
from surveyor.scan.settings import Settings
from surveyor.scan.speed import Speed

#: What measures, by its name in the settings.
ENGINES: dict[Engine, Gatherer] = {
    Engine.PSI: psi.GATHERER,
    Engine.LAB: lab.GATHERER,
    Engine.LIGHTHOUSE: lighthouse.GATHERER,
}
#: Seconds that the first of two engines leaves to the other, and the share of its own that it keeps at least.
_RESERVE, _SHARE = 24.0, 0.5
_UNSET = (
    "performance needs a PageSpeed Insights key (set SURVEYOR_PSI_KEY) or an installed Chromium (SURVEYOR_CHROMIUM)"
)
_OFF = "performance needs a PageSpeed Insights key (set SURVEYOR_PSI_KEY): the laboratory is off (SURVEYOR_LAB_RUNS)"
_UNTOLD = (
    "PageSpeed Insights is not told the scan's headers, and would measure another page; the laboratory needs a Chromium"
)


def judge(rules: Rules, shared: Shared) -> Coverage:
    """Measure, then run the rules; the entry says how many had something to judge."""
    speed = _measure(rules, shared)
    if not rules.narrowed:
        _score(rules, speed)
    ran, untold = 0, set[str]()
    for rule in rules.checks:
        lacking = [part for part in rule.parts if not told(speed, part)]
        untold.update(lacking)
        # a metric that was not measured (INP without visitors, for one) is unknown, not good
        if rule.speed is not None and not lacking:
            ran += rules.apply(rule, partial(rule.speed, speed), saw=_saw(speed, rule), gap=_gap(rules, rule, speed))
    if speed.missed:
        return rules.partial(ran, LimitExceeded.code, "; ".join(f"{name}: {why}" for name, why in speed.missed.items()))
    return replace(rules.looked(ran), detail=_detail(rules, ran, speed, untold))


def _score(rules: Rules, speed: Speed) -> None:
    found = performance.score(rules.asset.value, speed)
    rules.result.scores = () if found is None else (found,)
    rules.result.measurements = (performance.measurement(rules.asset.value, speed),)
    if found is not None:
        rules.ledger.progress("performance.grade", f"{found.profile}: {found.score} points", score=found.score)


def told(speed: Speed, part: str) -> bool:
    """Whether a measurement tells of a metric, or of a field of its load or of the load's requests."""
    if speed.metric(part) is not None:
        return True
    load = speed.load
    if load is None or part in load.missed or part.partition(".")[0] in load.missed:
        return False
    held = {each.name: getattr(load, each.name) for each in fields(load)}
    # what is neither is of the requests, and those that lack it are told in ``missed``
    return held[part] is not None if part in held else part not in _METRICS


_METRICS = frozenset({"lcp", "cls", "inp", "fcp", "tbt", "si", "ttfb", "tti"})


def _gap(rules: Rules, rule: Check, speed: Speed) -> ScanError | None:
    """Why finding nothing would prove nothing, for who asks for a proof."""
    if not rules.narrowed:
        return None
    doubt = rule.doubt(speed) if rule.doubt is not None else None
    if doubt is None and speed.load is not None and speed.load.more and "resources" in rule.parts:
        doubt = f"{speed.load.more:,} more requests were not looked at"
    return None if doubt is None else Undecided(doubt)


def _saw(speed: Speed, rule: Check) -> str:
    """What a rule judged, for who asks for a proof."""
    metrics = [found for part in rule.parts if (found := speed.metric(part)) is not None]
    values = [f"{text(found)} ({found.source})" for found in metrics]
    return f"{', '.join(values) or 'one load'}, {speed.engine}, {speed.device}"


def _detail(rules: Rules, ran: int, speed: Speed, untold: set[str]) -> str:
    lacking = f"; not told: {', '.join(sorted(untold))}" if untold else ""
    return f"{ran} of {len(rules.checks)} rules, by {speed.engine} ({speed.by}, {speed.device}){lacking}"


def _measure(rules: Rules, shared: Shared) -> Speed:
    speed = shared.measured(partial(_gather, rules))
    by = ENGINES[speed.by]
    rules.result.units[by.id] = by.version
    _progress(rules, speed)
    return speed


def _gather(rules: Rules, errand: Errand) -> Speed:
    """Have the chosen engine measure, and the next one where that cannot."""
    judge_url(errand.url, errand.settings)  # what we may not ask is nothing to tell others about
    extra = errand.client.extra
    engines = chosen(errand.settings, errand.url)
    if extra is not None:
        engines = tuple(engine for engine in engines if engine is not Engine.PSI)
        if not engines:
            raise NotConfigured(_UNTOLD)
    for at, engine in enumerate(engines):
        other = next(iter(engines[at + 1 :]), None)
        gatherer = ENGINES[engine]
        rules.ledger.progress("performance.engine", engine.value, engine=engine.value, device=errand.device.value)
        try:
            speed = gatherer.gather(errand if other is None else _hurried(errand))
        except ScanError as error:
            if other is None:
                raise
            _tell(rules, gatherer, other, error)
            continue
        assert isinstance(speed, Speed)
        return speed if extra is None else extra.within(speed)
    raise NotConfigured(_UNSET if errand.settings.browser is None else _OFF)


def chosen(settings: Settings, url: str) -> tuple[Engine, ...]:
    """The engine that was chosen; else those that are set up, the better first.

    Google is not told of pages on hosts that only the operator's own exemption lets us reach, if anybody else can
    measure them; it could not reach them either.
    """
    if settings.performance_engine is not None:
        return (settings.performance_engine,)
    ours = (Engine.LAB,) if settings.browser is not None and settings.lab_runs else ()
    private = any(allowed.host == host_of(url) for allowed in settings.allow_hosts)
    asked = settings.psi_key and not settings.offline and not (private and ours)
    return ((Engine.PSI,) if asked else ()) + ours


def _hurried(errand: Errand) -> Errand:
    """The same errand with time left for another engine."""
    return replace(errand, deadline=errand.deadline - min(_RESERVE, errand.left * (1 - _SHARE)))


def _tell(rules: Rules, gatherer: Gatherer, other: Engine, error: ScanError) -> None:
    """That one engine could not measure, and another is asked: told, and no fault of the scan."""
    entry = Coverage(
        what=f"gather.{gatherer.id}",
        state=CoverageState.SKIPPED,
        reason=error.code,
        detail=f"{error}; measured by the engine {other} instead",
        asset=rules.asset.value,
    )
    rules.ledger.add(entry)
    rules.ledger.progress("performance.err", entry.detail or "", reason=error.code)


def _progress(rules: Rules, speed: Speed) -> None:
    score = "" if speed.score is None else f" score={speed.score:.2f}"
    values = {f"{metric.id}_{metric.source}": metric.value for metric in speed.metrics}
    rules.ledger.progress(
        "performance.fetch",
        f"{speed.engine}{score}",
        metrics=values,
        score=speed.score,
        engine=speed.by.value,
        device=speed.device.value,
    )
