"""The success criteria of WCAG 2.1, levels A and AA, that markup alone lets somebody judge: the titles of findings.

Number, name, level, and what is asked of the page in one sentence. Left out are those that need eyes, ears or time:
contrast, reflow, media alternatives, timing, motion.
"""

from __future__ import annotations

from dataclasses import dataclass

from surveyor.scan.model import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One success criterion as a finding's words."""

    number: str
    name: str
    level: str
    asks: str

    @property
    def rule(self) -> str:
        """The stable id of the finding's rule."""
        return f"accessibility_model_{self.number.replace('.', '_')}"

    @property
    def title(self) -> str:
        """The finding's title: fixed, since it is part of a finding's identity."""
        return f"{self.name} may not be met (WCAG {self.number}, judged by a model)"

    @property
    def severity(self) -> Severity:
        """By the criterion's level, never by the model."""
        return Severity.MEDIUM if self.level == "A" else Severity.LOW


_ALL = (
    ("1.1.1", "Non-text Content", "A", "Text alternatives say what images and controls are for."),
    ("1.3.1", "Info and Relationships", "A", "What the layout conveys is in the markup too."),
    ("1.3.2", "Meaningful Sequence", "A", "The order of the content in the markup makes sense."),
    ("1.3.3", "Sensory Characteristics", "A", "Instructions do not rely on shape, place, colour or sound alone."),
    ("1.3.5", "Identify Input Purpose", "AA", "Fields about the user say so by autocomplete."),
    ("1.4.5", "Images of Text", "AA", "Text is text, not a picture of text."),
    ("2.1.1", "Keyboard", "A", "Everything works with a keyboard."),
    ("2.4.1", "Bypass Blocks", "A", "Repeated blocks can be skipped."),
    ("2.4.2", "Page Titled", "A", "The title says what the page is about."),
    ("2.4.3", "Focus Order", "A", "The focus moves in an order that makes sense."),
    ("2.4.4", "Link Purpose (In Context)", "A", "A link's text, with its context, says where it leads."),
    ("2.4.6", "Headings and Labels", "AA", "Headings and labels describe what follows."),
    ("2.5.3", "Label in Name", "A", "A control's accessible name holds the words that are shown on it."),
    ("3.1.1", "Language of Page", "A", "The language that is declared is the one of the text."),
    ("3.1.2", "Language of Parts", "AA", "Parts in another language declare it."),
    ("3.2.2", "On Input", "A", "Changing a field does not change the context by surprise."),
    ("3.2.4", "Consistent Identification", "AA", "What does the same has the same name."),
    ("3.3.1", "Error Identification", "A", "Errors are told in text, at the field."),
    ("3.3.2", "Labels or Instructions", "A", "Fields say what they want and in which form."),
    ("3.3.3", "Error Suggestion", "AA", "Errors say how to put them right."),
    ("4.1.2", "Name, Role, Value", "A", "What acts as a control is one to assistive technology."),
    ("4.1.3", "Status Messages", "AA", "Messages about the state of things are announced."),
)

CRITERIA: dict[str, Criterion] = {
    number: Criterion(number=number, name=name, level=level, asks=asks) for number, name, level, asks in _ALL
}
#: The ids of their rules: checks that a model runs.
RULES = frozenset(criterion.rule for criterion in CRITERIA.values())
