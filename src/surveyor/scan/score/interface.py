"""What a test of a profile is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from surveyor.scan.check.document import Document
from surveyor.scan.errors import ScanError
from surveyor.scan.evidence import Page
from surveyor.scan.net import hosts
from surveyor.scan.values import frozen


class Unseen(ScanError):
    """What a test needs to see could not be had; the message says why."""

    code = "not_looked"


@frozen
class Sample:
    """A site as it answered: ``host`` is whom the scan asked, ``document`` its page, over TLS where that is spoken.

    ``answers`` has, under ``http``, ``https`` and ``cors``, the answer over that scheme and the one to a foreign origin
    (``origin``), ``None`` where nobody listens; ``missed`` says why one of them could not be had. ``preloaded`` tells
    of a host whether browsers know it from their list.
    """

    host: str
    document: Document
    answers: Mapping[str, Page | None]
    origin: str = ""
    missed: Mapping[str, str] = field(default_factory=dict)
    preloaded: Callable[[str], bool] = hosts.preloaded

    @property
    def page(self) -> Page:
        """The page that is judged."""
        return self.document.page

    def answer(self, name: str) -> Page | None:
        """One of the answers; raises ``Unseen`` for one that could not be had."""
        if name in self.missed:
            raise Unseen(self.missed[name])
        return self.answers.get(name)


@frozen
class Test:
    """One test. ``judge`` gives one of ``outcomes`` and raises ``Unseen`` where it cannot say."""

    id: str
    title: str
    outcomes: tuple[str, ...]
    judge: Callable[[Sample], str]
