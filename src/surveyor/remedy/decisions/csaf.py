"""Reads and writes VEX in CSAF (OASIS CSAF 2.0, 3.2 and profile 5, "VEX"; 2.1 is read too).

Of a product only what can be met in a target counts: PURLs, SHA-256 digests, CPEs of operating systems, and names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from surveyor.remedy.decisions.claim import Claim, Origin
from surveyor.remedy.decisions.statement import (
    JUSTIFICATIONS,
    TEXT,
    Book,
    PackageSelector,
    Product,
    Scope,
    Statement,
    moment,
)
from surveyor.scan.errors import LimitExceeded
from surveyor.scan.formats import purl
from surveyor.scan.formats.json import mapping, sequence, string
from surveyor.scan.judgement import DecisionStatus, Unapplied

FORMAT = "csaf"
_STATUSES = {
    "known_not_affected": DecisionStatus.NOT_AFFECTED,
    "fixed": DecisionStatus.FIXED,
    "first_fixed": DecisionStatus.FIXED,
    "known_affected": DecisionStatus.AFFECTED,
    "first_affected": DecisionStatus.AFFECTED,
    "last_affected": DecisionStatus.AFFECTED,
    "under_investigation": DecisionStatus.UNDER_INVESTIGATION,
}
_WRITTEN_STATUSES = {
    DecisionStatus.NOT_AFFECTED: "known_not_affected",
    DecisionStatus.FIXED: "fixed",
    DecisionStatus.AFFECTED: "known_affected",
    DecisionStatus.UNDER_INVESTIGATION: "under_investigation",
}
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_NESTED = 4
_MEANT = 5_000_000
#: What some vendors write where a statement of impact belongs; it says how bad a flaw is, not why it does no harm.
_RATINGS = frozenset({"", "none", "low", "moderate", "medium", "important", "high", "critical"})


@dataclass(slots=True)
class _Tree:
    """Products by id, what is a component of what, and groups of ids."""

    products: dict[str, Product] = field(default_factory=dict)
    parts: dict[str, tuple[str, str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    #: how many products groups have been read as: one group may be named again and again
    meant: int = 0


def recognises(document: Mapping[str, object]) -> bool:
    """Whether a JSON object is such a document."""
    return "csaf_version" in mapping(document.get("document"))


def read(document: Mapping[str, object], source: str) -> Book:
    """Everything that a document states; each status of a vulnerability is one statement."""
    tree = _tree(mapping(document.get("product_tree")))
    said = string(mapping(mapping(document.get("document")).get("tracking")).get("current_release_date"))
    found: list[Statement] = []
    faults: list[Unapplied] = []
    for number, value in enumerate(sequence(document.get("vulnerabilities")), 1):
        for made in _statements(mapping(value), f"vulnerabilities[{number}]", tree, said):
            if isinstance(made, Statement):
                found.append(made)
            else:
                faults.append(made)
    return Book(source=source, format=FORMAT, statements=tuple(found), faults=tuple(faults))


def _tree(told: Mapping[str, object]) -> _Tree:
    tree = _Tree()
    waiting = [told]
    while waiting:
        branch = waiting.pop()
        waiting += [mapping(one) for one in sequence(branch.get("branches"))]
        ranged = branch.get("category") == "product_version_range"
        for value in (branch.get("product"), *sequence(branch.get("full_product_names"))):
            _add(tree, mapping(value), ranged=ranged)
    for value in sequence(told.get("relationships")):
        item = mapping(value)
        whole = mapping(item.get("full_product_name"))
        _add(tree, whole)
        pair = string(item.get("product_reference")), string(item.get("relates_to_product_reference"))
        tree.parts[string(whole.get("product_id"))] = pair
    for value in sequence(told.get("product_groups")):
        group = mapping(value)
        tree.groups[string(group.get("group_id"))] = [string(one) for one in sequence(group.get("product_ids"))]
    return tree


def _add(tree: _Tree, item: Mapping[str, object], *, ranged: bool = False) -> None:
    """``ranged`` products are some versions of something: a PURL without a version would name all of them."""
    identity = string(item.get("product_id"))
    if not identity:
        return
    helper = mapping(item.get("product_identification_helper"))
    given = (string(helper.get("purl")), *map(string, sequence(helper.get("purls"))))
    purls = {one: found for one in given if (found := purl.parse(one)) and (found.version or not ranged)}
    uris = [string(mapping(one).get("uri")) for one in sequence(helper.get("x_generic_uris"))]
    hashes = [
        mapping(one) for value in sequence(helper.get("hashes")) for one in sequence(mapping(value).get("file_hashes"))
    ]
    cpe = string(helper.get("cpe"))
    tree.products[identity] = Product(
        names=tuple(dict.fromkeys(one for one in (identity, string(item.get("name")), *purls, *uris) if one)),
        purls=tuple(purls.values()),
        digests=tuple(string(one.get("value")).casefold() for one in hashes if one.get("algorithm") == "sha256"),
        platforms=(cpe,) if cpe and not purls else (),
    )


def _statements(item: Mapping[str, object], name: str, tree: _Tree, said: str) -> Iterator[Statement | Unapplied]:
    others = [string(mapping(one).get("text")) for one in sequence(item.get("ids"))]
    ids = tuple(dict.fromkeys(one for one in (string(item.get("cve")), *others) if one))
    for word, value in mapping(item.get("product_status")).items():
        status = _STATUSES.get(word)
        if status is None:
            continue
        members = [string(one) for one in sequence(value)]
        label = f"{name}.{word}"
        if not ids:
            yield Unapplied(statement=label, reason="no_id", detail="names no vulnerability")
        else:
            yield from _by_word(item, label, ids, status, members, tree, said)


def _by_word(
    item: Mapping[str, object],
    label: str,
    ids: tuple[str, ...],
    status: DecisionStatus,
    members: Sequence[str],
    tree: _Tree,
    said: str,
) -> Iterator[Statement | Unapplied]:
    """One statement a reason: products of one status may have several justifications."""
    for (justification, reason), products in _sorted(item, status, members, tree).items():
        if status is DecisionStatus.NOT_AFFECTED and not (justification or reason):
            yield Unapplied(statement=label, reason="no_justification", detail="not_affected without justification")
            continue
        scopes = tuple(_scopes(products, tree))
        if not scopes:
            yield Unapplied(statement=label, reason="no_product", detail="no product that can be met, as by a PURL")
            continue
        yield Statement(
            name=label,
            ids=ids,
            status=status,
            reason=(reason or JUSTIFICATIONS.get(justification or "", ""))[:TEXT],
            justification=justification,
            at=moment(said),
            scopes=scopes,
        )


def _sorted(
    item: Mapping[str, object], status: DecisionStatus, members: Sequence[str], tree: _Tree
) -> dict[tuple[str | None, str], list[str]]:
    """Products by justification and reason."""
    flags, reasons = _Said(), _Said()
    if status is DecisionStatus.NOT_AFFECTED:
        for flag in map(mapping, sequence(item.get("flags"))):
            if string(flag.get("label")) in JUSTIFICATIONS:
                flags.say(flag, tree, string(flag.get("label")))
        threats = (one for one in map(mapping, sequence(item.get("threats"))) if one.get("category") == "impact")
        impacts = [one for one in threats if string(one.get("details")).casefold() not in _RATINGS]
    else:
        impacts = [mapping(one) for one in sequence(item.get("remediations"))]
    for told in impacts:
        reasons.say(told, tree, string(told.get("details")))
    found: dict[tuple[str | None, str], list[str]] = {}
    for member in members:
        found.setdefault((flags.of(member) or None, reasons.of(member)), []).append(member)
    return found


@dataclass(slots=True)
class _Said:
    """What is said of products, of which the last counts: of some by id, or of all when it names none."""

    everything: str = ""
    named: dict[str, str] = field(default_factory=dict)

    def say(self, told: Mapping[str, object], tree: _Tree, words: str) -> None:
        products, groups = sequence(told.get("product_ids")), sequence(told.get("group_ids"))
        if not (products or groups):
            self.everything, self.named = words, {}
        self.named.update(dict.fromkeys(map(string, products), words))
        for group in groups:
            # no group that there is not
            members = tree.groups.get(string(group), [])
            tree.meant += len(members)
            if tree.meant > _MEANT:
                raise LimitExceeded(f"groups name products more than {_MEANT:,} times")
            self.named.update(dict.fromkeys(members, words))

    def of(self, member: str) -> str:
        return self.named.get(member, self.everything)


def _scopes(members: Sequence[str], tree: _Tree) -> Iterator[Scope]:
    """Components by what they are in, so that what is asked often is asked once."""
    inside: dict[str, list[PackageSelector]] = {}
    for member in members:
        component, parent = _part(member, tree)
        product = tree.products.get(component)
        if product is None:
            continue
        if parent is None:
            if not product.platforms:  # a whole system is no word about a package in it
                yield Scope(product=product)
        elif parent in tree.products:
            inside.setdefault(parent, []).extend(PackageSelector(purl=one) for one in product.purls)
    for parent, packages in inside.items():
        if packages:
            yield Scope(product=tree.products[parent], packages=tuple(dict.fromkeys(packages)))


def _part(member: str, tree: _Tree) -> tuple[str, str | None]:
    """The component that a product is in the end, and what it is in."""
    parent: str | None = None
    for _ in range(_NESTED):
        if member not in tree.parts:
            break
        member, parent = tree.parts[member]
    for _ in range(_NESTED):
        # a module stands between its packages and the product, and is nothing that can be met itself
        if parent not in tree.parts or _can_be_met(tree.products.get(parent)):
            break
        parent = tree.parts[parent][1]
    return member, parent


def _can_be_met(product: Product | None) -> bool:
    return product is not None and bool(product.purls or product.digests or product.platforms)


def write(claims: Sequence[Claim], origin: Origin) -> dict[str, Any]:
    """A document of these claims; its tracking id is made of what it says. ``origin.url`` is the publisher's."""
    packages = list(dict.fromkeys(one for claim in claims for one in claim.packages))
    numbers = {one: f"SURVEYOR-{number:04}" for number, one in enumerate(packages, 1)}
    merged: dict[tuple[str, ...], list[Claim]] = {}
    for claim in claims:
        merged.setdefault(claim.ids[:1], []).append(claim)
    vulnerabilities = [_written(group, numbers) for group in merged.values()]
    digest = hashlib.sha256(repr((vulnerabilities, origin)).encode()).hexdigest()[:16]
    return {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "title": f"VEX of {origin.name}",
            "publisher": {"category": "vendor", "name": origin.author, "namespace": origin.url},
            "tracking": {
                "id": f"surveyor-vex-{digest}",
                "status": "final",
                "version": "1",
                "initial_release_date": origin.at,
                "current_release_date": origin.at,
                "revision_history": [{"date": origin.at, "number": "1", "summary": "Written from decisions"}],
                "generator": {"engine": {"name": "surveyor", "version": origin.version}},
            },
        },
        "product_tree": {
            "full_product_names": [_itself(origin), *(_full(one, f"{numbers[one]}-P") for one in packages)],
            "relationships": [_relation(one, numbers[one], origin) for one in packages],
        },
        "vulnerabilities": vulnerabilities,
    }


