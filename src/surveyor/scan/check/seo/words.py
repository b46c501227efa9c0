"""What people read about being found and shared."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

WORDS: Table = {
    "seo_title": {
        "missing": Words(
            title="Page title missing",
            severity=Severity.HIGH,
            description="Search engines have no name to list the page under and make one up.",
            fix="Give the page a title element with text that says what it is about.",
        ),
        "several": Words(
            title="Page title repeated",
            severity=Severity.LOW,
            description="Only the first title element counts; the others are a sign that templates got in each other's way.",
            fix="Leave exactly one title element in the page's head.",
        ),
    },
    "seo_meta_description": {
        "missing": Words(
            title="Meta description missing",
            severity=Severity.MEDIUM,
            description="Search engines pick a piece of the page themselves to show below its title.",
            fix="Add a meta element named description with one or two sentences about this page.",
        ),
    },
    "seo_headings": {
        "missing": Words(
            title="Main heading (h1) missing",
            severity=Severity.MEDIUM,
            description="Nothing in the page's text is marked as its subject.",
            fix="Mark the page's main heading as h1.",
        ),
        "several": Words(
            title="Main heading (h1) repeated",
            severity=Severity.LOW,
            description="Several headings claim to be the page's subject.",
            fix="Keep one h1 and make the others h2 or lower.",
        ),
    },
    "seo_canonical": {
        "missing": Words(
            title="Canonical link missing",
            severity=Severity.LOW,
            description="Copies of the page under other addresses, with query strings for one, compete with it.",
            fix="Add a link element with rel=canonical and the page's full address.",
        ),
        "invalid": Words(
            title="Canonical link invalid",
            severity=Severity.MEDIUM,
            description="The canonical address is empty or no http address, so search engines ignore it.",
            fix="Put the page's full https address into the canonical link.",
        ),
        "several": Words(
            title="Canonical links contradictory",
            severity=Severity.MEDIUM,
            description="Several canonical links name different addresses, so search engines ignore all of them.",
            fix="Leave one canonical link in the page's head.",
        ),
        "relative": Words(
            title="Canonical link relative",
            severity=Severity.LOW,
            description="A relative address means another page under each host and path that the page is copied to.",
            fix="Put the page's full https address into the canonical link.",
        ),
    },
    "seo_open_graph": {
        "missing": Words(
            title="Open Graph properties missing",
            severity=Severity.LOW,
            description="Where a link to the page is shared, it has no picture and a title that was guessed.",
            fix="Add meta elements for og:title, og:description, og:image, og:url and og:type.",
            references=("https://ogp.me/",),
        ),
        "incomplete": Words(
            title="Open Graph properties incomplete",
            severity=Severity.LOW,
            description="Some of the properties that make up a shared link's preview are not there or empty.",
            fix="Add the properties named in the evidence.",
            references=("https://ogp.me/",),
        ),
    },
    "seo_image_alt": {
        "missing": Words(
            title="Images without alt text",
            severity=Severity.MEDIUM,
            description="Search engines know nothing of what these pictures show.",
            fix="Give each picture an alt attribute; an empty one when it is only decoration.",
        ),
    },
    "seo_http_status": {
        "error": Words(
            title="Page answers with an error status",
            severity=Severity.HIGH,
            description="Search engines drop pages whose status is 400 or more.",
            fix="Make the address answer with status 200, or redirect it to where the page is now.",
        ),
    },
    "seo_indexing": {
        "blocked": Words(
            title="Page blocked from indexing",
            severity=Severity.MEDIUM,
            description="The page asks all search engines not to list it. That may be meant.",
            fix="Remove noindex from the robots meta element and the X-Robots-Tag header, or dismiss this finding.",
            confidence=0.8,
        ),
    },
}
