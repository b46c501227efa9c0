"""Red Hat's CSAF files: ``vex``, one per flaw, and ``advisories``, one per erratum (CSAF 2.0, section 3.2).

What a file says of RHEL becomes one advisory for each of its flaws, under the flaw's name: an erratum and the flaw's
own file say the same then. Layered products are left out: their packages come from other repositories, in versions that
say nothing about RHEL's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Final

from surveyor.scan.advise import provider
from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.csaf import Json, Tree
from surveyor.scan.advise.feeds.interface import Changes, Feed, Known, Named
from surveyor.scan.advise.fields import cwes, document, listed, objects, strings, text, urls
from surveyor.scan.advise.origin import Origin
from surveyor.scan.advise.products import STATUSES, Products, Said
from surveyor.scan.advise.record import Advisory, State
from surveyor.scan.advise.rhel import BASE, ERRATA, FLAWS
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.patterns import regex

#: The folders, and the names of their files.
_FOLDERS: Final = {
    FLAWS: regex(r"cve-[0-9-]{6,30}\.json"),
    ERRATA: regex(r"rh[a-z]a-[0-9_-]{6,30}\.json"),
}
_ERRATUM: Final = "csaf_security_advisory"
_CATEGORIES: Final = frozenset({_ERRATUM, "csaf_vex"})
#: Values in one file, which cost about a hundred bytes each in memory; real ones have two in a hundred bytes.
MAX_VALUES = 1_500_000

_ID = regex(r"CVE-[0-9]{4}-[0-9]{4,19}|RH[A-Z]A-[0-9]{4}:[0-9]{1,9}")
_PURL = regex(rb"pkg:rpm/redhat/([A-Za-z0-9+._%~-]{1,200})")
_SYSTEMS: Final = {"cvss_v2": "CVSS_V2", "cvss_v3": "CVSS_V3", "cvss_v4": "CVSS_V4"}
_IMPACTS: Final = ("", "low", "moderate", "important", "critical")
#: What "no_fix_planned" and "none_available" go on to say.
_STATES: Final = {
    "will not fix": State.WILL_NOT_FIX,
    "out of support scope": State.END_OF_LIFE,
    "fix deferred": State.DEFERRED,
}


def _shelf(origin: Origin, scope: str) -> provider.Shelf | None:
    """A scope's folder on disk: under its name, as ``csaf_vex``, or its files alone at the top."""
    return provider.shelf(origin, ((scope,), (f"csaf_{scope}",), ()), _FOLDERS[scope])


def scopes(origin: Origin) -> tuple[str, ...]:
    """Both folders of a server; on a disk those that have anything."""
    return tuple(scope for scope in _FOLDERS if _shelf(origin, scope)) or tuple(_FOLDERS)


@contextmanager
def fetch(origin: Origin, scope: str, known: Known) -> Iterator[Changes | None]:
    """The files that have changed since last time; from a server the archive of all the first time."""
    found = _shelf(origin, scope)
    yield provider.on_disk(origin, found, known) if found else provider.on_server(origin, scope, known)


def normalise(raw: bytes, _: str) -> tuple[Advisory, ...]:
    """One file's JSON as an advisory for each flaw in it, or a bare one when it says nothing about RHEL.

    Raises ``Malformed`` or ``LimitExceeded``. A wrong type in what matching rests on makes the file malformed; in what
    only people read it is left out.
    """
    if (values := sum(map(raw.count, (b",", b"[", b"{")))) > MAX_VALUES:
        raise LimitExceeded(f"about {values:,} values")
    data = document(raw)
    about = data.get("document")
    if not isinstance(about, dict) or text(about.get("category"), 40) not in _CATEGORIES:
        raise Malformed("not a CSAF document about vulnerabilities")
    tracking = about.get("tracking")
    identity = tracking.get("id") if isinstance(tracking, dict) else None
    if not isinstance(tracking, dict) or not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise Malformed(f"not an id: {str(identity)[:60]!r}")
    tree, modified = Tree(data), text(tracking.get("current_release_date"), 40)
    flaws = listed(data.get("vulnerabilities"), "vulnerabilities", most=bounds.MAX_IDS)
    found = [_advisory(flaw, identity, modified, about, tree) for flaw in flaws]
    return tuple(item for item in found if item.affected) or (Advisory(id=identity, modified=modified),)


def about_what(_: str, raw: bytes, __: str) -> Iterator[Named]:
    """The RPMs that a file names by PURL, even where it is no JSON."""
    names = (found[1] for found in islice(_PURL.finditer(raw), bounds.MAX_AFFECTED))
    return iter([(BASE, name.decode()) for name in dict.fromkeys(names)])


