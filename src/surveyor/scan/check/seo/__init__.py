"""Being found and shared: what search engines and previews read in a page."""

from __future__ import annotations

from surveyor.scan.check.interface import Check
from surveyor.scan.check.seo import canonical, description, headings, image_alt, indexing, open_graph, status, title
from surveyor.scan.check.seo.words import WORDS

CHECKS: tuple[Check, ...] = (
    title.CHECK,
    description.CHECK,
    headings.CHECK,
    canonical.CHECK,
    open_graph.CHECK,
    image_alt.CHECK,
    status.CHECK,
    indexing.CHECK,
)

__all__ = ["CHECKS", "WORDS"]
