"""XML of strangers, as the elements that end: no document type, no entities, nothing kept (XML 1.0, 5th edition)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

from surveyor.scan.errors import LimitExceeded, Malformed, Unsupported

_STEP = 64 << 10
_DEPTH = 100
_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element when it ends: the local names on the way to it, its attributes, and its own text, bounded."""

    path: tuple[str, ...]
    attributes: dict[str, str]
    text: str


def elements(data: memoryview) -> Iterator[Element]:
    """Every element, those inside before what holds them; what was read before an error stays.

    Document types are refused, and with them entities of their own, which could be made to grow without end.
    """
    reader = _Reader()
    try:
        for start in range(0, len(data), _STEP):
            reader.parser.Parse(bytes(data[start : start + _STEP]), False)
            yield from reader.taken()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from reader.taken()
        raise Malformed(f"no XML: {error}") from error
    except (LookupError, ValueError) as error:
        raise Unsupported(f"XML in an encoding that is not known: {error}") from error
    yield from reader.taken()


class _Reader:
    """What expat calls."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._attributes: list[dict[str, str]] = []
        self._texts: list[str] = []
        self._done: list[Element] = []

    def taken(self) -> list[Element]:
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEPTH:
            raise LimitExceeded(f"XML nested more than {_DEPTH} deep")
        self._path.append(name.rpartition(":")[2])
        self._attributes.append(attributes)
        self._texts.append("")

    def _end(self, _name: str) -> None:
        path = tuple(self._path)
        self._path.pop()
        self._done.append(Element(path, self._attributes.pop(), self._texts.pop().strip()))

    def _text(self, text: str) -> None:
        if self._texts and len(self._texts[-1]) < _TEXT:
            self._texts[-1] += text[:_TEXT]

    def _doctype(self, *_: object) -> None:
        raise Unsupported("XML with a document type is not read")
