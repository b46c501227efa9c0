"""Strict readers of the report formats that no package carries an official schema of.

* GitLab: the rules of ``container-scanning-report-format.json`` and ``dast-report-format.json`` 15.2.1, read beside the
  published files, for everything that Surveyor writes. The files themselves are in the gem
  ``gitlab-security_report_schemas`` and in GitLab alone: no package of PyPI, npm or Debian that names GitLab's reports
  has them. Where a machine has that gem, ``tests/contract/test_gitlab_schema.py`` holds reports to the files and this
  reader to be as strict as they are.
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

_COMMENT = 65_536  # characters that GitHub takes


#: Of a text in GitLab's schema.
_ANY, _SOME = r"", r"(?s:.)"
_VERSION, _MOMENT = r"[0-9]+\.[0-9]+\.[0-9]+\Z", r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\Z"
_PAGE, _URL = r"https?://[^\n\r\u2028\u2029]", r"(https?|ftp)://[^\n\r\u2028\u2029]"
_STATUS, _KIND, _LEVEL = r"(success|failure)\Z", r"(container_scanning|dast)\Z", r"(info|warn|fatal)\Z"
_SEVERITY = r"(Info|Unknown|Low|Medium|High|Critical)\Z"


def gitlab(text: bytes) -> Any:
    report = json.loads(text)
    _has(report, "version schema scan vulnerabilities remediations")
    _text(report["version"], _VERSION)
    _text(report["schema"], _PAGE)
    _scan(report["scan"])
    for one in _list(report["vulnerabilities"]):
        _vulnerability(one, report["scan"]["type"])
    assert len({one["id"] for one in report["vulnerabilities"]}) == len(report["vulnerabilities"])
    assert report["remediations"] == []
    return report


def _has(one: Any, needed: str, perhaps: str = "") -> None:
    """An object of these keys; the schema lets others be, but no rule here would look at them."""
    assert isinstance(one, dict)
    assert set(needed.split()) <= set(one) <= set(f"{needed} {perhaps}".split()), set(one)


def _text(value: Any, pattern: str = _ANY, most: int | None = None) -> None:
    assert isinstance(value, str)
    assert re.match(pattern, value), value[:200]
    assert most is None or len(value) <= most


def _list(value: Any) -> list[Any]:
    assert isinstance(value, list)
    return value


def _scan(scan: Any) -> None:
    dast = isinstance(scan, dict) and scan.get("type") == "dast"
    resources = "scanned_resources" if dast else ""
    _has(scan, f"analyzer scanner start_time end_time status type messages {resources}")
    for tool in (scan["analyzer"], scan["scanner"]):
        _has(tool, "id name version vendor")
        _has(tool["vendor"], "name")
        for value in (tool["id"], tool["name"], tool["version"], tool["vendor"]["name"]):
            _text(value, _SOME)
    _text(scan["start_time"], _MOMENT)
    _text(scan["end_time"], _MOMENT)
    _text(scan["status"], _STATUS)
    _text(scan["type"], _KIND)
    for message in _list(scan["messages"]):
        _has(message, "level value")
        _text(message["level"], _LEVEL)
        _text(message["value"], _SOME)
    for resource in _list(scan[resources]) if dast else ():
        _has(resource, "method url type")
        for value in resource.values():
            _text(value, _SOME)


def _vulnerability(one: Any, kind: str) -> None:
    _has(one, "id severity identifiers details location", "name description solution cvss_vectors links")
    _text(one["id"], _SOME)
    _text(one.get("name", ""), most=255)
    _text(one.get("description", ""), most=1_048_576)
    _text(one["severity"], _SEVERITY)
    _text(one.get("solution", ""), most=7000)
    assert _list(one["identifiers"])
    for name in one["identifiers"]:
        _has(name, "type name value", "url")
        for key in ("type", "name", "value"):
            _text(name[key], _SOME)
        _text(name.get("url", "https://x"), _URL)
    if "cvss_vectors" in one:
        assert 1 <= len(_list(one["cvss_vectors"])) <= 10
    for vector in one.get("cvss_vectors", ()):
        _has(vector, "vendor vector")
        _text(vector["vendor"], _SOME)
        _cvss(vector["vector"])
    for link in _list(one.get("links", [])):
        _has(link, "url")
        _text(link["url"], _URL)
    assert isinstance(one["details"], dict)
    for detail in one["details"].values():
        _detail(detail, "name")
        _text(detail["name"], _SOME)
    (_address if kind == "dast" else _dependency)(one["location"])


def _address(location: Any) -> None:
    _has(location, "hostname method path")
    for value in location.values():
        _text(value)


def _dependency(location: Any) -> None:
    _has(location, "dependency operating_system image")
    _has(location["dependency"], "package version")
    _has(location["dependency"]["package"], "name")
    _text(location["dependency"]["package"]["name"])
    _text(location["dependency"]["version"])
    _text(location["operating_system"], _SOME)
    _text(location["image"], _SOME)


#: The metrics that the schema takes, with their values.
_CVSS_2 = (
    "AV:NAL AC:LMH Au:MSN C:NPC I:NPC A:NPC E:U,POC,F,H,ND RL:OF,TF,W,U,ND RC:UC,UR,C,ND CDP:N,L,LM,MH,H,ND"
    " TD:N,L,M,H,ND CR:L,M,H,ND IR:L,M,H,ND AR:L,M,H,ND"
)
_CVSS_3 = (
    "AV:NALP AC:LH PR:NLH UI:NR S:UC C:NLH I:NLH A:NLH E:XUPFH RL:XOTWU RC:XURC CR:XLMH IR:XLMH AR:XLMH"
    " MAV:XNALP MAC:XLH MPR:XNLH MUI:XNR MS:XUC MC:XNLH MI:XNLH MA:XNLH"
)


def _cvss(vector: Any) -> None:
    _text(vector)
    third = re.match(r"CVSS:3[.][01]/", vector)
    assert (32 if third else 16) <= len(vector) <= 128
    taken = set()
    for metric in (_CVSS_3 if third else _CVSS_2).split():
        name, _, values = metric.partition(":")
        taken |= {f"{name}:{value}" for value in (values.split(",") if "," in values else values)}
    assert set(vector[third.end() if third else 0 :].split("/")) <= taken


def _detail(detail: Any, *named: str) -> None:
    assert isinstance(detail, dict)
    match detail.get("type"):
        case "text" | "code":
            _has(detail, " ".join(("type value", *named)))
            _text(detail["value"])
        case "list":
            _has(detail, " ".join(("type items", *named)))
            for item in _list(detail["items"]):
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
