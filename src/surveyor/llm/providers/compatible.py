"""Any server that speaks OpenAI's chat completions, such as a local model's; its base URL ends where theirs begin.

``http://127.0.0.1:11434/v1`` for example. Answered in one piece: not every such server can stream a bound answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyor.llm.interface import Kind, Provider, Question, Wire
from surveyor.llm.providers import chat


def _request(
    provider: Provider, model: str, question: Question[Any], schema: Mapping[str, Any]
) -> tuple[str, Mapping[str, str], Any]:
    body = chat.body(model, question, schema) | {"max_tokens": question.max_tokens, "stream": False}
    return chat.PATH, chat.bearer(provider.key), body


WIRE = Wire(kind=Kind.COMPATIBLE, base_url="", request=_request, read=chat.read)
