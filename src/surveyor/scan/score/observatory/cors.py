"""Cross-origin resource sharing: what the site answers to a stranger's origin."""

from __future__ import annotations

from surveyor.scan.score.interface import Sample, Test

_NAME = "cross-origin-resource-sharing"


def judge(sample: Sample) -> str:
    """Everybody's data to everybody is what an origin that is repeated and credentials give together."""
    answer = sample.answer("cors")
    allowed = answer.header("access-control-allow-origin") if answer else None
    if answer is None or not allowed:
        return f"{_NAME}-not-implemented"
    if allowed == "*":
        return f"{_NAME}-implemented-with-public-access"
    credentials = (answer.header("access-control-allow-credentials") or "").lower() == "true"
    if credentials and allowed.lower().rstrip("/") == sample.origin.lower():
        return f"{_NAME}-implemented-with-universal-access"
    return f"{_NAME}-implemented-with-restricted-access"


TEST = Test(
    id=_NAME,
    title="Cross-origin resource sharing",
    outcomes=(
        f"{_NAME}-not-implemented",
        f"{_NAME}-implemented-with-public-access",
        f"{_NAME}-implemented-with-restricted-access",
        f"{_NAME}-implemented-with-universal-access",
    ),
    judge=judge,
)
