"""How fast a page loads: measured once, then judged metric by metric."""

from __future__ import annotations

from functools import partial

from surveyor.scan.engine.gathering import Shared
from surveyor.scan.engine.rules import Rules
from surveyor.scan.gather import psi
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
    return rules.looked(ran)


def _measure(rules: Rules, shared: Shared) -> Speed:
    errand = shared.errand
    judge_url(errand.url, errand.settings)  # what we may not ask is nothing to tell others about
    speed = psi.gather(errand)
    rules.result.units[psi.GATHERER.id] = psi.GATHERER.version
    score = "" if speed.score is None else f" score={speed.score:.2f}"
    values = {f"{metric.id}_{metric.source}": metric.value for metric in speed.metrics}
    rules.ledger.progress("performance.fetch", f"{speed.engine}{score}", metrics=values, score=speed.score)
    return speed
