"""Sound that starts by itself: it drowns the voice that reads the page."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.check.document import Document
from surveyor.scan.check.element import quote
from surveyor.scan.check.interface import Check, Outcome
from surveyor.scan.model import Domain


def judge(document: Document) -> Iterable[Outcome]:
    """Sound or video that plays by itself, is not muted and has no controls; how long it lasts is not known."""
    evidence, count = quote(
        node
        for node in document.named("audio", "video")
        if "autoplay" in node.attributes
        and not {"muted", "controls", "paused"} & set(node.attributes)
        and ("src" in node.attributes or any(part.tag == "source" for part in node.elements()))
    )
    if count:
        yield Outcome(key="uncontrolled", evidence=evidence, count=count)


CHECK = Check(
    id="accessibility_autoplay",
    version=1,
    domain=Domain.ACCESSIBILITY,
    outcomes=("uncontrolled",),
    page=judge,
    criteria=("1.4.2",),
    act=("80f0bf",),
)
