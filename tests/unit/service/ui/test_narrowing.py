"""The orders that the page offers are those that lists have, and an address is read without losing a choice."""

from __future__ import annotations

from surveyor.service.store.finding_lists import SORTS
from surveyor.service.ui.narrowing import ORDERS, read


def test_the_page_offers_every_order() -> None:
    assert ORDERS.keys() == SORTS.keys()


def test_an_order_alone_narrows_nothing() -> None:
    asked = read({"sort": "newest", "severity": "", "cursor": "x"})
    assert (asked.narrowed, asked.filters, asked.unknown) == (False, 0, ())
    assert asked.kept == {"sort": "newest"}
    assert asked.wanted.sort == "newest"
    assert read({}).wanted.sort == "priority"
