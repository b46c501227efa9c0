"""Recordings: what who does not hear, or does not see, gets instead of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from surveyor.scan.accessible import Media
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import QUOTES, Element
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Rendered
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

#: Words by which a page speaks of a recording or of what stands for it.
_SIGN = regex(
    r"transcri|transkri|trascri|afschrift|abschrift|text version|textfassung|captions?\b|subtitl|untertitel"
    r"|\b(audio|video|recording|podcast|aufnahme|enregistrement|grabaci|registrazione|opname|listen|watch)",
    re.IGNORECASE,
)
#: What is shorter is a signal and no speech, in seconds.
_SIGNAL = 3.0
_TEXT = 20_000


def judge(document: Document, rendered: Rendered) -> Iterable[Outcome]:
    """Sound, and video without any, of a page that never speaks of a transcript or of the recording."""
    found = [one for one in rendered.media if _speaks(one)]
    if found and not any(_SIGN.search(text) for text in _texts(document)):
        evidence = tuple(Evidence(kind="element", value=one.markup, where=one.where) for one in found[:QUOTES])
        yield Outcome(key="missing", evidence=evidence, count=len(found))


def _speaks(one: Media) -> bool:
    """Whether somebody is to hear or see something of it, and nothing of its own tells it in words."""
    if one.tag == "video" and not (one.silent and one.shown):
        return False
    if one.tag == "audio" and not (one.autoplay or (one.controls and one.shown)):
        return False
    return not one.tracks and not (one.muted and one.tag == "audio") and (one.seconds or _SIGNAL + 1) > _SIGNAL


def _texts(document: Document) -> Iterator[str]:
    """What the page says where everybody gets it, and where its links and descriptions lead."""
    told = document.semantics
    length = 0
    for node in document.elements:
        if not (told.exposed(node) and document.inside(node, "body")) or node.tag in {"script", "style"}:
            continue
        for text in (*(child for child in node.children if isinstance(child, str)), *_named(node)):
            length += len(text)
            yield text
        if length > _TEXT * 10:
            return


def _named(node: Element) -> Iterator[str]:
    for name in ("aria-label", "title", "alt"):
        if value := node.attributes.get(name):
            yield value


CHECK = Check(
    id="accessibility_media_alternative",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("missing",),
    needs=Needs.RENDERED,
    rendered=judge,
    criteria=("1.2.1",),
    act=("2eb176", "e7aa44", "afb423", "c3232f", "d7ba54", "ee13b5", "fd26cf"),
    parts=("measures",),
)
