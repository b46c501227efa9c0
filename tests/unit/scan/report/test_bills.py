"""Bills of materials: nothing is lost on the way out and in again, and the same content is the same document."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from surveyor.scan import engine
from surveyor.scan.advise.feeds import feed
from surveyor.scan.advise.sources import want
from surveyor.scan.advise.update import update
from surveyor.scan.catalog import CATALOGERS
from surveyor.scan.catalog.interface import File, Record
from surveyor.scan.engine.inventory import Found, Inventory
from surveyor.scan.errors import ScanError
from surveyor.scan.events import Progress
from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Coverage, CoverageState, Distro, Package, Report, ScanStatus, Tier
from surveyor.scan.plan import plan
from surveyor.scan.report import FORMATS
from surveyor.scan.settings import Settings
from tests import images, schemas
from tests.golden.test_scans import _no_network, advisories, image
from tests.samples import full_report, package, vulnerability
from tests.servers.osv_bucket import record, write

BILLS = ("cyclonedx", "spdx", "spdx3")
DEBIAN = Distro(id="debian", version="12", name="Debian GNU/Linux 12")


def encode(name: str, report: Report) -> bytes:
    text: bytes = importlib.import_module(FORMATS[name]).encode(report)
    return text


def catalogued() -> tuple[Package, ...]:
    """Every package of every cataloger's fixtures: all types, names and licences that Surveyor can say."""
    inventory = Inventory()
    for unit in CATALOGERS:
        for case in importlib.import_module(f"tests.fixtures.catalog.{unit.id}").CASES:
            told = unit.parse(File(path=case.path, data=memoryview(case.data)), Budget(limits=Limits()))
            for one in _records(told):
                inventory.add(Found(record=one, cataloger=unit, path=case.path), DEBIAN)
    return inventory.packages()


def _records(told: Iterable[object]) -> list[Record]:
    found: list[Record] = []
    with suppress(ScanError):  # fixtures show broken files too
        found.extend(one for one in told if isinstance(one, Record))
    return found


def read_back(tmp_path: Path, text: bytes, settings: Settings | None = None) -> Report:
    path = tmp_path / "out.json"
    path.write_bytes(text)
    return engine.run(plan(str(path)), settings or Settings(), Progress())


def licences(one: Package) -> set[str]:
    """Each licence that holds, parentheses apart."""
    return {part.strip("()") for name in one.licenses for part in re.split(r" AND ", name)}


@pytest.mark.parametrize("name", BILLS)
def test_an_inventory_comes_back_as_it_went_out(name: str, tmp_path: Path) -> None:
    packages = catalogued()
    assert len(packages) > 150
    text = encode(name, replace(full_report(), packages=packages, findings=()))
    assert {one.tier for one in packages if one.type == "generic"} == set(Tier)
    back = {one.purl: one for one in read_back(tmp_path, text).packages}
    assert sorted(back) == sorted(one.purl for one in packages)
    for one in packages:
        again = back[one.purl]
        assert (again.type, again.namespace, again.name, again.version) == (
            one.type,
            one.namespace,
            one.name,
            one.version,
        )
        # only of a name without an ecosystem it matters: what is sure is taken for no product of that name
        assert again.tier is (one.tier if one.type == "generic" else Tier.HEURISTIC), one.purl
        assert licences(again) == licences(one), one.purl
        assert again.licenses == one.licenses or name != "cyclonedx", one.purl


@pytest.mark.parametrize("name", BILLS)
def test_a_bill_of_an_image_gives_the_findings_of_the_image(name: str, tmp_path: Path) -> None:
    path = tmp_path / "shop.tar"
    path.write_bytes(image())
    settings = Settings(advisories=advisories(tmp_path))
    whole = engine.run(plan(str(path)), settings, Progress())
    again = read_back(tmp_path, encode(name, whole), settings)

    def told(report: Report) -> list[tuple[object, ...]]:
        return sorted((one.title, one.severity, one.package, one.fixed_in, one.fix_state) for one in report.findings)

    assert told(whole) == told(again) != []


