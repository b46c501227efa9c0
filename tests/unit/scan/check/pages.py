"""Documents from a few words, and what a check says of them."""

from __future__ import annotations

from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.check.registry import CHECKS
from surveyor.scan.evidence import Page

BY_ID: dict[str, Check] = {check.id: check for checks in CHECKS.values() for check in checks}


def page(
    body: str | bytes = "",
    *headers: tuple[str, str],
    url: str = "https://site.example/",
    status: int = 200,
    content_type: str = "text/html; charset=utf-8",
) -> Page:
    data = body.encode() if isinstance(body, str) else body
    return Page(asked=url, url=url, status=status, headers=(("Content-Type", content_type), *headers), body=data)


def outcomes(rule: str, document: Page | str) -> list[Outcome]:
    check = BY_ID[rule]
    assert check.page is not None
    return list(check.page(Document(page(document) if isinstance(document, str) else document)))


def keys(rule: str, document: Page | str) -> list[str]:
    return [outcome.key for outcome in outcomes(rule, document)]
