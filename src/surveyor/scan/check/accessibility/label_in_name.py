"""Names of controls against the text that is seen on them: who speaks to the page says what is seen.

Decided by the W3C's "label in name algorithm" (ACT rule 2ee8b8): the words of the label stand together in the name. It
says nothing of abbreviations and of words spelled in two ways, which are to be reviewed, and nothing of characters that
stand for no text, such as an X on what closes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from surveyor.scan.accessible import Label, Tree
from surveyor.scan.check import aria, axe
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Barrier, Rendered
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

_RULE = "label-content-name-mismatch"
#: Widgets that are named by what stands in them.
_WIDGETS = aria.NAMED_BY_CONTENT - {"cell", "columnheader", "heading", "row", "rowheader", "tooltip"}
#: Names are kept up to so many characters, so of longer ones the end is not known.
_NAME = 300
_BRACKETS = regex(r"\([^()]*\)")
_HYPHENS = regex(r"[-\u00ad\u2010-\u2015]")
#: Scripts that put no spaces between words: Thai to Khmer, kana, Han.
_UNSPACED = regex(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
#: Boxes that meet in a line, and blocks (``Label.text``).
_JOIN, _BLOCK = "\u2060", "\n"
_POINTED = regex(r"\b(\w{1,5})\.(?=\s*\w)")
_QUOTED = 80
#: The shortest word that may be the beginning, or some letters, of another.
_SHORT = 3


def judge(_: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Controls of the page whose name lacks the words that are seen; what axe-core finds elsewhere is a doubt."""
    tree = rendered.tree
    if tree is None:
        return
    names = _names(tree)
    known = [(label, names[label.where]) for label in rendered.labels if label.where in names]
    found = [*_own(known)]
    measured = {label.where for label, _ in known}
    told = (barrier for barrier in rendered.barriers if barrier.rule == _RULE)
    found += (replace(axe.partition(barrier, measured)[1], undecided=True) for barrier in told)
    yield from axe.outcomes(barrier for barrier in found if barrier.count)


def _names(tree: Tree) -> dict[str, str]:
    """The names of widgets by their selectors, of those alone whose selector is one element's."""
    found: dict[str, list[str]] = {}
    for node in tree.nodes:
        if node.role in _WIDGETS and node.name:
            found.setdefault(node.where, []).append(node.name)
    return {where: names[0] for where, names in found.items() if len(names) == 1}


def _own(known: Iterable[tuple[Label, str]]) -> Iterator[Barrier]:
    for label, name in known:
        if not lacks(label.text, name):
            continue
        why = (
            f'the name is "{name[:_QUOTED]}", and "{" ".join(label.text.replace(_JOIN, "").split())[:_QUOTED]}" is seen'
        )
        evidence = (Evidence(kind="element", value=f"{label.markup} ({why})", where=label.where),)
        yield Barrier(rule=_RULE, undecided=doubtful(label.text, name), evidence=evidence, count=1)


def lacks(label: str, name: str) -> bool:
    """Whether the label's words do not stand together in the name, however they are hyphenated."""
    if all(len(word) == 1 and word.isalpha() for word in words(label.replace(_JOIN, " "))):
        return False  # symbols that happen to be letters
    if _UNSPACED.search(label):
        return _letters(label) not in _letters(name)
    plain = _HYPHENS.sub("", name)
    seen = {label.replace(_JOIN, between) for between in ("", " ")}
    return not any(
        _within(words(one), words(name)) or _within(words(_HYPHENS.sub("", one)), words(plain)) for one in seen
    )


def doubtful(label: str, name: str) -> bool:
    """Whether it may still be said: what is missing is shortened, a number, or only some of several blocks.

    Of a card that is one link nobody knows which of its texts is the label.
    """
    there = words(name)
    if len(name) >= _NAME or any(
        block and _within(block, there) for block in map(words, label.split(_BLOCK)) if len(label.split(_BLOCK)) > 1
    ):
        return True
    text = label.replace(_JOIN, "")
    missing = [word for word in words(text) if word not in there]
    # a number may be spelled in the name, and what ends in a point within a text is an abbreviation
    spelled = not any(map(str.isdecimal, there))
    short = {word for found in _POINTED.findall(text) for word in words(found)}
    return bool(missing) and all(
        word in short or (spelled and word.isdecimal()) or _is_short(word, there) for word in missing
    )


def words(text: str) -> list[str]:
    """The words by which label and name are compared: letters and digits, without what stands in brackets."""
    folded = unicodedata.normalize("NFKD", _BRACKETS.sub(" ", text).casefold())
    kept = (one for one in folded if not unicodedata.category(one).startswith("M"))
    return "".join(one if unicodedata.category(one)[0] in "LN" else " " for one in kept).split()


def _letters(text: str) -> str:
    return "".join(words(text))


def _within(part: list[str], whole: list[str]) -> bool:
    return any(whole[start : start + len(part)] == part for start in range(len(whole) - len(part) + 1))


def _is_short(word: str, whole: list[str]) -> bool:
    """Whether a word may stand for one of others, or for several of them by their first letters."""
    initials = "".join(one[0] for one in whole)
    if len(word) >= _SHORT - 1 and word in initials:
        return True
    return any(_stands_for(word, one) or _stands_for(one, word) for one in whole)


def _stands_for(short: str, long: str) -> bool:
    """Whether the letters of one are in another in order, from its first on."""
    if not _SHORT <= len(short) < len(long) or short[0] != long[0]:
        return False
    rest = iter(long)
    return all(letter in rest for letter in short)


CHECK = Check(
    id="accessibility_label_in_name",
    version=2,
    domain=Domain.ACCESSIBILITY,
    outcomes=axe.OUTCOMES,
    needs=Needs.RENDERED,
    rendered=judge,
    criteria=("2.5.3",),
    act=("2ee8b8",),
    parts=(*axe.PARTS, "measures", "tree"),
)