@pytest.mark.parametrize("name", BILLS)
def test_what_a_distribution_put_there_is_judged_by_it_from_the_bill_too(name: str, tmp_path: Path) -> None:
    idna = "usr/lib/python3/dist-packages/idna-3.3.egg-info"
    status = images.deb("python3-idna", "3.3-1") + images.deb("doc", "3.3-1")
    needing = status.replace(b"Package: python3-idna\n", b"Package: python3-idna\nDepends: sh, doc\n")
    tree = {
        "etc/os-release": images.DEBIAN,
        "var/lib/dpkg/status": needing,
        "var/lib/dpkg/info/python3-idna.list": f"/.\n/{idna}\n".encode(),
        idna: images.python("idna", "3.3"),
        "opt/idna-3.4.dist-info/METADATA": images.python("idna", "3.4"),
    }
    (tmp_path / "i.tar").write_bytes(images.Oci().add([images.tar(tree)]).tar())
    rows = {
        "Debian": [record("DEBIAN-CVE-1", "Debian:12", "bash", fixed="9")],
        "PyPI": [record("GHSA-idna", "PyPI", "idna", fixed="3.7")],
    }
    database = tmp_path / "advisories.db"
    bucket = write(tmp_path / "bucket", rows)
    update([want(feed("osv"), bucket, fetch=_no_network)], database, progress=Progress())
    settings = Settings(advisories=database)
    whole = engine.run(plan(str(tmp_path / "i.tar")), settings, Progress())
    again = read_back(tmp_path, encode(name, whole), settings)
    told = [[(one.title, one.package, len(one.assets)) for one in report.findings] for report in (whole, again)]
    assert told[0] == told[1] == [("GHSA-idna: pypi/idna", "pkg:pypi/idna@3.4", 1)]
    for one, other in zip(whole.packages, again.packages, strict=True):
        assert (one.purl, one.owner, one.dependencies) == (other.purl, other.owner, other.dependencies)
    assert {one.owner for one in whole.packages} == {None, "deb/python3-idna"}
    assert any(one.dependencies for one in whole.packages)


@pytest.mark.parametrize("name", BILLS)
def test_dependencies_and_digests_come_back(name: str, tmp_path: Path) -> None:
    whole = full_report()
    back = {one.purl: one for one in read_back(tmp_path, encode(name, whole)).packages}
    assert whole.packages[0].dependencies
    for one in whole.packages:
        assert (back[one.purl].dependencies, back[one.purl].hashes) == (one.dependencies, one.hashes)


@pytest.mark.parametrize("name", BILLS)
def test_a_bill_is_the_same_but_for_its_times(name: str) -> None:
    report = full_report()
    later = timedelta(days=3, seconds=7)
    again = replace(report, started_at=report.started_at + later, finished_at=report.finished_at + later)
    times = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    first, second = encode(name, report), encode(name, again)
    assert first != second
    assert times.sub(b"-", first) == times.sub(b"-", second)
    other = replace(report, packages=(*report.packages, replace(package(), purl="pkg:npm/a@1", type="npm")))
    serial = re.compile(rb"urn:uuid:[0-9a-f-]{36}")
    assert serial.findall(first)[0] == serial.findall(second)[0] != serial.findall(encode(name, other))[0]


@pytest.mark.parametrize("name", BILLS)
def test_what_was_not_looked_at_is_in_the_bill(name: str) -> None:
    text = json.dumps(json.loads(encode(name, full_report())))
    assert "Java archives, in part: nested archive over 64 MB (opt/a.jar" in text
    cut = '"relatedSpdxElement": "NOASSERTION"' if name == "spdx" else '"incomplete"'
    assert cut in text
    whole = replace(full_report(), scan_status=ScanStatus.COMPLETE, coverage=())
    assert cut not in json.dumps(json.loads(encode(name, whole)))


def test_an_inventory_that_nobody_matched_names_no_vulnerabilities() -> None:
    unasked = replace(full_report(), findings=(), sources=())
    assert "vulnerabilities" not in json.loads(encode("cyclonedx", unasked))
    assert json.loads(encode("cyclonedx", replace(full_report(), findings=())))["vulnerabilities"] == []


