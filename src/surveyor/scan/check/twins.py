"""Where rules of markup do not look: their barriers in frames and shadow trees, by the word of axe-core's twins.

A twin says nothing of what markup decides: of the page's own elements only what axe-core could not decide is told, as
to be reviewed, unless the rule of markup finds the element at fault anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from surveyor.scan.check import axe
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome, PageJudge, Table
from surveyor.scan.evidence import Barrier, Rendered
from surveyor.scan.model import Domain

#: Rules of axe-core by the outcome of ours that means the same. Those of the whole page (its title, that it names a
#: language) are left out: axe-core judges them at the top only, where markup tells.
TWINS: dict[tuple[str, str], tuple[str, ...]] = {
    ("area_alt", "missing"): ("area-alt",),
    ("aria_attribute", "unknown"): ("aria-valid-attr",),
    ("aria_prohibited", "prohibited"): ("aria-prohibited-attr",),
    ("aria_value", "invalid"): ("aria-valid-attr-value",),
    ("autoplay", "uncontrolled"): ("no-autoplay-audio",),
    ("button_name", "missing"): ("button-name", "input-button-name", "aria-command-name"),
    ("duplicate_id", "repeated"): ("duplicate-id-aria",),
    ("form_label", "missing"): ("label", "select-name", "aria-input-field-name", "aria-toggle-field-name"),
    ("frame_title", "missing"): ("frame-title",),
    ("hidden_focus", "focusable"): ("aria-hidden-focus",),
    ("image_alt", "missing"): ("image-alt", "role-img-alt"),
    ("input_image", "missing"): ("input-image-alt",),
    ("link_name", "missing"): ("link-name",),
    ("list_structure", "broken"): ("list", "listitem", "definition-list", "dlitem"),
    ("meta_refresh", "delayed"): ("meta-refresh",),
    ("nested_control", "focusable"): ("nested-interactive",),
    ("object_alt", "missing"): ("object-alt",),
    ("page_lang", "invalid"): ("html-lang-valid",),
    ("part_lang", "invalid"): ("valid-lang",),
    ("role_context", "misplaced"): ("aria-required-parent",),
    ("role_required", "missing"): ("aria-required-attr",),
    ("role_valid", "unknown"): ("aria-roles",),
    ("summary_name", "missing"): ("summary-name",),
    ("svg_name", "missing"): ("svg-img-alt",),
    ("table_headers", "dangling"): ("td-headers-attr",),
    ("viewport_zoom", "disabled"): ("meta-viewport",),
}
#: Those of which axe-core's word alone proves nothing: that focus stays was not tried in frames and shadow trees.
_UNPROVED = frozenset({"aria-hidden-focus"})


def checks(markup: Iterable[Check]) -> tuple[Check, ...]:
    """The twins of the rules of markup that have one."""
    known = {rule.id: rule for rule in markup}
    return tuple(_check(known[_rule(name)], names) for (name, _), names in TWINS.items())


def words(markup: Table) -> Table:
    """What is said about what they find."""
    return {
        _id(_rule(name)): axe.words(
            replace(said, title=f"{said.title}, in frames or shadow trees", confidence=axe.SURE),
            review=f"{said.title}: to be reviewed",
        )
        for (name, key) in TWINS
        for said in (markup[_rule(name)][key],)
    }


def _rule(name: str) -> str:
    return f"{Domain.ACCESSIBILITY.value}_{name}"


def _id(rule: str) -> str:
    return f"{rule}_within"


def _check(rule: Check, names: tuple[str, ...]) -> Check:
    assert rule.page is not None
    return Check(
        id=_id(rule.id),
        version=1,
        domain=rule.domain,
        outcomes=axe.OUTCOMES,
        needs=Needs.RENDERED,
        rendered=partial(_judge, names, rule.page),
        criteria=rule.criteria,
        act=rule.act,
        parts=axe.PARTS,
    )


def _judge(names: tuple[str, ...], markup: PageJudge, document: Document, rendered: Rendered) -> Iterator[Outcome]:
    """What axe-core found where markup is not seen, and what it left to be reviewed."""
    told = [barrier for barrier in rendered.barriers if barrier.rule in names]
    yield from axe.outcomes(_open(told, markup, document))


def _open(told: list[Barrier], markup: PageJudge, document: Document) -> Iterator[Barrier]:
    """Without what the rule of markup decides, or finds at fault."""
    for barrier in told:
        if barrier.within:
            yield replace(barrier, undecided=barrier.undecided or barrier.rule in _UNPROVED)
    doubts = [barrier for barrier in told if barrier.undecided and not barrier.within]
    if doubts:
        faults = {quoted.where for outcome in markup(document) for quoted in outcome.evidence}
        for barrier in doubts:
            left = tuple(quoted for quoted in barrier.evidence if quoted.where not in faults)
            yield replace(barrier, evidence=left, count=barrier.count - len(barrier.evidence) + len(left))
