"""Rules by what is measured in the browser: text that is cut, a page that is turned, a walk, a narrow window."""

from __future__ import annotations

from surveyor.scan.check.axe import checks, rule, table
from surveyor.scan.check.interface import Check, Table
from surveyor.scan.model import Severity

_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW
#: That an element is cut or its focus not seen is measured; that nobody wanted it so is not.
_CONFIDENCE = 0.8

_MEASURED = (
    rule(
        "surveyor-text-clipped",
        "1.4.4",
        _LOW,
        "Text cut by its box",
        "A box of fixed size hides part of the text, the more the larger somebody sets it.",
        "Let boxes grow with their text (min-height instead of height), or scroll.",
        "59br37",
    ),
    rule(
        "surveyor-orientation-lock",
        "1.3.4",
        _MEDIUM,
        "Page locked to one orientation",
        "Whose device is mounted in the other orientation reads the page lying on its side.",
        "Do not turn the page by a quarter in a media query of orientation; lay it out for both.",
        "b33eff",
    ),
)
_WALKED = (
    rule(
        "surveyor-focus-not-visible",
        "2.4.7",
        _MEDIUM,
        "Keyboard focus that is not seen",
        "Who goes through the page by keyboard does not see where they are.",
        "Keep the outline that browsers draw, or draw another with :focus-visible.",
        "oj04fd",
    ),
    rule(
        "surveyor-keyboard-trap",
        "2.1.2",
        _HIGH,
        "Keyboard trap",
        "Who got there by keyboard does not get away again, neither forwards nor backwards.",
        "Let the tab key move on; where it must not, say on the page which key does.",
        "80af7b a1b64e",
    ),
)

_NARROWED = (
    rule(
        "surveyor-reflow",
        "1.4.10",
        _MEDIUM,
        "Text wider than a narrow window",
        "Who enlarges the page to 400 % scrolls sideways for each line, and back for the next.",
        "Let text wrap: max-width or percent instead of fixed widths, and no nowrap on running text.",
    ),
)

CHECKS: tuple[Check, ...] = (
    *checks(_MEASURED, ("measures",)),
    *checks(_WALKED, ("tour",)),
    *checks(_NARROWED, ("reflow",)),
)
WORDS: Table = table((*_MEASURED, *_WALKED, *_NARROWED), _CONFIDENCE)
