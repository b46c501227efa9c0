"""What gatherers bring from a URL and checks judge; both import it, neither imports the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from surveyor.scan.accessible import Label, Media, Picture, Tree
from surveyor.scan.address import host_of
from surveyor.scan.model import Evidence, Finding, Package
from surveyor.scan.values import frozen

_HTML = ("text/html", "application/xhtml+xml")


@frozen
class Step:
    """One redirect on the way: the URL that was asked, its status, the values of its Set-Cookie headers.

    ``verified`` is false where TLS was spoken with a certificate that is not good for the host.
    """

    url: str
    status: int
    cookies: tuple[str, ...] = ()
    verified: bool = True


@frozen
class Page:
    """One answer to one request: ``asked`` is the URL of the scan, ``url`` the one that answered after ``hops``.

    ``headers`` are as sent; ``body`` is decoded and cut at the scan's bound when ``cut``; ``verified`` as for a step.
    """

    asked: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False
    hops: tuple[Step, ...] = ()
    verified: bool = True

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return next(iter(self.headers_of(name)), None)

    def headers_of(self, name: str) -> tuple[str, ...]:
        """Every value of a header in the order sent."""
        wanted = name.lower()
        return tuple(value.strip() for key, value in self.headers if key.lower() == wanted)

    @property
    def route(self) -> tuple[Step, ...]:
        """Every URL that was asked, the one that answered last."""
        last = Step(url=self.url, status=self.status, cookies=self.headers_of("set-cookie"), verified=self.verified)
        return (*self.hops, last)

    @property
    def cookies(self) -> tuple[str, ...]:
        """The values of all Set-Cookie headers, those of redirects too."""
        return tuple(value for step in self.route for value in step.cookies)

    @property
    def host(self) -> str:
        """The host that answered, in lower case; empty where the URL has none."""
        return host_of(self.url)

    @property
    def secure(self) -> bool:
        """Whether the page came over TLS."""
        return self.url.lower().startswith("https:")

    @property
    def media_type(self) -> str:
        """The Content-Type without parameters, in lower case; empty when none was sent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether a browser shows it as a page; without a type by the first thing in it."""
        if self.media_type:
            return self.media_type in _HTML
        return self.body.lstrip()[:1] == b"<"


@frozen
class Loading:
    """One request that a page made in a browser; ``failure`` is the browser's word for why there was no answer.

    ``kind`` is the protocol's resource type (``Document``, ``Script`` …), ``size`` bytes on the wire.
    """

    url: str
    kind: str
    status: int | None = None
    size: int = 0
    failure: str | None = None


@frozen
class Kept:
    """One cookie that a browser keeps after a page was loaded, whoever set it; ``same_site`` as for a header."""

    name: str
    domain: str
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None


@frozen
class Barrier:
    """What one rule of axe-core (``rule`` is its name there) says of a page: the first elements, and how many.

    Names that begin with ``surveyor-`` are of what we measure ourselves.

    ``undecided`` elements are those that it could not decide about; those ``within`` frames or shadow trees are none of
    the page's markup.
    """

    rule: str
    undecided: bool
    evidence: tuple[Evidence, ...]
    count: int
    within: bool = False


#: The attribute by which ``Rendered.html`` says what style sheets hide: ``none`` of an element that is not displayed,
#: ``hidden`` or ``visible`` where its visibility is another than its parent's. Those that a page brings are not kept.
UNSEEN = "data-surveyor-unseen"


@frozen
class Rendered:
    """A page as a browser built it: its markup after scripts ran, without ``noscript``, which browsers do not show.

    ``settled`` says whether its load event came and then quiet. ``notes`` are errors it told, by kind; ``refused`` are
    rules of the guard by the origins that it asked for and must not reach. ``barriers`` are axe-core's word; ``missed``
    says by ``axe`` why there is none, by ``frames`` of how many it has none, by ``cookies`` why those are not known.
    ``tree`` is what assistive technology is told, absent where ``missed`` says by ``tree`` why; ``media`` its sound and
    video. Where ``missed`` has ``measures`` or ``tour``, what is measured, or told by the tab key, is not in barriers.
    ``labels`` are the texts seen on controls that are named otherwise, ``moved`` the selectors of elements that did not
    keep focus when they were given it. ``pictures`` are of elements that somebody asked for.
    """

    url: str
    html: str
    browser: str
    sandboxed: bool
    cut: bool = False
    settled: bool = True
    requests: tuple[Loading, ...] = ()
    more_requests: int = 0
    notes: tuple[tuple[str, str], ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    barriers: tuple[Barrier, ...] = ()
    cookies: tuple[Kept, ...] = ()
    tree: Tree | None = None
    media: tuple[Media, ...] = ()
    labels: tuple[Label, ...] = ()
    moved: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    missed: Mapping[str, str] = field(default_factory=dict)

    def of(self, page: Page) -> Page:
        """The page that was fetched, with what the browser made of it."""
        others = tuple(line for line in page.headers if line[0].lower() != "content-type")
        headers = (("Content-Type", "text/html; charset=utf-8"), *others)
        return replace(page, url=self.url, headers=headers, body=self.html.encode("utf-8", "replace"), cut=self.cut)


@frozen
class Schemes:
    """The page over both schemes of its host; ``None`` where nobody takes a connection.

    On a port of its own a host speaks one protocol, and the other counts as not there. ``missed`` says, by scheme, why
    an answer could not be had that may exist.
    """

    http: Page | None = None
    https: Page | None = None
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Sharing:
    """What the page answers to a foreign ``origin``: to a preflight (OPTIONS), and to the request itself.

    Some servers do not answer preflights at all; ``missed`` says by ``preflight`` how.
    """

    origin: str
    request: Page
    preflight: Page | None = None
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Certificate:
    """A host's certificate: names as RFC 4514 writes them, times in UTC, ``names`` of its alternative names.

    ``signature`` is the hash's name (``sha256``), empty for signatures that have none; ``key`` such as ``RSA 2048``.
    """

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    names: tuple[str, ...]
    signature: str
    key: str
    key_bits: int | None
    sha256: str


@frozen
class Tls:
    """How the page's host speaks TLS, at ``at``; ``problem`` is why clients do not trust its certificate, if so.

    ``accepted`` are versions older than TLS 1.2 that it agreed to; ``taken`` says by kind of ciphers which it takes
    from who offers no other, ``group_bits`` how long its own group for DHE is. ``missed`` says, by version and kind, of
    which it is not known. ``protocol`` is the one of HTTP's that it prefers (ALPN).
    """

    host: str
    at: datetime
    version: str
    cipher: str
    protocol: str | None
    certificate: Certificate
    problem: str | None = None
    accepted: tuple[str, ...] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    group_bits: int | None = None
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class WellKnown:
    """Files that a site keeps where everybody looks for them, by path; ``missed`` says why one could not be had.

    ``at`` is when they were read. A file that is not there is the page that the server answered instead.
    """

    at: datetime
    files: Mapping[str, Page]
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Reference:
    """One address that a page names: full, without fragment; what it is there for, and the element that names it.

    ``kind`` is ``canonical``, ``alternate``, ``icon``, ``image`` (of previews) or ``anchor``.
    """

    url: str
    kind: str
    where: str
    value: str


#: Kinds of which only some are asked for: links of a page, sitemaps, scripts, and addresses of sitemaps.
SITEMAP, SCRIPT, ADDRESS = "sitemap", "script", "address"
SAMPLED = frozenset({"anchor", SITEMAP, SCRIPT, ADDRESS})
#: For ``Scripts.missed``: that of a script that was read.
MAP = "map"
#: Statuses that say nothing about whether a reader gets an answer: a login, a machine not wanted, another method.
SAYS_NOTHING = frozenset({401, 402, 403, 405, 406, 407, 408, 425, 429, 451})


@frozen
class Links:
    """What answers at the addresses that a page names, and at one of its site that cannot exist (``stray``).

    ``answers`` are by the address asked, of pages only a beginning; ``silent`` says by address how none came;
    ``untried`` why one was not asked for. ``missed`` says by kind of address what is therefore not known.
    """

    references: tuple[Reference, ...]
    answers: Mapping[str, Page]
    stray: Page | None = None
    silent: Mapping[str, str] = field(default_factory=dict)
    untried: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Reference, ...]:
        """The addresses that are there for one end."""
        return tuple(one for one in self.references if one.kind == kind)

    def told(self, kind: str) -> Iterator[tuple[Reference, Page]]:
        """Those of them whose answer tells what is there."""
        for one in self.of(kind):
            answer = self.answers.get(one.url)
            if answer is not None and answer.status not in SAYS_NOTHING:
                yield one, answer


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a sitemap with when it changed, as written."""

    location: str
    modified: str = ""