def _advisory(flaw: Json, identity: str, modified: str, about: Json, tree: Tree) -> Advisory:
    cve = flaw.get("cve")
    name = cve if isinstance(cve, str) and _ID.fullmatch(cve) else identity
    products = Products(tree, _statuses(flaw), _said(flaw))
    erratum = about.get("category") == _ERRATUM
    affected = products.affected(every_line=erratum)
    if not affected:
        return Advisory(id=name, modified=modified)
    return Advisory(
        id=name,
        modified=modified,
        published=text(flaw.get("release_date"), 40),
        summary=text(flaw.get("title"), bounds.MAX_SUMMARY) or _note(flaw, "summary")[: bounds.MAX_SUMMARY],
        details=_note(flaw, "description")[: bounds.MAX_DETAILS],
        severity=_severity(flaw, products.ids),
        word=_word(flaw, about, products.ids),
        cwes=_cwes(flaw),
        references=_references(flaw, about if erratum else {}, products.ids),
        affected=affected,
    )


def _statuses(flaw: Json) -> Mapping[str, Sequence[str]]:
    """The product ids of each status; what verdicts rest on."""
    given = flaw.get("product_status")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Malformed("product_status is not an object")
    out: dict[str, list[str]] = {}
    for status in STATUSES:
        ids = given.get(status)
        if ids is not None and not (isinstance(ids, list) and all(isinstance(item, str) for item in ids)):
            raise Malformed(f"{status} is not a list of product ids")
        out[status] = ids or []
    return out


def _said(flaw: Json) -> Mapping[str, Said]:
    """Why there is no fix, or no harm, by product id."""
    out: dict[str, Said] = {}
    for item in objects(flaw.get("flags")):
        reason = text(item.get("label"), bounds.MAX_REASON).replace("_", " ")
        out |= dict.fromkeys(strings(item.get("product_ids")), Said(state=State.NOT_AFFECTED, reason=reason))
    for item in objects(flaw.get("remediations")):
        category = text(item.get("category"), 20)
        if category in {"no_fix_planned", "none_available"}:
            reason = text(item.get("details"), bounds.MAX_REASON)
            otherwise = State.WILL_NOT_FIX if category == "no_fix_planned" else State.AFFECTED
            said = Said(state=_STATES.get(reason.strip().lower(), otherwise), reason=reason)
            out |= dict.fromkeys(strings(item.get("product_ids")), said)
    return out


def _note(flaw: Json, category: str) -> str:
    notes = (item.get("text") for item in objects(flaw.get("notes")) if item.get("category") == category)
    return next((note for note in notes if isinstance(note, str)), "")


def _concerns(item: Json, key: str, ids: set[str]) -> bool:
    """Whether an item is about RHEL's products, or about all."""
    named = item.get(key)
    return not named or not ids.isdisjoint(strings(named))


def _severity(flaw: Json, ids: set[str]) -> tuple[tuple[str, str], ...]:
    found: dict[tuple[str, str], None] = {}
    for item in objects(flaw.get("scores")):
        if _concerns(item, "products", ids):
            for key, system in _SYSTEMS.items():
                score = item.get(key)
                vector = score.get("vectorString") if isinstance(score, dict) else None
                if isinstance(vector, str):
                    found[system, vector[:300]] = None
    return tuple(found)[:10]


def _word(flaw: Json, about: Json, ids: set[str]) -> str:
    """The worst impact on one of the products, else that of the whole document."""
    impacts = [
        text(item.get("details"), 20).lower()
        for item in objects(flaw.get("threats"))
        if item.get("category") == "impact" and _concerns(item, "product_ids", ids)
    ]
    rated = about.get("aggregate_severity")
    impacts += [text(rated.get("text"), 20).lower()] if isinstance(rated, dict) and not impacts else []
    return max((word for word in impacts if word in _IMPACTS), key=_IMPACTS.index, default="")


def _cwes(flaw: Json) -> tuple[str, ...]:
    given = flaw.get("cwe")
    return cwes([given.get("id")]) if isinstance(given, dict) else ()


def _references(flaw: Json, erratum: Json, ids: set[str]) -> tuple[str, ...]:
    """The errata that mend it, then the flaw's own page, then the rest."""
    fixes = [
        item.get("url")
        for item in objects(flaw.get("remediations"))
        if item.get("category") == "vendor_fix" and _concerns(item, "product_ids", ids)
    ]
    own = [item.get("url") for item in objects(erratum.get("references")) if item.get("category") == "self"]
    rest = sorted(objects(flaw.get("references")), key=lambda item: item.get("category") != "self")
    return urls([*fixes, *own[:1], *(item.get("url") for item in rest)])


FEED = Feed(
    id="redhat",
    title="Red Hat's VEX files and errata",
    address="https://security.access.redhat.com/data/csaf/v2",
    scopes=scopes,
    fetch=fetch,
    normalise=normalise,
    lull=timedelta(days=4),
    about_what=about_what,
    rank=2,
    about=BASE,
)
