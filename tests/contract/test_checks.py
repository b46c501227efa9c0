"""What holds for every check and gatherer."""

# ruff: noqa: E501 - a table of hostile pages

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from surveyor.scan import gather
from surveyor.scan.check import axe, measured, registry, twins, wcag
from surveyor.scan.check.accessibility.words import REVIEWED
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import AROUND, Check, Needs
from surveyor.scan.check.registry import CHECKS, PROGRAM_CHECKS
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page
from surveyor.scan.model import Asset, Domain

ALL = [*(rule for rules in CHECKS.values() for rule in rules), *PROGRAM_CHECKS]
FOLDERS = {**{domain.value: rules for domain, rules in CHECKS.items()}, "hardening": PROGRAM_CHECKS}
FOLDER = Path(registry.__file__).parent

HOSTILE = [
    b"",
    b"\x00" * 1000,
    b"<",
    b"<html" + b" a" * 100,
    bytes(range(256)) * 20,
    b"<!--" * 1000,
    b"<a href=" + b"x" * 100_000 + b">",
    b"<table><tr><td headers='" + b"x " * 1000 + b"'>" * 50,
    b"<svg><script><title><math><mi><b role='" + b"img " * 500 + b"'>",
    b"<label id=a for=a aria-labelledby='a a a' aria-owns=a role=listitem><input id=a aria-labelledby=a>" * 30,
    b"<link rel=canonical href='http://[::1'><link rel=canonical href='http://x:99999999/'>",
    b"<meta name=viewport content='maximum-scale="
    + b"9" * 5000
    + b"'><meta http-equiv=refresh content='"
    + b"9" * 5000
    + b"'>",
    b"<i tabindex='" + b"9" * 5000 + b"' aria-level='" + b"9" * 5000 + b"' role=heading>x</i>",
    b"<script type='application/ld+json'>" + b'{"a":' * 900 + b"1" + b"}" * 900 + b"</script>",
    b"<script type='application/ld+json'>"
    + b"[" * 5000
    + b"</script><script type=application/ld+json>\xff\x00</script>",
    b'<script type=application/ld+json>{"@context":[1,null,{}],"@type":[1,{}],"@graph":[[[{"@type":"Offer"}]]]}</script>',
    b"<i itemscope itemtype=https://schema.org/Person itemref='a a a' id=a itemprop=a>" * 60,
    b"<base href='http://[::1'><link rel='alternate canonical next' hreflang='"
    + b"x-" * 500
    + b"' href='//:99999999'>",
    b"<meta name=robots content='unavailable_after: 99999-99-99,unavailable_after:,noindex" + b",," * 500 + b"'>",
    b"<meta name=viewport content='width=" + b"9" * 5000 + b"'><html lang='" + b"x" * 5000 + b"'>",
    "<p lang='\ud800'>".encode("utf-8", "surrogatepass") * 10,
]
HEADERS = [
    (),
    tuple((name, "\x00\xff,;=()\"'*" * 50) for name in ("Content-Security-Policy", "Permissions-Policy", "X-Robots-Tag", "Link", "Content-Language")),
    (("Strict-Transport-Security", "max-age=" + "9" * 5000), ("X-Frame-Options", ","), ("Referrer-Policy", ",,,")),
    (("Content-Security-Policy", ";" * 5000), ("Content-Security-Policy", "a " * 5000), ("Permissions-Policy", "(" * 9000)),
]  # fmt: skip


