"""Swift packages that Package.resolved pins, of its versions 1 to 3 (Swift Package Manager)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.formats.json import load_object, mapping, sequence, string
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_ADDRESS = regex(r"(?:[a-z+]+://(?:[^/@]*@)?|[^/@:]+@)(?P<host>[^/:]+)(?::\d+)?[:/]+(?P<path>[^?#]+?)/?(?:\.git)?/?")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a pin of a repository or a registry; a branch or a revision alone is no version."""
    document = load_object(file.data)
    pins = sequence(document.get("pins")) or sequence(mapping(document.get("object")).get("pins"))
    for pin in map(mapping, pins):
        address = string(pin.get("location")) or string(pin.get("repositoryURL"))
        state = mapping(pin.get("state"))
        version = string(state.get("version"))
        namespace, name = _named(address, string(pin.get("identity")), string(pin.get("kind")))
        if not (plausible(namespace) and plausible(name)) or (version and not plausible(version)):
            continue
        budget.package()
        yield Record(
            type="swift",
            namespace=namespace,
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(
                identity=string(pin.get("identity"))[:80] if not address else None,
                location=address[:160],
                version=version,
                branch=string(state.get("branch"))[:80],
                revision=string(state.get("revision"))[:64],
            ),
        )


def _named(address: str, identity: str, kind: str) -> tuple[str, str]:
    """Where a package is and its name there: by its repository, in a registry by its scope (``mona.LinkedList``)."""
    if kind == "registry":
        scope, _, name = identity.partition(".")
        return scope, name
    found = _ADDRESS.fullmatch(address) if len(address) < 2000 else None
    namespace, _, name = f"{found['host'].lower()}/{found['path']}".rpartition("/") if found else ("", "", "")
    return namespace, name


CATALOGER = Cataloger(
    id="swift",
    version=2,
    summary="Swift packages that Package.resolved pins",
    names=rb"Package\.resolved",
    paths=declares(rb"Package\.resolved"),
    parse=parse,
)
