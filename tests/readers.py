"""Strict readers of the report formats that no package carries an official schema of.

* GitLab: the rules of ``container-scanning-report-format.json`` and ``dast-report-format.json`` 15.2.1, read beside the
  published files, for everything that Surveyor writes. The files themselves are in the gem
  ``gitlab-security_report_schemas`` and in GitLab alone: no package of PyPI, npm or Debian that names GitLab's reports
  has them.
* JUnit has no official schema. ``junitparser`` (PyPI) reads it; the order of elements is that of Jenkins's
  ``jenkins-junit.xsd``, which only a test folder of an npm package has.
* Markdown and HTML are rendered and looked at as a browser would.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import junitparser
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
_URL = re.compile(r"(https?|ftp)://.+", re.DOTALL)
_LEVELS = {"info", "warn", "fatal"}
_SEVERITIES = {"Info", "Unknown", "Low", "Medium", "High", "Critical"}
_COMMENT = 65_536  # characters that GitHub takes


def gitlab(text: bytes) -> Any:
    report = json.loads(text)
    assert re.fullmatch(r"\d+\.\d+\.\d+", report["version"])
    assert _URL.match(report["schema"])
    scan = report["scan"]
    for tool in (scan["analyzer"], scan["scanner"]):
        assert all(tool[key] for key in ("id", "name", "version"))
        assert tool["vendor"]["name"]
    assert _MOMENT.fullmatch(scan["start_time"])
    assert _MOMENT.fullmatch(scan["end_time"])
    assert scan["status"] in {"success", "failure"}
    assert scan["type"] in {"container_scanning", "dast"}
    for message in scan["messages"]:
        assert message["level"] in _LEVELS
        assert message["value"]
    for resource in scan.get("scanned_resources", []):
        assert all(resource[key] for key in ("method", "url", "type"))
    assert (scan["type"] == "dast") is ("scanned_resources" in scan)
    assert len({one["id"] for one in report["vulnerabilities"]}) == len(report["vulnerabilities"])
    for one in report["vulnerabilities"]:
        _vulnerability(one, scan["type"])
    return report


def _vulnerability(one: dict[str, Any], kind: str) -> None:
    assert one["id"]
    assert len(one.get("name", "")) <= 255
    assert len(one.get("description", "")) <= 1_048_576
    assert one["severity"] in _SEVERITIES
    assert len(one.get("solution", "")) <= 7000
    assert one["identifiers"]
    for name in one["identifiers"]:
        assert all(name[key] for key in ("type", "name", "value"))
        assert _URL.match(name.get("url", "https://x"))
    assert 1 <= len(one.get("cvss_vectors", [1])) <= 10
    for vector in one.get("cvss_vectors", []):
        assert vector["vendor"]
        _cvss(vector["vector"])
    for link in one.get("links", []):
        assert _URL.match(link["url"])
    for detail in one["details"].values():
        assert detail["name"]
        _detail(detail)
    location = one["location"]
    if kind == "dast":
        assert all(isinstance(location[key], str) for key in ("hostname", "method", "path"))
    else:
        assert isinstance(location["dependency"]["package"]["name"], str)
        assert isinstance(location["dependency"]["version"], str)
        assert location["operating_system"]
        assert location["image"]


#: The metrics that the schema takes, with their values.
_CVSS_2 = (
    "AV:NAL AC:LMH Au:MSN C:NPC I:NPC A:NPC E:U,POC,F,H,ND RL:OF,TF,W,U,ND RC:UC,UR,C,ND CDP:N,L,LM,MH,H,ND"
    " TD:N,L,M,H,ND CR:L,M,H,ND IR:L,M,H,ND AR:L,M,H,ND"
)
_CVSS_3 = (
    "AV:NALP AC:LH PR:NLH UI:NR S:UC C:NLH I:NLH A:NLH E:XUPFH RL:XOTWU RC:XURC CR:XLMH IR:XLMH AR:XLMH"
    " MAV:XNALP MAC:XLH MPR:XNLH MUI:XNR MS:XUC MC:XNLH MI:XNLH MA:XNLH"
)


def _cvss(vector: str) -> None:
    third = re.match(r"CVSS:3[.][01]/", vector)
    assert (32 if third else 16) <= len(vector) <= 128
    taken = set()
    for metric in (_CVSS_3 if third else _CVSS_2).split():
        name, _, values = metric.partition(":")
        taken |= {f"{name}:{value}" for value in (values.split(",") if "," in values else values)}
    assert set(vector[third.end() if third else 0 :].split("/")) <= taken


def _detail(detail: dict[str, Any]) -> None:
    match detail["type"]:
        case "text" | "code":
            assert isinstance(detail["value"], str)
        case "list":
            for item in detail["items"]:
                _detail(item)
        case other:
            raise AssertionError(f"not a type of detail: {other}")


_ORDER = ("skipped", "error", "failure", "system-out", "system-err")


def junit(text: bytes) -> junitparser.JUnitXml:
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        kinds = [child.tag for case in suite for child in case]
        assert int(suite.get("tests", "")) == len(suite)
        for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == kinds.count(kind)
        for case in suite:
            assert case.tag == "testcase"
            assert case.get("name")
            assert case.get("classname")
            places = [_ORDER.index(child.tag) for child in case]
            assert places == sorted(places)
            assert len([child for child in case if child.tag == "skipped"]) <= 1
            assert all(not child.attrib for child in case if child.tag in {"skipped", "system-out"})
    parsed = junitparser.JUnitXml.fromstring(text)
    assert (parsed.tests, parsed.failures, parsed.errors) == tuple(
        int(root.get(key, "")) for key in ("tests", "failures", "errors")
    )
    return parsed


#: What a comment is made of.
_TAGS = {
    *("h2", "p", "strong", "code", "blockquote", "table", "thead", "tbody", "tr", "th", "td"),
    *("details", "summary", "sub", "ul", "li", "html", "head", "body"),
}


def markdown(text: bytes) -> LexborHTMLParser:
    told = text.decode("utf-8")
    assert len(told) <= _COMMENT
    tree = LexborHTMLParser(MarkdownIt("commonmark").enable("table").render(told))
    assert {node.tag for node in tree.css("*")} <= _TAGS, {node.tag for node in tree.css("*")} - _TAGS
    assert all(not node.attributes for node in tree.css("*"))
    for row in tree.css("tr"):
        assert len(row.css("td, th")) == 4
    # what makes links, pictures and mentions looks at text outside of code
    for node in tree.css("code"):
        node.decompose()
    assert not re.search(r"@|https?:|www\.|!\[|<", tree.body.text() if tree.body else "")
    return tree


def html(text: bytes) -> LexborHTMLParser:
    tree = LexborHTMLParser(text.decode("utf-8"))
    assert not tree.css("script, iframe, object, embed, form, base, audio, video, link")
    assert all((one.attributes["src"] or "").startswith("data:image/") for one in tree.css("img"))
    assert len(tree.css("style")) == 1
    policy = (tree.css_first("meta[http-equiv]").attributes or {})["content"] or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for node in tree.css("*"):
        assert not any(name.startswith("on") or name == "style" for name in node.attributes), node.html
        assert re.match(r"https?://|#", node.attributes.get("href") or "#")
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    return tree