#: Checks that are lines of a table.
TABLED = {one.id for one in (*axe.CHECKS, *measured.CHECKS, *twins.checks(CHECKS[Domain.ACCESSIBILITY]))}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_check_is_one_file_with_words_for_each_outcome(rule: Check) -> None:
    if _tabled(rule):
        assert not (
            FOLDER / "accessibility" / f"{_file(rule)}.py"
        ).exists()  # what tells them apart is a name and words
    else:
        module = sys.modules[f"surveyor.scan.check.{_folder(rule)}.{_file(rule)}"]
        assert vars(module)["CHECK"] is rule
        assert (module.__doc__ or "").strip()
    assert rule.version >= 1
    assert (rule.speed is not None) == (rule.needs is Needs.SPEED)
    assert (rule.program is not None) == (rule.needs is Needs.PROGRAM)
    judges = {name: getattr(rule, name) for name in sorted({*AROUND, "page", "pages", "speed", "program"})}
    ((name, judge),) = ((name, one) for name, one in judges.items() if one is not None)
    assert name == {"html": "page"}.get(rule.needs, rule.needs)
    assert (judge.__doc__ or "").strip()
    for key in rule.outcomes:
        said = registry.words(rule, key)
        assert said.title
        assert said.description.endswith(".")
        assert said.fix.endswith(".")
        assert not re.search(r"\d{2}|https?:|%|\.$", said.title), "a title holds no value, count or address"
        assert 0 < said.confidence <= 1
    assert set(rule.criteria) <= set(wcag.CRITERIA)
    # by its name a verification knows that the rule is to see all pages at once
    assert (rule.needs is Needs.PAGES) == rule.id.startswith("seo_site_")


def _tabled(rule: Check) -> bool:
    return rule.id in TABLED


def _folder(rule: Check) -> str:
    return "hardening" if rule.needs is Needs.PROGRAM else rule.domain.value


def _file(rule: Check) -> str:
    """Ids of headers are the keys that a verification names; each other id is its folder and its file."""
    names = {"seo_meta_description": "description", "seo_http_status": "status"}
    return names.get(rule.id) or rule.id.removeprefix(f"{_folder(rule)}_").removeprefix("header_")


def test_ids_are_unique_and_every_file_is_listed() -> None:
    assert len({rule.id for rule in ALL}) == len(ALL)
    for folder, rules in FOLDERS.items():
        stems = {path.stem for path in (FOLDER / folder).glob("*.py")} - {"__init__"}
        files = {stem for stem in stems if not stem.startswith("words")}
        assert files == {_file(rule) for rule in rules if not _tabled(rule)}


def test_words_are_for_outcomes_that_exist() -> None:
    for folder, rules in FOLDERS.items():
        table = dict(sys.modules[f"surveyor.scan.check.{folder}.words"].WORDS)
        table |= {**axe.WORDS, **measured.WORDS, **twins.words(table), **REVIEWED} if folder == "accessibility" else {}
        assert {rule.id: set(rule.outcomes) for rule in rules} == {rule: set(keys) for rule, keys in table.items()}


def test_the_keys_of_verifications_exist() -> None:
    wanted = {"csp", "hsts", "xfo", "xcto", "referrer", "permissions"}
    assert {f"security_header_{name}" for name in wanted} <= {rule.id for rule in CHECKS[Domain.SECURITY]}


def test_one_title_belongs_to_one_rule_of_a_domain() -> None:
    owners: dict[tuple[str, str], set[str]] = {}
    for entry in registry.catalogue():
        owners.setdefault((str(entry["domain"]), str(entry["title"])), set()).add(str(entry["rule"]))
    # pages that a scan of one page samples and those of a crawl have one problem, which is one finding
    together = {"seo_duplicates", "seo_site_duplicates"}
    assert [rules for rules in owners.values() if len(rules) > 1 and rules != together] == []


@pytest.mark.parametrize("headers", HEADERS, ids=range(len(HEADERS)))
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_pages_give_outcomes_or_our_errors(body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    page = Page(
        asked="https://a.example/",
        url="https://a.example/",
        status=200,
        headers=(("Content-Type", "text/html"), *headers),
        body=body,
    )
    document = Document(page)
    for rule in ALL:
        if rule.page is None:
            continue
        try:
            found = list(rule.page(document))
        except ScanError:
            continue
        for outcome in found:
            assert outcome.key in rule.outcomes
            made = registry.finding(rule, outcome, Asset(type="url", value=page.url))
            assert made.evidence
            assert all(len(evidence.value) <= 1000 and len(evidence.where or "") <= 1000 for evidence in made.evidence)


def test_gatherers_are_named_after_their_files() -> None:
    for gatherer in gather.GATHERERS:
        module = sys.modules[f"surveyor.scan.gather.{gatherer.id}"]
        assert vars(module)["GATHERER"] is gatherer
        assert (module.__doc__ or "").strip()
        assert gatherer.version >= 1
