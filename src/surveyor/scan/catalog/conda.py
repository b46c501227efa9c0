"""Packages in conda environments, by the record that conda keeps of each, and package files of conda."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.json import load_object, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex

_INDEX = "info/index.json"
_ARCHIVE = regex(r"\.(conda|tar\.bz2)$")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a file that conda wrote; build, channel and platform tell its builds apart."""
    record = load_object(file.data)
    if file.path == _INDEX and "build" not in record:
        return  # another archive's file of that name
    name, version, build = (string(record.get(key)) for key in ("name", "version", "build"))
    if not (plausible(name) and plausible(version)):
        raise Malformed("conda record has no usable name or version")
    budget.package()
    archive = _ARCHIVE.search(string(record.get("fn")))
    qualifiers = {
        "build": build,
        "channel": _channel(string(record.get("channel")), string(record.get("subdir"))),
        "subdir": string(record.get("subdir")),
        "type": archive[1] if archive else "",
    }
    yield Record(
        type="conda",
        name=name.lower(),
        version=version,
        licenses=licence(string(record.get("license"))),
        qualifiers=tuple((key, value) for key, value in qualifiers.items() if plausible(value)),
        evidence=quote(name=name, version=version, build=build, channel=qualifiers["channel"]),
    )


def _channel(channel: str, subdir: str) -> str:
    """The channel's name without the address that it was fetched from: ``…/conda-forge/linux-64`` is conda-forge."""
    return channel.rstrip("/").removesuffix(f"/{subdir}").rpartition("/")[2]


CATALOGER = Cataloger(
    id="conda",
    version=2,
    summary="Packages of conda environments by conda-meta, package files by their info/index.json",
    names=rb"(?<=/conda-meta/)[^/]+\.json|index\.json(?<=info/index\.json)",
    paths=regex(rb"(?:^|/)conda-meta/[^/]+\.json$|^info/index\.json$"),
    parse=parse,
    limit=32 * MIB,
)