_TARGET = "SURVEYOR-TARGET"


def _itself(origin: Origin) -> dict[str, Any]:
    helper: dict[str, Any] = {}
    if origin.product.startswith("pkg:"):
        helper["purl"] = origin.product
    if origin.digest:
        hashes = [{"algorithm": "sha256", "value": origin.digest}]
        helper["hashes"] = [{"file_hashes": hashes, "filename": origin.name}]
    told: dict[str, Any] = {"name": origin.name, "product_id": _TARGET}
    return {**told, "product_identification_helper": helper} if helper else told


def _full(text: str, identity: str) -> dict[str, Any]:
    found = purl.parse(text)
    name = f"{found.name} {found.version}".strip() if found else text
    return {"name": name, "product_id": identity, "product_identification_helper": {"purl": text}}


def _relation(text: str, identity: str, origin: Origin) -> dict[str, Any]:
    found = purl.parse(text)
    return {
        "category": "default_component_of",
        "product_reference": f"{identity}-P",
        "relates_to_product_reference": _TARGET,
        "full_product_name": {"name": f"{found.name if found else text} in {origin.name}", "product_id": identity},
    }


def _written(claims: Sequence[Claim], numbers: Mapping[str, str]) -> dict[str, Any]:
    """One vulnerability: a flaw may be decided otherwise in each of several packages."""
    ids = tuple(dict.fromkeys(one for claim in claims for one in claim.ids))
    told: dict[str, Any] = {}
    cve = next((one for one in ids if _CVE.fullmatch(one)), None)
    if cve:
        told["cve"] = cve
    if others := [one for one in ids if one != cve]:
        told["ids"] = [{"system_name": one.partition("-")[0], "text": one} for one in others]
    told["notes"] = [{"category": "summary", "text": claim.reason, "title": "Reason"} for claim in claims[:1]]
    status: dict[str, list[str]] = {}
    for claim in claims:
        members = [numbers[one] for one in claim.packages]
        status.setdefault(_WRITTEN_STATUSES[claim.status], []).extend(members)
        if claim.justification:
            told.setdefault("flags", []).append({"label": claim.justification, "product_ids": members})
        if claim.status is DecisionStatus.NOT_AFFECTED:
            threat = {"category": "impact", "details": claim.reason, "product_ids": members}
            told.setdefault("threats", []).append(threat)
        else:
            category = "vendor_fix" if claim.status is DecisionStatus.FIXED else "none_available"
            remedy = {"category": category, "details": claim.reason, "product_ids": members}
            told.setdefault("remediations", []).append(remedy)
    told["product_status"] = {word: list(dict.fromkeys(members)) for word, members in status.items()}
    return told
