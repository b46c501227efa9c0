"""CocoaPods' lock file (CocoaPods documentation)."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, declares, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.yaml import Line, lines
from surveyor.scan.limits import Budget
from surveyor.scan.model import Presence
from surveyor.scan.patterns import regex

_POD = regex(r"(?P<name>[^\s/(]+)(?:/(?P<subspec>[^\s(]+))? \((?P<version>[^)]+)\)")


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a pod or a part of one, which PURL has as its subpath; pods from a folder are parts of the project."""
    data = bytes(file.data)
    if b"PODS:" not in data:
        raise Malformed("no lock file of CocoaPods")
    local = _local(lines(data))
    section = ""
    for line in lines(data):
        if line.indent == 0:
            section = line.key
        pod = _POD.fullmatch(line.key or line.value) if section == "PODS" and line.item and line.indent == 4 else None
        if not pod or pod["name"] in local or not (plausible(pod["name"]) and plausible(pod["version"])):
            continue
        budget.package()
        yield Record(
            type="cocoapods",
            name=pod["name"],
            version=pod["version"],
            subpath=pod["subspec"] if plausible(pod["subspec"] or "") else None,
            presence=Presence.DECLARED,
            evidence=quote(pod=pod[0]),
        )


def _local(said: Iterator[Line]) -> set[str]:
    section, pod, found = "", "", set[str]()
    for line in said:
        if line.indent == 0:
            section = line.key
        elif line.indent == 2:
            pod = line.key
        elif section == "EXTERNAL SOURCES" and line.key == ":path":
            found.add(pod)
    return found


CATALOGER = Cataloger(
    id="cocoapods",
    version=1,
    summary="Pods that Podfile.lock pins",
    names=rb"Podfile\.lock",
    paths=declares(rb"Podfile\.lock"),
    parse=parse,
)
