"""What one look at a layer gave, whatever other layers hide of it: a value that can be kept and laid over others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from surveyor.scan.catalog.interface import Cataloger, Owned, Record
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Found
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Coverage, Distro
from surveyor.scan.tree.entry import Tally
from surveyor.scan.tree.overlay import Sheet
from surveyor.scan.values import frozen

#: What coverage calls an artifact inside another one.
INSIDE = "acquire.nested"


@dataclass(slots=True, kw_only=True)
class Taken:
    """What one cataloger said of one file; ``root`` is the top of its system, where it is a system's database.

    ``referred`` are the names of files that it names and whose own names do not say that the cataloger reads them.
    """

    unit: Cataloger
    name: bytes
    root: bytes = b""
    records: list[Record] = field(default_factory=list)
    owned: list[Owned] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    referred: list[bytes] = field(default_factory=list)


@frozen
class Trouble:
    """A file that a unit could not read to its end; ``stage`` is the event's."""

    name: bytes
    stage: str
    entry: Coverage


@dataclass(slots=True, kw_only=True)
class Nested:
    """An artifact inside the layer, read where it lies: what it holds, stamped with its own distribution."""

    name: bytes
    type: str
    entries: int = 0
    found: list[tuple[Found, Distro | None]] = field(default_factory=list)
    guarded: list[Guarded] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    files: Counter[str] = field(default_factory=Counter)


class Look:
    """Everything that one layer alone says."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.whole = False
        #: How the layer's bytes are kept.
        self.form = ""
        self.entries = 0
        self.unmarked = False
        self.climbing = Tally()
        self.closed = Tally()
        self.sparse: list[bytes] = []
        self.taken: dict[tuple[str, bytes], Taken] = {}
        self.troubles: list[Trouble] = []
        #: Links, and what else stands in the place of a folder, by name; nothing for the latter's target.
        self.links: dict[bytes, bytes | None] = {}
        self.releases: dict[bytes, bytes] = {}
        #: Records without bytes of their own: empty files and hard links.
        self.empty: list[bytes] = []
        #: Files of formats that are not read: name and the format's id.
        self.unread: dict[bytes, str] = {}
        self.nested: list[Nested] = []
        #: What befell the layer itself.
        self.failures: list[tuple[str, Coverage]] = []
