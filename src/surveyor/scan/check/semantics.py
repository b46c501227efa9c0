"""What assistive technology is told of an element: whether it is there, its role, whether it takes focus, its name.

Follows the HTML Accessibility API Mappings and the Accessible Name computation as far as markup and inline styles go.
What style sheets hide is known of pages in a browser alone, which is why the rules that rest on this are less than
certain.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from surveyor.scan.check import aria
from surveyor.scan.check.element import Element
from surveyor.scan.patterns import regex

if TYPE_CHECKING:
    from surveyor.scan.check.document import Document

_NAME_LIMIT = 300
_DEPTH = 60

_UNSEEN_TAGS = frozenset(
    ("base", "head", "link", "meta", "noembed", "noframes", "param", "script", "style", "template", "title")
)
_DISPLAY_NONE = regex(r"(?:^|;)\s*display\s*:\s*none\s*(?:!important\s*)?(?:;|$)", re.IGNORECASE)
_VISIBILITY = regex(r"(?:^|;)\s*visibility\s*:\s*(hidden|collapse|visible)", re.IGNORECASE)

_INPUT_ROLES = {
    "button": "button",
    "checkbox": "checkbox",
    "color": "",
    "file": "",
    "hidden": "",
    "image": "button",
    "number": "spinbutton",
    "radio": "radio",
    "range": "slider",
    "reset": "button",
    "search": "searchbox",
    "submit": "button",
    "date": "",
    "datetime-local": "",
    "month": "",
    "password": "",
    "time": "",
    "week": "",
}
_TAG_ROLES = {
    "address": "group",
    "article": "article",
    "aside": "complementary",
    "blockquote": "blockquote",
    "button": "button",
    "caption": "caption",
    "code": "code",
    "datalist": "listbox",
    "del": "deletion",
    "details": "group",
    "dfn": "term",
    "dialog": "dialog",
    "div": "generic",
    "dd": "definition",
    "dt": "term",
    "em": "emphasis",
    "fieldset": "group",
    "figure": "figure",
    "form": "form",
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "h4": "heading",
    "h5": "heading",
    "h6": "heading",
    "hr": "separator",
    "html": "document",
    "ins": "insertion",
    "li": "listitem",
    "main": "main",
    "mark": "mark",
    "math": "math",
    "menu": "list",
    "meter": "meter",
    "nav": "navigation",
    "ol": "list",
    "optgroup": "group",
    "option": "option",
    "output": "status",
    "p": "paragraph",
    "progress": "progressbar",
    "search": "search",
    "span": "generic",
    "strong": "strong",
    "sub": "subscript",
    "sup": "superscript",
    "table": "table",
    "tbody": "rowgroup",
    "td": "cell",
    "textarea": "textbox",
    "tfoot": "rowgroup",
    "th": "columnheader",
    "thead": "rowgroup",
    "time": "time",
    "tr": "row",
    "ul": "list",
}
_LABELLABLE = frozenset(("button", "input", "meter", "output", "progress", "select", "textarea"))


class Semantics:
    """The accessibility side of one document. Answers are kept, since rules ask for the same elements."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._contents: dict[int, str] = {}
        self._texts: dict[int, str] = {}
        self._roles: dict[int, str] = {}
        self._open: set[int] = set()

    @cached_property
    def _states(self) -> dict[int, tuple[bool, bool, bool]]:
        """Per element: rendered, visible, and not hidden from assistive technology. Parents come first in the order."""
        states: dict[int, tuple[bool, bool, bool]] = {}
        for node in self.document.elements:
            parent = node.parent
            above = states.get(parent.key, (True, True, True)) if parent is not None else (True, True, True)
            states[node.key] = self._state(node, above)
        return states

    @staticmethod
    def _state(node: Element, above: tuple[bool, bool, bool]) -> tuple[bool, bool, bool]:
        attributes = node.attributes
        style = attributes.get("style") or ""
        rendered = above[0] and node.tag not in _UNSEEN_TAGS and "hidden" not in attributes
        if rendered and node.tag == "input" and (attributes.get("type") or "").lower() == "hidden":
            rendered = False
        if rendered and node.tag == "dialog" and "open" not in attributes:
            rendered = False
        if rendered and (node.unseen == "none" or (style and _DISPLAY_NONE.search(style))):
            rendered = False
        visible = above[1]
        if node.unseen in {"hidden", "visible"}:
            visible = node.unseen == "visible"
        elif style and (found := _VISIBILITY.search(style)):
            visible = found[1].lower() == "visible"
        told = (
            above[2] and (attributes.get("aria-hidden") or "").strip().lower() != "true" and "inert" not in attributes
        )
        return rendered, visible, told

    @cached_property
    def _exposed(self) -> frozenset[int]:
        return frozenset(key for key, state in self._states.items() if all(state))

    def rendered(self, node: Element) -> bool:
        """Whether people who see can see it, as far as markup says."""
        rendered, visible, _ = self._states.get(node.key, (False, False, False))
        return rendered and visible

    def exposed(self, node: Element) -> bool:
        """Whether assistive technology is told of it."""
        return node.key in self._exposed

    def role(self, node: Element) -> str:
        """Its role; empty when it has none that has a name."""
        known = self._roles.get(node.key)
        if known is None:
            known = self._roles[node.key] = self._role(node)
        return known

    def _role(self, node: Element) -> str:
        explicit = self.explicit_role(node)
        if explicit in {"none", "presentation"} and self.must_be_told(node):
            explicit = ""
        return "img" if explicit == "image" else explicit or self.implicit_role(node)

    def explicit_role(self, node: Element) -> str:
        """The first role of its ``role`` attribute that exists."""
        role = node.attributes.get("role")
        return next((token for token in role.lower().split() if token in aria.ROLES), "") if role else ""

    def must_be_told(self, node: Element) -> bool:
        """A presentational role has no effect on what takes focus or has a global property (WAI-ARIA 1.2 §5.3.3)."""
        attributes = node.attributes
        shared = aria.GLOBAL - {"aria-hidden"}
        return self.focusable(node) or any(name in shared and value for name, value in attributes.items())

    def implicit_role(self, node: Element) -> str:
        """The role that its element has without a ``role`` attribute (HTML Accessibility API Mappings)."""
        tag, attributes = node.tag or "", node.attributes
        if tag in {"a", "area"}:
            return "link" if "href" in attributes else "generic"
        if tag == "img":
            decorative = attributes.get("alt") == "" or ("alt" in attributes and not attributes["alt"])
            return "none" if decorative and not self.must_be_told(node) and not attributes.get("title") else "img"
        if tag == "input":
            kind = (attributes.get("type") or "text").strip().lower()
            plain = (
                "combobox" if "list" in attributes and kind in {"text", "search", "tel", "url", "email"} else "textbox"
            )
            return plain if plain == "combobox" else _INPUT_ROLES.get(kind, plain)
        if tag == "select":
            return "listbox" if "multiple" in attributes or _integer(attributes.get("size")) > 1 else "combobox"
        if tag == "summary":
            return "button" if _summarises(node) else ""
        if tag == "th" and (attributes.get("scope") or "").lower() in {"row", "rowgroup"}:
            return "rowheader"
        return _TAG_ROLES.get(tag, "")

    def focusable(self, node: Element) -> bool:
        """Whether it can take focus, by keyboard or script."""
        attributes, tag = node.attributes, node.tag
        if tag in {"button", "input", "select", "textarea"} and self._disabled(node):
            return False
        if _is_integer(attributes.get("tabindex")):
            return True
        if tag in {"a", "area"}:
            return "href" in attributes
        if tag == "input":
            return (attributes.get("type") or "").strip().lower() != "hidden"
        if tag == "summary":
            return _summarises(node)
        if tag in {"audio", "video"}:
            return "controls" in attributes
        editable = attributes.get("contenteditable", "false")
        return tag in {"button", "select", "textarea", "iframe"} or (editable or "true").lower() in {
            "true",
            "plaintext-only",
        }

    def tabbable(self, node: Element) -> bool:
        """Whether the tab key reaches it."""
        return self.focusable(node) and _integer(node.attributes.get("tabindex"), 0) >= 0 and self.rendered(node)

    def _disabled(self, node: Element) -> bool:
        if "disabled" in node.attributes:
            return True
        parent = node.parent
        while parent is not None:
            if parent.tag == "fieldset" and "disabled" in parent.attributes:
                return True
            parent = parent.parent
        return False

    def name(self, node: Element) -> str:
        """The accessible name with its spaces collapsed; cut at 300 characters."""
        for text in (self._referenced(node), node.attributes.get("aria-label") or "", self._native(node)):
            if text := " ".join(text.split()):
                return text[:_NAME_LIMIT]
        if (self.role(node) in aria.NAMED_BY_CONTENT or node.tag == "summary") and (text := self.content(node)):
            return text
        return " ".join((node.attributes.get("title") or node.attributes.get("placeholder") or "").split())[
            :_NAME_LIMIT
        ]

    def _referenced(self, node: Element) -> str:
        tokens = (node.attributes.get("aria-labelledby") or "").split()[:20]
        targets = [found[0] for token in tokens if (found := self.document.by_id.get(token))]
        # a label may be hidden itself, and then is read with all that is in it
        return " ".join(
            target.attributes.get("aria-label") or self._native(target) or self._all_text(target) for target in targets
        )

    def _all_text(self, node: Element) -> str:
        return self.content(node) if self.exposed(node) else self._raw_text(node)

    def _raw_text(self, node: Element) -> str:
        """All text in it, hidden or not."""
        known = self._texts.get(node.key)
        if known is None:
            known = self._texts[node.key] = " ".join(node.text().split())[:_NAME_LIMIT]
        return known

    def _native(self, node: Element) -> str:
        """The name by the element's own means."""
        tag, attributes = node.tag, node.attributes
        if tag in {"img", "area"}:
            return attributes.get("alt") or ""
        if tag == "input" and (kind := (attributes.get("type") or "").strip().lower()) in {
            "submit",
            "reset",
            "button",
            "image",
        }:
            if kind == "image":
                return attributes.get("alt") or self._labels(node) or attributes.get("title") or ""
            default = kind if kind != "button" and "value" not in attributes else ""
            return attributes.get("value") or self._labels(node) or default
        if tag in _LABELLABLE:
            return self._labels(node)
        child = {"svg": "title", "fieldset": "legend", "figure": "figcaption", "table": "caption"}.get(tag or "")
        if child:
            found = next((part for part in node.elements() if part.tag == child), None)
            return self._all_text(found) if found is not None else ""
        return ""

    @cached_property
    def _labels_by_id(self) -> dict[str, list[Element]]:
        labels: dict[str, list[Element]] = {}
        for label in self.document.named("label"):
            if target := label.attributes.get("for"):
                labels.setdefault(target, []).append(label)
        return labels

    def _labels(self, node: Element) -> str:
        labels = list(self._labels_by_id.get(node.attributes.get("id") or "", ()))
        parent = node.parent
        while parent is not None:
            if parent.tag == "label" and "for" not in parent.attributes:
                labels.append(parent)
                break
            parent = parent.parent
        return " ".join(self._all_text(label) for label in labels[:5])

    def content(self, node: Element) -> str:
        """The name that what stands in an element gives it: text, pictures' alternatives, embedded fields' values."""
        known = self._contents.get(node.key)
        if known is not None:
            return known
        if node.key in self._open:
            return ""  # a label that names a field that the label is in
        if len(self._open) >= _DEPTH:
            return self._raw_text(node)
        self._open.add(node.key)
        parts: list[str] = []
        length = 0
        for child in node.children:
            text = child if isinstance(child, str) else self._part(child)
            parts.append(text)
            length += len(text)
            if length > _NAME_LIMIT:
                break
        self._open.discard(node.key)
        found = " ".join("".join(parts).split())[:_NAME_LIMIT]
        self._contents[node.key] = found
        return found

    def _part(self, child: Element) -> str:
        if not self.exposed(child):
            return ""
        if child.tag in {"input", "select", "textarea"}:
            return f" {child.attributes.get('aria-label') or child.attributes.get('value') or ''} "
        text = child.attributes.get("aria-label") or self._native(child)
        if text:
            return f" {text} "
        inner = self.content(child)
        return inner if child.tag in _INLINE and inner else f" {inner or child.attributes.get('title') or ''} "


_INLINE = frozenset(("a", "abbr", "b", "code", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u"))


def _summarises(node: Element) -> bool:
    """Whether it is the one summary of its details: the first."""
    if node.parent is None or node.parent.tag != "details":
        return False
    first = next(part for part in node.parent.elements() if part.tag == "summary")
    return first.key == node.key


def _is_integer(text: str | None) -> bool:
    return bool(text and re.fullmatch(r"\s*[+-]?\d{1,9}\s*.*", text))


def _integer(text: str | None, default: int = 0) -> int:
    found = re.match(r"\s*([+-]?\d{1,9})", text or "")
    return int(found[1]) if found else default


def heading_level(node: Element) -> int:
    """The level of a heading: its ``aria-level``, its element's, or 2, which is what a role alone means."""
    declared = _integer(node.attributes.get("aria-level"))
    if declared > 0:
        return declared
    tag = node.tag or ""
    return int(tag[1]) if re.fullmatch("h[1-6]", tag) else 2
