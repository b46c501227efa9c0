"""Keeps what a look at a layer gave, by the layer's digest: the next image that shares it pays only for its own.

An entry is written only when the bytes have the digest they are known by: an image that lies about its layers must not
speak for others. It is asked for by what an image says, which every runtime verifies before it starts one. The key also
holds the versions of all units and the limits: what would be read differently is read again.
"""

from __future__ import annotations

import hashlib

from surveyor import __version__
from surveyor.scan.acquire import ACQUIRERS
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.unread import UNREAD
from surveyor.scan.engine import codec
from surveyor.scan.engine.layer import Scope, weight
from surveyor.scan.engine.look import Look
from surveyor.scan.engine.shelf import PASSING, Shelf
from surveyor.scan.limits import Budget, Limits, kept_of
from surveyor.scan.tree.overlay import Sheet
from surveyor.scan.tree.stream import content_digest
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.values import frozen

_UNITS = " ".join(
    [
        *(unit.stamp for unit in CATALOGERS),
        *(f"{unit.id}@{unit.version}" for unit in ACQUIRERS),
        *(unit.id for unit in UNREAD),
    ]
)


@frozen
class LayerCache:
    """Looks on a shelf."""

    shelf: Shelf

    def key(self, layer: TarLayer, scope: Scope, limits: Limits) -> str | None:
        """What a look at this layer is kept under; nothing for a layer that is known by no digest."""
        digest = layer.digest or ""
        if not digest.startswith("sha256:"):
            return None
        bounds = (limits.depth, limits.file_bytes, limits.metadata_bytes, limits.ratio, limits.spool_bytes)
        text = f"{__version__} {codec.FORMAT} {digest} {layer.size} {scope.system} {scope.overlaid} {bounds} {_UNITS}"
        return hashlib.sha256(text.encode()).hexdigest()

    def holds(self, layer: TarLayer, scope: Scope, limits: Limits) -> bool:
        """Whether something is kept for a layer, though it may be gone before it is asked for, or be no entry."""
        key = self.key(layer, scope, limits)
        return key is not None and self.shelf.holds(key)

    def get(self, key: str, sheet: Sheet, budget: Budget) -> Look | None:
        """What was kept; an entry that cannot be read is none, nor one that is more than this scan may still hold."""
        data = self.shelf.get(key)
        if data is None:
            return None
        look = codec.decode(data, sheet)
        # who reads the layer itself keeps what comes before the bound
        return look if look is not None and _admitted(look, budget) else None

    def put(self, key: str, layer: TarLayer, look: Look, budget: Budget) -> bool:
        """Keep a whole look at a layer that is what it says; whether it is one."""
        if not (_lasting(look) and _is_itself(layer, budget)):
            return False
        self.shelf.put(key, codec.encode(look))
        return True


def _admitted(look: Look, budget: Budget) -> bool:
    """Draw on the budget for what a look holds, as who reads the layer does; of what is too much, for nothing."""
    taken = look.taken.values()
    names = [name for one in taken for name in (one.name, *one.referred)]
    records = [(record, len(one.name)) for one in taken for record in one.records]
    return budget.admit(
        candidates=len(names),
        packages=len(records),
        held=sum(map(kept_of, names)) + sum(weight(record, place) for record, place in records),
        owned=sum(len(note.paths) for one in taken for note in one.owned),
    )


def _lasting(look: Look) -> bool:
    """Whether another look would give the same: it came to the end, and what failed in it will fail again."""
    reasons = {trouble.entry.reason for trouble in look.troubles}
    reasons |= {entry.reason for nested in look.nested for entry in nested.coverage}
    return look.whole and not look.failures and not look.sheet.names.full and not reasons & PASSING


def _is_itself(layer: TarLayer, budget: Budget) -> bool:
    """Whether the bytes have the digest that the layer is known by: of what is stored, or of what that inflates to."""
    if layer.verified:
        return True
    if layer.digest == layer.content:
        return layer.digest == content_digest(layer.held, budget)
    return layer.digest == f"sha256:{hashlib.sha256(layer.held.view()).hexdigest()}"
