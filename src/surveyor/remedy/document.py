"""Documents that people and vendors hand us, as plain values: YAML for what people write, JSON for what tools write.

YAML is read event by event (YAML 1.2.2, core schema for plain scalars, so ``no`` and dates are texts): no tags, no
anchors, no aliases, no key twice, one document, so that no document becomes more than its bytes, and nothing in it is
called. JSON is bounded by what it would become in memory.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any

from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import json as json_format

YAML_BYTES, JSON_BYTES = 1 << 20, 64 << 20
_DEPTH, _EVENTS = 16, 200_000
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}(?:\.[0-9]{0,18})?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def read_json(data: bytes) -> dict[str, object]:
    """The object that a JSON document is; raises ``Malformed`` or ``LimitExceeded``."""
    if len(data) > JSON_BYTES:
        raise LimitExceeded(f"more than {JSON_BYTES >> 20} MiB")
    return json_format.load_object(memoryview(data.removeprefix(b"\xef\xbb\xbf")))


def read_yaml(data: bytes) -> object:
    """The value of a YAML document; raises ``Malformed`` or ``LimitExceeded``."""
    import yaml

    if len(data) > YAML_BYTES:
        raise LimitExceeded(f"more than {YAML_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
        return _value(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except UnicodeDecodeError as error:
        raise Malformed(f"no UTF-8: byte {error.start}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        raise Malformed(f"no YAML: {problem}" + (f", line {mark.line + 1}" if mark else "")) from error


class _Mapping:
    """A mapping that is being read, and the key whose value comes next."""

    __slots__ = ("held", "key")

    def __init__(self) -> None:
        self.held: dict[str, object] = {}
        self.key: str | None = None


def _value(events: Iterable[Any]) -> object:
    """Build the document's value; an event is one of PyYAML's."""
    stack: list[list[object] | _Mapping] = [[]]
    documents = 0
    for count, event in enumerate(events):
        kind = type(event).__name__
        if count > _EVENTS:
            raise LimitExceeded(f"YAML of more than {_EVENTS:,} parts")
        documents += kind == "DocumentStartEvent"
        _refuse(event, kind, documents)
        if kind in {"SequenceStartEvent", "MappingStartEvent"}:
            if len(stack) > _DEPTH:
                raise LimitExceeded(f"YAML nested more than {_DEPTH} deep")
            stack.append([] if kind == "SequenceStartEvent" else _Mapping())
        elif kind in {"SequenceEndEvent", "MappingEndEvent"}:
            done = stack.pop()
            _add(stack[-1], done.held if isinstance(done, _Mapping) else done, event)
        elif kind == "ScalarEvent":
            _add(stack[-1], _scalar(event.value) if event.implicit[0] else event.value, event, event.value)
    top = stack[0]
    return top[0] if isinstance(top, list) and top else None


def _refuse(event: Any, kind: str, documents: int) -> None:  # noqa: ANN401 - PyYAML's
    """Raise for what makes a document more than a tree of plain values."""
    if documents > 1:
        raise Malformed("more than one YAML document")
    if kind == "AliasEvent" or getattr(event, "anchor", None):
        raise Malformed(f"YAML anchors and aliases are not read, {_line(event)}")
    if getattr(event, "tag", None) not in {None, "!"}:
        raise Malformed(f"YAML tags are not read, {_line(event)}")


def _add(parent: list[object] | _Mapping, value: object, event: Any, text: str | None = None) -> None:  # noqa: ANN401
    if isinstance(parent, list):
        parent.append(value)
    elif parent.key is not None:
        parent.held[parent.key], parent.key = value, None
    elif text is None:
        raise Malformed(f"a key that is no text, {_line(event)}")
    elif text in parent.held:
        raise Malformed(f"the key {text[:80]!r} stands twice, {_line(event)}")
    else:
        parent.key = text


def _line(event: Any) -> str:  # noqa: ANN401 - PyYAML's
    return f"line {event.start_mark.line + 1}"


def _scalar(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


class Entry:
    """One mapping that a person wrote, read by expected shapes; every complaint names its place.

    A key that nobody asked for is a complaint too: a misspelt ``until`` would otherwise mean for ever.
    """

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{place}: expected keys and values")
        self.place = place
        self._left: dict[str, object] = dict(value)

    def take(self, key: str) -> object:
        """The value as it stands, ``None`` when there is none."""
        return self._left.pop(key, None)

    def text(self, key: str) -> str | None:
        """A text; numbers are what YAML makes of some."""
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, (dict, list, bool)):
            raise Malformed(f"{self.place}.{key}: expected a text")
        return str(value).strip()

    def texts(self, *keys: str) -> tuple[str, ...]:
        """The texts under any of the keys, each one text or a list of some."""
        found: list[str] = []
        for key in keys:
            value = self.take(key)
            for item in value if isinstance(value, list) else [] if value is None else [value]:
                if isinstance(item, (dict, list, bool)) or item is None or not str(item).strip():
                    raise Malformed(f"{self.place}.{key}: expected a text or a list of texts")
                found.append(str(item).strip())
        return tuple(found)

    def flag(self, key: str) -> bool | None:
        """``true`` or ``false``."""
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return value
        raise Malformed(f"{self.place}.{key}: expected true or false")

    def choice(self, key: str, choices: Collection[str]) -> str | None:
        """One of some words."""
        value = self.text(key)
        if value is None or value in choices:
            return value
        raise Malformed(f"{self.place}.{key}: {value[:80]!r} is none of {', '.join(choices)}")

    def day(self, key: str) -> date | None:
        """A date, as YYYY-MM-DD."""
        value = self.text(key)
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError:
            raise Malformed(f"{self.place}.{key}: {value!r} is no date, as 2027-01-31") from None

    def entries(self, key: str) -> Iterator[Entry]:
        """The mappings of a list."""
        value = self.take(key)
        if value is not None and not isinstance(value, list):
            raise Malformed(f"{self._below(key)}: expected a list")
        for number, item in enumerate(value or [], 1):
            yield Entry(item, f"{self._below(key)}[{number}]")

    def entry(self, key: str) -> Entry | None:
        """The mapping under a key."""
        value = self.take(key)
        return None if value is None else Entry(value, self._below(key))

    def done(self) -> None:
        """Complain about the keys that are left."""
        if self._left:
            known = ", ".join(key[:80] for key in list(self._left)[:3])
            raise Malformed(f"{self.place or 'at the top'}: nothing is called {known}")

    def _below(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key
