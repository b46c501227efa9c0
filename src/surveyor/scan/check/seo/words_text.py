"""What people read about what a page says: titles, descriptions, headings, links, pictures."""

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
        "generic": Words(
            title="Page title that nobody chose",
            severity=Severity.MEDIUM,
            description="The title is what an editor or a framework writes until somebody does, so every such page is called the same.",
            fix="Say in the title what this page is about.",
        ),
    },
    "seo_title_width": {
        "wide": Words(
            title="Page title wider than results show",
            severity=Severity.LOW,
            description="Search engines cut what is wider than about six hundred pixels, or write a title of their own.",
            fix="Put what matters first and shorten the title.",
        ),
        "narrow": Words(
            title="Page title very short",
            severity=Severity.LOW,
            description="The title leaves most of the room unused in which searchers could be told what the page is.",
            fix="Say in a few more words what the page is about.",
            confidence=0.6,
        ),
    },
    "seo_meta_description": {
        "missing": Words(
            title="Meta description missing",
            severity=Severity.MEDIUM,
            description="Search engines pick a piece of the page themselves to show below its title.",
            fix="Add a meta element named description with one or two sentences about this page.",
        ),
        "several": Words(
            title="Meta description repeated",
            severity=Severity.LOW,
            description="Search engines take one of several descriptions, or none.",
            fix="Leave one meta element named description.",
        ),
        "title": Words(
            title="Meta description repeats the title",
            severity=Severity.LOW,
            description="The text below the title in results says the same again.",
            fix="Describe the page in one or two sentences of their own.",
        ),
    },
    "seo_description_width": {
        "wide": Words(
            title="Meta description longer than results show",
            severity=Severity.LOW,
            description="The end of the description is cut in results.",
            fix="Say what matters in the first hundred and fifty characters or so.",
        ),
        "narrow": Words(
            title="Meta description very short",
            severity=Severity.LOW,
            description="Search engines rather take a piece of the page than a description of a few words.",
            fix="Write one or two whole sentences.",
            confidence=0.6,
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
        "empty": Words(
            title="Headings without words",
            severity=Severity.LOW,
            description="Headings with nothing in them are parts of the page without a subject.",
            fix="Remove the empty headings or write what their parts are about.",
        ),
    },
    "seo_link_text": {
        "generic": Words(
            title="Links with generic text",
            severity=Severity.LOW,
            description="The text of these links says nothing about the pages that they lead to, neither to searchers nor to readers who hear only links.",
            fix="Make the name of the linked page, or what is there, the text of the link.",
        ),
    },
    "seo_crawlable_anchors": {
        "empty": Words(
            title="Links without an address",
            severity=Severity.MEDIUM,
            description="Crawlers find no page behind these links.",
            fix="Give each link an href with an address, or make it a button.",
            references=("https://developers.google.com/search/docs/crawling-indexing/links-crawlable",),
        ),
        "script": Words(
            title="Links that only a script follows",
            severity=Severity.MEDIUM,
            description="Crawlers do not run what stands in place of the address.",
            fix="Put the address into href and let a script add to it.",
            references=("https://developers.google.com/search/docs/crawling-indexing/links-crawlable",),
        ),
        "file": Words(
            title="Links to files of a disk",
            severity=Severity.MEDIUM,
            description="These addresses exist only on the machine of whoever wrote the page.",
            fix="Put the files on the site and link to their addresses there.",
            references=("https://developers.google.com/search/docs/crawling-indexing/links-crawlable",),
        ),
        "invalid": Words(
            title="Links to something that is no address",
            severity=Severity.MEDIUM,
            description="Browsers and crawlers cannot read these addresses.",
            fix="Correct the addresses in href.",
            references=("https://developers.google.com/search/docs/crawling-indexing/links-crawlable",),
        ),
    },
    "seo_nofollow": {
        "internal": Words(
            title="Internal links marked nofollow",
            severity=Severity.LOW,
            description="Crawlers are asked not to follow links to pages of the same site.",
            fix="Remove nofollow from links to own pages; use robots.txt or noindex for what is not to be found.",
            confidence=0.7,
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
    "seo_content": {
        "scripted": Words(
            title="Text only by scripts",
            severity=Severity.MEDIUM,
            description="The page as served has hardly a word; crawlers that run no scripts, and most previews, find nothing.",
            fix="Render the page's text on the server, or ahead of time.",
            confidence=0.7,
        ),
    },
    "seo_lang": {
        "missing": Words(
            title="Language not told",
            severity=Severity.LOW,
            description="Search engines guess for whose readers the page is.",
            fix="Add lang to the html element.",
        ),
        "invalid": Words(
            title="Language of the page invalid",
            severity=Severity.LOW,
            description="What stands in lang is no language.",
            fix="Use a language tag such as en or pt-BR.",
        ),
        "conflict": Words(
            title="Languages of the page contradictory",
            severity=Severity.LOW,
            description="The page's lang is another language than its header or its own hreflang names.",
            fix="Name the language in which the page is written in all places.",
        ),
    },
}
