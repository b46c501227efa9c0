"""A page as an outline within a bound: first all of it, then without repeats, with shorter texts, at last in samples.

What has to go is taken evenly from the whole page, and what matters least goes first: never simply its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from surveyor.scan.accessible import Tree
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import Element, positions, selector
from surveyor.scan.check.lines import Level, Line, evenly, lines, note, within
from surveyor.scan.check.told import Told, join
from surveyor.scan.outline import Outline
from surveyor.scan.vocabulary import counted

#: As items of a list in JSON; a question of 40 KB has room for some words beside them.
BYTES = 38_000
#: All selectors of one outline; a page whose paths are longer has lines without one.
SELECTOR_BYTES = 256 << 10
_ALL = 1_000_000_000
_WHOLE = Level(2_000, 500, _ALL)
_LEVELS = (Level(500, 200, _ALL), Level(160, 100, 60), Level(80, 80, 20))
#: The least that a part of the page is worth showing with, and what a note of ours takes.
_LEAST, _NOTE = 400, 60
#: How often what is said in the same words is shown before it is only counted.
_TIMES = 2


@dataclass(frozen=True, slots=True)
class _Shown:
    """The lines of an outline, and what of the page they leave out, in words."""

    lines: Sequence[Line]
    left_out: str = ""


def outlined(document: Document, tree: Tree | None = None, *, limit: int = BYTES) -> Outline:
    """The page's outline with a selector for each of its lines, as rules quote them.

    With the page's accessibility ``tree`` it holds what that tells of, names that come from other elements, and what
    is in frames and shadow trees. Raises ``LimitExceeded`` as reading its elements does.
    """
    elements = document.elements
    if not elements:
        return Outline()
    told = join(elements, tree) if tree is not None else None
    shown = _shown(partial(_all, elements, told), limit, len(elements) + (len(told.within) if told else 0))
    return Outline(
        text="\n".join(map(str, shown.lines)),
        selectors=_selectors(shown.lines, elements),
        left_out=shown.left_out,
    )


def _all(elements: Sequence[Element], told: Told | None, level: Level) -> Iterator[Line]:
    """The lines of the page's own elements, then of what is in its frames and shadow trees."""
    yield from lines(elements[0], level, told)
    if told is not None and told.within:
        yield note("in frames and shadow trees", 0)
        for key, node in enumerate(told.within, len(elements)):
            yield within(node, key, level)


def _shown(made: Callable[[Level], Iterator[Line]], limit: int, elements: int) -> _Shown:
    whole = _within(made(_WHOLE), limit)
    if whole is not None:
        return _Shown(whole, _left(cut=sum(line.cut for line in whole)))
    for level in (_WHOLE, *_LEVELS):
        fit = _once(made(level), limit)
        if fit is not None:
            shown = _named(fit) if level.run < _ALL else 0
            return _Shown(fit, _left(shown=shown, of=elements, cut=sum(line.cut for line in fit)))
    return _sampled(_once(made(_LEVELS[-1]), _ALL) or [], limit, elements)


def _selectors(shown: Iterable[Line], elements: Sequence[Element]) -> dict[str, str]:
    room, found, places = SELECTOR_BYTES, {}, positions(elements)
    for line in shown:
        if not line.name:
            continue
        path = line.where or selector(elements[line.key], places)
        room -= len(path.encode(errors="replace"))
        if room < 0:
            break
        found[line.name] = path
    return found


def _within(made: Iterable[Line], limit: int) -> list[Line] | None:
    """The lines if all of them fit; stops reading at the first that does not."""
    kept, size = [], 0
    for line in made:
        size += line.size
        if size > limit:
            return None
        kept.append(line)
    return kept


