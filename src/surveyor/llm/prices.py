"""What tokens cost, where that is known: US dollars per million, input and output, by the beginning of a model's id.

Published list prices of 2025; a model that is not here has no known price, and its calls have no known cost.
"""

from __future__ import annotations

from surveyor.llm.interface import Kind, Usage

_PRICES: tuple[tuple[Kind, str, float, float], ...] = (
    (Kind.ANTHROPIC, "claude-sonnet-4", 3.0, 15.0),
    (Kind.ANTHROPIC, "claude-haiku-4-5", 1.0, 5.0),
    (Kind.OPENAI, "gpt-4o-mini", 0.15, 0.60),
)


def cost(kind: Kind, model: str, usage: Usage | None) -> float | None:
    """US dollars of one answer; ``None`` where the price or the tokens are unknown."""
    if usage is None:
        return None
    for provider, prefix, sent, got in _PRICES:
        if provider is kind and model.startswith(prefix):
            return round((usage.input * sent + usage.output * got) / 1e6, 6)
    return None
