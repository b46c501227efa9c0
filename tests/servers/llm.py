"""Language models on 127.0.0.1: ``POST /v1/messages`` (JSON and SSE) and ``POST /v1/chat/completions``, by script.

A script is a list of steps, one a request, the last one repeated: a status, a word (``ok``, ``truncated``, ``schema``,
``refusal``, ``slow``, ``cut_stream``, ``drop``) or a function that makes the answer's value from the request.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Make = Callable[[dict[str, Any]], Any]
Step = int | str | Make
MODEL_SPOKEN = "-really"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, headers in lower case, its JSON."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def user(self) -> str:
        """What was said to the model in the user's place."""
        return str(self.body["messages"][-1]["content"])

    @property
    def data(self) -> dict[str, Any]:
        """The quoted document."""
        found: dict[str, Any] = json.loads(self.user.partition("<data>\n")[2].rpartition("\n</data>")[0])
        return found

    @property
    def schema(self) -> dict[str, Any]:
        """The form that the answer was asked in."""
        if "tools" in self.body:
            return dict(self.body["tools"][0]["input_schema"])
        return dict(self.body["response_format"]["json_schema"]["schema"])


def obliging(body: dict[str, Any]) -> Any:
    """An answer that fits the three questions the product asks."""
    asked = Asked("", {}, body)
    if "outline" in asked.data:
        return {"issues": []}
    if "groups" in asked.data:
        return {"explanations": [explained(group) for group in asked.data["groups"]], "verdicts": []}
    findings = [
        {
            "id": finding["id"],
            "because": [finding["id"]],
            "impact": 50,
            "effort": 50,
            "risk": 50,
            "score": 50,
            "fix_summary": f"Mend {finding['title']}",
            "fix_steps": ["Look", "Mend"],
        }
        for finding in asked.data["findings"]
    ]
    return {"findings": findings, "summary": "All in all it could be better.", "health_score": 50}


def explained(group: dict[str, Any]) -> dict[str, Any]:
    """What an honest model says of a group."""
    words = f"All of {group['place']} have it, since the template has."
    return {"group": group["id"], "because": [group["elements"][0]["id"]], "explanation": words}


class Models:
    """The servers; set ``script`` (and ``sse`` for Anthropic's wire) before asking. ``asked`` is what came."""

    def __init__(self, script: Sequence[Step] = ("ok",), *, make: Make = obliging, sse: bool = True) -> None:
        owner = self
        self.script = list(script)
        self.make = make
        self.sse = sse
        self.slow_seconds = 30.0
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

        class Handler(_Handler):
            models = owner

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=partial(self._server.serve_forever, poll_interval=0.02), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def step(self, asked: Asked) -> Step:
        """What to do about a request."""
        with self._lock:
            self.asked.append(asked)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gives up early is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    models: Models

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        step = self.models.step(asked)
        if isinstance(step, int):
            self._send(step, "application/json", json.dumps({"error": {"message": f"told to say {step}"}}).encode())
            return
        if step == "drop":
            self.close_connection = True
            return
        if step == "slow":
            time.sleep(self.models.slow_seconds)
        value: Any = {"unexpected": True} if step == "schema" else None
        if value is None:
            value = step(body) if callable(step) else self.models.make(body)
        content = json.dumps(value)
        content = content[: len(content) // 2] if step == "truncated" else content
        answer = _messages if self.path.endswith("/messages") else _chat
        media, data = answer(body, content, step, self.models.sse)
        self._send(200, media, data)

    def _send(self, status: int, media: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Tests read ``asked`` instead."""


def _messages(body: dict[str, Any], content: str, step: Step, sse: bool) -> tuple[str, bytes]:
    model = body["model"] + MODEL_SPOKEN
    if not (sse and body.get("stream")):
        broken = step == "truncated"
        block: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "answer"}
        block["input"] = {} if broken else json.loads(content)
        if step == "refusal":
            block = {"type": "text", "text": "I would rather not."}
        message = {
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [block],
            "stop_reason": "max_tokens" if broken else "tool_use",
            "usage": {"input_tokens": 1200, "output_tokens": 340},
        }
        return "application/json", json.dumps(message).encode()
    start = {"model": model, "usage": {"input_tokens": 1200, "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    tool = {"type": "tool_use", "id": "t1", "name": "answer", "input": {}}
    events.append({"type": "content_block_start", "index": 0, "content_block": tool})
    if step == "refusal":
        content = ""
    for at in range(0, len(content), 40):
        delta = {"type": "input_json_delta", "partial_json": content[at : at + 40]}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "ping"})
    events.append({"type": "content_block_stop", "index": 0})
    reason = "max_tokens" if step == "truncated" else "tool_use"
    events.append({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 340}})
    events.append({"type": "message_stop"})
    if step == "cut_stream":
        events = events[: len(events) // 2]
    lines = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return "text/event-stream; charset=utf-8", lines.encode()


def _chat(body: dict[str, Any], content: str, step: Step, sse: bool) -> tuple[str, bytes]:
    model = body["model"] + MODEL_SPOKEN
    reason = "length" if step == "truncated" else "stop"
    if step == "refusal":
        content = "I would rather not."
    usage = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200}
    if not body.get("stream"):
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        answer = {"object": "chat.completion", "model": model, "choices": [choice], "usage": usage}
        return "application/json", json.dumps(answer).encode()
    chunks = [
        {"model": model, "choices": [{"index": 0, "delta": {"content": content[at : at + 40]}}]}
        for at in range(0, len(content), 40)
    ]
    chunks.append({"model": model, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    chunks.append({"model": model, "choices": [], "usage": usage})
    if step == "cut_stream":
        return "text/event-stream", "".join(f"data: {json.dumps(c)}\n\n" for c in chunks[: len(chunks) // 2]).encode()
    return "text/event-stream", ("".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n").encode()
