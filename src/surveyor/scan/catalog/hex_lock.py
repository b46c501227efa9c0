"""Erlang and Elixir packages that mix.lock or rebar.lock pins; both are terms of their language, read as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote, text
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_MIX = regex(
    rb"\{:hex,[ \t]*:\"?(?P<name>\w+)\"?,[ \t]*\"(?P<version>[^\"\n]+)\"(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
_REBAR = regex(rb"\{pkg,[ \t]*<<\"(?P<name>[^\"\n]+)\">>,[ \t]*<<\"(?P<version>[^\"\n]+)\">>")
_ORGANISATION = regex(rb"\"hexpm:(?P<name>[\w-]+)\"(?:,[ \t]*\"[0-9a-f]*\")?\},?\s*$")
_NAMES = rb"mix\.lock|rebar\.lock"


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a package of the registry; what is from a repository has no version."""
    data = bytes(file.data)
    for found in (_REBAR if file.path.endswith("rebar.lock") else _MIX).finditer(data):
        name, version = text(found["name"]).lower(), text(found["version"])
        if not (plausible(name) and plausible(version)):
            continue
        budget.package()
        organisation = _ORGANISATION.search(found["rest"][-200:]) if "rest" in found.groupdict() else None
        yield Record(
            type="hex",
            namespace=text(organisation["name"]).lower() if organisation else None,
            name=name,
            version=version,
            presence=Presence.DECLARED,
            evidence=quote(name=name, version=version),
        )


CATALOGER = Cataloger(
    id="hex_lock",
    version=1,
    summary="Erlang and Elixir packages that mix.lock or rebar.lock pins",
    names=_NAMES,
    paths=declares(_NAMES),
    parse=parse,
)
