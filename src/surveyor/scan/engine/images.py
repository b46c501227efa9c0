"""Looks at an artifact: what was asked for is opened, and its trees are read unless its stack of layers is known."""

from __future__ import annotations

from dataclasses import replace

from surveyor.scan.engine import opening
from surveyor.scan.engine.seen import Seen
from surveyor.scan.engine.shelf import Shelf
from surveyor.scan.engine.stacks import Stack
from surveyor.scan.engine.units import Ledger
from surveyor.scan.events import Event
from surveyor.scan.limits import Budget
from surveyor.scan.plan import Request
from surveyor.scan.settings import Settings


def look(request: Request, settings: Settings, ledger: Ledger, shelf: Shelf | None) -> Seen:
    """Open what was asked for and read all of it; raises when it cannot be opened or is of no supported format."""
    budget = Budget(settings.limits)
    opened = opening.opened(request, settings, budget, ledger, shelf)
    stack = Stack.of(opened, ledger, shelf, settings.limits)
    if stack is not None and (kept := stack.get(ledger)) is not None:
        return replace(kept, stack=stack.key)
    from surveyor.scan.engine import trees  # brings all catalogers

    events: list[Event] = []
    with ledger.overheard(events.append):
        seen, proven = trees.read(opened, ledger, budget, shelf)
    if stack is not None and proven and stack.put(seen, events):
        return replace(seen, stack=stack.key)
    return seen
