"""A bill of materials in any format: the components that it names."""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.errors import Unsupported
from surveyor.scan.formats.json import load_object, sequence
from surveyor.scan.formats.sbom import cyclonedx, spdx, spdx3, syft
from surveyor.scan.formats.sbom.component import Component
from surveyor.scan.formats.sbom.sign import format_of


def components(data: memoryview) -> Iterator[Component]:
    """Every component, the operating system too; raises ``Unsupported`` for what is no bill that is read."""
    match format_of(data):
        case "cyclonedx-json":
            yield from cyclonedx.of_json(load_object(data))
        case "cyclonedx-xml":
            yield from cyclonedx.of_xml(data)
        case "spdx-json":
            yield from spdx.of_json(load_object(data))
        case "spdx-3":
            yield from spdx3.of_graph(sequence(load_object(data).get("@graph")))
        case "spdx-tag-value":
            yield from spdx.of_tags(bytes(data))
        case "syft-json":
            yield from syft.of_json(load_object(data))
        case _:
            raise Unsupported("no bill of materials in a format that is read")
