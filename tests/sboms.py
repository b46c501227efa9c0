"""Bills of materials in every format that is read, of the same three packages."""

from __future__ import annotations

import json

PURLS = (
    "pkg:deb/debian/libexpat1@2.5.0-1?arch=amd64&distro=debian-12&upstream=expat",
    "pkg:npm/%40acme/left-pad@1.3.0",
    "pkg:golang/github.com/acme/shop@v1.2.3?type=module#cmd/shop",
)
NAMES = (("libexpat1", "2.5.0-1"), ("@acme/left-pad", "1.3.0"), ("github.com/acme/shop", "v1.2.3"))


def cyclonedx_json() -> bytes:
    parts: list[dict[str, object]] = [
        {"type": "library", "bom-ref": f"r{number}", "name": name, "version": version, "purl": purl}
        for number, ((name, version), purl) in enumerate(zip(NAMES, PURLS, strict=True))
    ]
    parts[0]["licenses"] = [{"license": {"id": "MIT"}}, {"license": {"name": "Apache 2.0"}}]
    parts[1]["components"] = [parts.pop()]
    parts.append({"type": "operating-system", "name": "debian", "version": "12"})
    parts.append({"type": "file", "name": "etc/passwd"})
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": parts}).encode()


def cyclonedx_xml() -> bytes:
    def part(number: int, inner: str = "") -> str:
        (name, version), purl = NAMES[number], PURLS[number].replace("&", "&amp;")
        group, _, last = name.rpartition("/")
        told = f"<group>{group}</group>" if group else ""
        return (
            f'<component type="library" bom-ref="r{number}">{told}<name>{last}</name><version>{version}</version>'
            f"<licenses><license><id>MIT</id></license></licenses><purl>{purl}</purl>{inner}</component>"
        )

    nested = part(1, f"<components>{part(2)}</components>")
    return (
        '<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><component '
        'type="container"><name>shop</name></component></metadata>'
        f'<components>{part(0)}{nested}<component type="operating-system"><name>debian</name><version>12</version>'
        "</component></components></bom>"
    ).encode()


def spdx_json() -> bytes:
    packages = [
        {
            "SPDXID": f"SPDXRef-{number}",
            "name": name,
            "versionInfo": version,
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "MIT",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl},
            ],
        }
        for number, ((name, version), purl) in enumerate(zip(NAMES, PURLS, strict=True))
    ]
    packages.append({"name": "shop", "SPDXID": "SPDXRef-root", "primaryPackagePurpose": "CONTAINER"})
    return json.dumps({"packages": packages, "spdxVersion": "SPDX-2.3"}).encode()


def spdx_tag_value() -> bytes:
    lines = [
        "SPDXVersion: SPDX-2.3",
        "DataLicense: CC0-1.0",
        "",
        "PackageName: shop",
        "PrimaryPackagePurpose: CONTAINER",
    ]
    for number, ((name, version), purl) in enumerate(zip(NAMES, PURLS, strict=True)):
        lines += ["", f"PackageName: {name}", f"SPDXID: SPDXRef-{number}", f"PackageVersion: {version}"]
        lines += ["PackageComment: <text>PackageName: not\nPackageVersion: 9</text>", "PackageLicenseDeclared: MIT"]
        lines += [f"ExternalRef: PACKAGE-MANAGER purl {purl}"]
    return "\n".join([*lines, "", "FileName: ./a", "SPDXID: SPDXRef-file", ""]).encode()


def spdx_3() -> bytes:
    graph: list[dict[str, object]] = [{"type": "SpdxDocument", "name": "shop"}]
    graph += [
        {"type": "software_Package", "spdxId": f"urn:{name}", "name": name, "software_packageVersion": version}
        | {"software_packageUrl": purl}
        for (name, version), purl in zip(NAMES, PURLS, strict=True)
    ]
    return json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}).encode()


def syft_json() -> bytes:
    artifacts = [
        {"id": f"{number}", "name": name, "version": version, "purl": purl, "locations": [{"path": "/usr/x"}]}
        | {"licenses": [{"value": "MIT License", "spdxExpression": "MIT"}]}
        for number, ((name, version), purl) in enumerate(zip(NAMES, PURLS, strict=True))
    ]
    tool = {"name": "syft", "version": "1.18.1"}
    distro = {"id": "debian", "versionID": "12"}
    return json.dumps({"artifacts": artifacts, "distro": distro, "descriptor": tool}).encode()


ALL = {
    "bom.json": cyclonedx_json,
    "bom.xml": cyclonedx_xml,
    "a.spdx.json": spdx_json,
    "a.spdx": spdx_tag_value,
    "three.spdx.json": spdx_3,
    "a.syft.json": syft_json,
}
