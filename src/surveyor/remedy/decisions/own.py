"""Reads the decisions of a team's own ``.surveyor.yaml``: what is ignored, why, and until when."""

from __future__ import annotations

from surveyor.remedy.decisions.statement import (
    JUSTIFICATIONS,
    STATEMENTS,
    TEXT,
    Book,
    PackageSelector,
    Scope,
    Statement,
)
from surveyor.remedy.document import Entry
from surveyor.remedy.glob import Glob
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import purl
from surveyor.scan.judgement import DecisionStatus, Unapplied

FORMAT = "surveyor"
VERSION = "1"
#: What of the file is read elsewhere: the gate's policy.
_OTHERS = ("policy",)


def read(document: object, source: str) -> Book:
    """The decisions of a file that was read; raises ``Malformed`` naming the key that is wrong.

    A statement that is well written but gives no reason is a fault of its own: it is told and not applied.
    """
    top = Entry({} if document is None else document, "")
    for key in _OTHERS:
        top.take(key)
    version = top.text("version")
    if version not in {None, VERSION}:
        raise Malformed(f"version: {version!r} is not read, only {VERSION}")
    products = top.texts("products")
    found: list[Statement] = []
    faults: list[Unapplied] = []
    for entry in top.entries("ignore"):
        made = _statement(entry)
        (found if isinstance(made, Statement) else faults).append(made)  # type: ignore[arg-type]
        if len(found) + len(faults) > STATEMENTS:
            raise LimitExceeded(f"more than {STATEMENTS:,} statements")
    top.done()
    return Book(
        source=source, format=FORMAT, statements=tuple(found), faults=tuple(faults), own=True, products=products
    )


def _statement(entry: Entry) -> Statement | Unapplied:
    ids = entry.texts("id", "ids")
    scope = Scope(
        packages=tuple(selector(text, entry.place) for text in entry.texts("package", "packages")),
        paths=tuple(Glob(text) for text in entry.texts("path", "paths")),
        urls=tuple(Glob(text) for text in entry.texts("url", "urls")),
    )
    status = DecisionStatus(entry.choice("status", tuple(DecisionStatus)) or DecisionStatus.ACCEPTED)
    reason = entry.text("reason") or ""
    justification = entry.choice("justification", tuple(JUSTIFICATIONS))
    until = entry.day("until")
    entry.done()
    if not (ids or scope.packages or scope.paths or scope.urls):
        raise Malformed(f"{entry.place}: names no id, package, path or url, and would decide about everything")
    if justification and status is not DecisionStatus.NOT_AFFECTED:
        raise Malformed(f"{entry.place}: a justification says why something is not_affected, not why it is {status}")
    if not reason:
        return Unapplied(statement=entry.place, reason="no_reason", detail="gives no reason")
    if status is DecisionStatus.NOT_AFFECTED and not justification:
        return Unapplied(statement=entry.place, reason="no_justification", detail="not_affected without justification")
    return Statement(
        name=entry.place,
        ids=ids,
        status=status,
        reason=reason[:TEXT],
        justification=justification,
        until=until,
        scopes=(scope,),
    )


def selector(text: str, place: str) -> PackageSelector:
    """A package as a person names it: a PURL, or a pattern of its name (``lodash``, ``@babel/*``, ``npm/**``)."""
    if not text.casefold().startswith("pkg:"):
        return PackageSelector(name=Glob(text, fold=True))
    found = purl.parse(text)
    if found is None:
        raise Malformed(f"{place}: {text[:80]!r} is no package URL, as pkg:npm/lodash@4.17.21")
    return PackageSelector(purl=found)
