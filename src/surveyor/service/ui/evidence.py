"""A finding's evidence for reading: elements by their place in the template, and what a model says of them, apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from surveyor.scan.outline import template
from surveyor.scan.phrases import is_picture
from surveyor.scan.vocabulary import MODEL_KINDS

#: A model's verdicts by their kinds of evidence.
_VERDICTS = {"model_barrier": "Barrier", "model_no_barrier": "No barrier", "model_cannot_say": "Cannot say"}
_CLEARED = "model_no_barrier"
_ELEMENT = "element"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a model says, and its verdict where that was asked for."""

    model: str
    text: str
    verdict: str = ""


@dataclass(slots=True, kw_only=True)
class Quote:
    """One thing as it was found, of several pages on which (``asset``), and a model's verdict on it."""

    value: str
    where: str | None = None
    kind: str = ""
    asset: str | None = None
    picture: str = ""
    word: Word | None = None


@dataclass(slots=True, kw_only=True)
class Block:
    """Things that belong together: ``place`` is where in the template they stand, where there are several."""

    quotes: list[Quote] = field(default_factory=list)
    place: str = ""
    word: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """All of it. ``cleared`` are things of which a model says that they are no barrier; they stand, apart."""

    blocks: tuple[Block, ...]
    cleared: tuple[Block, ...] = ()


def shown(evidence: Sequence[Mapping[str, Any]]) -> Shown:
    """Evidence as stored, in blocks."""
    explained, blocks = _read(evidence)
    if explained or (len(blocks) == 1 and _repeats(blocks[0].quotes)):
        blocks = _by_place((quote for block in blocks for quote in block.quotes), explained)
    open_blocks = [_part(block, cleared=False) for block in blocks]
    cleared = [_part(block, cleared=True) for block in blocks]
    return Shown(
        blocks=tuple(block for block in open_blocks if block.quotes),
        cleared=tuple(block for block in cleared if block.quotes),
    )


def judged_by(evidence: Iterable[Mapping[str, Any]]) -> str:
    """The model that has said something of it; nothing where none has."""
    words = (item for item in evidence if item.get("kind") in MODEL_KINDS and item.get("where"))
    return next((str(item["where"]) for item in words), "")


def cleared(evidence: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a model sees no barrier in any of it."""
    elements = len([item for item in evidence if item.get("kind") == _ELEMENT])
    return elements > 0 and elements == len([item for item in evidence if item.get("kind") == _CLEARED])


def _read(evidence: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Word], list[Block]]:
    """Explanations by place, and blocks: one, or where a model claims something itself, one a claim."""
    explained: dict[str, Word] = {}
    blocks, place = [Block()], None
    for item in evidence:
        kind, value, where = str(item.get("kind")), str(item.get("value")), item.get("where")
        quotes = blocks[-1].quotes
        if kind == "group":
            place = value
        elif kind == "model" and place is not None:
            explained[place], place = Word(model=str(where or ""), text=value), None
        elif kind == "model":
            blocks[-1].word = Word(model=str(where or ""), text=value)
            blocks.append(Block())
        elif kind in _VERDICTS and quotes:
            quotes[-1].word = Word(model=str(where or ""), text=value, verdict=_VERDICTS[kind])
        else:
            picture = str(item.get("picture") or "")
            if not is_picture(picture):
                picture = ""
            quotes.append(Quote(kind=kind, value=value, where=where, asset=item.get("asset"), picture=picture))
    return explained, [block for block in blocks if block.quotes]


def _repeats(quotes: Sequence[Quote]) -> bool:
    """Whether several elements stand in one place of the template."""
    places = [template(quote.where) for quote in quotes if quote.kind == _ELEMENT and quote.where]
    return len(set(places)) < len(places)


def _by_place(quotes: Iterable[Quote], explained: Mapping[str, Word]) -> list[Block]:
    by_place: dict[str, Block] = {}
    rest = Block()
    for quote in quotes:
        if quote.kind != _ELEMENT or not quote.where:
            rest.quotes.append(quote)
            continue
        place = template(quote.where)
        by_place.setdefault(place, Block(place=place, word=explained.get(place))).quotes.append(quote)
    for block in by_place.values():
        if len(block.quotes) == 1 and block.word is None:
            block.place = ""
    return [*by_place.values(), rest]


def _part(block: Block, *, cleared: bool) -> Block:
    """What of a block a model has cleared, or the rest of it; what it says of the whole stands with the rest."""
    quotes = [
        quote for quote in block.quotes if (quote.word is not None and quote.word.verdict == "No barrier") is cleared
    ]
    whole = len(quotes) == len(block.quotes)
    return Block(quotes=quotes, place=block.place, word=block.word if whole or not cleared else None)
