"""CVSS 4.0 base scores, by the specification's macro vectors (FIRST, CVSS v4.0 Specification Document, §8).

A vector falls into equivalence classes, which have a score; within its class it is lowered by how far it is from the
class's worst vector. Threat and environmental metrics are not part of a base score, so only the classes that base
metrics can reach, and the next lower ones, are tabled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from surveyor.scan.errors import Malformed

_ORDER: Final = {
    "AV": "NALP",
    "AC": "LH",
    "AT": "NP",
    "PR": "NLH",
    "UI": "NPA",
    "VC": "HLN",
    "VI": "HLN",
    "VA": "HLN",
    "SC": "HLN",
    "SI": "HLN",
    "SA": "HLN",
}
#: Scores by (EQ1, EQ2); within one by impact on the vulnerable system, then on subsequent ones.
#: Impact: EQ3 and EQ6 as 00, 01, 10, 11, 21; subsequent: EQ4 as 1, 2. EQ5 is 0, as without threat metrics.
_SCORES: Final = {
    (0, 0): (10.0, 9.3, 9.6, 9.0, 9.3, 8.8, 9.2, 8.0, 7.9, 6.9),
    (0, 1): (9.5, 9.2, 9.1, 8.1, 9.2, 8.4, 8.2, 7.0, 7.1, 6.3),
    (1, 0): (9.4, 8.7, 8.9, 7.5, 8.6, 7.2, 7.6, 5.7, 6.5, 5.3),
    (1, 1): (9.0, 7.7, 7.7, 6.6, 7.4, 6.1, 5.9, 5.2, 5.8, 2.3),
    (2, 0): (8.6, 7.0, 7.4, 5.4, 7.2, 5.3, 5.7, 3.6, 4.7, 2.4),
    (2, 1): (7.3, 5.4, 5.5, 4.3, 6.1, 4.6, 5.1, 1.8, 2.4, 1.0),
}
_IMPACT: Final = {(0, 0): 0, (0, 1): 2, (1, 0): 4, (1, 1): 6, (2, 1): 8}
#: The worst vectors of each class, in the order in which they are tried.
_WORST_1: Final = (("NNN",), ("ANN", "NLN", "NNP"), ("PNN", "ALP"))
_WORST_2: Final = (("LN",), ("HN", "LP"))
_WORST_36: Final = {(0, 0): ("HHH",), (1, 0): ("LHH", "HLH"), (2, 1): ("LLL",)}
_WORST_4: Final = {1: ("HHH",), 2: ("LLL",)}
#: How many steps deep each class is.
_DEPTH_1: Final = (1, 4, 5)
_DEPTH_2: Final = (1, 2)
_DEPTH_36: Final = {(0, 0): 7, (1, 0): 8, (2, 1): 10}
_DEPTH_4: Final = {1: 5, 2: 4}


def score(metrics: Mapping[str, str]) -> float:
    """Base score of a vector's metrics; raises ``Malformed`` when a base metric is absent or unknown."""
    values = {name: metrics.get(name, "") for name in _ORDER}
    for name, value in values.items():
        if len(value) != 1 or value not in _ORDER[name]:
            raise Malformed(f"a CVSS 4.0 vector without a valid {name}")
    if all(values[name] == "N" for name in ("VC", "VI", "VA", "SC", "SI", "SA")):
        return 0.0
    eq1, eq2, eq36, eq4 = _class_1(values), _class_2(values), _class_36(values), _class_4(values)
    own = _table(eq1, eq2, eq36, eq4)
    steps = (
        _step(own, _lower(eq1 + 1, eq2, eq36, eq4), values, ("AV", "PR", "UI"), _WORST_1[eq1], _DEPTH_1[eq1]),
        _step(own, _lower(eq1, eq2 + 1, eq36, eq4), values, ("AC", "AT"), _WORST_2[eq2], _DEPTH_2[eq2]),
        _step(own, _lower_36(eq1, eq2, eq36, eq4), values, ("VC", "VI", "VA"), _WORST_36[eq36], _DEPTH_36[eq36]),
        _step(own, _lower(eq1, eq2, eq36, eq4 + 1), values, ("SC", "SI", "SA"), _WORST_4[eq4], _DEPTH_4[eq4]),
        # exploit maturity is not given: a lower class exists, and the vector is the worst of its own
        0.0,
    )
    known = [step for step in steps if step is not None]
    # decimal halves go up
    return int(max(0.0, min(10.0, own - sum(known) / len(known))) * 10 + 0.5 + 1e-6) / 10


def _class_1(v: Mapping[str, str]) -> int:
    easy = [v["AV"] == "N", v["PR"] == "N", v["UI"] == "N"]
    if all(easy):
        return 0
    return 1 if any(easy) and v["AV"] != "P" else 2


def _class_2(v: Mapping[str, str]) -> int:
    return 0 if v["AC"] == "L" and v["AT"] == "N" else 1


def _class_36(v: Mapping[str, str]) -> tuple[int, int]:
    # requirements that are not given count as high, so EQ6 is 0 as soon as one impact is high
    if v["VC"] == "H" and v["VI"] == "H":
        return 0, 0
    return (1, 0) if "H" in {v["VC"], v["VI"], v["VA"]} else (2, 1)


def _class_4(v: Mapping[str, str]) -> int:
    return 1 if "H" in {v["SC"], v["SI"], v["SA"]} else 2


def _table(eq1: int, eq2: int, eq36: tuple[int, int], eq4: int) -> float:
    return _SCORES[eq1, eq2][_IMPACT[eq36] + eq4 - 1]


def _lower(eq1: int, eq2: int, eq36: tuple[int, int], eq4: int) -> float | None:
    return _table(eq1, eq2, eq36, eq4) if (eq1, eq2) in _SCORES and eq4 in _WORST_4 else None


def _lower_36(eq1: int, eq2: int, eq36: tuple[int, int], eq4: int) -> float | None:
    """EQ3 and EQ6 are taken together: where two lower classes exist, the higher score of both."""
    below = {(0, 0): ((0, 1), (1, 0)), (1, 0): ((1, 1),), (2, 1): ()}[eq36]
    return max((_table(eq1, eq2, lower, eq4) for lower in below), default=None)


def _step(
    own: float,
    lower: float | None,
    values: Mapping[str, str],
    names: tuple[str, ...],
    worst: tuple[str, ...],
    depth: int,
) -> float | None:
    """How much one class lowers the score: its part of the way from its worst vector down to the next class."""
    if lower is None:
        return None
    for vector in worst:
        away = [
            _ORDER[name].index(values[name]) - _ORDER[name].index(sign)
            for name, sign in zip(names, vector, strict=True)
        ]
        if min(away) >= 0:
            return (own - lower) * sum(away) / depth
    return 0.0
