"""What people read about a page's addresses, and whether it is to be listed under them."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

WORDS: Table = {
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
        "misplaced": Words(
            title="Canonical link outside the head",
            severity=Severity.MEDIUM,
            description="Search engines ignore canonical links in the page's body. An element that may not stand in the head ends it early.",
            fix="Move the link element into the head, before anything that is shown.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
        ),
        "fragment": Words(
            title="Canonical link with a fragment",
            severity=Severity.LOW,
            description="What stands behind the # is dropped, so the link names another address than was meant.",
            fix="Remove the fragment from the canonical link.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
        ),
        "language": Words(
            title="Canonical link to another language",
            severity=Severity.HIGH,
            description="The page says that a translation of it should be listed in its place, so this language is not found.",
            fix="Let each language's page name itself as canonical.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
        ),
        "foreign": Words(
            title="Canonical link to another site",
            severity=Severity.MEDIUM,
            description="Search engines are asked to list a page of another site in place of this one. That may be meant for copies.",
            fix="Name this page's own address, or dismiss this finding where the page is a copy.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
            confidence=0.7,
        ),
        "root": Words(
            title="Canonical link to the home page",
            severity=Severity.HIGH,
            description="The page says that it is a copy of the home page, and is not listed itself.",
            fix="Name this page's own address in the canonical link.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
        ),
        "insecure": Words(
            title="Canonical link to plain http",
            severity=Severity.MEDIUM,
            description="The page is served over TLS and asks to be listed without.",
            fix="Put the https address into the canonical link.",
            references=("https://developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls",),
        ),
    },
    "seo_hreflang": {
        "region": Words(
            title="Regions of hreflang that are no country",
            severity=Severity.LOW,
            description="Search engines know countries only, by the codes of ISO 3166-1: Britain is GB, and Latin America is none.",
            fix="Use the code of a country, or the language alone.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
            confidence=0.9,
        ),
        "code": Words(
            title="Language codes of hreflang invalid",
            severity=Severity.MEDIUM,
            description="Search engines ignore links to translations whose code is no language.",
            fix="Use a language of ISO 639-1, with a region of ISO 3166-1 behind a hyphen where it matters, or x-default.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
        ),
        "relative": Words(
            title="Addresses of hreflang not full",
            severity=Severity.MEDIUM,
            description="Links to translations count only with scheme and host.",
            fix="Write full https addresses.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
        ),
        "repeated": Words(
            title="Language of hreflang given twice",
            severity=Severity.MEDIUM,
            description="Two addresses claim to be the page in one language, so neither is sure to be taken.",
            fix="Give each language one address.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
        ),
        "misplaced": Words(
            title="Links of hreflang outside the head",
            severity=Severity.MEDIUM,
            description="Search engines ignore links to translations in the page's body.",
            fix="Move them into the head, before anything that is shown.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
        ),
        "no_self": Words(
            title="Links of hreflang without this page",
            severity=Severity.LOW,
            description="A set of translations must hold the page that it stands on, or it is not taken for one.",
            fix="Add a link with this page's own language and address.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
        ),
        "no_default": Words(
            title="Links of hreflang without a default",
            severity=Severity.LOW,
            description="Readers of other languages are sent to any of the translations.",
            fix="Add a link with hreflang x-default.",
            references=("https://developers.google.com/search/docs/specialty/international/localized-versions",),
            confidence=0.6,
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
        "some": Words(
            title="Page blocked from some search engines",
            severity=Severity.LOW,
            description="Some crawlers are asked by name not to list the page. That may be meant.",
            fix="Remove noindex from what is said to these crawlers, or dismiss this finding.",
            confidence=0.7,
        ),
    },
    "seo_robots_meta": {
        "conflict": Words(
            title="Directives for crawlers contradictory",
            severity=Severity.MEDIUM,
            description="Crawlers take the strictest of what they are told, which may not be what was meant.",
            fix="Say it once, in the robots meta element or in the X-Robots-Tag header.",
            references=("https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag",),
        ),
        "unknown": Words(
            title="Directives for crawlers unknown",
            severity=Severity.LOW,
            description="No large crawler knows these words and all ignore them.",
            fix="Correct or remove them.",
            references=("https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag",),
            confidence=0.8,
        ),
    },
    "seo_mixed_signals": {
        "canonical": Words(
            title="Canonical link on a page that is not to be listed",
            severity=Severity.MEDIUM,
            description="The page asks not to be listed and, in the same breath, that another be listed in its place; the other may be dropped with it.",
            fix="Remove noindex, or remove the canonical link.",
        ),
        "hreflang": Words(
            title="Translations named on a page that is not to be listed",
            severity=Severity.LOW,
            description="A page that is not listed cannot be shown to readers of its language.",
            fix="Remove noindex, or take the page out of the set of translations.",
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
    "seo_redirects": {
        "chain": Words(
            title="Several redirects to the page",
            severity=Severity.LOW,
            description="Each redirect costs a round trip, and crawlers give up after a few.",
            fix="Let the first address lead straight to the last.",
        ),
        "temporary": Words(
            title="Temporary redirect to the page",
            severity=Severity.LOW,
            description="Search engines keep the old address listed as long as the redirect says it is temporary.",
            fix="Answer with 301 or 308 where the move is to stay.",
            confidence=0.7,
        ),
        "refresh": Words(
            title="Redirect by a meta element",
            severity=Severity.MEDIUM,
            description="Some crawlers do not follow it, and readers see the page for a moment that they did not ask for.",
            fix="Redirect with status 301 or 308 on the server.",
        ),
    },
    "seo_url": {
        "long": Words(
            title="Address very long",
            severity=Severity.LOW,
            description="Long addresses are cut in results and where they are shared.",
            fix="Shorten the path and drop parameters that do not choose content.",
        ),
        "session": Words(
            title="Session in the address",
            severity=Severity.MEDIUM,
            description="Every visitor has another address of the same page, and crawlers meet it again and again; who shares it may share a login.",
            fix="Keep sessions in cookies.",
        ),
        "parameters": Words(
            title="Address with many parameters",
            severity=Severity.LOW,
            description="Each order and each subset of parameters is another address of the same page.",
            fix="Put into the path what chooses content, and name one form as canonical.",
            confidence=0.7,
        ),
        "slashes": Words(
            title="Address with doubled slashes",
            severity=Severity.LOW,
            description="The same page answers with one slash too, as a copy of itself.",
            fix="Redirect to the address with single slashes.",
        ),
        "letters": Words(
            title="Address with capital letters",
            severity=Severity.LOW,
            description="Letters in other case make another address, which is easily mistyped and linked.",
            fix="Use small letters and redirect other spellings to them.",
            confidence=0.6,
        ),
        "underscores": Words(
            title="Address with underscores",
            severity=Severity.LOW,
            description="Search engines read words joined by underscores as one.",
            fix="Separate words by hyphens in new addresses.",
            confidence=0.5,
        ),
    },
    "seo_pagination": {
        "first": Words(
            title="Canonical link of a later page to the first",
            severity=Severity.MEDIUM,
            description="What is only on this page of the series is not listed.",
            fix="Let each page of a series name itself as canonical.",
        ),
        "neighbour": Words(
            title="Links to neighbours in a series invalid",
            severity=Severity.LOW,
            description="The page before or after this one is itself, or no address.",
            fix="Correct or remove the links with rel next and prev.",
        ),
    },
}
