"""Barriers that show only in a browser: rules of axe-core that decide by layout, computed style and frames.

Each is a rule of ours with words of ours; what axe-core calls a violation is a barrier, and what it could not decide
(*incomplete*) is told as to be reviewed, never as passed. Classes that our own rules decide from markup are asked of
what markup does not show (``check.twins``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import QUOTES
from surveyor.scan.check.interface import REVIEW, Check, Needs, Outcome, Table, Words
from surveyor.scan.evidence import Barrier, Rendered
from surveyor.scan.model import Domain, Severity
from surveyor.scan.values import frozen

_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
#: How sure we are of what axe-core found, and of what it could not decide.
SURE, _DOUBT = 0.95, 0.3
OUTCOMES = ("violation", REVIEW)
#: How names begin of what we measure in the browser ourselves.
OWN = "surveyor-"
#: What of a rendered page no rule of axe-core can do without.
PARTS = ("axe", "frames")


@frozen
class Rule:
    """One rule of axe-core: the name that it has there, our title, what is wrong, and what to do.

    ``proof`` names what we measure ourselves of the same: of the page's own elements only those in it are told as
    barriers, and what axe-core alone finds is to be reviewed.
    """

    axe: str
    criteria: tuple[str, ...]
    severity: Severity
    title: str
    wrong: str
    fix: str
    act: tuple[str, ...] = ()
    proof: str = ""


def rule(
    axe: str, criteria: str, severity: Severity, title: str, wrong: str, fix: str, act: str = "", proof: str = ""
) -> Rule:
    """One line of a table; criteria and rules of the W3C are separated by spaces."""
    numbers, ids = tuple(criteria.split()), tuple(act.split())
    return Rule(axe=axe, criteria=numbers, severity=severity, title=title, wrong=wrong, fix=fix, act=ids, proof=proof)


_RULES = (
    rule(
        "aria-allowed-attr",
        "4.1.2",
        _MEDIUM,
        "ARIA attributes that the role does not have",
        "The attribute means nothing on this role, so what it should say is not told.",
        "Remove the attribute, or use a role that has it.",
        "5c01ea",
    ),
    rule(
        "aria-braille-equivalent",
        "4.1.2",
        _LOW,
        "Braille labels without an equivalent",
        "Who does not read braille gets no name or role description.",
        "Give the element a name or role description beside the braille one.",
    ),
    rule(
        "aria-conditional-attr",
        "4.1.2",
        _MEDIUM,
        "ARIA attributes where they must not stand",
        "The attribute contradicts what the element says of itself.",
        "Set the state of the element itself, and use the attribute only where its role allows.",
    ),
    rule(
        "aria-deprecated-role",
        "4.1.2",
        _LOW,
        "ARIA roles that were given up",
        "Assistive technology need not know the role any more.",
        "Use an element, or a role, that ARIA still has.",
    ),
    rule(
        "aria-hidden-body",
        "1.3.1 4.1.2",
        _HIGH,
        "Whole page hidden from assistive technology",
        "Nothing of the page is told.",
        "Remove aria-hidden from the body.",
    ),
    rule(
        "aria-meter-name",
        "1.1.1",
        _MEDIUM,
        "Meters without a name",
        "A value is told, and not of what.",
        "Name each meter by aria-label or aria-labelledby.",
    ),
    rule(
        "aria-progressbar-name",
        "1.1.1",
        _MEDIUM,
        "Progress bars without a name",
        "Progress is told, and not of what.",
        "Name each progress bar by aria-label or aria-labelledby.",
    ),
    rule(
        "aria-required-children",
        "1.3.1",
        _MEDIUM,
        "ARIA roles without their parts",
        "Lists, menus, tables and trees of the role have no items that assistive technology could count.",
        "Give the parts the roles that the parent's role asks for.",
        "bc4a75",
    ),
    rule(
        "aria-tab-name",
        "4.1.2",
        _MEDIUM,
        "Tabs without a name",
        "Nobody is told what the tab shows.",
        "Write the tab's name in it, or use aria-label.",
    ),
    rule(
        "aria-tooltip-name",
        "4.1.2",
        _LOW,
        "Tooltips without a name",
        "The tooltip says nothing.",
        "Write the tooltip's text in it.",
    ),
    rule(
        "autocomplete-valid",
        "1.3.5",
        _LOW,
        "Autocomplete values that do not exist",
        "Browsers cannot fill the field in.",
        "Use the tokens of the HTML standard.",
        "73f2c2",
    ),
    rule(
        "avoid-inline-spacing",
        "1.4.12",
        _LOW,
        "Text spacing that readers cannot change",
        "Who needs wider spacing to read does not get it.",
        "Do not set line, letter or word spacing as important in style attributes.",
        "24afc2 9e45ec 78fd32",
    ),
    rule(
        "blink",
        "2.2.2",
        _MEDIUM,
        "Text that blinks",
        "What blinks draws from what is read, and nothing stops it.",
        "Use an element that stands still.",
    ),
    rule(
        "bypass",
        "2.4.1",
        _MEDIUM,
        "No way past repeated blocks",
        "Who uses a keyboard walks through the navigation on each page.",
        "Use landmarks or headings, or begin with a link to the content.",
        "cf77f2",
    ),
    rule(
        "color-contrast",
        "1.4.3",
        _HIGH,
        "Text with too little contrast",
        "Who sees less cannot read the text on its background.",
        "Choose colours with a ratio of 4.5 to 1, or 3 to 1 for large text.",
        "afw4f7",
    ),
    rule(
        "color-contrast-enhanced",
        "1.4.6",
        _LOW,
        "Text with less than enhanced contrast",
        "Who sees much less cannot read the text on its background; only the highest level (AAA) asks for so much.",
        "Choose colours with a ratio of 7 to 1, or 4.5 to 1 for large text.",
        "09o5cg",
    ),
    rule(
        "form-field-multiple-labels",
        "3.3.2",
        _LOW,
        "Form fields with several labels",
        "Some assistive technology tells the first label, some the last.",
        "Label each field once.",
    ),
    rule(
        "frame-focusable-content",
        "2.1.1",
        _HIGH,
        "Frames that no keyboard reaches",
        "What can be used in the frame cannot be reached by keyboard.",
        "Remove the negative tabindex from the frame.",
        "akn7bn",
    ),
    rule(
        "html-xml-lang-mismatch",
        "3.1.1",
        _LOW,
        "Two languages for one page",
        "The attributes lang and xml:lang contradict each other.",
        "Let both name the same language.",
        "5b7ae0",
    ),
    rule(
        "link-in-text-block",
        "1.4.1",
        _MEDIUM,
        "Links marked by colour alone",
        "Who does not tell the colours apart does not see that it is a link.",
        "Underline links in text, or give them a contrast of 3 to 1 to it.",
    ),
    rule(
        "marquee",
        "2.2.2",
        _MEDIUM,
        "Text that scrolls by itself",
        "What moves draws from what is read, and cannot be read at leisure.",
        "Use an element that stands still.",
    ),
    rule(
        "scrollable-region-focusable",
        "2.1.1",
        _MEDIUM,
        "Scrolling areas that no keyboard reaches",
        "What is below cannot be read without a mouse.",
        "Make the area, or something in it, focusable.",
        "0ssw9k",
        proof="surveyor-scrolled-unreached",
    ),
    rule(
        "server-side-image-map",
        "2.1.1",
        _MEDIUM,
        "Image maps on the server",
        "Where somebody clicks decides, and a keyboard clicks nowhere.",
        "Use area elements with text alternatives.",
    ),
    rule(
        "th-has-data-cells",
        "1.3.1",
        _LOW,
        "Header cells of nothing",
        "The header is told for no cell.",
        "Let each header cell stand over or beside its data.",
        "d0f69e",
    ),
    rule(
        "video-caption",
        "1.2.2",
        _HIGH,
        "Videos without captions",
        "Who does not hear gets nothing of what is said.",
        "Add a track of kind captions to each video.",
        "eac66b",
    ),
)


def outcomes(barriers: Iterable[Barrier]) -> Iterator[Outcome]:
    """What was found, and what was left to be reviewed, each as one; nothing of what names no element."""
    told = [barrier for barrier in barriers if barrier.evidence]
    for key, undecided in (("violation", False), (REVIEW, True)):
        those = [barrier for barrier in told if barrier.undecided is undecided]
        if those:
            evidence = tuple(quoted for barrier in those for quoted in barrier.evidence)
            yield Outcome(key=key, evidence=evidence[:QUOTES], count=sum(barrier.count for barrier in those))


def words(found: Words, *, review: str) -> dict[str, Words]:
    """What is said about a barrier, and under the title ``review`` about what was not decided."""
    doubt = replace(
        found,
        title=review,
        severity=_LOW,
        description=f"No engine can decide whether it is so here. {found.description}",
        fix=f"Look at the elements. {found.fix}",
        confidence=_DOUBT,
    )
    return {"violation": found, REVIEW: doubt}


def _judge(axe: str, proof: str, _: Document, rendered: Rendered) -> Iterator[Outcome]:
    """What axe-core found by one of its rules, and what it left to be reviewed."""
    told = [barrier for barrier in rendered.barriers if barrier.rule == axe]
    yield from outcomes(_proved(told, proof, rendered) if proof else told)


def _proved(told: Iterable[Barrier], proof: str, rendered: Rendered) -> Iterator[Barrier]:
    """The barriers with what was not measured too told as undecided."""
    measured = {quoted.where for one in rendered.barriers if one.rule == proof for quoted in one.evidence}
    for barrier in told:
        if barrier.undecided:
            yield barrier
            continue
        sure, doubt = partition(barrier, measured)
        yield sure
        yield replace(doubt, undecided=True)


def partition(barrier: Barrier, places: Collection[str | None]) -> tuple[Barrier, Barrier]:
    """A barrier's elements that are in ``places``, and the others, with those that are not quoted."""
    those = tuple(quoted for quoted in barrier.evidence if quoted.where in places)
    others = tuple(quoted for quoted in barrier.evidence if quoted.where not in places)
    return (
        replace(barrier, evidence=those, count=len(those)),
        replace(barrier, evidence=others, count=barrier.count - len(those)),
    )


def _id(rule: Rule) -> str:
    return f"accessibility_{rule.axe.removeprefix(OWN).replace('-', '_')}"


def checks(rules: Iterable[Rule], parts: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of a table, which cannot do without ``parts`` of a rendered page."""
    return tuple(
        Check(
            id=_id(rule),
            version=1,
            domain=Domain.ACCESSIBILITY,
            outcomes=OUTCOMES,
            needs=Needs.RENDERED,
            rendered=partial(_judge, rule.axe, rule.proof),
            criteria=rule.criteria,
            act=rule.act,
            parts=parts,
        )
        for rule in rules
    )


def table(rules: Iterable[Rule], confidence: float) -> Table:
    """What is said about what they find."""
    return {
        _id(rule): words(
            Words(
                title=rule.title,
                severity=rule.severity,
                description=rule.wrong,
                fix=rule.fix,
                confidence=confidence,
            ),
            review=f"{rule.title}: to be reviewed",
        )
        for rule in rules
    }


CHECKS: tuple[Check, ...] = checks(_RULES, PARTS)
WORDS: Table = table(_RULES, SURE)
