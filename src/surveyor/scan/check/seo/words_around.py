"""What people read about what is around a page: robots.txt, sitemaps, and what its addresses answer."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

_SITEMAPS = "https://developers.google.com/search/docs/crawling-indexing/sitemaps/build-sitemap"

#: One problem, whether it was seen from one page or by comparing all: so one finding.
_SHARED = {
    "title": "Titles that several pages of the site share",
    "description": "Descriptions that several pages of the site share",
}

WORDS: Table = {
    "seo_robots_txt": {
        "failing": Words(
            title="robots.txt answers with a server error",
            severity=Severity.HIGH,
            description="Crawlers that cannot read the rules stay away from the whole site.",
            fix="Let /robots.txt answer with 200, or with 404 where there are no rules.",
            references=("https://www.rfc-editor.org/rfc/rfc9309",),
        ),
        "page": Words(
            title="robots.txt is a web page",
            severity=Severity.MEDIUM,
            description="The site answers with a page where crawlers look for rules, so there are none and what is in the page may be taken for some.",
            fix="Serve rules as text/plain, or answer with 404.",
            references=("https://www.rfc-editor.org/rfc/rfc9309",),
        ),
        "invalid": Words(
            title="robots.txt with lines that no crawler understands",
            severity=Severity.MEDIUM,
            description="Such lines are left out, and with them what they were to forbid or allow.",
            fix="Correct the lines that are named.",
            references=("https://www.rfc-editor.org/rfc/rfc9309",),
        ),
    },
    "seo_crawling": {
        "blocked": Words(
            title="Page blocked by robots.txt",
            severity=Severity.HIGH,
            description="Crawlers may not ask for the page, so they know nothing of what is on it. That may be meant.",
            fix="Remove the rule, or dismiss this finding. To keep a page off results, allow it and say noindex.",
            confidence=0.8,
        ),
        "some": Words(
            title="Page blocked by robots.txt for some crawlers",
            severity=Severity.LOW,
            description="Some crawlers may not ask for the page. That may be meant.",
            fix="Remove the rules for these crawlers, or dismiss this finding.",
            confidence=0.7,
        ),
    },
    "seo_sitemap": {
        "missing": Words(
            title="Sitemap missing",
            severity=Severity.LOW,
            description="Neither robots.txt names a sitemap nor is one in its usual place, so new pages are found by links alone.",
            fix="Write a sitemap and name it in robots.txt.",
            references=("https://www.sitemaps.org/protocol.html",),
            confidence=0.8,
        ),
        "unavailable": Words(
            title="Sitemap not available",
            severity=Severity.MEDIUM,
            description="A sitemap that is named answers with an error or a web page.",
            fix="Serve it, or remove its name.",
            references=("https://www.sitemaps.org/protocol.html",),
        ),
        "invalid": Words(
            title="Sitemap unreadable",
            severity=Severity.MEDIUM,
            description="The file is no sitemap or ends early, so some or all of its addresses are not read.",
            fix="Write it as the protocol says, with one root element and escaped addresses.",
            references=("https://www.sitemaps.org/protocol.html",),
        ),
        "large": Words(
            title="Sitemap larger than the protocol allows",
            severity=Severity.MEDIUM,
            description="What is beyond fifty thousand addresses is not read.",
            fix="Split it and name the parts in an index.",
            references=("https://www.sitemaps.org/protocol.html",),
        ),
        "empty": Words(
            title="Sitemap without addresses",
            severity=Severity.LOW,
            description="The file is there and names no page.",
            fix="List the site's pages, or remove the file.",
            references=("https://www.sitemaps.org/protocol.html",),
        ),
        "relative": Words(
            title="Sitemap with addresses that are not full",
            severity=Severity.MEDIUM,
            description="Addresses count only with scheme and host.",
            fix="Write full https addresses.",
            references=("https://www.sitemaps.org/protocol.html",),
        ),
        "foreign": Words(
            title="Sitemap with addresses of other hosts",
            severity=Severity.LOW,
            description="Addresses of hosts that do not name this sitemap themselves are left out.",
            fix="List each host's pages in a sitemap of its own.",
            references=("https://www.sitemaps.org/protocol.html",),
            confidence=0.8,
        ),
        "date": Words(
            title="Sitemap with dates that are none",
            severity=Severity.LOW,
            description="Crawlers ignore dates that they cannot read, and at last all of the file's.",
            fix="Write lastmod as W3C date, such as a year, month and day with hyphens.",
            references=("https://www.sitemaps.org/protocol.html",),
        ),
    },
    "seo_broken_links": {
        "broken": Words(
            title="Links to pages that are not there",
            severity=Severity.MEDIUM,
            description="Readers and crawlers who follow these links find an error.",
            fix="Correct or remove the links that are named.",
        ),
        "failing": Words(
            title="Links to pages that answer with a server error",
            severity=Severity.LOW,
            description="The linked server failed when it was asked; that may be for a moment.",
            fix="Look whether the linked pages work, and correct or remove the links.",
            confidence=0.7,
        ),
        "silent": Words(
            title="Links to hosts that do not answer",
            severity=Severity.LOW,
            description="Nobody answered at these addresses when they were asked; that may be for a moment, or for who asks from elsewhere.",
            fix="Look whether the linked sites are still there, and correct or remove the links.",
            confidence=0.5,
        ),
        "moved": Words(
            title="Links to pages that have moved",
            severity=Severity.LOW,
            description="Each of these links costs a redirect, on one's own site without need.",
            fix="Link to the new addresses.",
        ),
    },
    "seo_canonical_target": {
        "error": Words(
            title="Canonical link to a page that is not there",
            severity=Severity.HIGH,
            description="Search engines are asked to list a page in place of this one that answers with an error.",
            fix="Name an address that answers with 200.",
        ),
        "redirect": Words(
            title="Canonical link to a redirect",
            severity=Severity.MEDIUM,
            description="The address that is to be listed leads on to another one.",
            fix="Name the address where the redirect ends.",
        ),
        "blocked": Words(
            title="Canonical link to a page that is not to be listed",
            severity=Severity.HIGH,
            description="The page that is to be listed in place of this one asks not to be.",
            fix="Remove noindex there, or name another address.",
        ),
        "chain": Words(
            title="Canonical link to a page with another canonical link",
            severity=Severity.MEDIUM,
            description="The page that is to be listed says that yet another should be.",
            fix="Name the last one directly.",
        ),
    },
    "seo_hreflang_return": {
        "error": Words(
            title="Translations that are not there",
            severity=Severity.MEDIUM,
            description="Links of hreflang lead to pages that answer with an error.",
            fix="Correct or remove them.",
        ),
        "redirect": Words(
            title="Translations that redirect",
            severity=Severity.LOW,
            description="Links of hreflang lead to redirects, and count only for the page that is meant in the end.",
            fix="Name the addresses where the redirects end.",
        ),
        "missing": Words(
            title="Translations that do not link back",
            severity=Severity.MEDIUM,
            description="Search engines ignore a link to a translation that does not name this page as one of its own.",
            fix="Let each page of the set name all the others and itself.",
        ),
    },
    "seo_sitemap_addresses": {
        "blocked": Words(
            title="Sitemap with addresses that robots.txt forbids",
            severity=Severity.MEDIUM,
            description="The sitemap asks search engines to list pages which they may not ask for.",
            fix="Take the addresses out of the sitemap, or allow them in robots.txt.",
            references=(_SITEMAPS,),
        ),
        "dead": Words(
            title="Sitemap with addresses that are not there",
            severity=Severity.MEDIUM,
            description="Of the addresses that were asked some answer with an error.",
            fix="Write the sitemap from the pages that are there.",
            references=(_SITEMAPS,),
        ),
        "moved": Words(
            title="Sitemap with addresses that have moved",
            severity=Severity.LOW,
            description="Of the addresses that were asked some lead to others; a sitemap is to name those.",
            fix="Name the addresses that answer themselves.",
            references=(_SITEMAPS,),
        ),
        "hidden": Words(
            title="Sitemap with pages that are not to be listed",
            severity=Severity.MEDIUM,
            description="The sitemap asks search engines to list pages which ask not to be.",
            fix="Take the pages out of the sitemap, or the noindex out of the pages.",
            references=(_SITEMAPS,),
        ),
        "elsewhere": Words(
            title="Sitemap with pages that name another as canonical",
            severity=Severity.LOW,
            description="The sitemap asks search engines to list pages which name another address for themselves.",
            fix="Name canonical addresses only.",
            references=(_SITEMAPS,),
        ),
    },
    "seo_llms_txt": {
        "invalid": Words(
            title="llms.txt not in its form",
            severity=Severity.LOW,
            description="The file is to say what the site is and where its pages for models are; programs that read it by its form find nothing.",
            fix="Begin with the site's name as a heading, then sections with lists of links.",
            references=("https://llmstxt.org/",),
            confidence=0.7,
        ),
    },
    "seo_site_duplicates": {
        "title": Words(
            title=_SHARED["title"],
            severity=Severity.MEDIUM,
            description="Results cannot tell the pages apart by their names.",
            fix="Give each page a title of its own, or name the original as canonical.",
        ),
        "description": Words(
            title=_SHARED["description"],
            severity=Severity.LOW,
            description="Results say the same of different pages.",
            fix="Describe each page in words of its own, or leave the description out.",
        ),
        "heading": Words(
            title="Main headings that several pages of the site share",
            severity=Severity.LOW,
            description="The pages say the same of what they are about.",
            fix="Give each page a main heading of its own.",
            confidence=0.7,
        ),
    },
    "seo_site_canonical": {
        "same": Words(
            title="Different pages with one canonical address",
            severity=Severity.HIGH,
            description="Three or more pages with titles of their own name one other page as canonical, so that search engines list only that one.",
            fix="Let each page name itself, and only copies the original.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
            confidence=0.9,
        ),
    },
    "seo_duplicates": {
        "title": Words(
            title=_SHARED["title"],
            severity=Severity.MEDIUM,
            description="Results cannot tell the pages apart by their names.",
            fix="Give each page a title of its own, or name the original as canonical.",
        ),
        "description": Words(
            title=_SHARED["description"],
            severity=Severity.LOW,
            description="Results say the same of different pages.",
            fix="Describe each page in words of its own, or leave the description out.",
        ),
    },
    "seo_soft_404": {
        "served": Words(
            title="Missing pages answered as if they were there",
            severity=Severity.MEDIUM,
            description="An address that cannot exist is answered with a status of success, so dead pages stay listed and every mistyped link is a page.",
            fix="Answer with status 404 where there is no page.",
        ),
        "redirected": Words(
            title="Missing pages redirected to others",
            severity=Severity.LOW,
            description="An address that cannot exist leads to another page, which search engines take for an error that is hidden.",
            fix="Answer with status 404, and redirect only pages that have moved.",
            confidence=0.8,
        ),
    },
    "seo_favicon": {
        "missing": Words(
            title="Site icon missing",
            severity=Severity.LOW,
            description="Results and tabs show a blank in place of the site's icon.",
            fix="Put an icon at /favicon.ico or name one with a link element.",
        ),
        "broken": Words(
            title="Site icon not there",
            severity=Severity.LOW,
            description="The icon that the page names is an error or no picture.",
            fix="Correct the address of the icon.",
        ),
    },
    "seo_share_image": {
        "broken": Words(
            title="Picture of shared links not there",
            severity=Severity.LOW,
            description="The picture that previews are to show is an error or no picture.",
            fix="Correct the address in og:image or twitter:image.",
        ),
    },
}