@frozen
class Sitemap:
    """A sitemap: ``kind`` is ``urlset``, ``sitemapindex``, ``text`` or empty; ``error`` says why it ended early."""

    kind: str
    entries: tuple[Entry, ...] = ()
    total: int = 0
    error: str | None = None


@frozen
class SitemapFile:
    """One sitemap as it was answered and read; ``named`` says what names it: ``robots.txt`` or another sitemap."""

    page: Page
    sitemap: Sitemap
    named: str | None = None
    cut: bool = False


@frozen
class Sitemaps:
    """The sitemaps of the page's site that were read.

    ``missed`` says by address why one could not be had, by ``/robots.txt`` why it is not known which there are, and by
    ``sitemap`` what was not read of what there is.
    """

    files: tuple[SitemapFile, ...]
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Mapped:
    """What answers at some of the addresses that sitemaps name on the page's host, of pages only a beginning.

    ``listed`` are all of them, ``robots`` is the site's file of rules. ``silent`` says by address how no answer came;
    ``missed`` what is not known, as for sitemaps, and by ``address`` how many were asked for.
    """

    listed: tuple[str, ...] = ()
    robots: Page | None = None
    answers: Mapping[str, Page] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Exposed:
    """Answers to paths that nobody should get an answer to, and to one that cannot exist (``stray``).

    Only beginnings are read. ``missed`` says, by path, why there was no answer.
    """

    answers: Mapping[str, Page]
    stray: Page
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Script:
    """One script of the page's own site as it was fetched, and what answered at the address of its source map."""

    page: Page
    map: Page | None = None


@frozen
class Scripts:
    """The scripts of the page's own site that were read.

    ``missed`` says by address why one of those that were asked for could not be read, by ``map`` of which the map could
    not, and by ``script`` how many more there are, which nobody asked for.
    """

    scripts: tuple[Script, ...]
    missed: Mapping[str, str] = field(default_factory=dict)


@frozen
class Libraries:
    """Libraries that the page's scripts say they are, and what advisories say about those versions.

    The assets of ``findings`` name which of ``packages`` they are about; ``missed`` says what could not be asked.
    """

    packages: tuple[Package, ...] = ()
    findings: tuple[Finding, ...] = ()
    missed: Mapping[str, str] = field(default_factory=dict)
