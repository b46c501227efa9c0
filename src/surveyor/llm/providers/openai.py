"""OpenAI's own chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyor.llm.interface import Kind, Provider, Question, Wire
from surveyor.llm.providers import chat


def _request(
    provider: Provider, model: str, question: Question[Any], schema: Mapping[str, Any]
) -> tuple[str, Mapping[str, str], Any]:
    body = chat.body(model, question, schema) | {
        # its newer models refuse max_tokens
        "max_completion_tokens": question.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    return f"/v1{chat.PATH}", chat.bearer(provider.key), body


WIRE = Wire(kind=Kind.OPENAI, base_url="https://api.openai.com", request=_request, read=chat.read)
