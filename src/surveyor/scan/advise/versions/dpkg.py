"""The order of Debian and Ubuntu: ``[epoch:]upstream[-revision]``, as the Debian Policy Manual §5.6.12 defines it.

``~`` sorts before everything, the end included; letters sort before other signs; digit runs compare as numbers.
"""

from __future__ import annotations

import re

from surveyor.scan.advise.keys import Key, bounded
from surveyor.scan.errors import Malformed

_RUN = re.compile(r"([^0-9]*)([0-9]*)")
_FORM = re.compile(r"[A-Za-z0-9.+~:_-]+")
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
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return (int(epoch), *_part(upstream), *_part(revision))


def _part(text: str) -> list[int | str]:
    # an absent part equals "0"
    out: list[int | str] = []
    for signs, digits in _RUN.findall(text or "0"):
        if signs or digits:
            out += (signs.translate(_SIGNS) + _END, int(digits or "0"))
    # the end of a part is an empty run with no number behind it
    out += (_END, -1)
    return out
