"""What an address asks of the list of findings: its filters and its order, and in words whatever is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from surveyor.scan.model import Domain, Severity
from surveyor.service.errors import NotFound
from surveyor.service.store.finding_lists import Filter
from surveyor.service.ui import words

_LABELS = {"unknown": "Not rated", "seo": "SEO", "ready_verify": "Ready to verify"}
#: Orders of the list by their names in an address.
ORDERS = {
    "priority": "Most urgent first",
    "severity": "Most severe first",
    "newest": "Newest first",
    "last_seen": "Seen last first",
}
#: Texts that may be typed, and how long they are at most.
_TEXTS = {"q": 200, "rule": 200, "asset": 2_048}
_NAMED = {"sort": "order", "kev": "exploitation"}
_CALLED = {"q": "search", "rule": "rule", "asset": "page, package or file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A few values of which one may be chosen."""

    name: str
    label: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """``chosen`` is every field's value; ``kept`` what an address repeats; ``unknown`` says what is not known."""

    wanted: Filter
    chosen: Mapping[str, str]
    kept: Mapping[str, str]
    scan_id: UUID | None
    unknown: tuple[str, ...]

    @property
    def narrowed(self) -> bool:
        """Whether less than all is listed; an order leaves nothing out."""
        return bool(self.kept.keys() - {"sort"})

    @property
    def filters(self) -> int:
        """How many fields of the form narrow the list."""
        return len(self.kept.keys() - {"sort", "scan"})


def _facet(name: str, label: str, values: tuple[str, ...]) -> Facet:
    options = {value: _LABELS.get(value, value.replace("_", " ").capitalize()) for value in values}
    return Facet(name=name, label=label, options=options)


FACETS = (
    _facet("severity", "Severity", tuple(Severity)),
    Facet(name="kev", label="Exploited", options={"yes": "Known to be", "no": "Not known to be"}),
    _facet("domain", "Domain", tuple(Domain)),
    _facet("status", "Status", tuple(words.FINDING)),
)
_KNOWN = {**{facet.name: tuple(facet.options) for facet in FACETS}, "sort": tuple(ORDERS)}


def read(query: Mapping[str, str]) -> Narrowing:
    """Judge an address; what is not known narrows nothing and is said."""
    chosen, unknown = dict.fromkeys((*_KNOWN, *_TEXTS), ""), list(_strange(query))
    for name, values in _KNOWN.items():
        given = query.get(name, "")
        chosen[name] = given if given in values else ""
        unknown += words.unknown(_NAMED.get(name, name), given, values)
    for name, limit in _TEXTS.items():
        given = query.get(name, "").strip()
        fits = len(given) <= limit and "\x00" not in given
        chosen[name] = given if fits else ""
        unknown += [] if fits else [f"A {_CALLED[name]} has at most {limit:,} readable characters."]
    scan_id = _uuid(query.get("scan", ""))
    kept = {name: value for name, value in {**chosen, "scan": str(scan_id or "")}.items() if value}
    return Narrowing(wanted=_filter(chosen, scan_id), chosen=chosen, kept=kept, scan_id=scan_id, unknown=tuple(unknown))


def _filter(chosen: Mapping[str, str], scan_id: UUID | None) -> Filter:
    return Filter(
        severity=chosen["severity"] or None,
        domain=chosen["domain"] or None,
        status=chosen["status"] or None,
        rule=chosen["rule"] or None,
        text=chosen["q"] or None,
        asset=chosen["asset"] or None,
        kev={"yes": True, "no": False}.get(chosen["kev"]),
        scan_id=scan_id,
        sort=chosen["sort"] or "priority",
    )


def _strange(query: Mapping[str, str]) -> tuple[str, ...]:
    names = [name for name in query if name not in {*_KNOWN, *_TEXTS, "scan", "cursor"}][:3]
    return tuple(f"There is no filter called “{name[:40]}”." for name in names)


def _uuid(text: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such scan") from error
