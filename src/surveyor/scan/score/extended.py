"""What no published grade counts: our own checks of security as points, apart from the grade and without letters.

Points are by the severity of what was found; each outcome of a check counts once.
"""

from __future__ import annotations

from collections.abc import Mapping

from surveyor.scan.check import security
from surveyor.scan.check.interface import Check
from surveyor.scan.figures import NOT_LOOKED, Score, ScoreTest
from surveyor.scan.model import Domain, Severity

PROFILE = "extended-1"
PASSED, NOT_APPLICABLE = "passed", "not_applicable"
POINTS = {Severity.CRITICAL: -50, Severity.HIGH: -25, Severity.MEDIUM: -10, Severity.LOW: -5}
_START = 100
TITLES = {
    "security_header_permissions": "Permissions-Policy",
    "security_framing": "Framing by everybody",
    "security_csp_bypass": "Ways around the policy",
    "security_cookies_cross_site": "Cookies across sites",
    "security_reporting": "Reports of violations",
    "security_isolation": "Cross-origin isolation",
    "security_mixed_content": "Mixed content",
    "security_hsts_preload": "HSTS preload",
    "security_certificate": "TLS certificate",
    "security_tls_protocol": "TLS versions and ciphers",
    "security_tls_ciphers": "Weak ciphers of TLS",
    "security_contact": "security.txt",
    "security_exposed_repository": "Version control folders",
    "security_exposed_secrets": "Settings and passwords",
    "security_exposed_backup": "Backups and dumps",
    "security_source_map": "Source maps",
    "security_libraries": "JavaScript libraries",
}


def score(asset: str, came_to: Mapping[str, tuple[str, ...]]) -> Score:
    """Points for the checks that came to an end, by id the keys of their outcomes; others are not looked at.

    ``not_applicable`` stands for a check that has nothing to judge, such as a certificate without TLS.
    """
    tests = tuple(_test(check, came_to.get(check.id)) for check in security.EXTENDED)
    known = sum(int(test.modifier or 0) for test in tests)
    unseen = [check for check in security.EXTENDED if check.id not in came_to]
    highest = max(_START + known, 0)
    lowest = max(_START + known + sum(_points(check, key) for check in unseen for key in check.outcomes), 0)
    return Score(
        scanner=Domain.SECURITY,
        profile=PROFILE,
        asset=asset,
        score=highest if lowest == highest else None,
        lowest=lowest,
        highest=highest,
        tests=tests,
    )


def _test(check: Check, keys: tuple[str, ...] | None) -> ScoreTest:
    title = TITLES[check.id]
    if keys is None:
        return ScoreTest(id=check.id, title=title, outcome=NOT_LOOKED)
    if keys == (NOT_APPLICABLE,):
        return ScoreTest(id=check.id, title=title, outcome=NOT_APPLICABLE, modifier=0.0)
    if not keys:
        return ScoreTest(id=check.id, title=title, outcome=PASSED, modifier=0.0)
    worst = min(keys, key=lambda key: _points(check, key))
    found = "; ".join(dict.fromkeys(security.WORDS[check.id][key].title for key in keys))
    modifier = float(sum(_points(check, key) for key in dict.fromkeys(keys)))
    return ScoreTest(id=check.id, title=title, outcome=worst, modifier=modifier, detail=f"{found}.")


def _points(check: Check, key: str) -> int:
    return POINTS[security.WORDS[check.id][key].severity]
