"""What comes first, and why: a sum of named points that anybody can add up again. No model, no clock, no database.

A factor nobody knows is shown as unknown and counts nothing; one that cannot apply is shown as such. The most that all
factors together give is 100, so a point is a hundredth of the scale. docs/explanation/priority.md lists every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from surveyor.scan.judgement import Factor, Priority

#: The version of everything below; a change of any number here is a new one.
FORMULA = 4
MOST = 100
#: How far a model may move a value from the formula's, either way.
MODEL_BOUND = 20

#: Points for how bad it is; a published CVSS score gives ``CVSS_POINT`` for each of its ten instead.
SEVERITY = {"critical": 45, "high": 34, "medium": 20, "low": 7}
CVSS_POINT = 4.5
#: Listed as exploited in the wild.
KEV = 15
#: Probability of exploitation within 30 days, from the bound on.
EPSS = ((0.5, 12), (0.1, 8), (0.01, 4), (0.0, 0))
EXPOSURE = {"public": 8, "private": 2}
#: How many things are affected, from the bound on.
ASSETS = ((20, 6), (5, 4), (2, 2), (0, 0))
FIX = {"fixed": 4, "not_fixed": 0, "will_not_fix": 0, "fix_deferred": 0, "end_of_life": 0}
EFFORT = {"small": 5, "medium": 2, "large": 0}
#: Days since it was first seen, from the bound on.
AGE = ((90, 5), (30, 3), (7, 1), (0, 0))
#: The effort value by class, 0..100, higher is more work.
EFFORT_VALUE = {"small": 20, "medium": 50, "large": 80}

_IMPACT = ("severity", "assets")
_RISK = ("kev", "epss", "exposure", "age")
_MAXIMA = {
    "severity": SEVERITY["critical"],
    "kev": KEV,
    "epss": EPSS[0][1],
    "exposure": EXPOSURE["public"],
    "assets": ASSETS[0][1],
    "fix": FIX["fixed"],
    "effort": EFFORT["small"],
    "age": AGE[0][1],
}
#: What mending a finding of a domain takes, where nothing better is known.
_WORK = {"security": "small", "seo": "small", "accessibility": "medium", "performance": "large"}
_WEB = frozenset(_WORK)
#: Rules that are better known: a setting of the server, an attribute, a build that has to learn something, or an
#: address, which everybody who links to it has to follow.
_WORK_OF = {
    "seo_url": "large",
    **dict.fromkeys(
        (
            "performance_cache_lifetime",
            "performance_compression",
            "performance_font_display",
            "performance_http_version",
            "performance_image_dimensions",
            "performance_image_lazy",
            "performance_lcp_image",
            "performance_redirects",
        ),
        "small",
    ),
    **dict.fromkeys(
        (
            "performance_duplicate_javascript",
            "performance_image_format",
            "performance_image_size",
            "performance_legacy_javascript",
            "performance_render_blocking",
            "performance_third_parties",
            "performance_unused_css",
        ),
        "medium",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Who says so, and as of when (ISO 8601), about one factor."""

    source: str
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the formula looks at; ``None`` is "nobody knows".

    ``cvss`` is a base score 0..10, ignored when ``severity_by`` is ``person``; ``epss`` 0..1; ``exposure`` is
    ``public`` or ``private``; ``fix_state`` is one of ``FIX``, or says nothing; ``facts`` names sources by factor.
    ``aside`` says that it is a kernel's, and only headers of one are there.
    """

    domain: str
    severity: str
    rule: str | None = None
    severity_by: str = "rule"
    cvss: float | None = None
    epss: float | None = None
    kev: bool | None = None
    exposure: str | None = None
    assets: int = 0
    fix_state: str | None = None
    has_fix: bool = False
    aside: bool = False
    age_days: float | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)


_FACTOR = tuple(field.name for field in fields(Factor))


def row(factor: Factor) -> dict[str, Any]:
    """The same as a dictionary; tens of thousands are written after a scan, which ``asdict`` would notice."""
    return {name: getattr(factor, name) for name in _FACTOR}


def values(priority: Priority) -> dict[str, int | None]:
    """The four numbers."""
    return {
        "impact": priority.impact,
        "effort": priority.effort,
        "risk": priority.risk,
        "score": priority.score,
    }


def compute(facts: Facts) -> Priority:
    """Add the points up."""
    factors: tuple[Factor, ...] = (
        _severity(facts),
        _kev(facts),
        _epss(facts),
        _factor(facts, "exposure", facts.exposure, EXPOSURE.get(facts.exposure or "")),
        _factor(facts, "assets", facts.assets or None, _step(ASSETS, facts.assets) if facts.assets else None),
        _fix(facts),
        _effort(facts),
        _age(facts),
    )
    if facts.aside:
        factors = (*factors, _aside(factors))
    by_name = {factor.name: factor for factor in factors}
    effort = by_name["effort"].value
    return Priority(
        impact=None if by_name["severity"].state != "known" else _share([by_name[name] for name in _IMPACT]),
        effort=EFFORT_VALUE[effort] if isinstance(effort, str) else None,
        risk=_risk([by_name[name] for name in _RISK]),
        score=sum(factor.points for factor in factors),
        factors=factors,
    )


def _aside(factors: Sequence[Factor]) -> Factor:
    """Headers of a kernel do not run, whatever its flaws are: that takes away what all else gives."""
    points = -sum(factor.points for factor in factors)
    return Factor(
        name="presence", state="known", value="headers only", points=points, most=0, source="formula", date=None
    )


def _factor(facts: Facts, name: str, value: str | float | bool | None, points: int | None) -> Factor:
    told = facts.facts.get(name)
    known = value is not None and points is not None
    return Factor(
        name=name,
        state="known" if known else "unknown",
        value=value if known else None,
        points=points if known and points else 0,
        most=_MAXIMA[name],
        source=told.source if told and known else None,
        date=told.date if told and known else None,
    )


def _none(name: str) -> Factor:
    return Factor(name=name, state="not_applicable", value=None, points=0, most=0, source=None, date=None)


def _severity(facts: Facts) -> Factor:
    if facts.cvss is not None and facts.severity_by != "person" and not facts.aside:
        return _factor(facts, "severity", facts.cvss, round(min(max(facts.cvss, 0.0), 10.0) * CVSS_POINT))
    points = SEVERITY.get(facts.severity)
    return _factor(facts, "severity", facts.severity, points)


def _kev(facts: Facts) -> Factor:
    if facts.domain in _WEB:
        return _none("kev")
    return _factor(facts, "kev", facts.kev, KEV if facts.kev else 0)


def _epss(facts: Facts) -> Factor:
    if facts.domain in _WEB:
        return _none("epss")
    return _factor(facts, "epss", facts.epss, None if facts.epss is None else _step(EPSS, facts.epss))


def _fix(facts: Facts) -> Factor:
    state = facts.fix_state
    if facts.domain in _WEB:
        state = "fixed" if facts.has_fix else None
    return _factor(facts, "fix", state, FIX.get(state or ""))


def _effort(facts: Facts) -> Factor:
    work = _WORK_OF.get(facts.rule or "") or _WORK.get(facts.domain)
    if work is None:
        work = "small" if facts.fix_state == "fixed" else "large" if facts.fix_state in FIX else None
    return _factor(facts, "effort", work, EFFORT.get(work or ""))


def _age(facts: Facts) -> Factor:
    days = None if facts.age_days is None else int(max(0.0, facts.age_days))
    return _factor(facts, "age", days, None if days is None else _step(AGE, days))


def _step(steps: Sequence[tuple[float, int]], value: float) -> int:
    return next((points for bound, points in steps if value >= bound), 0)


def _share(factors: Sequence[Factor]) -> int:
    """The points as a share of the most that the factors which apply could give."""
    return round(100 * sum(factor.points for factor in factors) / sum(factor.most for factor in factors))


def _risk(factors: Sequence[Factor]) -> int | None:
    # how long it has been there says nothing while nobody knows whether it matters to anybody
    if not any(factor.state == "known" for factor in factors if factor.name != "age"):
        return None
    return _share(factors)


def bounded(formula: int | None, model: int) -> int:
    """A model's value within ``MODEL_BOUND`` of the formula's and within 0..100; with no formula value, from 50."""
    middle = 50 if formula is None else formula
    return max(0, min(MOST, max(middle - MODEL_BOUND, min(middle + MODEL_BOUND, model))))


def stand(held: Mapping[str, Any] | None, computed: Priority, *, at: datetime) -> dict[str, Any]:
    """The stored record after the formula spoke: ``{source, formula, at, factors, by_source}``.

    What a person set keeps standing, beside the formula's new word; a model's word was about older facts, so the
    formula's stands until the model has spoken again.
    """
    before = dict((held or {}).get("by_source") or {})
    by_person = (held or {}).get("source") == "person"
    return {
        "source": "person" if by_person else "formula",
        "formula": FORMULA,
        "at": at.isoformat(),
        "factors": [row(factor) for factor in computed.factors],
        "by_source": {**before, "formula": values(computed)},
    }


def decide(held: Mapping[str, Any] | None, score: int | None) -> tuple[dict[str, Any], dict[str, int | None]]:
    """A person sets the score, or with ``None`` gives it back to the formula; the record and the values that stand."""
    record = dict(held or {})
    by_source: dict[str, Any] = dict(record.get("by_source") or {})
    formula = dict(by_source.get("formula") or dict.fromkeys(("impact", "effort", "risk", "score")))
    if score is None:
        by_source.pop("person", None)
        return {**record, "source": "formula", "by_source": by_source}, formula
    chosen = {**formula, "score": score}
    return {**record, "source": "person", "by_source": {**by_source, "person": chosen}}, chosen


def table() -> list[tuple[str, str, int]]:
    """Every row of the points table as (factor, value, points), for the documentation."""
    rows = [("severity", value, points) for value, points in SEVERITY.items()]
    rows.append(("severity", f"a CVSS score instead: {CVSS_POINT} × score, rounded, at most", SEVERITY["critical"]))
    rows += [("kev", "listed as exploited", KEV), ("kev", "not listed", 0)]
    rows += [("epss", f"from {bound:g}", points) for bound, points in EPSS]
    rows += [("exposure", value, points) for value, points in EXPOSURE.items()]
    rows += [("assets", f"from {max(bound, 1):g}", points) for bound, points in ASSETS]
    rows += [("fix", value, points) for value, points in FIX.items()]
    rows += [("effort", value, points) for value, points in EFFORT.items()]
    rows += [("age", f"from {bound:g} days", points) for bound, points in AGE]
    rows.append(("presence", "headers of a kernel only: takes away what all else gives, at most", -MOST))
    return rows
