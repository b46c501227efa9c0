"""Visual Studio Code extensions: the manifest in their file, or in the folder where they are installed.

The manifest is npm's package.json with a ``publisher`` (VS Code's "Extension Manifest"); the PURL type is
``vscode-extension`` with the publisher as namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.limits import MIB, Budget


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a manifest that names a publisher; without one it is no extension's."""
    try:
        manifest = orjson.loads(file.data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"package.json is no JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise Malformed("package.json is no object")
    fields = [manifest.get(key) for key in ("publisher", "name", "version")]
    publisher, name, version = (value if isinstance(value, str) else "" for value in fields)
    if not publisher:
        return
    if not (plausible(publisher) and plausible(name) and plausible(version)):
        raise Malformed("extension manifest has no usable name or version")
    budget.package()
    licence_ = manifest.get("license")
    yield Record(
        type="vscode-extension",
        namespace=publisher.lower(),
        name=name.lower(),
        version=version,
        licenses=licence(licence_) if isinstance(licence_, str) else (),
        evidence=quote(publisher=publisher, name=name, version=version),
    )


CATALOGER = Cataloger(
    id="vscode_extension",
    version=1,
    summary="Visual Studio Code extensions by their manifest",
    names=rb"package\.json",
    paths=re.compile(rb"^extension/package\.json$|(?:^|/)\.vscode(?:-server|-oss)?/extensions/[^/]+/package\.json$"),
    parse=parse,
    limit=4 * MIB,
)
