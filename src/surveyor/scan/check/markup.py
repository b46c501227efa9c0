"""Whether a page can be parsed in reasonable time and memory, judged before it is.

The tree builder of the HTML standard has steps that look through every open element, attribute, option or formatting
element. Some of our parser's cost grows with the square of their number, and unclosed formatting elements are copied
into every block after them: 20 KB of text can become a million elements. This estimates those steps from the tags
alone. It reads tags less exactly than the parser does, so it is a first gate; the deadline of a scan and the limits of
its process are the second.
"""

from __future__ import annotations

import re

from surveyor.scan.errors import LimitExceeded
from surveyor.scan.patterns import regex

#: About half a second of parsing, and some of judging; a real page of 5 MB needs a tenth of it.
STEPS = 100_000_000
_COPY = 400
_FEW_COPIES = 8
_LONG_TAG = 400

_TAG = regex(
    r"""<!--(?:-?>|.*?--!?>|.*)|<(/?)([a-z][^\s/>]*+)((?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+')?)*+)""",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = regex(r"""[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?""")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
#: Their end tags may be left out, so they do not pile up.
_IMPLIED = frozenset(
    ("p", "li", "dt", "dd", "option", "optgroup", "rt", "rp", "tr", "td", "th", "thead", "tbody", "tfoot", "caption")
)
_FORMATTING = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)


def check(text: str) -> None:
    """Raise ``LimitExceeded`` for markup made to be expensive."""
    depth = formatting = options = steps = 0
    for match in _TAG.finditer(text):
        close, name, attributes = match.groups()
        if name is None:
            continue
        name = name.lower()
        change = -1 if close else 1
        if name in _FORMATTING:
            formatting = max(0, formatting + change)
        if name not in _VOID and name not in _IMPLIED:
            depth = max(0, depth + change)
        if name == "select":
            options = 0
        elif name == "option" and not close:
            options += 1
            steps += options
        steps += depth + _COPY * max(0, formatting - _FEW_COPIES)
        if len(attributes) > _LONG_TAG:
            steps += sum(1 for _ in _ATTRIBUTE.finditer(attributes)) ** 2
        if steps > STEPS:
            raise LimitExceeded("the page's markup is nested or repeated beyond what can be read in reasonable time")
