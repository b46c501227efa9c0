"""The product tree of a CSAF document: what its product ids stand for (CSAF 2.0, sections 3.1.2, 3.1.3 and 3.2.2).

A tree is resolved once and answers by product id; the document can be dropped then. Red Hat writes a component of a
product as ``STREAM:NAME-EPOCH:VERSION-RELEASE.ARCH``, of a module with ``::MODULE:STREAM`` behind it, and names its
package by PURL; older documents have no PURLs, and modules as a component in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from surveyor.scan.advise.fields import listed
from surveyor.scan.errors import LimitExceeded, Malformed
from surveyor.scan.formats import purl
from surveyor.scan.values import frozen

#: Bounds on one tree; the largest seen has 2,409 relationships.
MAX_PRODUCTS = 200_000
_MAX_DEPTH = 30
_MAX_ID = 1_024
#: A component of a component of a product is as deep as real ones go.
_MAX_CHAIN = 4
_ARCHES = frozenset(
    {
        *("aarch64", "i386", "i486", "i586", "i686", "ia64", "noarch", "nosrc", "ppc", "ppc64", "ppc64le", "s390"),
        *("s390x", "src", "x86_64"),
    }
)

Json: TypeAlias = dict[str, object]


@frozen
class Component:
    """An RPM as a component of a product.

    ``version`` is ``[EPOCH:]VERSION-RELEASE``, empty where a statement is about any version; ``arch`` is ``src`` for a
    source package and empty where nothing says; ``module`` is ``NAME:STREAM``.
    """

    name: str
    version: str = ""
    arch: str = ""
    module: str = ""


class Tree:
    """Products, and which component of which product an id names."""

    def __init__(self, document: Json) -> None:
        """Read ``product_tree``; raises ``Malformed`` or ``LimitExceeded``."""
        #: product id → CPE and PURL
        self._products: dict[str, tuple[str, str]] = {}
        #: id of a relationship → the component's id and that of what it is part of
        self._parts: dict[str, tuple[str, str]] = {}
        #: what was read of a component's id; a file names each in several repositories, and for several flaws
        self._read: dict[str, Component | None] = {}
        tree = document.get("product_tree")
        if tree is None:
            return
        if not isinstance(tree, dict):
            raise Malformed("product_tree is not an object")
        for product in listed(tree.get("full_product_names"), "full_product_names", most=MAX_PRODUCTS):
            self._add(product)
        for product in _branches(tree):
            self._add(product)
        for relation in listed(tree.get("relationships"), "relationships", most=MAX_PRODUCTS):
            self._relate(relation)

    def _add(self, product: Json) -> None:
        identity = product.get("product_id")
        if not isinstance(identity, str):
            raise Malformed("a product without an id")
        helper = product.get("product_identification_helper")
        known = helper if isinstance(helper, dict) else {}
        if len(identity) <= _MAX_ID:
            self._products[identity] = (_text(known.get("cpe")), _text(known.get("purl")))
        if len(self._products) > MAX_PRODUCTS:
            raise LimitExceeded(f"more than {MAX_PRODUCTS:,} products")

    def _relate(self, relation: Json) -> None:
        whole = relation.get("full_product_name")
        identity = whole.get("product_id") if isinstance(whole, dict) else None
        part, of = relation.get("product_reference"), relation.get("relates_to_product_reference")
        if not (isinstance(identity, str) and isinstance(part, str) and isinstance(of, str)):
            raise Malformed("a relationship without its ids")
        if max(len(identity), len(part), len(of)) <= _MAX_ID:
            self._parts[identity] = (part, of)

    def cpe(self, product_id: str) -> str:
        """The CPE of the product that an id belongs to, empty where nothing says."""
        *_, product = self._chain(product_id)
        return self._products.get(product, ("", ""))[0]

    def component(self, product_id: str) -> Component | None:
        """The RPM that an id names; nothing for a product as a whole, an image, or another kind of package."""
        *parts, _ = self._chain(product_id)
        if not parts:
            return None
        part = parts[0]
        if part not in self._read:
            named = self._products.get(part, ("", ""))[1]
            self._read[part] = by_purl(named) if named else by_id(part)
        found = self._read[part]
        if found is None or found.module:
            return found
        module = next((name for between in parts[1:] if (name := _between(between))), "")
        return replace(found, module=module) if module else found

    def _chain(self, product_id: str) -> list[str]:
        """The component's id, those of what it is part of, the product's last."""
        chain = [product_id]
        while (found := self._parts.get(chain[-1])) and len(chain) <= _MAX_CHAIN:
            chain[-1:] = found
        if len(chain) == 1 and product_id not in self._products:
            # without a relationship the id alone says so; a version may have a colon too, a product has none
            product, colon, part = product_id.partition(":")
            if colon and part and product in self._products:
                return [part, product]
        return chain


def _between(part: str) -> str:
    """The module of ``nodejs:16:8060020221004:ad008a3a``, which stands between a package and the product."""
    return module_of(part) if part.count(":") >= 2 else ""


def _branches(tree: Json) -> Iterator[Json]:
    """Every product below ``branches``, whatever their depth within reason."""
    waiting = [(branch, 1) for branch in listed(tree.get("branches"), "branches", most=MAX_PRODUCTS)]
    while waiting:
        branch, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise LimitExceeded(f"branches more than {_MAX_DEPTH} deep")
        product = branch.get("product")
        if isinstance(product, dict):
            yield product
        elif product is not None:
            raise Malformed("a product is not an object")
        waiting += ((below, depth + 1) for below in listed(branch.get("branches"), "branches", most=MAX_PRODUCTS))


def by_purl(text: str) -> Component | None:
    """The RPM of ``pkg:rpm/redhat/NAME@VERSION?arch=ARCH&epoch=EPOCH&rpmmod=NAME:STREAM:…``; nothing of other types."""
    found = purl.parse(text)
    if found is None or found.type != "rpm" or not _plausible(found.name):
        return None
    # "go-toolset@rhel8" is a stream of a module, no version
    version = found.version if "-" in found.version else ""
    epoch = found.qualifier("epoch")
    if version and epoch.isascii() and epoch.isdigit() and len(epoch) <= 10 and int(epoch):
        version = f"{epoch}:{version}"
    return Component(
        name=found.name, version=version, arch=found.qualifier("arch"), module=module_of(found.qualifier("rpmmod"))
    )


def by_id(part: str) -> Component | None:
    """The RPM of a component's id without PURL: ``NAME-EPOCH:VERSION-RELEASE.ARCH``, ``NAME.src`` or ``NAME``."""
    part, _, label = part.partition("::")
    if not label and "/" in part:
        label, _, part = part.rpartition("/")
    module = module_of(label)
    if label and not module:
        return None
    rest, _, arch = part.removesuffix(".rpm").rpartition(".")
    if arch not in _ARCHES:
        return Component(name=part, module=module) if _plausible(part) else None
    front, _, release = rest.rpartition("-")
    name, _, version = front.rpartition("-")
    if not name:
        return Component(name=rest, arch=arch, module=module) if _plausible(rest) else None
    if not _plausible(name):
        return None
    return Component(name=name, version=f"{version.removeprefix('0:')}-{release}", arch=arch, module=module)


def module_of(label: str) -> str:
    """``ruby:2.7`` of ``ruby:2.7:8080020230427102918:63b34585``; a module's ``-devel`` twin has the same packages."""
    name, _, rest = label.partition(":")
    stream = rest.partition(":")[0]
    return f"{name.removesuffix('-devel')}:{stream}" if _plausible(name) and _plausible(stream) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= _MAX_ID else ""


def _plausible(name: str) -> bool:
    return bool(name) and len(name) <= 255 and name.isascii() and name.isprintable() and not set(name) & set(" :/@")