def test_licences_are_what_the_schema_calls_them() -> None:
    cases = {
        (): None,
        ("MIT",): [{"license": {"id": "MIT", "acknowledgement": "declared"}}],
        ("MIT OR Apache-2.0",): [{"expression": "MIT OR Apache-2.0", "acknowledgement": "declared"}],
        ("MIT", "Foo 1"): [
            {"license": {"id": "MIT", "acknowledgement": "declared"}},
            {"license": {"name": "Foo 1", "acknowledgement": "declared"}},
        ],
        ("MIT OR ISC", "BSD"): [
            {"license": {"name": "MIT OR ISC", "acknowledgement": "declared"}},
            {"license": {"name": "BSD", "acknowledgement": "declared"}},
        ],
    }
    for names, expected in cases.items():
        text = encode("cyclonedx", replace(full_report(), packages=(replace(package(), licenses=names),)))
        assert schemas.check(schemas.cyclonedx(), text)["components"][0].get("licenses") == expected


def test_names_of_licences_are_references_in_spdx() -> None:
    told = replace(full_report(), packages=(replace(package(), licenses=("MIT OR ISC", "Foo 1", "MIT")),))
    document = schemas.check(schemas.spdx(), encode("spdx", told))
    (named,) = document["hasExtractedLicensingInfos"]
    assert named["name"] == named["extractedText"] == "Foo 1"
    assert document["packages"][1]["licenseDeclared"] == f"(MIT OR ISC) AND {named['licenseId']} AND MIT"


def test_a_vulnerability_has_what_the_format_has_for_it() -> None:
    (told,) = json.loads(encode("cyclonedx", full_report()))["vulnerabilities"]
    assert told["id"] == "CVE-2023-52425"
    assert told["ratings"] == [
        {
            "source": {"name": "nvd"},
            "score": 7.5,
            "severity": "high",
            "method": "CVSSv31",
            "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        }
    ]
    assert told["affects"] == [{"ref": package().purl, "versions": [{"version": "2.5.0-1", "status": "affected"}]}]
    graph = json.loads(encode("spdx3", full_report()))["@graph"]
    (score,) = [one for one in graph if one["type"] == "security_CvssV3VulnAssessmentRelationship"]
    assert (score["security_score"], score["security_severity"]) == (7.5, "high")


def test_a_decision_is_an_assessment_of_vex() -> None:
    told = {
        DecisionStatus.ACCEPTED: ("VexAffected", "affects", "security_actionStatement"),
        DecisionStatus.AFFECTED: ("VexAffected", "affects", "security_actionStatement"),
        DecisionStatus.NOT_AFFECTED: ("VexNotAffected", "doesNotAffect", "security_impactStatement"),
        DecisionStatus.FIXED: ("VexFixed", "fixedIn", None),
        DecisionStatus.UNDER_INVESTIGATION: ("VexUnderInvestigation", "underInvestigationFor", None),
    }
    why = "vulnerable_code_not_present"
    for status, (kind, relation, field) in told.items():
        decision = Decision(status=status, source="f", statement="1", reason="so it is", justification=why)
        report = replace(full_report(), findings=(replace(vulnerability(), decision=decision),))
        graph = schemas.check(schemas.spdx3(), encode("spdx3", report))["@graph"]
        (one,) = [one for one in graph if one["type"].startswith("security_Vex")]
        assert one["type"] == f"security_{kind}VulnAssessmentRelationship"
        assert one["relationshipType"] == relation
        assert field is None or one[field] == "so it is"
        assert ("security_justificationType" in one) is (status is DecisionStatus.NOT_AFFECTED)
        partly = replace(report.findings[0], decision=replace(decision, places=("opt/a",)))
        assert b"security_Vex" not in encode("spdx3", replace(report, findings=(partly,)))


def test_every_id_in_a_graph_is_there_once_and_every_reference_leads_somewhere() -> None:
    graph = json.loads(encode("spdx3", replace(full_report(), packages=catalogued())))["@graph"]
    ids = [one["spdxId"] for one in graph if "spdxId" in one]
    assert len(ids) == len(set(ids))
    for one in graph:
        for key in ("from", "subject"):
            assert one.get(key) is None or one[key] in ids
        assert set(one.get("to", [])) | set(one.get("element", [])) <= set(ids)
    document = json.loads(encode("spdx", replace(full_report(), packages=catalogued())))
    names = [one["SPDXID"] for one in document["packages"]]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in names)


def test_a_gap_without_words_is_told_all_the_same() -> None:
    bare = replace(full_report(), coverage=(Coverage(what="catalog.rpm", state=CoverageState.FAILED),))
    assert "RPM packages, could not" in encode("spdx", bare).decode()
