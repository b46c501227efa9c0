"""What a language model names on small pages that people have labelled: precision and recall by class of barriers.

    ANTHROPIC_API_KEY=… python -m benchmarks judged [--provider anthropic] [--model ID] [--base-url URL] [--each]
    python -m benchmarks judged --provider compatible --base-url http://127.0.0.1:11434/v1 --model qwen3:14b

Every page of ``judged.toml`` is reduced as a scan reduces it and put to the model by the product's own question. A
claim is right when an element that it cites has the class as its label; a label is found when any claim of its class
on the page is right. With ``--each`` the page is put once for every class, to see what asking for all at once costs
in precision, and what it saves. It needs somebody to ask: without a key or an address it ends with 2 and no figures.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from surveyor.llm.accessibility import Ask, review
from surveyor.llm.call import Caller
from surveyor.llm.classes import BY_RULE, CLASSES, BarrierClass
from surveyor.llm.interface import Attempt, Kind, LlmError, Post, Provider, Purpose, Reply, Unreached
from surveyor.llm.router import candidates
from surveyor.scan.check.document import Document
from surveyor.scan.check.element import positions, selector
from surveyor.scan.check.outline import outlined
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page
from surveyor.scan.model import Finding
from surveyor.scan.net import Client
from surveyor.scan.outline import Outline
from surveyor.scan.settings import AllowedHost, Settings

PAGES = Path(__file__).with_suffix(".toml")
URL = "https://hill-forge.example/"
LABEL = "data-is"
_ANSWER_BYTES = 4 << 20
_KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "compatible": "SURVEYOR_BENCH_KEY"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One page as a model is shown it, and the selectors of its labelled elements by class."""

    name: str
    outline: Outline
    labels: dict[str, frozenset[str]]


@dataclass(slots=True)
class Tally:
    """Findings that were right and wrong, and labels that were missed, by class; what it took."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    trail: list[Attempt] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


def cases(file: Path = PAGES) -> list[Case]:
    """All labelled pages."""
    return [_case(page) for page in tomllib.loads(file.read_text("utf-8"))["page"]]


def measure(pages: Iterable[Case], ask: Ask, *, each: bool = False) -> Tally:
    """Put every page to a model, for all classes at once or for each alone; a page without an answer counts apart."""
    tally, everything = Tally(), tuple(CLASSES.values())
    for page in pages:
        for classes in ((one,) for one in everything) if each else (everything,):
            _judge(page, classes, ask, tally)
    return tally


def _case(page: dict[str, str]) -> Case:
    lang, label = page.get("lang", "en"), page.get("is")
    marked = f' {LABEL}="{escape(label)}"' if label else ""
    head = page.get("head", "<title>Hill Forge</title>")
    body = f'<!doctype html><html lang="{lang}"{marked}><head>{head}</head><body>{page["html"]}</body></html>'
    headers = (("content-type", "text/html; charset=utf-8"),)
    document = Document(Page(asked=URL, url=URL, status=200, headers=headers, body=body.encode()))
    places, labels = positions(document.elements), dict[str, set[str]]()
    for element in document.elements:
        if name := element.attributes.get(LABEL):
            labels.setdefault(name, set()).add(selector(element, places))
    return Case(
        name=page["name"],
        outline=outlined(document),
        labels={name: frozenset(where) for name, where in labels.items()},
    )


def _judge(page: Case, classes: Sequence[BarrierClass], ask: Ask, tally: Tally) -> None:
    try:
        seen = review(URL, page.outline.text, ask, page.outline.selectors, classes)
    except LlmError as error:
        tally.unanswered.append(f"{page.name}: {error}")
        return
    tally.trail += seen.trail
    tally.dropped.update(seen.dropped)
    found = {BY_RULE[one.rule].id: one for one in seen.findings}
    for name in (one.id for one in classes):
        labelled, finding = page.labels.get(name, frozenset()), found.get(name)
        right = finding is not None and _cites(finding, labelled)
        if right:
            tally.right[name] += 1
        elif finding is not None:
            tally.wrong[name] += 1
            tally.mistakes.append(f"wrong   {name:22} {page.name}: {finding.evidence[0].value[:80]}")
        if labelled and not right:
            tally.missed[name] += 1
            tally.mistakes.append(f"missed  {name:22} {page.name}")


def _cites(finding: Finding, labelled: frozenset[str]) -> bool:
    """Whether it cites a labelled element, or what stands in one."""
    cited = [item.where for item in finding.evidence if item.kind == "element" and item.where]
    return any(where == label or where.startswith(f"{label} > ") for where in cited for label in labelled)


def table(tally: Tally, pages: Sequence[Case]) -> Iterator[str]:
    """The figures, with how many pages stand behind each; what cannot be said is a dash."""
    yield f"{'class':22} {'labelled':>8} {'right':>6} {'wrong':>6} {'missed':>7} {'precision':>10} {'recall':>7}"
    for name in CLASSES:
        yield _row(name, sum(name in page.labels for page in pages), *(c[name] for c in _counts(tally)))
    whole = sum(len(page.labels) for page in pages)
    yield _row("all", whole, *(c.total() for c in _counts(tally)))
    models = ", ".join(sorted({one.model or one.asked for one in tally.trail}))
    usage = [one.usage for one in tally.trail if one.usage is not None]
    costs = [one.cost for one in tally.trail if one.cost is not None]
    cost = f"${sum(costs):.4f}" if costs and len(costs) == len(tally.trail) else "cost unknown"
    tokens = f"{sum(one.input for one in usage):,} tokens in, {sum(one.output for one in usage):,} out"
    yield f"n={len(pages)} pages, {len(tally.trail)} questions to {models or 'nobody'}; {tokens}; {cost}"
    yield f"claims dropped: {dict(tally.dropped) or 'none'}; pages without an answer: {len(tally.unanswered)}"


def _counts(tally: Tally) -> tuple[Counter[str], Counter[str], Counter[str]]:
    return tally.right, tally.wrong, tally.missed


def _row(name: str, labelled: int, right: int, wrong: int, missed: int) -> str:
    precision = f"{right / (right + wrong):.2f}" if right + wrong else "-"
    recall = f"{right / (right + missed):.2f}" if right + missed else "-"
    return f"{name:22} {labelled:8} {right:6} {wrong:6} {missed:7} {precision:>10} {recall:>7}"


def caller(kind: Kind, key: str | None, base_url: str, model: str, *, seconds: float = 90.0) -> Caller:
    """Whoever is to be asked, through the scanner's own guard; an address that is given is meant."""
    named = {Purpose.ACCESSIBILITY: model} if model else {}
    provider = Provider(kind=kind, key=key, base_url=base_url, models=named, trusted=bool(base_url))
    found = candidates([provider], Purpose.ACCESSIBILITY)
    return Caller(purpose=Purpose.ACCESSIBILITY, candidates=found, send=_sender(base_url), seconds=seconds)


