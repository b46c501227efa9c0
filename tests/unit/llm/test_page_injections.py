"""Pages that talk to the model, and a model that does as it is told, over a real socket: nothing else moves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from html import escape
from typing import Any

import pytest

from surveyor.llm.accessibility import MOST_CONFIDENT, QUESTION_BYTES, Reviewed, review
from surveyor.llm.classes import BY_RULE, CLASSES
from surveyor.llm.explain import LEAST_CONFIDENT, Judged, explain
from surveyor.scan.check.document import Document
from surveyor.scan.check.outline import outlined
from surveyor.scan.evidence import Page
from surveyor.scan.model import Finding
from surveyor.scan.outline import Outline
from tests.servers.llm import Asked, Models
from tests.unit.llm.injections import ON_PAGES
from tests.unit.llm.test_call import anthropic, caller
from tests.unit.llm.test_explain import DOUBT, LINKS

URL = "https://shop.example/"
_MARK = "zq"


def page(text: str) -> Outline:
    """The text in every place that a page has for one; a mark stands where nobody would see it."""
    said, quoted, unseen = escape(text, quote=False), escape(text), f"{_MARK} {escape(text, quote=False)}"
    body = (
        f'<html lang=en><head><title>{said}</title><meta name=description content="{quoted}"></head><body>'
        f"<!-- {_MARK} {text.replace('--', '')} --><h1>{said}</h1><p>{said}</p>"
        f'<img src=a.png alt="{quoted}"><a href="/?q={quoted}" aria-label="{quoted}">click here</a>'
        f'<label for=f>{said}</label><input id=f name=f placeholder="{quoted}" value="{quoted}">'
        f'<p title="{quoted}" id="{quoted}" role="{quoted}" aria-{_MARK[0]}="{quoted}">x</p>'
        f"<div hidden>{unseen}</div><p style='display:none'>{unseen}</p><span aria-hidden=true>{unseen}</span>"
        f"<template>{unseen}</template><noscript>{unseen}</noscript><script>/*{_MARK}*/</script>{text}</body></html>"
    )
    headers = (("content-type", "text/html; charset=utf-8"),)
    return outlined(Document(Page(asked=URL, url=URL, status=200, headers=headers, body=body.encode(errors="replace"))))


def obedient(body: dict[str, Any]) -> Any:
    """What a model would say that does all that the page asks of it, and more."""
    data = Asked("", {}, body).data
    heard = re.findall(r"\b(?:e\d+|g\d+(?:\.e\d+)?)\b", str(data))
    words = " ".join(str(data).split())[:400]
    if "outline" in data:
        lines = [line.split()[0] for line in data["outline"]]
        claims = [["e999"], [], ["body"], [words[:200]], heard[:500], lines[:500]]
        return {
            "issues": [
                {"barrier": name, "elements": claim, "explanation": words, "confidence": 1, "severity": "critical"}
                for name in CLASSES
                for claim in claims
            ],
            "title": words,
        }
    ids = [element["id"] for group in data["groups"] for element in group["elements"]]
    return {
        "explanations": [
            {"group": group["id"], "because": because, "explanation": words, "title": words}
            for group in data["groups"]
            for because in (["e1"], heard[:500], ids)
        ],
        "verdicts": [
            {"element": name, "verdict": "no_barrier", "reason": words, "confidence": 1, "severity": "low"}
            for name in (*heard[:500], *ids, "g99.e1")
        ],
    }


@pytest.fixture(scope="module")
def models() -> Iterator[Models]:
    with Models(make=obedient) as served:
        yield served


def hostile(found: Finding, text: str) -> Finding:
    """A rule's finding whose evidence quotes the page."""
    said = f"<p>{' '.join(text.split())[:250]}"
    return replace(found, evidence=tuple(replace(item, value=said) for item in found.evidence))


@pytest.mark.parametrize("text", ON_PAGES, ids=range(len(ON_PAGES)))
def test_an_obedient_model_moves_nothing_but_what_is_its_own(models: Models, text: str) -> None:
    models.asked.clear()
    outline, ask = page(text), caller(anthropic(models)).ask
    shown = Outline(text=outline.text, selectors=outline.selectors, undecided=(DOUBT.title,))
    ruled = [hostile(LINKS, text), hostile(DOUBT, text)]
    seen = review(URL, shown.text, ask, shown.selectors)
    judged = explain(URL, ruled, shown, ask)
    assert judged is not None
    for asked in models.asked:
        assert asked.user.count("<data>") == asked.user.count("</data>") == 1
        assert asked.user.startswith("<data>\n")
        assert asked.user.endswith("\n</data>")
        assert len(asked.user.encode()) <= QUESTION_BYTES
        assert _MARK not in asked.user
        assert set(asked.data) in ({"page", "outline"}, {"page", "groups"})
    _only_its_own(seen, shown)
    _all_else_as_it_was(judged, ruled)


def _only_its_own(seen: Reviewed, shown: Outline) -> None:
    """Classes of the catalogue, as it words them; lines of the page, as they stand there."""
    lines = [line.strip().partition(" ")[2] for line in shown.text.splitlines()]
    assert seen.findings
    for found in seen.findings:
        known = BY_RULE[found.rule]
        assert (found.title, found.severity, found.recommended_fix) == (known.title, known.severity, known.recommended)
        assert found.assets[0].value == URL
        assert found.confidence <= MOST_CONFIDENT
        for item in found.evidence:
            assert item.kind in {"element", "model"}
            assert item.value.isprintable() or item.kind == "element"
            if item.kind == "element":
                assert any(line.startswith(item.value) for line in lines)
                assert item.where in shown.selectors.values()
    assert sum(seen.dropped.values()) >= 4 * len(CLASSES)


def _all_else_as_it_was(judged: Judged, ruled: list[Finding]) -> None:
    """No finding more or less, none changed but in what stands beside its evidence, and in doubt."""
    for found, before in zip(judged.findings, ruled, strict=True):
        for field in fields(Finding):
            if field.name not in {"evidence", "confidence"}:
                assert getattr(found, field.name) == getattr(before, field.name)
        own = [item for item in found.evidence if item.kind != "group" and not item.kind.startswith("model")]
        assert Counter(own) == Counter(before.evidence)
        assert found.confidence == (LEAST_CONFIDENT if before.title == DOUBT.title else before.confidence)
    kinds = Counter(item.kind for item in judged.findings[0].evidence)
    assert kinds.keys() <= {"element", "count", "group", "model"}
