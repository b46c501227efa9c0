"""What people read about what a page tells machines: structured data, previews, layout, encoding."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

WORDS: Table = {
    "seo_structured_values": {
        "unusable": Words(
            title="Structured data with unusable values",
            severity=Severity.MEDIUM,
            description="Times, prices, ratings, addresses or other values are not in the form that search engines read, so they are left out or the result with them.",
            fix="Write the values that the evidence names in the form of their property.",
            references=("https://developers.google.com/search/docs/appearance/structured-data/search-gallery",),
            confidence=0.9,
        ),
    },
    "seo_structured_data": {
        "invalid": Words(
            title="Structured data unreadable",
            severity=Severity.MEDIUM,
            description="A block of JSON-LD is no JSON, so nothing of it counts.",
            fix="Correct the JSON at the place that is named.",
            references=("https://developers.google.com/search/docs/appearance/structured-data/search-gallery",),
        ),
        "context": Words(
            title="Structured data without the context of schema.org",
            severity=Severity.MEDIUM,
            description="Without the context its names mean nothing to search engines.",
            fix="Add @context with https://schema.org.",
            references=("https://developers.google.com/search/docs/appearance/structured-data/search-gallery",),
        ),
        "untyped": Words(
            title="Structured data without a type",
            severity=Severity.MEDIUM,
            description="A thing without a type is ignored.",
            fix="Add @type with a type of schema.org.",
            references=("https://developers.google.com/search/docs/appearance/structured-data/search-gallery",),
        ),
        "incomplete": Words(
            title="Structured data lacks required properties",
            severity=Severity.MEDIUM,
            description="Results of this kind are not shown without them.",
            fix="Add the properties that are named.",
            references=("https://developers.google.com/search/docs/appearance/structured-data/search-gallery",),
        ),
        "sparse": Words(
            title="Structured data lacks recommended properties",
            severity=Severity.LOW,
            description="Results can say less than those of others.",
            fix="Add the properties that are named, where there is something to say.",
            references=("https://developers.google.com/search/docs/appearance/structured-data/search-gallery",),
            confidence=0.7,
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
        "relative": Words(
            title="Open Graph addresses not full",
            severity=Severity.LOW,
            description="Previews do not resolve relative addresses, so the picture or the link is missing.",
            fix="Write full https addresses.",
        ),
        "several": Words(
            title="Open Graph properties contradictory",
            severity=Severity.LOW,
            description="One property has several values, and each preview takes another.",
            fix="Leave one value for each.",
        ),
    },
    "seo_twitter_card": {
        "unknown": Words(
            title="Twitter card of an unknown kind",
            severity=Severity.LOW,
            description="There is no card of this kind, so none is shown.",
            fix="Use summary or summary_large_image.",
        ),
        "incomplete": Words(
            title="Twitter card incomplete",
            severity=Severity.LOW,
            description="The card has no title, description or picture, nor does Open Graph.",
            fix="Add the properties that are named.",
        ),
    },
    "seo_viewport": {
        "missing": Words(
            title="Viewport missing",
            severity=Severity.MEDIUM,
            description="Phones show the page as on a wide screen, shrunk, and search engines judge pages as phones show them.",
            fix="Add a meta element named viewport with width=device-width, initial-scale=1.",
        ),
        "fixed": Words(
            title="Viewport of fixed width",
            severity=Severity.MEDIUM,
            description="The page is laid out for one width, whatever the screen.",
            fix="Use width=device-width.",
        ),
    },
    "seo_charset": {
        "missing": Words(
            title="Encoding not told",
            severity=Severity.LOW,
            description="Who reads the page has to guess its encoding.",
            fix="Send charset=utf-8 with the Content-Type, or begin the head with a meta element charset.",
        ),
        "conflict": Words(
            title="Encoding told twice differently",
            severity=Severity.MEDIUM,
            description="Header and page name different encodings; the header wins, and letters may be wrong.",
            fix="Name UTF-8 in both, and save the page in it.",
        ),
        "legacy": Words(
            title="Encoding other than UTF-8",
            severity=Severity.LOW,
            description="Other encodings lack letters, and links and forms get mixed up with them.",
            fix="Save and serve the page in UTF-8.",
        ),
        "late": Words(
            title="Encoding told too late",
            severity=Severity.LOW,
            description="Browsers look for it in the first kilobyte only and may begin to read in another.",
            fix="Make the meta element charset the first in the head.",
        ),
    },
}
