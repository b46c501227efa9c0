"""VEX in CSAF as vendors write it: platforms, components, groups, and what is wrong with all of them."""

from __future__ import annotations

from typing import Any

import pytest

from surveyor.remedy.decisions import csaf
from surveyor.remedy.decisions.apply import apply
from surveyor.remedy.decisions.statement import JUSTIFICATIONS
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.model import Distro
from tests.reports import flaw, package, report
from tests.unit.remedy.decisions.conftest import TODAY, WHOLE, read


def advisory(vulnerability: dict[str, Any], **tree: Any) -> dict[str, Any]:
    return {
        "document": {"csaf_version": "2.0", "tracking": {"current_release_date": "2026-01-01T00:00:00Z"}},
        "product_tree": tree,
        "vulnerabilities": [vulnerability],
    }


def named(identity: str, **helper: Any) -> dict[str, Any]:
    return {"name": identity, "product_id": identity, "product_identification_helper": helper}


def platform_tree(cpe: str) -> dict[str, Any]:
    return {
        "branches": [
            {
                "branches": [
                    {"product": named("rhel", cpe=cpe)},
                    {"branches": [{"product": named("expat", purl="pkg:rpm/redhat/expat?arch=src")}]},
                ]
            }
        ],
        "relationships": [
            {
                "product_reference": "expat",
                "relates_to_product_reference": "rhel",
                "full_product_name": {"name": "expat in rhel", "product_id": "rhel:expat"},
            }
        ],
    }


@pytest.mark.parametrize(
    ("cpe", "applied"),
    [
        ("cpe:/o:redhat:enterprise_linux:9", True),
        ("cpe:/a:redhat:enterprise_linux:9::appstream", True),
        ("cpe:2.3:o:redhat:enterprise_linux:9:*:*:*:*:*:*:*", True),
        ("cpe:/o:redhat:enterprise_linux:8", False),
        ("cpe:/o:redhat:enterprise_linux:9.1", False),
        ("cpe:/a:redhat:satellite:6", False),
        ("nonsense", False),
    ],
)
def test_a_vendors_word_is_about_its_own_release(cpe: str, applied: bool) -> None:
    held = package(
        "pkg:rpm/redhat/expat@2.5.0-1.el9?arch=x86_64&distro=rhel-9.4",
        "var/lib/rpm",
        distro=Distro(id="rhel", version="9.4"),
    )
    found = report(flaw("CVE-2024-1", held), packages=(held,))
    item = {
        "cve": "CVE-2024-1",
        "product_status": {"known_not_affected": ["rhel:expat"]},
        "flags": [{"label": "vulnerable_code_not_present", "product_ids": ["rhel:expat"]}],
    }
    back = apply(found, [read(advisory(item, **platform_tree(cpe)))], today=TODAY)
    assert (back.findings[0].decision is not None) is applied
    assert applied or back.decisions[0].unapplied[0].reason == "other_product"


def test_csaf_tells_products_of_one_status_apart_by_their_justification() -> None:
    item = {
        "cve": "CVE-1",
        "product_status": {"known_not_affected": ["a", "b", "c"], "recommended": ["a"]},
        "flags": [{"label": "component_not_present", "group_ids": ["g"]}],
        "threats": [
            {"category": "impact", "details": "Moderate", "product_ids": ["a", "b", "c"]},
            {"category": "impact", "details": "not called", "product_ids": ["b"]},
        ],
    }
    tree = {
        "full_product_names": [named(one, purl=f"pkg:npm/{one}") for one in "abc"],
        "product_groups": [{"group_id": "g", "product_ids": ["a"]}],
    }
    book = read(advisory(item, **tree))
    assert [(one.justification, one.reason) for one in book.statements] == [
        ("component_not_present", JUSTIFICATIONS["component_not_present"]),
        (None, "not called"),
    ]
    assert [one.reason for one in book.faults] == ["no_justification"]


@pytest.mark.parametrize(
    ("cpe", "distro", "applied"),
    [
        ("cpe:/o:suse:linux_enterprise_server:15:sp4", Distro(id="sles", version="15.4"), True),
        ("cpe:2.3:o:suse:linux_enterprise_server:15:sp4:*:*:*:*:*:*", Distro(id="sles", version="15.3"), False),
        ("cpe:/o:suse:linux_enterprise_server:15", Distro(id="sles", version="15.3"), True),
        ("cpe:2.3:o:amazon:linux_2:-:*:*:*:*:*:*:*", Distro(id="amzn", version="2"), True),
        ("cpe:2.3:o:amazon:linux_2:-:*:*:*:*:*:*:*", Distro(id="amzn", version="2023"), False),
        ("cpe:/a:redhat:satellite:6", Distro(id="", version="6"), False),
    ],
)
def test_a_service_pack_is_a_release_of_its_own(cpe: str, distro: Distro, applied: bool) -> None:
    held = package("pkg:rpm/redhat/expat@2.5.0-1?arch=x86_64", "var/lib/rpm", distro=distro)
    item = {"cve": "CVE-2024-1", "product_status": {"fixed": ["rhel:expat"]}}
    found = report(flaw("CVE-2024-1", held), packages=(held,))
    back = apply(found, [read(advisory(item, **platform_tree(cpe)))], today=TODAY)
    assert (back.findings[0].decision is not None) is applied


