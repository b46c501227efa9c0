"""Keeps what was seen of images by the stack of their layers: the same image again, in whatever file, is only opened.

What an image gives rests on its layers and on what its manifest and configuration say of them; both are the key, with
the state of the installation. As with a layer's entry, only an image whose layers are what they say may write one: each
was read and verified now, or was known and is not touched. One is asked for by what an image says.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable

from surveyor.scan.acquire.interface import Image
from surveyor.scan.engine import results
from surveyor.scan.engine.opening import Opened
from surveyor.scan.engine.seen import Seen, decode, encode
from surveyor.scan.engine.shelf import Shelf
from surveyor.scan.engine.units import Ledger
from surveyor.scan.events import Event
from surveyor.scan.limits import Limits
from surveyor.scan.tree.tar import TarLayer
from surveyor.scan.values import frozen
from surveyor.scan.vocabulary import counted, family


@frozen
class Stack:
    """Where the answer of one artifact's layers is kept, and how many they are."""

    shelf: Shelf
    key: str
    layers: int

    @classmethod
    def of(cls, opened: Opened, ledger: Ledger, shelf: Shelf | None, limits: Limits) -> Stack | None:
        """The one of an artifact of layers that all have digests; nothing for any other."""
        artifact = opened.artifact
        if shelf is None:
            return None
        said = [_said(image) for image in artifact.images]
        layers = sum(len(image.layers) for image in artifact.images)
        if not layers or not all(said):
            return None
        about = artifact.type, artifact.name, artifact.digest, opened.unit, ledger.entries, limits
        text = repr((results.INSTALLED, *about, *said))
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return cls(shelf=shelf, key=key, layers=layers)

    def get(self, ledger: Ledger) -> Seen | None:
        """What is kept; it is told again, and stands in the ledger."""
        start = time.perf_counter()
        data = self.shelf.get(self.key)
        found = None if data is None else decode(data)
        if found is None:
            return None
        seen, told = found
        words = f"{counted(self.layers, 'layer')} of an image that is known, as read before"
        results.tell_again(told, ledger.progress, start, words)
        ledger.entries[:] = seen.coverage
        return seen

    def put(self, seen: Seen, events: Iterable[Event]) -> bool:
        """Keep what was seen, unless another look could see more; whether it is kept."""
        walked = f"{family(seen.type)}.layers"
        if not results.is_lasting(seen):
            return False
        data = encode(seen, (event for event in events if event.stage != walked))
        if data is not None:
            self.shelf.put(self.key, data)
        return data is not None


def _said(image: Image) -> tuple[object, ...]:
    """All that an image says of itself and its layers; nothing where one of these is not known by its digest."""
    found: list[object] = [image.name, image.aliases, image.digest, image.platform, image.overlaid]
    for layer in image.layers:
        if not (isinstance(layer, TarLayer) and layer.sized and (layer.digest or "").startswith("sha256:")):
            return ()
        found.append((layer.digest, layer.size, layer.place, layer.declared, layer.content, layer.instruction))
    return tuple(found)
