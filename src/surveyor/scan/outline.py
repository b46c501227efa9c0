"""A page's outline, and how it goes from the process that scans to the one that keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Self

import orjson

from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: Of selectors: which of its siblings an element is, and by which values it was chosen; and numbers in its id.
_WHICH = regex(r":nth-(?:last-)?(?:child|of-type)\(\d+\)|\[[^\]]{0,300}\]")
_ID, _NUMBER = regex(r"#[\w-]+"), regex(r"[-_]?\d+")


@frozen
class Outline:
    """A page as lines for readers who judge meaning; ``selectors`` say where a line's element is, by the line's id.

    ``left_out`` says what of the page is not shown, in words; nothing where all of it is. ``undecided`` are titles of
    findings that rules left to be reviewed. Between processes it is JSON, so that nothing a page says can be read as a
    line or a selector of ours.
    """

    text: str = ""
    selectors: Mapping[str, str] = field(default_factory=dict)
    left_out: str = ""
    undecided: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """JSON; what no file can hold of a page's text is a question mark."""
        plain = {key: _plain(selector) for key, selector in self.selectors.items()}
        told = {"text": _plain(self.text), "selectors": plain, "left_out": self.left_out, "undecided": self.undecided}
        return orjson.dumps(told)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What ``encode`` wrote; raises ValueError for anything else."""
        told = orjson.loads(data)
        if not isinstance(told, dict) or set(told) != {"text", "selectors", "left_out", "undecided"}:
            raise ValueError("not an outline")
        text, selectors, left_out, undecided = (told[name] for name in ("text", "selectors", "left_out", "undecided"))
        if not (isinstance(selectors, dict) and isinstance(undecided, list)):
            raise ValueError("not an outline")  # noqa: TRY004 - malformed data, not a caller's mistake
        if not all(isinstance(one, str) for one in (text, left_out, *selectors.values(), *undecided)):
            raise ValueError("not an outline")
        return cls(text=text, selectors=selectors, left_out=left_out, undecided=tuple(undecided))


def template(selector: str) -> str:
    """Where an element stands in what a page repeats: its selector without which one of its kind it is.

    ``ul#list7 > li:nth-of-type(3) > a`` is ``ul#list > li > a``: what is wrong in a template is so in all its copies.
    """
    return _ID.sub(lambda found: _NUMBER.sub("", found[0]), _WHICH.sub("", selector))


def _plain(text: str) -> str:
    return text.encode(errors="replace").decode()
