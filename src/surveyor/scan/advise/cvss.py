"""Base scores from CVSS vectors, by the formulas of FIRST's specifications 2.0, 3.0 and 3.1; 4.0 is in ``cvss4``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from surveyor.scan.advise import cvss4
from surveyor.scan.errors import Malformed, ScanError
from surveyor.scan.model import Cvss, Severity

_LEVELS_2 = {"N": 0.0, "P": 0.275, "C": 0.660}
_WEIGHTS_2: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
        "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
        "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
        "C": _LEVELS_2,
        "I": _LEVELS_2,
        "A": _LEVELS_2,
    }
)
_LEVELS_3 = {"N": 0.0, "L": 0.22, "H": 0.56}
_WEIGHTS_3: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
        "AC": {"L": 0.77, "H": 0.44},
        "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
        "UI": {"N": 0.85, "R": 0.62},
        "S": {"U": 0.0, "C": 1.0},
        "C": _LEVELS_3,
        "I": _LEVELS_3,
        "A": _LEVELS_3,
    }
)
#: With a changed scope, privileges weigh more.
_PRIVILEGES_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_MAX_VECTOR = 300
#: Vectors whose scores are kept: thousands of advisories share a few hundred.
_KEPT = 4_096


def rate(vector: str, source: str | None = None) -> Cvss:
    """A vector with its version and base score; raises ``Malformed`` when it is none."""
    text = vector.strip()
    if len(text) > _MAX_VECTOR:
        raise Malformed(f"a CVSS vector of {len(text):,} characters")
    version, score = _base(text)
    return Cvss(version=version, vector=text, score=score, source=source)


@lru_cache(maxsize=_KEPT)
def _base(text: str) -> tuple[str, float]:
    """The version and the base score of a vector."""
    head, _, rest = text.partition("/")
    if head in {"CVSS:3.0", "CVSS:3.1"}:
        return head[5:], _score_3(_metrics(rest), minor=head[-1])
    if head == "CVSS:4.0":
        return "4.0", cvss4.score(_metrics(rest))
    if text.startswith(("AV:", "(AV:")):
        return "2.0", _score_2(_metrics(text.strip("()")))
    raise Malformed(f"not a CVSS vector: {text[:40]!r}")


def try_rate(vector: str, source: str | None = None) -> Cvss | None:
    """The same for a vector that may be broken, ``None`` then."""
    try:
        return rate(vector, source)
    except ScanError:
        return None


def severity(score: float, *, version: str = "3.1") -> Severity:
    """The band of a score; 2.0 has no critical one. A score of 0 is low: somebody rated it, and found it harmless."""
    if score >= 9.0 and version != "2.0":
        return Severity.CRITICAL
    if score >= 7.0:
        return Severity.HIGH
    return Severity.MEDIUM if score >= 4.0 else Severity.LOW


def _metrics(text: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for part in text.split("/"):
        name, colon, value = part.partition(":")
        if not colon or not value or name in out:
            raise Malformed(f"not a CVSS metric: {part[:20]!r}")
        out[name] = value
    return out


def _weighed(metrics: Mapping[str, str], weights: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    try:
        return {name: values[metrics[name]] for name, values in weights.items()}
    except KeyError as error:
        raise Malformed(f"a CVSS vector without a valid {error.args[0]}") from error


def _score_2(metrics: Mapping[str, str]) -> float:
    w = _weighed(metrics, _WEIGHTS_2)
    impact = 10.41 * (1 - (1 - w["C"]) * (1 - w["I"]) * (1 - w["A"]))
    exploitability = 20 * w["AV"] * w["AC"] * w["Au"]
    # decimal halves go up, as in the specification's examples
    return math.floor((0.6 * impact + 0.4 * exploitability - 1.5) * (1.176 if impact else 0.0) * 10 + 0.5 + 1e-9) / 10


def _score_3(metrics: Mapping[str, str], *, minor: str) -> float:
    w = _weighed(metrics, _WEIGHTS_3)
    changed = metrics["S"] == "C"
    privileges = _PRIVILEGES_CHANGED[metrics["PR"]] if changed else w["PR"]
    base = 1 - (1 - w["C"]) * (1 - w["I"]) * (1 - w["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    total = impact + 8.22 * w["AV"] * w["AC"] * privileges * w["UI"]
    total = min(1.08 * total if changed else total, 10.0)
    # 3.0 rounds up as it is; 3.1 defines it on whole hundred-thousandths, so that 4.000000001 stays 4.0
    return math.ceil(total * 10) / 10 if minor == "0" else _round_up(total)


def _round_up(value: float) -> float:
    scaled = round(value * 100_000)
    return scaled / 100_000 if scaled % 10_000 == 0 else (math.floor(scaled / 10_000) + 1) / 10
