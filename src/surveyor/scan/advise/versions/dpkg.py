"""The order of Debian and Ubuntu: ``[epoch:]upstream[-revision]``, as the Debian Policy Manual §5.6.12 defines it.

``~`` sorts before everything, the end included; letters sort before other signs; digit runs compare as numbers.
"""

from __future__ import annotations

from functools import lru_cache

from surveyor.scan.advise.keys import PARTS, Key, bounded
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

_DIGITS = regex(r"([0-9]+)")
_FORM = regex(r"[A-Za-z0-9.+~:_-]+")
#: Where a run of non-digits ends: above ``~``, below every letter and sign.
_END = "\x02"
_SIGNS = str.maketrans({"~": "\x01"} | {sign: chr(ord(sign) + 0x100) for sign in ".+-:_"})


def key(version: str) -> Key:
    """Order of one Debian version; ``Malformed`` on an epoch that is no number and on signs the policy lacks."""
    text = bounded(version)
    if not _FORM.fullmatch(text):
        raise Malformed(f"not a Debian version: {text[:40]!r}")
    epoch, colon, rest = text.partition(":")
    if not colon:
        epoch, rest = "0", text
    if not epoch.isdecimal():
        raise Malformed(f"a Debian epoch is a number: {text[:40]!r}")
    upstream, hyphen, revision = rest.rpartition("-")
    return int(epoch), *_part(upstream if hyphen else rest), *_part(revision if hyphen else "")


@lru_cache(maxsize=PARTS)
def _part(text: str) -> Key:
    """Runs of signs and of digits by turns; an absent part equals "0"."""
    runs: list[int | str] = [*_DIGITS.split(text or "0")]
    if runs[-1]:
        # the number that could stand there is 0, and behind it is the end
        runs += ("0", "")
    runs[::2] = map(_ranked, runs[::2])
    runs[1::2] = map(int, runs[1::2])
    return tuple(runs)


@lru_cache(maxsize=PARTS)
def _ranked(signs: str) -> str:
    """A run of signs, perhaps none, so that Python's order of strings is Debian's."""
    return signs.translate(_SIGNS) + _END
