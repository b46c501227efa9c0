"""Products as CPE 2.3 names them, and which of their versions NVD's configurations call vulnerable.

Names: NISTIR 7695, §6.2 (formatted strings). Configurations: NVD's API 2.0, ``nodes`` of ``cpeMatch``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.fields import listed
from surveyor.scan.advise.record import AFTER, FIXED, INTRODUCED, LAST_AFFECTED, Affected, Unread
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

#: What products are looked up under beside OSV's ecosystems.
ECOSYSTEM: Final = "CPE"

_MAX_TEXT = 1_000
_COMPONENT = regex(r"((?:\\.|[^\\:])*)(?::|\Z)", re.DOTALL)
_ESCAPED = regex(r"\\(.)", re.DOTALL)
_WILD = regex(r"(?:\\.|[^\\*?])*[*?]", re.DOTALL)
_COMPONENTS = 11
_ANY, _NONE = "*", "-"

_BEGINNINGS = {"versionStartIncluding": INTRODUCED, "versionStartExcluding": AFTER}
_ENDS = {"versionEndExcluding": FIXED, "versionEndIncluding": LAST_AFFECTED}

#: What a program may be built for; for a phone it is another program of that name, as for a browser or a language.
_SYSTEMS = frozenset(
    {
        *("linux", "linux_kernel", "unix", "windows", "windows_nt", "mac_os", "mac_os_x", "macos", "macosx", "freebsd"),
        *("openbsd", "netbsd", "solaris", "sunos", "aix", "hp-ux", "hpux", "x64", "x86", "debian", "ubuntu", "fedora"),
    }
)
#: Whose update is a count of the packager: OpenSSH's p1 is the portable release, not a change of what is inside.
_PORTS = frozenset({"openbsd:openssh"})
_SHOWN = 3


class Name(NamedTuple):
    """What a CPE names, unescaped; ``*`` stands for any and ``-`` for none."""

    part: str
    vendor: str
    product: str
    version: str
    update: str
    target: str


def parse(text: str) -> Name | None:
    """A name from its formatted string; ``None`` for what is none, or has wildcards within a word."""
    if not text.startswith("cpe:2.3:") or len(text) > _MAX_TEXT or not text.isprintable():
        return None
    parts = _COMPONENT.findall(text, 8)[: _COMPONENTS + 2]
    # a match at the very end is empty, and a string that has none ends in a lone backslash
    if parts and not parts[-1]:
        parts.pop()
    if len(parts) != _COMPONENTS or any(part != _ANY and _WILD.match(part) for part in parts):
        return None
    plain = [_ESCAPED.sub(r"\1", part).lower() for part in parts]
    return Name(plain[0], plain[1], plain[2], plain[3], plain[4], plain[8])


@dataclass(slots=True)
class _Product:
    """What is said of one product; ``free`` when some of it is said without a condition."""

    ranges: dict[tuple[str, ...], None] = field(default_factory=dict)
    versions: dict[str, None] = field(default_factory=dict)
    conditions: dict[str, None] = field(default_factory=dict)
    free: bool = False


def affected(configurations: Sequence[Mapping[str, Any]], unread: list[Unread]) -> tuple[Affected, ...]:
    """The products that configurations call vulnerable, each once, by ``vendor:product``; the rest is ``unread``.

    A platform is no finding: what must be there too becomes the condition in ``reason``. Hardware is left out, and what
    is negated or has neither a version nor any. A product for something that is no operating system is another one, and
    is named so: ``vendor:product for wordpress``.
    """
    products: dict[str, _Product] = {}
    left = bounds.MAX_AFFECTED
    for configuration in configurations:
        try:
            left -= _configured(configuration, products, left, unread)
        except (Malformed, LimitExceeded) as error:
            unread.append(_unread(error))
    out = []
    for name, product in products.items():
        try:
            out.append(_affected(name, product))
        except LimitExceeded as error:
            unread.append(_unread(error, name))
    return tuple(out)


def _configured(
    configuration: Mapping[str, Any], products: dict[str, _Product], left: int, unread: list[Unread]
) -> int:
    """Note what one configuration calls vulnerable; how much of what is ``left`` to be read it was."""
    if configuration.get("negate") is True:
        return 0
    nodes = listed(configuration.get("nodes"), "nodes", most=bounds.MAX_AFFECTED)
    matches = [listed(node.get("cpeMatch"), "matches", most=bounds.MAX_AFFECTED) for node in nodes]
    count = sum(len(several) for several in matches) + len(nodes)
    if count > left:
        raise LimitExceeded(f"more than {bounds.MAX_AFFECTED:,} products")
    conditions = _conditions(configuration, nodes, matches)
    for node, several, condition in zip(nodes, matches, conditions, strict=True):
        for match in several if node.get("negate") is not True else ():
            try:
                _add(products, match, condition)
            except Malformed as error:
                unread.append(_unread(error, _about(match)))
    return count


def _about(match: Mapping[str, Any]) -> str:
    """The product of a match that is no use otherwise; empty where it names none."""
    criteria = match.get("criteria")
    parts = _COMPONENT.findall(criteria[:_MAX_TEXT], 8)[1:3] if isinstance(criteria, str) else []
    odd = len(parts) < 2 or any(not part or _WILD.match(part) for part in parts)
    return "" if odd else ":".join(_ESCAPED.sub(r"\1", part).lower() for part in parts)


def _unread(error: Malformed | LimitExceeded, name: str = "") -> Unread:
    """What of a record is no use; the rest of it is."""
    return Unread(reason=f"{error.code}: {error}", ecosystem=ECOSYSTEM, name=name)


def _conditions(
    configuration: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]], matches: Sequence[Sequence[Mapping[str, Any]]]
) -> Iterator[str]:
    """For each node what must be there besides: something of each other node, where they are joined by AND."""
    named: dict[str, tuple[int, int]] = {}
    for at, several in enumerate(matches):
        for match in several:
            if (name := _name(match)) is not None:
                shown = f"{name.vendor}:{name.product}"
                named[shown] = (named.get(shown, (at, at))[0], at)
    together = configuration.get("operator") == "AND"
    others: Iterator[str]
    for at, node in enumerate(nodes):
        if together and len(nodes) > 1:
            others = (shown for shown, (first, last) in named.items() if (first, last) != (at, at))
        elif node.get("operator") == "AND":
            platforms = (_name(match) for match in matches[at] if match.get("vulnerable") is not True)
            others = (f"{name.vendor}:{name.product}" for name in platforms if name)
        else:
            others = iter(())
        yield _listed(others)


def _listed(names: Iterator[str]) -> str:
    shown = list(dict.fromkeys(islice(names, _SHOWN + 1)))
    more = " or others" if len(shown) > _SHOWN else ""
    return f"only with {', '.join(shown[:_SHOWN])}{more}"[: bounds.MAX_REASON] if shown else ""


def _name(match: Mapping[str, Any]) -> Name | None:
    criteria = match.get("criteria")
    return parse(criteria) if isinstance(criteria, str) else None


def _add(products: dict[str, _Product], match: Mapping[str, Any], condition: str) -> None:
    """Note one match, when it is vulnerable itself and says of which versions; raises ``Malformed``."""
    if not isinstance(match.get("criteria"), str):
        raise Malformed("a match without criteria")
    name = _name(match)
    if match.get("vulnerable") is not True:
        return
    if name is None:
        raise Malformed(f"not the name of a product: {str(match['criteria'])[:80]!r}")
    if name.part not in {"a", "o"}:
        return
    if name.version == _NONE or {name.vendor, name.product} & {_ANY, _NONE}:
        return
    full = f"{name.vendor}:{name.product}"
    version = _version(full, name)
    if name.target not in {_ANY, _NONE}:
        if name.target in _SYSTEMS:
            condition = "; ".join(filter(None, [condition, f"built for {name.target}"]))
        else:
            full = f"{full} for {name.target}"
    span = _range(match) if name.version == _ANY else ()
    product = products.setdefault(full, _Product())
    if span:
        product.ranges[span] = None
    else:
        product.versions[version] = None
    if condition:
        product.conditions[condition] = None
    product.free = product.free or not condition


def _version(full: str, name: Name) -> str:
    """Version and update as one: ``6.8-rc1``."""
    plain = name.update in {"", _ANY, _NONE} or full in _PORTS
    return name.version if plain else f"{name.version}-{name.update}"


def _range(match: Mapping[str, Any]) -> tuple[str, ...]:
    """From a beginning, or the first version, to an end, if there is one."""
    begun = [*_events(match, _BEGINNINGS), (INTRODUCED, "0")][0]
    return (*begun, *(part for event in islice(_events(match, _ENDS), 1) for part in event))


def _events(match: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for word, kind in kinds.items():
        version = match.get(word)
        if version is None:
            continue
        if not isinstance(version, str) or len(version) > _MAX_TEXT:
            raise Malformed(f"{word} is not a version")
        if version not in {"", _ANY, _NONE}:
            yield kind, version


def _affected(name: str, product: _Product) -> Affected:
    if len(product.versions) > bounds.MAX_VERSIONS:
        raise LimitExceeded(f"{len(product.versions):,} versions")
    reason = "" if product.free else "; ".join(islice(product.conditions, _SHOWN))
    return Affected(
        ecosystem=ECOSYSTEM,
        name=name[: bounds.MAX_NAME],
        ranges=tuple(product.ranges),
        versions=tuple(product.versions),
        reason=reason[: bounds.MAX_REASON],
    )
