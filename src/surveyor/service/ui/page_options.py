"""What the form of a page's scan says besides the address: several pages, a device, headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from surveyor.scan.figures import Engine
from surveyor.service.actions import options
from surveyor.service.actions.options import Options
from surveyor.service.errors import InvalidParams

#: Fields that come back as they were typed where something was wrong. Headers do not: they may be secrets.
FIELDS = ("pages", "depth", "rate", "sitemap", "subdomains", "device", "engine")
_NUMBERS = ("pages", "depth", "rate")
_SWITCHES = ("sitemap", "subdomains")
_LENGTH, _LINES = 20, 16_384


def read(fields: Mapping[str, str]) -> Options:
    """The options of a form; one page as a phone loads it where nothing was said. InvalidParams says what is wrong."""
    crawl = {name: _number(name, text) for name in _NUMBERS if (text := fields.get(name, "").strip())}
    switched = {name: True for name in _SWITCHES if fields.get(name) == "on"}
    pages = crawl.get("pages", 1)
    if pages == 1 and not switched.get("sitemap"):
        crawl, switched = {}, {}
    given: dict[str, Any] = {"headers": _headers(fields.get("headers", ""))}
    if crawl or switched:
        given["crawl"] = {**crawl, **switched}
    device = fields.get("device") or "mobile"
    if device not in {"mobile", "desktop"}:
        raise InvalidParams("a page is loaded as a phone or as a desktop computer")
    engine = fields.get("engine") or "auto"
    if engine != "auto" and engine not in {one.value for one in Engine}:
        raise InvalidParams("how a page loads is measured by the laboratory, PageSpeed Insights or Lighthouse")
    return options.judged({**given, "device": device, "engine": engine})


def given(fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed, without headers."""
    return {name: fields.get(name, "")[:_LENGTH] for name in FIELDS}


def kept(told: Mapping[str, Any]) -> dict[str, str]:
    """What a row's options are in the form."""
    crawl = told.get("crawl") or {}
    numbers = {name: f"{crawl[name]:g}" for name in _NUMBERS if name in crawl}
    switches = {name: "on" for name in _SWITCHES if crawl.get(name)}
    return {**numbers, **switches, **{name: str(told[name]) for name in ("device", "engine") if name in told}}


def _number(name: str, text: str) -> float:
    try:
        return float(text[:_LENGTH]) if name == "rate" else int(text[:_LENGTH])
    except ValueError as error:
        raise InvalidParams(f"{name}: a number is expected") from error


def _headers(text: str) -> dict[str, str]:
    """One header a line, ``NAME: VALUE``; no value is told where one is wrong."""
    if len(text) > _LINES:
        raise InvalidParams("headers of at most 16,384 characters in all")
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            name, colon, value = line.partition(":")
            if not colon or name.strip() in found:
                raise InvalidParams(f"header {number}: one a line is expected, as NAME: VALUE, each name once")
            found[name.strip()] = value
    return found
