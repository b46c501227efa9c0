"""The order of Python packages: PEP 440; versions from before it are below all others, among themselves by runs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from surveyor.scan.advise.keys import PARTS, Key, bounded, numbers
from surveyor.scan.patterns import regex

_RELEASE = regex(r"v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)(?P<suffix>.*)", re.DOTALL)
_SUFFIX = regex(
    r"""(?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_n>[0-9]*))?
        (?:-(?P<implicit>[0-9]+)|(?P<post>[-_.]?(?:post|rev|r))[-_.]?(?P<post_n>[0-9]*))?
        (?P<dev>[-_.]?dev[-_.]?(?P<dev_n>[0-9]*))?
        (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?""",
    re.VERBOSE,
)
_PRE: Final = {"a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}
_DEV_ONLY, _FINAL = 0, 4
_LEGACY = -1
_RUN = regex(r"[0-9]+|[a-z]+|[^0-9a-z]")
#: Words that make an old-style version older than its own end.
_EARLIER: Final = {"dev": 0, "a": 1, "alpha": 1, "b": 2, "beta": 2, "c": 3, "rc": 3, "pre": 3, "preview": 3}
_END, _WORD, _NUMBER = 10, 11, 12


def key(version: str) -> Key:
    """Order of one Python version; only an empty or over-long one is ``Malformed``."""
    text = bounded(version).lower()
    match = _RELEASE.fullmatch(text)
    if match is None:
        return _legacy(text)
    epoch, release, rest = match.groups()
    suffix = _suffix(rest)
    # the end of the numbers, -1, is below each of them
    return (int(epoch or "0"), *numbers(release), -1, *suffix) if suffix else _legacy(text)


@lru_cache(maxsize=PARTS)
def _suffix(text: str) -> Key:
    """All that stands behind the numbers; nothing when PEP 440 does not know it."""
    match = _SUFFIX.fullmatch(text)
    return (*_pre(match), _post(match), *_dev(match), *_local(match["local"])) if match else ()


def _pre(match: re.Match[str]) -> tuple[int, int]:
    if match["pre"]:
        return _PRE[match["pre"]], int(match["pre_n"] or "0")
    only_dev = match["dev"] is not None and match["post"] is None and match["implicit"] is None
    return (_DEV_ONLY, 0) if only_dev else (_FINAL, 0)


def _post(match: re.Match[str]) -> int:
    if match["implicit"] is not None:
        return int(match["implicit"])
    return -1 if match["post"] is None else int(match["post_n"] or "0")


def _dev(match: re.Match[str]) -> tuple[int, int]:
    return (1, 0) if match["dev"] is None else (0, int(match["dev_n"] or "0"))


def _local(local: str | None) -> list[int | str]:
    out: list[int | str] = []
    for part in re.split(r"[-_.]", local) if local else ():
        out += (2, int(part)) if part.isdecimal() else (1, part)
    return out


def _legacy(text: str) -> Key:
    out: list[int | str] = [_LEGACY]
    for run in _RUN.findall(text):
        if run[0].isascii() and run[0].isdecimal():
            out += (_NUMBER, int(run))
        elif run in _EARLIER:
            out += (_EARLIER[run], 0)
        elif run not in ".-_":
            out += (_WORD, run)
    return *out, _END
