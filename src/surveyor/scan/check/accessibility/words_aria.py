"""What people read about roles and attributes of WAI-ARIA."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

WORDS: Table = {
    "accessibility_aria_attribute": {
        "unknown": Words(
            title="Unknown ARIA attributes",
            severity=Severity.MEDIUM,
            description="The attribute does not exist, so what it should say is not told.",
            fix="Use attributes of WAI-ARIA, spelt right.",
            confidence=0.95,
        ),
    },
    "accessibility_aria_prohibited": {
        "prohibited": Words(
            title="Names on elements that must have none",
            severity=Severity.LOW,
            description="Assistive technology may drop the name, and with it what it says.",
            fix="Give the element a role that can be named, or write the name as text.",
            confidence=0.85,
        ),
    },
    "accessibility_aria_reference": {
        "dangling": Words(
            title="ARIA references to missing elements",
            severity=Severity.MEDIUM,
            description="The label or description that an element refers to does not exist.",
            fix="Let aria-labelledby and aria-describedby name ids that are on the page.",
            confidence=0.8,
        ),
    },
    "accessibility_aria_value": {
        "invalid": Words(
            title="Invalid ARIA attribute values",
            severity=Severity.MEDIUM,
            description="The value does not exist, so the state is not told or told wrongly.",
            fix="Use a value that WAI-ARIA lists for the attribute.",
            confidence=0.9,
        ),
    },
    "accessibility_role_context": {
        "misplaced": Words(
            title="ARIA roles outside of their context",
            severity=Severity.MEDIUM,
            description="An entry outside of its list, menu or table is not announced as one.",
            fix="Put the element into one with the role that it belongs to.",
            confidence=0.85,
        ),
    },
    "accessibility_role_required": {
        "missing": Words(
            title="ARIA roles without required states",
            severity=Severity.MEDIUM,
            description="Whether it is checked, open or how far along it is not told.",
            fix="Give the element the states that its role requires, and keep them up to date.",
            confidence=0.85,
        ),
    },
    "accessibility_role_valid": {
        "unknown": Words(
            title="Unknown ARIA roles",
            severity=Severity.MEDIUM,
            description="The role does not exist, so the element is announced as what it was before, or as nothing.",
            fix="Use a role of WAI-ARIA, spelt right, or none.",
            confidence=0.95,
        ),
    },
}
