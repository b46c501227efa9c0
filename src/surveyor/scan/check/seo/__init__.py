"""Being found and shared: what search engines and previews read in a page."""

from __future__ import annotations

from surveyor.scan.check.interface import Check
from surveyor.scan.check.seo import (
    canonical,
    charset,
    content,
    crawlable_anchors,
    description,
    description_width,
    headings,
    hreflang,
    image_alt,
    indexing,
    lang,
    link_text,
    mixed_signals,
    nofollow,
    open_graph,
    pagination,
    redirects,
    robots_meta,
    status,
    structured_data,
    title,
    title_width,
    twitter_card,
    url,
    viewport,
)
from surveyor.scan.check.seo.words import WORDS

CHECKS: tuple[Check, ...] = (
    title.CHECK,
    title_width.CHECK,
    description.CHECK,
    description_width.CHECK,
    headings.CHECK,
    canonical.CHECK,
    hreflang.CHECK,
    indexing.CHECK,
    robots_meta.CHECK,
    mixed_signals.CHECK,
    status.CHECK,
    redirects.CHECK,
    url.CHECK,
    link_text.CHECK,
    crawlable_anchors.CHECK,
    nofollow.CHECK,
    pagination.CHECK,
    image_alt.CHECK,
    structured_data.CHECK,
    open_graph.CHECK,
    twitter_card.CHECK,
    viewport.CHECK,
    charset.CHECK,
    lang.CHECK,
    content.CHECK,
)

__all__ = ["CHECKS", "WORDS"]
