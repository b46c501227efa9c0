"""``POST /chat/completions``, which OpenAI began and many servers speak: the answer is text that has to be JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyor.llm.interface import Question, Reply, Spoken, Usage, WrongShape
from surveyor.llm.providers import reading

PATH = "/chat/completions"


def body(model: str, question: Question[Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The request, but for the limit of tokens, which has another name on every server."""
    return {
        "model": model,
        "messages": [{"role": "system", "content": question.system}, {"role": "user", "content": question.user}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": question.name, "strict": True, "schema": schema},
        },
    }


def bearer(key: str | None) -> dict[str, str]:
    """The key's header; a local server may want none."""
    return {"authorization": f"Bearer {key}"} if key else {}


def read(reply: Reply) -> Spoken:
    """One answer, whole or as a stream of deltas."""
    content, reason, model, spent = _deltas(reply) if reading.streams(reply) else _message(reply)
    if reason in {"length", "content_filter"}:
        raise WrongShape(f"the answer was cut: {reason}", usage=spent, model=model)
    if not reason:
        raise WrongShape("the stream ended before the answer did", usage=spent, model=model)
    try:
        value = reading.parse(content)
    except WrongShape as error:
        raise WrongShape(str(error), usage=spent, model=model) from None
    return Spoken(model=model, usage=spent, value=value)


def _message(reply: Reply) -> tuple[str, str, str, Usage]:
    answer = reading.document(reply)
    spent = reading.usage(answer.get("usage"), "prompt_tokens", "completion_tokens")
    choice = _choice(answer)
    content = reading.text(reading.mapping(choice.get("message")).get("content"))
    # some servers leave the reason out of a whole answer
    return content, reading.text(choice.get("finish_reason")) or "stop", reading.text(answer.get("model")), spent


def _deltas(reply: Reply) -> tuple[str, str, str, Usage]:
    parts, reason, model, spent = [], "", "", Usage()
    for event in reading.events(reply):
        model = reading.text(event.get("model")) or model
        if event.get("usage"):
            spent = reading.usage(event["usage"], "prompt_tokens", "completion_tokens")
        choice = _choice(event)
        parts.append(reading.text(reading.mapping(choice.get("delta")).get("content")))
        reason = reading.text(choice.get("finish_reason")) or reason
    return "".join(parts), reason, model, spent


def _choice(answer: Mapping[str, Any]) -> dict[str, Any]:
    choices = answer.get("choices")
    return reading.mapping(choices[0]) if isinstance(choices, list) and choices else {}
