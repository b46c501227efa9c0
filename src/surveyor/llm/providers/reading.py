"""What every wire does with bytes from outside: JSON or server-sent events, bounded, wrong shapes named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from surveyor.llm.interface import Reply, Usage, WrongShape

_DEPTH_SAFE = 4 << 20


def document(reply: Reply) -> dict[str, Any]:
    """The body as one JSON object."""
    found = parse(reply.body)
    if not isinstance(found, dict):
        raise WrongShape("the answer is not a JSON object")
    return found


def parse(content: bytes | str) -> Any:  # noqa: ANN401 - any JSON value
    """JSON, or ``WrongShape``."""
    if len(content) > _DEPTH_SAFE:
        raise WrongShape(f"an answer of more than {_DEPTH_SAFE >> 20} MiB")
    try:
        return orjson.loads(content)
    except ValueError:
        raise WrongShape("the answer is cut off or not JSON") from None


def events(reply: Reply) -> Iterator[dict[str, Any]]:
    """The JSON objects of a stream of server-sent events, in order; ``[DONE]`` and comments are passed over."""
    for line in reply.body.split(b"\n"):
        content = line.rstrip(b"\r")
        if not content.startswith(b"data:") or content[5:].strip() in {b"", b"[DONE]"}:
            continue
        found = parse(content[5:].strip())
        if not isinstance(found, dict):
            raise WrongShape("an event of the stream is not a JSON object")
        yield found


def streams(reply: Reply) -> bool:
    """Whether the reply is a stream of events."""
    return reply.media_type == "text/event-stream"


def mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """A JSON object, or an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A text, or an empty one in the place of anything else."""
    return value if isinstance(value, str) else ""


def usage(given: Any, sent: str, got: str) -> Usage:  # noqa: ANN401 - any JSON value
    """Token counts under a provider's names; what is no count is zero."""
    counts = mapping(given)
    return Usage(input=_count(counts.get(sent)), output=_count(counts.get(got)))


def _count(value: Any) -> int:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40 else 0
