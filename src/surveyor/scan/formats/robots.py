"""robots.txt: which paths of a site a crawler may ask for (RFC 9309), and what in the file nobody understands.

Read by us, since findings name the rule that decides with its line, and the lines that break the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from string import ascii_letters, digits
from urllib.parse import quote, urlsplit

from surveyor.scan.evidence import Page
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: Where every site keeps it.
PATH = "/robots.txt"
#: How much of a file is read (§2.5 asks for 500 KiB at least), characters of a line.
_BYTES, _LINE = 512 << 10, 2_000
_PROBLEMS = 100
_SAFE = "%/:=&?~#+!,;'@()[]"
_ENCODED = regex("%([0-9A-Fa-f]{2})")
_SECONDS = regex(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_UNRESERVED = frozenset(f"{ascii_letters}{digits}-._~")
#: A product token ends where its version begins.
_TOKEN = regex(r"[^\s/]*")
_KNOWN = frozenset(
    (
        "user-agent",
        "disallow",
        "allow",
        "sitemap",
        "crawl-delay",
        "clean-param",
        "host",
        "request-rate",
        "visit-time",
        "noindex",
        "content-signal",
        "content-usage",
    )
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One allow or disallow with its line; the pattern may hold ``*`` and end in ``$``."""

    allow: bool
    pattern: str
    line: int

    def __str__(self) -> str:
        return f"{'Allow' if self.allow else 'Disallow'}: {self.pattern}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that breaks the syntax, and why."""

    line: int
    text: str
    why: str


@frozen
class Robots:
    """What a file says: groups of rules by crawler in lower case, sitemaps, and the first hundred lines that are wrong.

    Crawlers that are named together share their group. ``delays`` are the seconds that each is asked to let pass
    between two requests; that is no part of the RFC.
    """

    groups: dict[str, list[list[Rule]]] = field(default_factory=dict)
    sitemaps: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    delays: dict[str, float] = field(default_factory=dict)

    def delay(self, agent: str) -> float:
        """How many seconds a crawler is asked to let pass; none where nothing is asked."""
        name = agent.lower()
        return self.delays.get(name if name in self.groups else "*", 0.0)

    def deciding(self, agent: str, path: str) -> Rule | None:
        """The rule that decides about a path with its query: the longest pattern, allow before disallow (§2.2.2)."""
        wanted = _plain(path, _SAFE)
        best: Rule | None = None
        for rule in self._rules(agent.lower()):
            longer = best is None or (len(rule.pattern), rule.allow) > (len(best.pattern), best.allow)
            if longer and rule.pattern and _fits(rule.pattern, wanted):
                best = rule
        return best

    def allows(self, agent: str, path: str) -> bool:
        """Whether a crawler may ask for a path; the file itself it always may."""
        rule = self.deciding(agent, path)
        return rule is None or rule.allow or path == PATH

    def _rules(self, agent: str) -> Iterator[Rule]:
        groups = self.groups.get(agent, self.groups.get("*", []))
        return (rule for group in groups for rule in group)


def path_of(url: str) -> str:
    """The part of an address that rules are about: its path with the query."""
    split = urlsplit(url)
    return (split.path or "/") + (f"?{split.query}" if split.query else "")


def read(page: Page | None) -> Robots:
    """The rules of an answer; one that is not there, or a web page in its place, has none."""
    if page is None or page.status != 200 or is_page(page):
        return Robots()
    # of a file that is longer than what was read the last line may be half of one
    return parse(page.body[: page.body.rfind(b"\n") + 1] if page.cut else page.body)


def is_page(page: Page) -> bool:
    """Whether an answer is a web page, whatever it is called."""
    return "html" in page.media_type or page.body[:200].lstrip().lower().startswith((b"<!doctype", b"<html"))


def parse(data: bytes) -> Robots:
    """A file's groups; what is wrong with a line is kept and the line left out, as crawlers do."""
    reader = _Reader()
    text = data[:_BYTES].decode("utf-8-sig", "replace")
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        reader.line(number, line[:_LINE])
    return Robots(
        groups=reader.groups,
        sitemaps=tuple(reader.sitemaps),
        problems=tuple(reader.problems),
        delays=reader.delays,
    )


class _Reader:
    def __init__(self) -> None:
        self.groups: dict[str, list[list[Rule]]] = {}
        self.sitemaps: list[str] = []
        self.problems: list[Problem] = []
        self.delays: dict[str, float] = {}
        self._group: list[Rule] | None = None
        self._agents: list[str] = []
        self._open = False  # whether another crawler's name still belongs to this group

    def line(self, number: int, line: str) -> None:
        told = line.partition("#")[0].strip()
        if not told:
            return
        name, colon, value = (part.strip() for part in told.partition(":"))
        why = self._take(number, name.lower(), value) if colon else "there is no colon in it"
        if why and len(self.problems) < _PROBLEMS:
            self.problems.append(Problem(number, told[:200], why))

    def _take(self, number: int, name: str, value: str) -> str | None:
        if name == "user-agent":
            return self._agent(value)
        if name in {"allow", "disallow"}:
            return self._rule(number, name == "allow", value)
        if name == "crawl-delay":
            self._delay(value)
            return None
        if name == "sitemap":
            self.sitemaps += [value] if _is_address(value) else []
            return None if _is_address(value) else "a sitemap needs its full address"
        return None if name in _KNOWN else "no crawler knows this directive"

    def _agent(self, value: str) -> str | None:
        if self._group is None or not self._open:
            self._group, self._agents = [], []
        self._open = True
        token = _TOKEN.match(value)
        if token is None or not token[0]:
            return "it names no crawler"
        self._agents.append(token[0].lower())
        groups = self.groups.setdefault(token[0].lower(), [])
        if not groups or groups[-1] is not self._group:
            groups.append(self._group)
        return None

    def _delay(self, value: str) -> None:
        # no rule, so that crawlers named after it still belong to the group (§2.2.4)
        if found := _SECONDS.fullmatch(value):
            self.delays.update(dict.fromkeys(self._agents, float(found[0])))

    def _rule(self, number: int, allow: bool, value: str) -> str | None:
        self._open = False
        if self._group is None:
            return "no crawler is named before it"
        if value and value[0] not in "/*":
            return "a pattern begins with / or *"
        if "$" in value[:-1]:
            return "$ may only end a pattern"
        self._group.append(Rule(allow, _plain(value, _SAFE + "*$"), number))
        return None


def _fits(pattern: str, path: str) -> bool:
    """Whether a pattern matches from the beginning: each piece between stars at its first place, the last at its last.

    No backtracking: the time is that of a few searches, whatever the pattern.
    """
    ends = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not rest:
        return not ends or at == len(path)
    last = rest.pop() if ends else ""
    for piece in rest:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return not ends or (path.endswith(last) and len(path) - len(last) >= at)


def _plain(path: str, safe: str) -> str:
    """A path as it is compared: what needs no encoding without, all else with capital digits (§2.2.2)."""
    return _ENCODED.sub(_decoded, quote(path, safe=safe))


def _decoded(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter in _UNRESERVED else found[0].upper()


def _is_address(value: str) -> bool:
    try:
        split = urlsplit(value)
    except ValueError:
        return False
    return split.scheme.lower() in {"http", "https", "ftp"} and bool(split.netloc)
