"""The order of RubyGems: segments of digits and letters, a missing segment is 0, letters before every number."""

from __future__ import annotations

from surveyor.scan.advise.keys import Key, bounded, numbers
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_PLAIN = regex(r"[0-9]+(?:\.[0-9]+)*")
_FORM = regex(r"[0-9A-Za-z._+-]+")
_SEGMENT = regex(r"[0-9]+|[A-Za-z]+")
#: What may stand where another number of the release could: a word makes it older than its end.
_EARLY, _ENDED = -2, -1
# zeros before letters sort between the letters themselves and the end: the end is a zero, what follows it is less
_WORD, _ZEROS, _END, _NUMBER = range(4)


def key(version: str) -> Key:
    """Order of one gem's version; raises ``Malformed`` on signs that RubyGems does not know."""
    text = bounded(version)
    if _PLAIN.fullmatch(text):
        return *numbers(text), _ENDED
    segments = _SEGMENT.findall(text.replace("-", ".pre.")) if _FORM.fullmatch(text) else ()
    if not segments:
        raise Malformed(f"not a gem version: {text[:40]!r}")
    return _ordered([int(part) if part[0] <= "9" else part for part in segments])


def _ordered(segments: list[int | str]) -> Key:
    first = next((at for at, part in enumerate(segments) if isinstance(part, str)), len(segments))
    release = segments[:first]
    # zeros between the numbers and the first word are dropped (1.0.a is 1.a); later ones are not
    while release and not release[-1]:
        release.pop()
    if first == len(segments):
        return *release, _ENDED
    return *release, _EARLY, *_later(segments[first:])


def _later(segments: list[int | str]) -> list[int | str]:
    """From the first word on."""
    out: list[int | str] = []
    zeros = 0
    for value in segments:
        if value == 0:
            zeros += 1
            continue
        if isinstance(value, int):
            out += (_NUMBER, 0) * zeros + (_NUMBER, value)
        else:
            out += (_ZEROS, zeros, _WORD, value) if zeros else (_WORD, value)
        zeros = 0
    out.append(_END)
    return out
