"""What the browser says in another shape than it should: nothing of it stops who listens."""

from __future__ import annotations

from typing import Any

import pytest

from surveyor.scan.errors import Malformed
from surveyor.scan.net.browser import axe
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.net.extra import Extra


class Silent:
    """A browser that takes everything and says nothing."""

    def call(self, method: str, params: Any = None, *, session: str = "", seconds: float) -> dict[str, Any]:
        """Nothing is answered."""
        return {}

    def tell(self, method: str, params: Any = None, *, session: str = "") -> None:
        """Nothing is done."""


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("Log.entryAdded", {"entry": "text"}),
        ("Network.requestWillBeSent", {"request": [1]}),
        ("Runtime.consoleAPICalled", {"type": [], "args": 3}),
        ("Network.responseReceived", []),
        ("Fetch.requestPaused", {"request": [1], "requestId": 3, "frameId": None}),
        ("Target.attachedToTarget", {"targetInfo": "x"}),
    ],
)
def test_an_event_of_another_shape_says_nothing(method: str, params: Any) -> None:
    extra = Extra("https://a.example/", (("X-Token", "of-the-stage"),))
    tab = Tab(lambda _url: None, clock=lambda: 0.0, extra=extra)
    tab.attach(Silent(), "", seconds=1.0)
    tab.hear("", method, params)
    assert (tab.heard.requests, tab.heard.notes) == ({}, [])


@pytest.mark.parametrize("text", ["", "{}x", "[1]", '[{"rule":"a"}]', '[{"rule":"a","nodes":[{"markup":1}]}]'])
def test_barriers_of_another_shape_are_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        axe.barriers(text)
