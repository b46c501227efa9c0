"""Visual Studio Code extensions: the manifest in their file, or in the folder where they are installed.

The manifest is npm's package.json with a ``publisher`` (VS Code's "Extension Manifest"); the PURL type is
``vscode-extension`` with the publisher as namespace.
"""

from __future__ import annotations

from collections.abc import Iterator

from surveyor.scan.catalog.interface import Cataloger, File, Record, licence, plausible, quote
from surveyor.scan.errors import Malformed
from surveyor.scan.formats.json import load_object, string
from surveyor.scan.limits import MIB, Budget
from surveyor.scan.patterns import regex


def parse(file: File, budget: Budget) -> Iterator[Record]:
    """One record a manifest that names a publisher; without one it is no extension's."""
    manifest = load_object(file.data)
    publisher, name, version = (string(manifest.get(key)) for key in ("publisher", "name", "version"))
    if not publisher:
        return
    if not (plausible(publisher) and plausible(name) and plausible(version)):
        raise Malformed("extension manifest has no usable name or version")
    budget.package()
    yield Record(
        type="vscode-extension",
        namespace=publisher.lower(),
        name=name.lower(),
        version=version,
        licenses=licence(string(manifest.get("license"))),
        evidence=quote(publisher=publisher, name=name, version=version),
    )


CATALOGER = Cataloger(
    id="vscode_extension",
    version=1,
    summary="Visual Studio Code extensions by their manifest",
    names=rb"package\.json",
    paths=regex(rb"^extension/package\.json$|(?:^|/)\.vscode(?:-server|-oss)?/extensions/[^/]+/package\.json$"),
    parse=parse,
    limit=4 * MIB,
)
