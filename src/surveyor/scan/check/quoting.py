"""Headers, facts of programs, and what is not there, as evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from surveyor.scan.check.interface import Outcome
from surveyor.scan.formats.protection import Protection
from surveyor.scan.model import Evidence

if TYPE_CHECKING:  # rules of programs need nothing of pages
    from surveyor.scan.evidence import Links, Page, Step

_LONGEST = 1000
_MOST = 5
_HOPS = 12
_MANY = 20


def header(page: Page, name: str) -> tuple[Evidence, ...]:
    """The values of a header as seen; one that says so when it was not sent."""
    values = page.headers_of(name)
    if not values:
        return (Evidence(kind="header", where=name, value="not sent"),)
    return tuple(Evidence(kind="header", where=name, value=value[:_LONGEST]) for value in values[:_MOST])


def way(route: Iterable[Step]) -> tuple[Evidence, ...]:
    """Every URL on the way to a page, with what the server said there."""
    return tuple(
        Evidence(kind="hop", where=step.url[:_LONGEST], value=str(step.status)) for step in list(route)[:_HOPS]
    )


def absent(selector: str) -> Evidence:
    """That nothing in the page fits a selector."""
    return Evidence(kind="element", where=selector, value="not there")


def outcomes(found: Mapping[str, Sequence[Evidence]]) -> Iterator[Outcome]:
    """An outcome for each key, with the beginning of its evidence."""
    for key, evidence in found.items():
        yield Outcome(key=key, evidence=tuple(evidence[:_MANY]), count=len(evidence))


def no_pictures(links: Links, kind: str) -> tuple[tuple[Evidence, ...], int]:
    """The first addresses of one kind at which an error or a page is in place of a picture; and how many there are."""
    found = [
        Evidence(
            kind="link", where=one.where, value=f"{answer.status} {answer.media_type}: {one.url}"[: _LONGEST - 300]
        )
        for one, answer in links.told(kind)
        if answer.status >= 400 or answer.is_html
    ]
    return tuple(found[:_MANY]), len(found)


def notes(texts: Iterable[str], *, where: str) -> tuple[Evidence, ...]:
    """What exactly is weak about something."""
    return tuple(Evidence(kind="reason", where=where, value=text[:_LONGEST]) for text in list(texts)[:_MOST])


def read(facts: Protection, *names: str) -> tuple[Evidence, ...]:
    """What a program says under these names, those of its format."""
    return tuple(named(name, facts.said[name])[0] for name in names if name in facts.said)


def named(name: str, value: str) -> tuple[Evidence, ...]:
    """One fact of a program."""
    return (Evidence(kind="program", where=name, value=value[:_LONGEST]),)
