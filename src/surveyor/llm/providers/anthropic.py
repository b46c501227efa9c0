"""Anthropic's ``POST /v1/messages``: the answer is the input of one tool that the model has to call.

It is asked to stream, since a long answer over a silent connection dies in proxies; a server that answers in one piece
is understood as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyor.llm.interface import Kind, Provider, Question, Reply, Spoken, Usage, Wire, WrongShape
from surveyor.llm.providers import reading

VERSION = "2023-06-01"
_TOOL = "answer"


def _request(
    provider: Provider, model: str, question: Question[Any], schema: Mapping[str, Any]
) -> tuple[str, Mapping[str, str], Any]:
    headers = {"anthropic-version": VERSION}
    if provider.key:
        headers["x-api-key"] = provider.key
    body = {
        "model": model,
        "max_tokens": question.max_tokens,
        "stream": True,
        "system": question.system,
        "messages": [{"role": "user", "content": question.user}],
        "tools": [{"name": _TOOL, "description": "Give the answer in this form.", "input_schema": schema}],
        "tool_choice": {"type": "tool", "name": _TOOL},
    }
    return "/v1/messages", headers, body


def _read(reply: Reply) -> Spoken:
    return _streamed(reply) if reading.streams(reply) else _whole(reply)


def _whole(reply: Reply) -> Spoken:
    message = reading.document(reply)
    spent = reading.usage(message.get("usage"), "input_tokens", "output_tokens")
    model = reading.text(message.get("model"))
    _ended(reading.text(message.get("stop_reason")), spent, model)
    blocks = message.get("content")
    for block in blocks if isinstance(blocks, list) else ():
        if reading.mapping(block).get("type") == "tool_use" and block.get("name") == _TOOL:
            return Spoken(model=model, usage=spent, value=block.get("input"))
    raise WrongShape("the model did not answer in the form it was given", usage=spent, model=model)


def _streamed(reply: Reply) -> Spoken:
    model, spent, reason, parts, stopped = "", Usage(), "", [], False
    for event in reading.events(reply):
        kind = event.get("type")
        if kind == "message_start":
            message = reading.mapping(event.get("message"))
            model = reading.text(message.get("model"))
            spent = reading.usage(message.get("usage"), "input_tokens", "output_tokens")
        elif kind == "content_block_delta":
            parts.append(reading.text(reading.mapping(event.get("delta")).get("partial_json")))
        elif kind == "message_delta":
            reason = reading.text(reading.mapping(event.get("delta")).get("stop_reason"))
            late = reading.usage(event.get("usage"), "input_tokens", "output_tokens")
            spent = Usage(input=late.input or spent.input, output=late.output or spent.output)
        elif kind == "message_stop":
            stopped = True
        elif kind == "error":
            raise WrongShape("the provider broke its stream off with an error", usage=spent, model=model)
    if not stopped:
        raise WrongShape("the stream ended before the answer did", usage=spent, model=model)
    _ended(reason, spent, model)
    try:
        value = reading.parse("".join(parts))
    except WrongShape as error:
        raise WrongShape(str(error), usage=spent, model=model) from None
    return Spoken(model=model, usage=spent, value=value)


def _ended(reason: str, spent: Usage, model: str) -> None:
    if reason == "max_tokens":
        raise WrongShape("the answer was cut at its limit of tokens", usage=spent, model=model)


WIRE = Wire(kind=Kind.ANTHROPIC, base_url="https://api.anthropic.com", request=_request, read=_read)
