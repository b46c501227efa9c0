"""A page's outline, and how it goes from the process that scans to the one that keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A page as lines for readers who judge meaning; ``selectors`` say where a line's element is, by the line's id.

    Between processes it is JSON, so that nothing a page says can be read as a line or a selector of ours.
    """

    text: str = ""
    selectors: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        """JSON; what no file can hold of a page's text is a question mark."""
        plain = {key: _plain(selector) for key, selector in self.selectors.items()}
        return orjson.dumps({"text": _plain(self.text), "selectors": plain})

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What ``encode`` wrote; raises ValueError for anything else."""
        told = orjson.loads(data)
        if not isinstance(told, dict) or set(told) != {"text", "selectors"}:
            raise ValueError("not an outline")
        text, selectors = told["text"], told["selectors"]
        if not isinstance(text, str) or not isinstance(selectors, dict):
            raise ValueError("not an outline")  # noqa: TRY004 - malformed data, not a caller's mistake
        if not all(isinstance(selector, str) for selector in selectors.values()):
            raise ValueError("not an outline")
        return cls(text=text, selectors=selectors)


def _plain(text: str) -> str:
    return text.encode(errors="replace").decode()