def _once(made: Iterable[Line], limit: int) -> list[Line] | None:
    """The lines without those that say again what was said twice, if they fit; how often stands behind the last.

    Nothing is lost by that: who judges one of them has judged all.
    """
    seen: dict[str, list[Line]] = {}
    held: list[Line] = []
    size = 0
    for line in made:
        same = seen.setdefault(line.said, [])
        if line.name and len(same) >= _TIMES:
            same.append(line)
            continue
        same.append(line)
        held.append(line)
        size += line.size
        if size > limit:
            return None
    counts = {same[_TIMES - 1]: len(same) - _TIMES for same in seen.values() if len(same) > _TIMES and same[0].name}
    return _within(_told(held, counts), limit)


def _told(held: Iterable[Line], counts: Mapping[Line, int]) -> Iterator[Line]:
    for line in held:
        yield line
        if line in counts:
            yield note(f"{counts[line]} more like {line.name}", line.depth)


def _sampled(made: list[Line], limit: int, elements: int) -> _Shown:
    """Parts of the page by what room each can have: small ones whole, of large ones what matters most, all over it."""
    parts = _parts(made)
    room = limit - _NOTE
    chosen = evenly(len(parts), max(room // _LEAST, 1))
    sizes = {place: sum(line.size for line in parts[place]) for place in chosen}
    share = _share(sorted(sizes.values()), room)
    kept: list[Line] = []
    passed = cut = 0
    for place in chosen:
        if place > passed:
            kept.append(note(f"{counted(place - passed, 'part')} of the page between these", 0))
        passed = place + 1
        part = parts[place]
        if sizes[place] > share:
            part = _heaviest(part, share - _NOTE)
            part.append(note(f"{len(parts[place]) - len(part)} more lines in this part", 1))
            cut += 1
        kept += part
    # names and notes vary in length: what the shares have too much is given back evenly
    while kept and sum(line.size for line in kept) > limit:
        kept = [kept[place] for place in evenly(len(kept), len(kept) * 9 // 10)]
    told = _left(shown=_named(kept), of=elements, cut=sum(line.cut for line in kept), parts=(cut, len(parts)))
    return _Shown(kept, told)


def _parts(made: Sequence[Line]) -> list[list[Line]]:
    """The lines in runs that each begin with a heading or a landmark."""
    parts: list[list[Line]] = [[]]
    for line in made:
        if line.opens and parts[-1] and not all(before.opens for before in parts[-1]):
            parts.append([])
        parts[-1].append(line)
    return parts


def _share(sizes: Sequence[int], room: int) -> int:
    """The most that one part may take so that all fit: what small ones do not need, large ones have."""
    left = len(sizes)
    for size, before in zip(sizes, accumulate(sizes, initial=0), strict=False):
        if before + size * left > room:
            return (room - before) // left
        left -= 1
    return room


def _heaviest(part: Sequence[Line], room: int) -> list[Line]:
    """What of a part fits: its first line, then by weight, and of those that do not all fit some from all of them."""
    kept = {0} if part and part[0].size <= room else set()
    room -= part[0].size if kept else 0
    for weight in sorted({line.weight for line in part}, reverse=True):
        those = [place for place, line in enumerate(part) if line.weight == weight and place not in kept]
        total = sum(part[place].size for place in those)
        taken = passed = 0
        for place in those:
            size = part[place].size
            passed += size
            # what was taken keeps the same share of what was passed
            if taken + size <= room and taken * total < room * passed:
                kept.add(place)
                taken += size
        room -= taken
    return [part[place] for place in sorted(kept)]


def _named(made: Iterable[Line]) -> int:
    return sum(bool(line.name) for line in made)


def _left(*, shown: int = 0, of: int = 0, cut: int = 0, parts: tuple[int, int] = (0, 0)) -> str:
    told = []
    if shown:
        told.append(f"{shown:,} of the page's {of:,} elements are shown")
    if parts[0]:
        told.append(f"{parts[0]:,} of its {counted(parts[1], 'part')} are shown only in part")
    if cut:
        told.append(f"{counted(cut, 'long text')} {'is' if cut == 1 else 'are'} shortened")
    return "; ".join(told)
