"""Which of the large crawlers a site's robots.txt keeps from a page."""

from __future__ import annotations

from surveyor.scan.check import directives
from surveyor.scan.check.document import Document
from surveyor.scan.evidence import WellKnown
from surveyor.scan.formats import robots
from surveyor.scan.formats.robots import Rule


def forbidding(url: str, files: WellKnown) -> dict[str, Rule | None]:
    """By crawler the rule that keeps it from a page, if one does; a file that is not there or no such file has none."""
    found = robots.read(files.files.get(robots.PATH))
    path = robots.path_of(url)
    rules: dict[str, Rule | None] = {}
    for agent in directives.AGENTS:
        rule = found.deciding(agent, path)
        rules[agent] = None if rule is None or rule.allow else rule
    return rules


def kept_out(document: Document, files: WellKnown | None) -> bool | None:
    """Whether no crawler may list the page, by directives and robots.txt; ``None`` where that is not known."""
    open_to = [agent for agent in directives.AGENTS if directives.blocking(document, agent) is None]
    if not open_to:
        return True
    if files is None or robots.PATH in files.missed:
        return None
    rules = forbidding(document.page.url, files)
    return all(rules[agent] is not None for agent in open_to)
