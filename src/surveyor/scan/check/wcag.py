"""The success criteria of WCAG 2.1 that checks speak of: number, name, level and anchor in the recommendation."""

from __future__ import annotations

from surveyor.scan.values import frozen


@frozen
class Criterion:
    """One success criterion."""

    number: str
    name: str
    level: str

    @property
    def link(self) -> str:
        """Its place in the recommendation."""
        return "https://www.w3.org/TR/WCAG21/#" + self.name.lower().replace(" ", "-").replace(",", "").translate(
            _NO_BRACKETS
        )

    def __str__(self) -> str:
        return f"WCAG 2.1 {self.number} {self.name} ({self.level})"


_NO_BRACKETS = str.maketrans("", "", "()")

_ALL = (
    ("1.1.1", "Non-text Content", "A"),
    ("1.2.1", "Audio-only and Video-only (Prerecorded)", "A"),
    ("1.2.2", "Captions (Prerecorded)", "A"),
    ("1.3.1", "Info and Relationships", "A"),
    ("1.3.4", "Orientation", "AA"),
    ("1.3.5", "Identify Input Purpose", "AA"),
    ("1.4.1", "Use of Color", "A"),
    ("1.4.2", "Audio Control", "A"),
    ("1.4.3", "Contrast (Minimum)", "AA"),
    ("1.4.4", "Resize text", "AA"),
    ("1.4.6", "Contrast (Enhanced)", "AAA"),
    ("1.4.10", "Reflow", "AA"),
    ("1.4.12", "Text Spacing", "AA"),
    ("2.1.1", "Keyboard", "A"),
    ("2.1.2", "No Keyboard Trap", "A"),
    ("2.2.1", "Timing Adjustable", "A"),
    ("2.2.2", "Pause, Stop, Hide", "A"),
    ("2.4.1", "Bypass Blocks", "A"),
    ("2.4.2", "Page Titled", "A"),
    ("2.4.4", "Link Purpose (In Context)", "A"),
    ("2.4.6", "Headings and Labels", "AA"),
    ("2.4.7", "Focus Visible", "AA"),
    ("2.5.3", "Label in Name", "A"),
    ("3.1.1", "Language of Page", "A"),
    ("3.1.2", "Language of Parts", "AA"),
    ("3.3.2", "Labels or Instructions", "A"),
    ("4.1.1", "Parsing", "A"),
    ("4.1.2", "Name, Role, Value", "A"),
)

CRITERIA = {number: Criterion(number=number, name=name, level=level) for number, name, level in _ALL}
