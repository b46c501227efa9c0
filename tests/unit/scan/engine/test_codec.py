"""A kept look at a layer comes back as it was, every field of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import MISSING, fields
from typing import Any

from surveyor.scan.catalog import npm
from surveyor.scan.catalog.interface import Owned, Record
from surveyor.scan.engine import codec
from surveyor.scan.engine.hardening import Guarded
from surveyor.scan.engine.inventory import Found
from surveyor.scan.engine.look import Look, Nested, Taken, Trouble
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Coverage, CoverageState, Distro, Presence, SourcePackage, Tier
from surveyor.scan.tree.entry import Tally
from surveyor.scan.tree.overlay import Overlay

NAME = b"a\xff\x01/package.json"
DEBIAN = Distro(id="debian", version="12")
RECORD = Record(
    type="npm",
    name="a",
    version="1",
    namespace="@s",
    licenses=("MIT", "ISC"),
    evidence="name: a",
    inner="b/c",
    tier=Tier.HEURISTIC,
    presence=Presence.DECLARED,
    source=SourcePackage(name="s", version="2"),
    state="half-installed",
    arch="amd64",
    qualifiers=(("epoch", "1"), ("z", "2")),
    subpath="d",
    distro=DEBIAN,
    remark=True,
    owner="deb/bash",
    called=("a", "a@1"),
    needs=("b", "c|d"),
    hashes=("sha256:00",),
)
PROTECTION = Protection(
    form="elf",
    arch="amd64",
    pie=True,
    executable_stack=False,
    relro="full",
    canary=True,
    fortified=False,
    search_paths=("/a", "/b"),
    writable_code=(".x",),
    text_relocations=True,
    aslr=True,
    high_entropy=False,
    dep=True,
    cfg=False,
    safe_seh=True,
    signed="adhoc",
    hardened_runtime=False,
    said={"pie": "ET_DYN"},
)
COVERAGE = Coverage(
    what="catalog.npm",
    state=CoverageState.FAILED,
    reason="malformed",
    detail="broken",
    path="a",
    layer="sha256:0",
    asset="b",
    count=3,
)


def tally(name: bytes) -> Tally:
    made = Tally()
    made.add(name, "why")
    made.add(b"second")
    return made


def look() -> Look:
    """One in which nothing is as it is by default; what befell the layer itself is never kept."""
    made = Look(Overlay().sheet())
    made.sheet.names.seen.update((NAME, b"b"))
    made.sheet.mark(b"a/.wh.gone")
    made.sheet.mark(b"c/.wh..wh..opq")
    made.whole, made.form, made.entries, made.unmarked = True, "gzip", 7, True
    made.climbing, made.closed = tally(b"../x\xff"), tally(b"shut")
    made.sparse, made.empty = [NAME], [b"empty", NAME]
    owned = Owned(type="deb", package="bash", paths=b"/bin/bash\n/caf\xe9\n")
    taken = Taken(
        unit=npm.CATALOGER,
        name=NAME,
        root=b"srv\xff",
        records=[RECORD],
        owned=[owned],
        protections=[PROTECTION],
        referred=[b"more\xff.txt"],
    )
    made.taken = {(npm.CATALOGER.id, NAME): taken}
    made.troubles = [Trouble(name=NAME, stage="container.packages", entry=COVERAGE)]
    made.links = {NAME: b"/else\xff", b"folder": None}
    made.releases = {b"etc/os-release": b"ID=\xff"}
    made.unread = {NAME: "declared"}
    found = Found(record=RECORD, cataloger=npm.CATALOGER, path="n!/a", root=b"r\xff", owner="deb/bash")
    made.nested = [
        Nested(
            name=NAME,
            type="archive/zip",
            entries=2,
            found=[(found, DEBIAN), (found, None)],
            guarded=[Guarded(protection=PROTECTION, path="n!/p")],
            coverage=[COVERAGE],
            files=Counter({"npm": 2}),
        )
    ]
    return made


def told(made: Look) -> dict[str, Any]:
    """All that a look holds, as what can be compared."""
    sheet = made.sheet
    held = {name: value for name, value in vars(made).items() if name not in {"sheet", "climbing", "closed"}}
    tallies = {name: (one.count, one.names, one.why) for name in ("climbing", "closed") for one in [vars(made)[name]]}
    return {**held, **tallies, "names": sheet.names.seen, "whiteouts": sheet.whiteouts, "opaque": sheet.opaque}


def test_every_field_comes_back() -> None:
    kept = look()
    again = codec.decode(codec.encode(kept), Overlay().sheet())
    assert again is not None
    assert told(again) == told(kept)


def test_nothing_of_the_example_is_as_it_is_by_default() -> None:
    """A field that is added to what is kept has to be added here, or the test above would not miss it."""
    (nested,), (taken,) = look().nested, look().taken.values()
    for value in (RECORD, PROTECTION, COVERAGE, taken, nested):
        for field in fields(value):
            default = field.default if field.default_factory is MISSING else field.default_factory()
            # what is yes or no and may be unknown has a value of its own
            assert getattr(value, field.name) != default, field.name
    untouched = told(Look(Overlay().sheet()))
    assert [name for name, value in told(look()).items() if value == untouched[name]] == ["failures"]


def test_what_is_no_look_is_none() -> None:
    whole = codec.encode(look())
    sheet = Overlay().sheet
    assert all(codec.decode(whole[:at], sheet()) is None for at in range(len(whole)))
