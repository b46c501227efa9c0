"""Whether a version lies in what an advisory calls affected: OSV's rules on events, lists and their union."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from surveyor.scan.advise.keys import Key
from surveyor.scan.advise.packing import unpack_ranges
from surveyor.scan.advise.record import AFTER, FIXED, INTRODUCED, LAST_AFFECTED, LIMIT
from surveyor.scan.advise.versions import Order
from surveyor.scan.errors import Malformed
from surveyor.scan.patterns import regex

#: Keys kept at once; dense versions of a large image fit, and it stays below about 20 MB.
_KEPT = 65_536
#: Longer versions are none that anybody made, and would make the kept keys large.
_LONG = 128
#: Orders that take any text put what is no release (a branch, a range, an address, a word) below all that are, which
#: would make it affected by everything. A release has a digit, no slash, and begins with neither sign nor bracket.
_RELEASE = regex(r"(?=[^/]*[0-9])\s*[=A-Za-z0-9][^/]*")
_TEXT = 300
_WORDS = {
    INTRODUCED: "introduced",
    FIXED: "fixed",
    LAST_AFFECTED: "last affected",
    LIMIT: "limit",
    AFTER: "introduced after",
}
_ENDS = (LAST_AFFECTED, FIXED, LIMIT)
#: Below every key.
_ZERO: Key = ()


class Verdict(NamedTuple):
    """What one advisory says about one version.

    ``text`` is the range or list that hit (``describe`` has words for a miss). ``fixed`` is the first fixed version
    above; ``open_ended`` says that no end is known. ``undecided`` counts ranges that could not be compared.
    """

    affected: bool
    text: str
    fixed: str | None = None
    open_ended: bool = False
    undecided: int = 0


MISS = Verdict(False, "")


class Keys(dict[str, Key | None]):
    """The keys of one scheme by version, each made when it is first asked for; ``None`` for one that cannot be.

    Look-ups are most of matching, so they are a dictionary's own and cost no call.
    """

    def __init__(self, order: Order | None) -> None:
        super().__init__()
        self._order = order

    def __missing__(self, version: str) -> Key | None:
        try:
            found = self._order(version) if self._order and _is_release(version) else None
        except Malformed:
            found = None
        if len(version) <= _LONG:
            if len(self) >= _KEPT:
                self.clear()
            self[version] = found
        return found

    def listed(self, key: Key | None, version: str, versions: Sequence[str]) -> bool:
        """Whether a version of that key is in a list, literally or once those are parsed."""
        return version in versions or (key is not None and key in map(self.__getitem__, versions))


def _is_release(version: str) -> bool:
    # nearly all begin with a digit
    return ("0" <= version[:1] <= "9" and "/" not in version) or _RELEASE.fullmatch(version) is not None


def judge(version: str, ranges: Sequence[Sequence[str]], versions: Sequence[str], keys: Keys) -> Verdict:
    """Decide about one version; an unparsable one is affected only when it is listed literally."""
    key = keys[version]
    undecided = 0
    for flat in ranges:
        hit = None if key is None else _decide(key, flat, keys)
        if hit is None:
            undecided += 1
        elif hit.affected:
            return hit
    if versions and keys.listed(key, version, versions):
        fixed, _ = _next_fix(key, ranges, keys)
        return Verdict(True, f"listed: {version}", fixed=fixed, open_ended=fixed is None and not ranges)
    return Verdict(False, "", undecided=undecided) if undecided else MISS


#: From where to before where a version is affected: by their keys, and as they are written.
Span: TypeAlias = tuple[Key, Key, str, str]


class Spans(dict[str | None, Sequence[Span] | None]):
    """Ranges of one scheme by their text as it is stored, as spans upward; ``None`` where it takes more to judge.

    Nearly all that a scan reads is a beginning and a fix, or a few of those: what they say about a version is known by
    one look-up, which costs no call.
    """

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def __missing__(self, ranges: str | None) -> Sequence[Span] | None:
        if len(self) >= _KEPT:
            self.clear()
        found = self[ranges] = spans(unpack_ranges(ranges), self._keys)
        return found


def spans(ranges: Iterable[Sequence[str]], keys: Keys) -> Sequence[Span] | None:
    """Ranges that go from a beginning to a fix, or several times so upward; ``None`` for any other."""
    out: list[Span] = []
    for flat in ranges:
        if len(flat) % 4:
            return None
        before: Key | None = None
        for at in range(0, len(flat), 4):
            begins, first, ends, last = flat[at : at + 4]
            if begins != INTRODUCED or ends != FIXED:
                return None
            start = _ZERO if first == "0" and not at else keys[first]
            end = keys[last]
            # upward, so that each fix ends what began before it
            if start is None or end is None or start >= end or (before is not None and before >= start):
                return None
            out.append((start, end, first, last))
            before = end
    return out


def between(first: str, last: str) -> Verdict:
    """The verdict on a version from a beginning to before a fix."""
    return Verdict(True, f"introduced {first}, fixed {last}"[:_TEXT], last)


def _decide(key: Key, flat: Sequence[str], keys: Keys) -> Verdict | None:
    """One range; ``None`` when an event has no key. Nearly all are one beginning and one fix, so that goes straight."""
    if len(flat) != 4 or flat[0] != INTRODUCED or flat[2] != FIXED:
        return _walk(key, flat, keys)
    start = _ZERO if flat[1] == "0" else keys[flat[1]]
    end = keys[flat[3]]
    if start is None or end is None:
        return None
    if start <= key < end:
        return between(flat[1], flat[3])
    # an end below the beginning ends nothing
    return _walk(key, flat, keys) if end < start else MISS


def _walk(key: Key, flat: Sequence[str], keys: Keys) -> Verdict | None:
    """One range (OSV schema, "Evaluation"): its events from the lowest up; ``None`` when an event has no key."""
    steps: dict[Key, dict[str, str]] = {}
    limits: list[tuple[Key, str]] = []
    unlimited = False
    for at in range(0, len(flat) - 1, 2):
        kind, version = flat[at], flat[at + 1]
        if kind == LIMIT and version == "*":
            unlimited = True
            continue
        where = _ZERO if version == "0" and kind == INTRODUCED else keys[version]
        if where is None:
            return None
        if kind == LIMIT:
            limits.append((where, version))
        else:
            steps.setdefault(where, {})[kind] = version
    # a version is to be below one limit, any of them
    highest = None if unlimited else max(limits, default=None)
    if highest and highest[0] <= key:
        return MISS
    return _spanned(key, sorted(steps.items(), key=_place), highest[1] if highest else None)


def _place(step: tuple[Key, Mapping[str, str]]) -> Key:
    return step[0]


def _spanned(key: Key, steps: Sequence[tuple[Key, Mapping[str, str]]], limit: str | None) -> Verdict:
    """Whether the version is in some span, told by where that begins and ends."""
    began = None
    for where, events in steps:
        if where > key:
            break
        began = _begins(began, events, passed=where < key)
    if began is None:
        return MISS
    ahead = [(where, events) for where, events in steps if where >= key]
    fixes = (events[FIXED] for where, events in ahead if where > key and _mends(events))
    ends = (events for where, events in ahead if LAST_AFFECTED in events or (where > key and _mends(events)))
    end = next(ends, {LIMIT: limit} if limit else {})
    words = [f"introduced {began}", *(f"{_WORDS[kind]} {end[kind]}" for kind in _ENDS if kind in end)]
    return Verdict(True, ", ".join(words[:2])[:_TEXT], fixed=next(fixes, None), open_ended=not end)


def _mends(events: Mapping[str, str]) -> bool:
    return FIXED in events and INTRODUCED not in events


def _begins(began: str | None, events: Mapping[str, str], *, passed: bool) -> str | None:
    """Since when a version is affected, behind the events at one place; ``passed`` says that it is above them.

    An end and a beginning at one place leave everything as it was: two spans that touch, or one of no length.
    """
    if AFTER in events and passed:
        return f"after {events[AFTER]}"
    if LAST_AFFECTED in events and passed:
        return None
    if INTRODUCED in events and FIXED not in events:
        return events[INTRODUCED]
    return None if _mends(events) else began


def _next_fix(key: Key | None, ranges: Sequence[Sequence[str]], keys: Keys) -> tuple[str | None, Key | None]:
    """The lowest fixed version above, over all ranges."""
    best: tuple[str | None, Key | None] = (None, None)
    if key is None:
        return best
    for flat in ranges:
        for kind, version in zip(flat[::2], flat[1::2], strict=False):
            where = keys[version] if kind == FIXED else None
            if where is not None and where > key and (best[1] is None or where < best[1]):
                best = (version, where)
    return best


def describe(ranges: Sequence[Sequence[str]], versions: Sequence[str]) -> str:
    """What an advisory calls affected, in few words."""
    spans = (
        ", ".join(f"{_WORDS.get(kind, kind)} {version}" for kind, version in zip(flat[::2], flat[1::2], strict=False))
        for flat in ranges[:5]
    )
    return ("; ".join(spans) or f"{len(versions)} listed versions")[:_TEXT]