@pytest.mark.parametrize(
    ("category", "purl", "applied"),
    [
        ("product_version", "pkg:npm/a", True),
        ("product_version_range", "pkg:npm/a", False),
        ("product_version_range", "pkg:npm/a@1.0.0", True),
    ],
)
def test_a_range_of_versions_is_not_all_of_them(category: str, purl: str, applied: bool) -> None:
    branch = {"category": category, "name": "vers:npm/<1", "product": named("a", purl=purl)}
    item = {"cve": "CVE-2021-1001", "product_status": {"fixed": ["a"]}}
    book = read(advisory(item, branches=[branch]))
    assert (apply(WHOLE, [book], today=TODAY).findings[0].decision is not None) is applied


def test_a_reason_for_a_group_that_there_is_not_is_none_for_all() -> None:
    item = {
        "cve": "CVE-2021-1001",
        "product_status": {"known_not_affected": ["a"]},
        "flags": [{"label": "component_not_present", "group_ids": ["gone"]}],
    }
    book = read(advisory(item, full_product_names=[named("a", purl="pkg:npm/a")]))
    assert [one.reason for one in book.faults] == ["no_justification"]


def test_a_product_tree_without_end_is_read_without_recursion() -> None:
    tree: dict[str, Any] = {"product": named("a", purl="pkg:npm/a")}
    for _ in range(400):
        tree = {"branches": [tree]}
    item = {"cve": "CVE-2021-1001", "product_status": {"fixed": ["a"]}}
    assert len(read(advisory(item, branches=[tree])).statements) == 1


def test_relationships_that_lead_in_a_circle_end() -> None:
    circle = [
        {"product_reference": one, "relates_to_product_reference": "a", "full_product_name": {"product_id": other}}
        for one, other in (("a", "b"), ("b", "a"))
    ]
    item = {"cve": "CVE-1", "product_status": {"fixed": ["a"]}}
    assert csaf.read(advisory(item, relationships=circle), "s").statements == ()


@pytest.mark.parametrize(("cpe", "applied"), [("9", True), ("8", False)])
def test_a_package_of_a_module_is_one_of_the_product_that_has_the_module(cpe: str, applied: bool) -> None:
    module = "rhel:nodejs:18:9020020230927082434:rhel9"
    tree = {
        "full_product_names": [
            named("rhel", cpe=f"cpe:/a:redhat:enterprise_linux:{cpe}::appstream"),
            named("nodejs:18:9020020230927082434:rhel9"),
            named("nodejs", purl="pkg:rpm/redhat/nodejs"),
        ],
        "relationships": [
            {
                "product_reference": "nodejs:18:9020020230927082434:rhel9",
                "relates_to_product_reference": "rhel",
                "full_product_name": {"name": "a module", "product_id": module},
            },
            {
                "product_reference": "nodejs",
                "relates_to_product_reference": module,
                "full_product_name": {"name": "in a module", "product_id": f"{module}:nodejs"},
            },
        ],
    }
    held = package(
        "pkg:rpm/redhat/nodejs@18.18.2-2.module+el9.2.0?distro=rhel-9.4",
        "var/lib/rpm",
        distro=Distro(id="rhel", version="9.4"),
    )
    item = {"cve": "CVE-2024-1", "product_status": {"fixed": [f"{module}:nodejs"]}}
    back = apply(report(flaw("CVE-2024-1", held), packages=(held,)), [read(advisory(item, **tree))], today=TODAY)
    assert (back.findings[0].decision is not None) is applied


def test_of_what_is_said_of_all_and_of_some_the_last_counts() -> None:
    item = {
        "cve": "CVE-1",
        "product_status": {"known_affected": ["a", "b"]},
        "remediations": [
            {"details": "nothing yet", "product_ids": ["a"]},
            {"details": "update"},
            {"details": "turn it off", "product_ids": ["b"]},
        ],
    }
    book = read(advisory(item, full_product_names=[named(one, purl=f"pkg:npm/{one}") for one in "ab"]))
    assert [one.reason for one in book.statements] == ["update", "turn it off"]


def test_a_group_that_is_named_again_and_again_is_over_the_limit() -> None:
    members = [f"p{number}" for number in range(60_000)]
    item = {
        "cve": "CVE-1",
        "product_status": {"known_affected": ["p1"]},
        "remediations": [{"details": str(number), "group_ids": ["g"]} for number in range(100)],
    }
    with pytest.raises(LimitExceeded, match="groups name products"):
        read(advisory(item, product_groups=[{"group_id": "g", "product_ids": members}]))
