"""Libraries in scripts, by what their addresses and their first comments say: guesses, since either may be untrue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from surveyor.scan.patterns import regex

_VERSION = r"[0-9]{1,4}\.[0-9]{1,4}(?:\.[0-9]{1,4})?(?:-(?:alpha|beta|rc)[.0-9]{0,6})?"
_NAME = r"(?:@[a-z0-9][a-z0-9._-]{0,60}/)?[a-z0-9][a-z0-9._-]{0,80}"
#: What hosts of packages call a package and its version: a whole name of npm's.
_HOSTED = (
    regex(rf"//(?:cdn\.jsdelivr\.net/npm|unpkg\.com|esm\.sh|cdn\.skypack\.dev)/({_NAME})@({_VERSION})(?:[/?#]|$)"),
    regex(rf"//(?:cdnjs\.cloudflare\.com|ajax\.googleapis\.com)/ajax/libs/({_NAME})/({_VERSION})/"),
)
#: The name of a file that a library was published as, with its version.
_FILE = regex(
    rf"/([a-z][a-z0-9.-]{{1,40}}?)[-.@]v?({_VERSION})(?:[.-](?:slim|min|bundle|core|umd|prod))*\.m?js(?:[?#]|$)"
)
#: The first comment of a library, in its own words.
_BANNERS = (
    ("jquery", regex(rf"jQuery (?:JavaScript Library )?v({_VERSION})")),
    ("jquery-ui", regex(rf"jQuery UI - v({_VERSION})")),
    ("jquery-migrate", regex(rf"jQuery Migrate - v({_VERSION})")),
    ("bootstrap", regex(rf"Bootstrap(?:\.js)? v({_VERSION})")),
    ("angular", regex(rf"AngularJS v({_VERSION})")),
    ("vue", regex(rf"Vue\.js v({_VERSION})")),
    ("react", regex(rf"React(?:DOM)? v({_VERSION})")),
    ("handlebars", regex(rf"handlebars v({_VERSION})", re.IGNORECASE)),
    ("underscore", regex(rf"Underscore\.js ({_VERSION})")),
    ("backbone", regex(rf"Backbone\.js ({_VERSION})")),
    ("moment", regex(rf"moment\.js\s+(?://! )?version : ({_VERSION})")),
    ("dompurify", regex(rf"DOMPurify ({_VERSION})")),
    ("knockout", regex(rf"Knockout JavaScript library v({_VERSION})")),
    ("mustache", regex(rf"mustache\.js\D{{0,60}}({_VERSION})")),
    ("chart.js", regex(rf"Chart\.js v({_VERSION})")),
    ("select2", regex(rf"Select2 ({_VERSION})")),
)
#: What npm calls what its publisher calls otherwise.
_ALIASES = {
    "jquery.min": "jquery",
    "angular.js": "angular",
    "angularjs": "angular",
    "jqueryui": "jquery-ui",
    "lodash.js": "lodash",
    "underscore.js": "underscore",
    "backbone.js": "backbone",
    "handlebars.js": "handlebars",
    "moment.js": "moment",
    "twitter-bootstrap": "bootstrap",
    "mustache.js": "mustache",
    "vue.js": "vue",
    "chart.min": "chart.js",
}
#: Files are called like anything; only these names are taken from one.
_FILES = frozenset({name for name, _ in _BANNERS} | {"lodash", "axios", "d3", "three", "ember", "tinymce", "ckeditor"})
_BEGIN = 2_000


@dataclass(frozen=True, slots=True, order=True)
class Library:
    """One library by its name on npm, and where it was seen: an address, or a selector of an inline script."""

    name: str
    version: str
    where: str


def by_address(url: str) -> Iterator[Library]:
    """What an address says: a package of a host of packages, else the name of a file."""
    lowered = url.lower()
    for pattern in _HOSTED:
        if found := pattern.search(lowered):
            yield Library(name=_ALIASES.get(found[1], found[1]), version=found[2], where=url)
            return
    if found := _FILE.search(lowered):
        name = _ALIASES.get(found[1], found[1])
        if name in _FILES:
            yield Library(name=name, version=found[2], where=url)


def by_banner(text: str, where: str) -> Iterator[Library]:
    """What the first comments of a script say."""
    begin = text[:_BEGIN]
    for name, pattern in _BANNERS:
        if found := pattern.search(begin):
            yield Library(name=name, version=found[1], where=where)


def distinct(found: Iterable[Library]) -> tuple[Library, ...]:
    """Each name and version once, where it was seen first."""
    first: dict[tuple[str, str], Library] = {}
    for library in found:
        first.setdefault((library.name, library.version), library)
    return tuple(sorted(first.values()))
