"""Cross-Origin-Embedder-Policy: that the page embeds only what agrees to it."""

from __future__ import annotations

from surveyor.scan.check import structured
from surveyor.scan.score.interface import Sample, Test

_VALUES = ("require-corp", "credentialless", "unsafe-none")


def judge(sample: Sample) -> str:
    """One token of a structured field; browsers ignore anything else."""
    values = sample.page.headers_of("cross-origin-embedder-policy")
    if not values:
        return "coep-not-implemented"
    value = structured.token(values)
    return f"coep-implemented-with-{value}" if value in _VALUES else "coep-header-invalid"


TEST = Test(
    id="cross-origin-embedder-policy",
    title="Cross-Origin-Embedder-Policy",
    outcomes=(*(f"coep-implemented-with-{value}" for value in _VALUES), "coep-not-implemented", "coep-header-invalid"),
    judge=judge,
)
