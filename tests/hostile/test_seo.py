"""Pages made to keep the rules of SEO busy: each ends within seconds of CPU and within little memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from surveyor.scan.check.document import Document
from surveyor.scan.check.references import references
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.model import Domain
from tests.unit.scan.check.pages import page

THING = b'{"@type":"Person","x":"y"},'
PAGES = {
    "links": b"".join(b"<a href='/p%d'>here</a>" % at for at in range(100_000)),
    "relations": b"".join(
        b"<link rel='alternate canonical next' hreflang=en href='/p%d'>" % at for at in range(60_000)
    ),
    "depth": b"<div><h2>" * 6_000,
    "broken_depth": b"<b><a href=x>" * 50_000,
    "things": b"<script type=application/ld+json>[" + THING * 200_000 + b"1]</script>",
    "deep_json": b"<script type=application/ld+json>" + b'{"a":[' * 450 + b"]}" * 450 + b"</script>",
    "blocks": b"<script type=application/ld+json>{}</script>" * 60_000,
    "items": b"<p itemscope itemtype=https://schema.org/Person itemref='a b c d e f'></p>" * 20_000
    + b"<div id=a>"
    + b"<b itemprop=x>x</b>" * 2_000
    + b"</div>",
    "subjects": b"<p prefix='a: b' vocab=https://schema.org/ typeof=Person property='a b c d e f' resource='#x'>" * 500
    + b"<p typeof=Person vocab=https://schema.org/ property=name><i property=name>x</i></p>" * 50_000,
    "robots": b"<meta name=robots content='"
    + b"index,noindex," * 500
    + b"'>"
    + b"<meta name=robots content=a>" * 50_000,
    "title": b"<title>" + b"W" * 5_000_000 + b"</title>",
    "encoding": b"\xff\xfe\x00\xd8" * 2_500_000,
    "tags": b"<meta charset" * 700_000,
}


@pytest.mark.parametrize("name", PAGES)
def test_every_rule_ends(name: str) -> None:
    document = Document(page(PAGES[name], content_type="text/html"))
    begun = time.process_time()
    try:
        _ = document.elements
    except LimitExceeded:
        return  # refused before it costs anything
    parsed = time.process_time()
    if len(PAGES[name]) < 1 << 20:
        tracemalloc.start(1)
    for rule in CHECKS[Domain.SEO]:
        if rule.page is not None:
            for outcome in rule.page(document):
                assert sum(len(one.value) for one in outcome.evidence) < 100_000
    assert len(references(document)) <= 2_000
    if tracemalloc.is_tracing():
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
        tracemalloc.stop()
    assert time.process_time() - parsed < 15
    assert parsed - begun < 15