def _sender(base_url: str) -> Callable[[Post], Reply]:
    split = urlsplit(base_url)
    hosts = (AllowedHost(host=split.hostname, port=split.port),) if split.hostname else ()
    client = Client(Settings(allow_hosts=hosts))

    def send(post: Post) -> Reply:
        try:
            answer = client.post(
                post.url, post.body, headers=post.headers, max_bytes=_ANSWER_BYTES, seconds=post.seconds
            )
        except ScanError as error:
            raise Unreached(str(error)) from None
        media = (answer.get("content-type") or "").partition(";")[0].strip().lower()
        return Reply(status=answer.status, media_type=media, body=answer.body)

    return send


def main() -> int:
    """Measure, print, and say which claims were wrong and which labels were missed."""
    parser = argparse.ArgumentParser(description=re.sub(r"\s+", " ", (__doc__ or "").partition("\n")[0]))
    parser.add_argument("--provider", choices=[kind.value for kind in Kind], default="anthropic")
    parser.add_argument("--model", default="", help="its id; without it the product's own choice")
    parser.add_argument("--base-url", default="", help="its address, where it is not the provider's own")
    parser.add_argument("--each", action="store_true", help="one class a question")
    parser.add_argument("--mistakes", action="store_true", help="list what was wrong and missed")
    given = parser.parse_args()
    key = os.environ.get(_KEYS[given.provider])
    if key is None and not given.base_url:
        print(f"nobody to ask: set {_KEYS[given.provider]}, or name a --base-url; no figures", file=sys.stderr)
        return 2
    pages = cases()
    asking = caller(Kind(given.provider), key, given.base_url.rstrip("/"), given.model)
    tally = measure(pages, asking.ask, each=given.each)
    for line in (*table(tally, pages), *(tally.mistakes if given.mistakes else ()), *tally.unanswered):
        print(line)
    return 2 if tally.unanswered and not tally.trail else 0


if __name__ == "__main__":
    sys.exit(main())
