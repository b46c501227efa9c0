"""robots.txt: which paths of a site a crawler may ask for (RFC 9309), and what in the file nobody understands."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

#: Lines that are read, characters of each.
LINES = 20_000
_LINE = 2_000
_PROBLEMS = 100
_SAFE = "%/:=&?~#+!$,;'@()*[]"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What a file says: rules by crawler in lower case, sitemaps, and lines that are wrong (the first hundred)."""

    rules: dict[str, list[Rule]] = field(default_factory=dict)
    sitemaps: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def deciding(self, agent: str, path: str) -> Rule | None:
        """The rule that decides about a path with its query: the longest pattern, allow before disallow (§2.2.2)."""
        name = agent.lower()
        rules = self.rules.get(name, self.rules.get("*", []))
        wanted = _plain(path)
        best: Rule | None = None
        for rule in rules:
            longer = best is None or (len(rule.pattern), rule.allow) > (len(best.pattern), best.allow)
            if longer and rule.pattern and _fits(rule.pattern, wanted):
                best = rule
        return best

    def allows(self, agent: str, path: str) -> bool:
        """Whether a crawler may ask for a path; the file itself it always may."""
        rule = self.deciding(agent, path)
        return rule is None or rule.allow or path == "/robots.txt"


def parse(data: bytes) -> Robots:
    """A file's groups; what is wrong with a line is kept and the line left out, as crawlers do."""
    reader = _Reader()
    text = data.decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines()[:LINES], 1):
        reader.line(number, line[:_LINE])
    return Robots(rules=reader.rules, sitemaps=tuple(reader.sitemaps), problems=tuple(reader.problems))


class _Reader:
    def __init__(self) -> None:
        self.rules: dict[str, list[Rule]] = {}
        self.sitemaps: list[str] = []
        self.problems: list[Problem] = []
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
        if name == "sitemap":
            self.sitemaps += [value] if _is_address(value) else []
            return None if _is_address(value) else "a sitemap needs its full address"
        return None if name in _KNOWN else "no crawler knows this directive"

    def _agent(self, value: str) -> str | None:
        if not self._open:
            self._agents = []
        self._open = True
        if not value:
            return "it names no crawler"
        self._agents.append(value.lower())
        self.rules.setdefault(value.lower(), [])
        return None

    def _rule(self, number: int, allow: bool, value: str) -> str | None:
        self._open = False
        if not self._agents:
            return "no crawler is named before it"
        if value and value[0] not in "/*":
            return "a pattern begins with / or *"
        if "$" in value[:-1]:
            return "$ may only end a pattern"
        for agent in self._agents:
            self.rules[agent].append(Rule(allow, _plain(value), number))
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


def _plain(path: str) -> str:
    """A path as it stands in a request line."""
    return quote(path, safe=_SAFE)


def _is_address(value: str) -> bool:
    try:
        split = urlsplit(value)
    except ValueError:
        return False
    return split.scheme.lower() in {"http", "https", "ftp"} and bool(split.netloc)
