"""Going to a page, and whether that led to one."""

from __future__ import annotations

from collections.abc import Callable

from surveyor.scan.errors import Broken, Refused, Unreachable
from surveyor.scan.net.browser.proxy import origin_of
from surveyor.scan.net.browser.visits import Visit

_TEXT = 300
CRASHED = "the page crashed the browser"


def arrive(visit: Visit, url: str, *, seconds: float, rest: Callable[[], bool]) -> bool:
    """Go there and wait until it rests, as ``rest`` tells; whether it did.

    Raises ``Refused`` where the guard stood in the way, ``Unreachable`` for what is not the page, ``Broken`` for
    one that ends its browser.
    """
    tab, traffic = visit.tab, visit.traffic
    problem = tab.go(url, seconds=seconds)
    rested = problem is None and rest()
    document = tab.document
    last = document.url if document is not None else url
    if rule := traffic.refused.get(origin_of(last) or ""):
        raise Refused(f"the browser must not go to {visit.shown(last)[:_TEXT]}", rule=rule)
    if problem is not None:
        raise Unreachable(f"the browser could not load the page: {visit.shown(problem)[:_TEXT]}")
    if tab.heard.crashed:
        raise Broken(CRASHED)
    if document is not None and (document.status or 0) >= 400:
        raise Unreachable(f"the server answered {document.status} to the browser")
    return rested
