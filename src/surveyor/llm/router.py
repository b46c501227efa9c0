"""Whom to ask, in which order, and for which model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from surveyor.llm.interface import Kind, Provider, Purpose

#: What is asked for when a setting names nothing: a large model judges, a small one reads markup.
MODELS: Mapping[Kind, Mapping[Purpose, str]] = {
    Kind.ANTHROPIC: {
        Purpose.ANALYSIS: "claude-sonnet-4-5-20250929",
        Purpose.ACCESSIBILITY: "claude-haiku-4-5-20251001",
    },
    Kind.OPENAI: {Purpose.ANALYSIS: "gpt-4o-mini", Purpose.ACCESSIBILITY: "gpt-4o-mini"},
    Kind.COMPATIBLE: {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One provider with the model that this purpose wants of it."""

    provider: Provider
    model: str


def candidates(providers: Iterable[Provider], purpose: Purpose) -> tuple[Candidate, ...]:
    """Who can be asked: Anthropic, then OpenAI, then a compatible server; without key, address or model nobody."""
    order = list(Kind)
    ranked = sorted(providers, key=lambda provider: order.index(provider.kind))
    found = []
    for provider in ranked:
        model = provider.models.get(purpose) or MODELS[provider.kind].get(purpose)
        # a compatible server has no address and no model that we could know, and may need no key
        reachable = provider.base_url if provider.kind is Kind.COMPATIBLE else provider.key
        if model and reachable:
            found.append(Candidate(provider=provider, model=model))
    return tuple(found)
