"""Patterns that people write for paths and names, matched in time linear in the text: paths come from targets.

``*`` and ``?`` stop at a slash, ``**`` does not; ``**/`` may stand for no folder at all; a pattern that ends in a slash
means everything below. Every other character is itself. All positions of the pattern are held as the bits of one
number, so that no pattern and no path can make the matching slow.
"""

from __future__ import annotations

from itertools import takewhile

from surveyor.scan.errors import LimitExceeded

_LONGEST = 1_000


class Glob:
    """One pattern; ``plain`` is what it means when it has no wildcard."""

    __slots__ = ("_any", "_begin", "_end", "_free", "_literal", "_named", "_skip", "_star", "plain", "text")

    def __init__(self, text: str, *, fold: bool = False) -> None:
        if len(text) > _LONGEST:
            raise LimitExceeded(f"a pattern of more than {_LONGEST:,} characters")
        self.text = text
        self._literal: dict[str, int] = {}
        self._any = self._named = self._star = self._free = self._skip = 0
        parts = _tokens(text.casefold() if fold else text)
        letters = list(takewhile(lambda part: part[0] == "\\", parts))
        self._begin = "".join(part[1] for part in letters)
        self.plain = self._begin if len(letters) == len(parts) else None
        self._end = 1 << self._compile(parts)

    def matches(self, text: str) -> bool:
        """Whether the whole text is one that the pattern means."""
        if self.plain is not None:
            return text == self.plain
        if not text.startswith(self._begin):
            return False
        states = self._closed(1)
        for letter in text:
            step = states & (self._literal.get(letter, 0) | (self._any if letter != "/" else 0))
            stay = states & (self._free | (self._named if letter != "/" else 0))
            states = self._closed(step << 1) | stay | ((stay & self._star) << 1)
            if not states:
                return False
        return bool(states & self._end)

    def _compile(self, tokens: list[str]) -> int:
        for place, part in enumerate(tokens):
            bit = 1 << place
            if part == "**/":  # zero folders or more
                self._skip |= bit
            elif part in {"*", "**"}:
                self._star |= bit
                self._free |= bit if part == "**" else 0
                self._named |= bit
            elif part == "?":
                self._any |= bit
            else:
                self._literal[part[-1]] = self._literal.get(part[-1], 0) | bit
        return len(tokens)

    def _closed(self, states: int) -> int:
        """With the positions that are reached without reading a letter."""
        states |= (states & self._skip) << 1 | (states & self._skip) << 3
        return states | (states & self._star) << 1


def _tokens(text: str) -> list[str]:
    """Letters and wildcards; ``**/`` is followed by the ``**`` and the slash that it may stand for."""
    text = text.removeprefix("./").lstrip("/")
    text = f"{text}**" if text.endswith("/") else text
    found: list[str] = []
    place, begin = 0, True
    while place < len(text):
        if begin and text.startswith("**/", place):
            if found[-3:-2] != ["**/"]:
                found += ["**/", "**", "\\/"]
            place += 3
            continue
        if text[place] == "*":
            end = place
            while text[end : end + 1] == "*":
                end += 1
            found.append("**" if end - place > 1 else "*")
            place, begin = end, False
            continue
        letter = text[place]
        begin = letter == "/"
        found.append("?" if letter == "?" else f"\\{letter}")
        place += 1
    return found
