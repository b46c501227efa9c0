"""GitLab's reports against the schema that GitLab itself validates them with, where a machine has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from surveyor.scan.judgement import Decision, DecisionStatus
from surveyor.scan.model import Asset, Cvss, Distro, Domain, Evidence, Fix, Kind, Report, ScanStatus, Target
from surveyor.scan.report import gitlab
from tests import readers, reports, schemas
from tests.samples import full_report, hostile_report, package, vulnerability

VECTORS = (
    "AV:N/AC:L/Au:N/C:P/I:P/A:P",
    "(AV:N/AC:L/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:UC/CDP:LM/TD:ND/CR:ND/IR:H/AR:L)",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:P/RL:X/CR:H/MAV:X/MS:C",
    "CVSS:3.1/AV:N/AC:L",
    "1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
)
LONG = "\N{PILE OF POO}" * 1_100_000


def _image() -> Report:
    parts = [reports.package(f"pkg:deb/debian/{name}@1?distro=debian-12", "var/lib/dpkg/status") for name in ("a", "b")]
    return reports.report(reports.flaw("CVE-2024-1 GHSA-a", *parts), packages=tuple(parts))


def _folder() -> Report:
    part = reports.package("pkg:npm/left-pad@1.0.0", "package-lock.json")
    target = Target(kind=Kind.ARTIFACT, source="shop", type="directory")
    return reports.report(reports.flaw("GHSA-b", part), packages=(part,), target=target)


def _program() -> Report:
    """A program of no package, rated by every version of CVSS."""
    rated = tuple(Cvss(version="", vector=vector, source="nvd") for vector in VECTORS)
    asset = Asset(type="file", value="shop", path="usr/bin/shop")
    finding = replace(vulnerability(), package=None, assets=(asset,), cvss=rated)
    return replace(full_report(), packages=(), findings=(finding,))


def _pages(*urls: str) -> Report:
    header = reports.remark("security_csp", "No policy", *urls)
    slow = reports.remark("slow", "Slow", *urls, domain=Domain.PERFORMANCE)
    page = Target(kind=Kind.WEB, source="https://shop.test/a?b=1", type="url")
    return replace(full_report(), target=page, findings=(header, slow, vulnerability()), packages=())


def _failed() -> Report:
    return replace(full_report(), scan_status=ScanStatus.FAILED, findings=(), packages=(), error=" \n")


def _decided() -> Report:
    decided = [
        replace(
            vulnerability(),
            title=f"{status} {suppressed}",
            decision=Decision(status=status, source="f", statement="1", reason="r", suppressed=suppressed),
        )
        for status in DecisionStatus
        for suppressed in (True, False)
    ]
    return replace(full_report(), findings=tuple(decided))


def _worded(text: str) -> Report:
    """A report in which every text is this one."""
    bad = replace(package(), name=text, version=text, distro=Distro(id=text, version=text, name=text))
    finding = replace(
        vulnerability(),
        rule=text,
        ids=(text,),
        title=text,
        description=text,
        cvss=(replace(vulnerability().cvss[0], source=text),),
        fixed_in=(text,),
        fix_state=text,
        evidence=(Evidence(kind=text, value=text, where=text),),
        recommended_fix=Fix(summary=text, steps=(text,)),
        references=(text, f"HTTPS://shop.test/{text}", "HTTPS://shop.test/"),
    )
    return replace(
        full_report(),
        scanner={"version": text},
        target=Target(kind=Kind.ARTIFACT, source=text, type=text, name=text),
        packages=(bad,),
        findings=(finding,),
        scan_status=ScanStatus.FAILED,
        error=text,
    )


REPORTS: dict[str, Callable[[], Report]] = {
    "with every field": full_report,
    "of an image": _image,
    "of a folder": _folder,
    "of a program": _program,
    "of a page": lambda: _pages("https://shop.test/a?b=1"),
    "of a site": lambda: _pages("https://shop.test/", "https://shop.test/b", "http://[bad", ""),
    "of nothing": lambda: replace(full_report(), findings=(), packages=(), coverage=()),
    "of a scan that failed": _failed,
    "with decisions": _decided,
    "hostile": lambda: hostile_report(2_000),
    "of a hostile page": lambda: hostile_report(100, kind=Kind.WEB),
    "of empty texts": lambda: _worded(""),
    "of blanks": lambda: _worded(" \r\n\t"),
    "of controls": lambda: _worded("\x00\x1b[31m\u202e\u2028\ufeff" * 500),
    "of halves of characters": lambda: _worded("\ud800" * 500),
    "of long texts": lambda: _worded(LONG),
    "of many lines": lambda: _worded("a\n" * 1_100_000),
}


def _official(document: Any) -> jsonschema_rs.Validator:
    version = document["version"]
    validator = schemas.gitlab(document["scan"]["type"], version)
    if validator is None:
        pytest.skip(f"no gem {schemas.GITLAB_GEM} that has the schemas of {version} on this machine")
    return validator


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_obeys_the_rules_of_the_schema_as_we_know_them(name: str) -> None:
    readers.gitlab(gitlab.encode(REPORTS[name]()))


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_valid_by_the_schema_that_gitlab_has(name: str) -> None:
    text = gitlab.encode(REPORTS[name]())
    schemas.check(_official(json.loads(text)), text)


#: What no place takes, or few do.
STRANGE: tuple[Any, ...] = (
    *(None, True, 7, [], {}, ["x"], {"x": "x"}, "", "x", "\n", "x" * 1_048_577, "https://\nx", "ftp://x", "15.2.1\n"),
    *("2026-01-01T00:00:00\n", "\u0662026-01-01T00:00:00", "success\n", "AV:N/AC:L", "AV:N/" * 30 + "AC:L"),
    *("AV:N/AC:L/Au:N/C:P/I:P/A:H", "CVSS:3.1/AV:N/AC:L/PR:N", "CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"),
)


def _broken(value: Any) -> Iterator[Any]:
    """The same with one part of it gone, doubled or a strange one, for every part in turn."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            for other in (*STRANGE, *_broken(part)):
                yield value | {key: other}
    elif isinstance(value, list):
        yield value * 11
        for place, part in enumerate(value):
            for others in ([], *([other] for other in (*STRANGE, *_broken(part)))):
                yield [*value[:place], *others, *value[place + 1 :]]


def _reads(document: Any) -> bool:
    try:
        readers.gitlab(json.dumps(document).encode())
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("name", ["of a program", "of a page"])
def test_what_the_schema_refuses_our_reader_refuses(name: str) -> None:
    document = json.loads(gitlab.encode(REPORTS[name]()))
    official = _official(document)
    refused = [broken for broken in _broken(document) if not official.is_valid(broken)]
    assert len(refused) > 500
    assert [json.dumps(broken)[:3000] for broken in refused if _reads(broken)] == []
