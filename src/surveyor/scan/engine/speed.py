"""How fast a page loads: measured once, then judged metric by metric."""

from __future__ import annotations

from functools import partial

from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.rules import Rules
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.gather import GATHERERS, Errand, lab, psi
from surveyor.scan.model import Coverage
from surveyor.scan.net import judge_url
from surveyor.scan.speed import Speed


def judge(rules: Rules, shared: Shared) -> Coverage:
    """Measure, then run the rules; the entry says how many had a metric to judge."""
    speed = _measure(rules, shared)
    ran = 0
    for rule in rules.checks:
        # a metric that was not measured (INP without visitors, for one) is unknown, not good
        metric = speed.metric(rule.id.removeprefix("performance_"))
        if rule.speed is not None and metric is not None:
            ran += rules.apply(rule, partial(rule.speed, speed), saw=f"{metric.value:g} ({metric.source})")
    if speed.missed:
        return rules.partial(ran, LimitExceeded.code, "; ".join(f"{name}: {why}" for name, why in speed.missed.items()))
    return rules.looked(ran)


def _measure(rules: Rules, shared: Shared) -> Speed:
    speed = shared.measured(_gather)
    by = next((one for one in GATHERERS if one.id == speed.by.value), psi.GATHERER)
    rules.result.units[by.id] = by.version
    score = "" if speed.score is None else f" score={speed.score:.2f}"
    values = {f"{metric.id}_{metric.source}": metric.value for metric in speed.metrics}
    rules.ledger.progress("performance.fetch", f"{speed.engine}{score}", metrics=values, score=speed.score)
    return speed


def _gather(errand: Errand) -> Speed:
    judge_url(errand.url, errand.settings)  # what we may not ask is nothing to tell others about
    by = psi.GATHERER if errand.settings.psi_key or errand.settings.browser is None else lab.GATHERER
    speed = by.gather(errand)
    assert isinstance(speed, Speed)
    return speed
