"""What people read about what only scripts make of a page."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

_SEARCH = "https://developers.google.com/search/docs"
_BASICS = (f"{_SEARCH}/crawling-indexing/javascript/javascript-seo-basics",)
_SERVE = "Serve it in the markup, by rendering on the server or when the site is built."

WORDS: Table = {
    "seo_script_title": {
        "added": Words(
            title="Page title only by script",
            severity=Severity.MEDIUM,
            description="As it is served the page has no title. Search engines that run scripts find it later; other crawlers and previews never.",
            fix=_SERVE,
            references=_BASICS,
        ),
        "changed": Words(
            title="Page title changed by script",
            severity=Severity.LOW,
            description="Crawlers that run scripts list the page under another title than those that do not.",
            fix="Serve the title that is meant.",
            references=_BASICS,
        ),
    },
    "seo_script_description": {
        "added": Words(
            title="Meta description only by script",
            severity=Severity.LOW,
            description="As it is served the page has no description, which previews and crawlers without scripts show.",
            fix=_SERVE,
            references=_BASICS,
        ),
        "changed": Words(
            title="Meta description changed by script",
            severity=Severity.LOW,
            description="Which description is shown depends on whether the reader runs scripts.",
            fix="Serve the description that is meant.",
            references=_BASICS,
        ),
    },
    "seo_script_canonical": {
        "added": Words(
            title="Canonical link only by script",
            severity=Severity.LOW,
            description="The link counts when the page was rendered, which may be late, and not for crawlers without scripts.",
            fix="Serve the canonical link in the markup or in the Link header.",
            references=_BASICS,
        ),
        "changed": Words(
            title="Canonical link changed by script",
            severity=Severity.HIGH,
            description="The page as served names another address than the page as rendered, so that search engines have two and choose one themselves.",
            fix="Serve the address that is meant, and let no script set another.",
            references=_BASICS,
        ),
        "removed": Words(
            title="Canonical link removed by script",
            severity=Severity.MEDIUM,
            description="The page as served names a canonical address that is gone when scripts have run.",
            fix="Keep the link where it was served.",
            references=_BASICS,
        ),
    },
    "seo_script_robots": {
        "lifted": Words(
            title="noindex that only a script takes back",
            severity=Severity.HIGH,
            description="A page that is served with noindex is not rendered, so no search engine sees that a script removes it.",
            fix="Serve the page without noindex where it is to be listed.",
            references=_BASICS,
        ),
        "imposed": Words(
            title="noindex that a script sets",
            severity=Severity.HIGH,
            description="As served the page may be listed, as rendered not: search engines that run scripts drop it.",
            fix="Remove the directive from the script, or serve it where the page is not to be listed.",
            references=_BASICS,
            confidence=0.9,
        ),
    },
    "seo_script_heading": {
        "added": Words(
            title="Main heading only by script",
            severity=Severity.LOW,
            description="The page as served has no main heading with text.",
            fix=_SERVE,
            references=_BASICS,
        ),
        "changed": Words(
            title="Main heading changed by script",
            severity=Severity.LOW,
            description="Crawlers with and without scripts read another main heading.",
            fix="Serve the heading that is meant.",
            references=_BASICS,
            confidence=0.7,
        ),
    },
    "seo_script_text": {
        "most": Words(
            title="Most of the text only by script",
            severity=Severity.MEDIUM,
            description="Search engines that run scripts read it later than the rest, and other crawlers, among them most of those that feed assistants, never.",
            fix=_SERVE,
            references=_BASICS,
        ),
        "removed": Words(
            title="Text as served that scripts take away",
            severity=Severity.LOW,
            description="Much of what the page is served with is not what people and rendering crawlers read.",
            fix="Serve the text that is meant to be read.",
            references=_BASICS,
            confidence=0.7,
        ),
    },
    "seo_script_links": {
        "most": Words(
            title="Most links only by script",
            severity=Severity.MEDIUM,
            description="The pages that they lead to are found late, or not at all by crawlers that run no scripts.",
            fix="Serve links as elements with an address, or name the pages in a sitemap.",
            references=(f"{_SEARCH}/crawling-indexing/links-crawlable", *_BASICS),
        ),
    },
    "seo_script_data": {
        "added": Words(
            title="Structured data only by script",
            severity=Severity.LOW,
            description="They are read when the page was rendered, and not by crawlers without scripts.",
            fix="Serve structured data in the markup.",
            references=(f"{_SEARCH}/appearance/structured-data/generate-structured-data-with-javascript",),
        ),
        "product": Words(
            title="Structured data of products only by script",
            severity=Severity.MEDIUM,
            description="Crawls for shopping results become less frequent and less reliable, which matters where prices and stock change.",
            fix="Serve structured data of products in the markup.",
            references=(f"{_SEARCH}/appearance/structured-data/generate-structured-data-with-javascript",),
        ),
    },
    "seo_script_languages": {
        "added": Words(
            title="Links to translations only by script",
            severity=Severity.LOW,
            description="Search engines look for them in the markup, the Link header or the sitemap, and may miss those of scripts.",
            fix="Serve the links in the head, or name the translations in the sitemap.",
            references=(f"{_SEARCH}/specialty/international/localized-versions",),
        ),
        "changed": Words(
            title="Links to translations changed by script",
            severity=Severity.LOW,
            description="The page as rendered names other translations than the page as served.",
            fix="Serve all the links, and let no script change them.",
            references=(f"{_SEARCH}/specialty/international/localized-versions",),
        ),
    },
    "seo_script_preview": {
        "added": Words(
            title="Preview properties only by script",
            severity=Severity.MEDIUM,
            description="Messengers and social networks run no scripts, so that a shared link looks as if the properties were not there.",
            fix="Serve the properties of Open Graph and Twitter in the head.",
            references=("https://ogp.me/",),
        ),
    },
    "seo_script_redirect": {
        "redirect": Words(
            title="Page that scripts leave for another",
            severity=Severity.MEDIUM,
            description="Crawlers without scripts stay on an empty page, and search engines follow only when they rendered it.",
            fix="Redirect by status, 301 or 308, on the server.",
            references=(f"{_SEARCH}/crawling-indexing/301-redirects",),
        ),
    },
}
