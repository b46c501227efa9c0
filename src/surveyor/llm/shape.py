"""The schema of an answer as providers take it: what their strict modes refuse is left out and judged by us."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

#: Keywords that every provider's structured output understands; bounds are checked when the answer is here.
_KEPT = frozenset({"type", "properties", "required", "items", "enum", "description", "anyOf", "$ref", "$defs", "const"})


def wire_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema of a type, closed: every property required, no other allowed."""
    schema = _plain(shape.model_json_schema())
    assert isinstance(schema, dict)
    return schema


def _plain(node: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """Keep what is understood; below ``properties`` and ``$defs`` keys are names, not keywords."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _plain(value, names=key in {"properties", "$defs"} and not names)
        for key, value in node.items()
        if names or key in _KEPT
    }
    if not names and kept.get("type") == "object":
        kept["required"] = list(kept.get("properties", {}))
        kept["additionalProperties"] = False
    return kept
