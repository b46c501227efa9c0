"""OSV's API: a thousand questions at once, each answered with names of advisories, and each advisory by its name.

https://google.github.io/osv.dev/api/. Answers break into pages at will, so only a page's token says that there is more;
one question that the API does not take fails its whole batch, and is left out of the next try.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import orjson

from surveyor.scan.advise import record as bounds
from surveyor.scan.advise.fields import document
from surveyor.scan.errors import LimitExceeded, Malformed, Refused, ScanError, Unreachable
from surveyor.scan.patterns import regex

#: What the API takes at once.
BATCH = 1_000
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_ATTEMPTS = 4
_SECONDS = 60.0
#: Everything together, for all of which a scan waits.
_TOTAL_SECONDS = 1_200.0
_MAX_ANSWER = 64 << 20
#: Pages of one question; each has up to a thousand names.
_PAGES = 50
_MAX_RECORDS = 100_000
_AT_ONCE = 8
_ID = regex(r"[A-Za-z0-9][A-Za-z0-9._:+@~-]{0,127}")
_BAD_QUERY = regex(r"(?:query|queries) at index (?P<index>[0-9]{1,4})\b", re.IGNORECASE)
_ECOSYSTEM = "invalid ecosystem"


class Query(NamedTuple):
    """One question."""

    ecosystem: str
    name: str
    version: str


class Answer(Protocol):
    """What is needed of a response."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> bytes:
        """The decoded body."""

    @property
    def truncated(self) -> bool:
        """Whether some of it is missing."""


class Client(Protocol):
    """Who may ask the network: ``surveyor.scan.net.Client``."""

    def get(self, url: str, *, max_bytes: int, seconds: float) -> Answer:
        """Ask for a URL."""

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None, max_bytes: int, seconds: float
    ) -> Answer:
        """Send a body."""


@dataclass(slots=True)
class Named:
    """Names of advisories with their times of change, by question; and why some were not answered."""

    hits: dict[Query, list[tuple[str, str]]] = field(default_factory=dict)
    failed: dict[Query, str] = field(default_factory=dict)


@dataclass(slots=True)
class Api:
    """OSV's API at a base URL, asked for the length of one scan."""

    base: str
    client: Client
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._until = self.clock() + _TOTAL_SECONDS

    def query(self, queries: Sequence[Query]) -> Named:
        """Which advisories concern each; raises ``Unreachable`` or ``Refused`` when not one batch was answered."""
        named = Named()
        error: ScanError | None = None
        for at in range(0, len(queries), BATCH):
            batch = list(queries[at : at + BATCH])
            try:
                self._batch(batch, named)
            except ScanError as caught:
                error = caught
        if error is not None and not named.hits:
            raise error
        return named

    def records(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | ScanError]]:
        """Each advisory as JSON, or why it could not be had."""
        if len(names) > _MAX_RECORDS:
            raise LimitExceeded(f"{len(names):,} advisories to be had one by one")
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            yield from zip(names, pool.map(self._record, names), strict=True)

    def _record(self, name: str) -> bytes | ScanError:
        url = f"{self.base}/v1/vulns/{quote(name, safe='')}"
        try:
            answer = self._patiently(lambda: self.client.get(url, max_bytes=bounds.MAX_RECORD_BYTES, seconds=_SECONDS))
        except ScanError as error:
            return error
        return answer.body if answer.status == 200 else Unreachable(f"HTTP {answer.status}")

    def _batch(self, batch: list[Query], named: Named) -> None:
        """Ask until no question has a page left; a question that the API refuses is left out and told.

        What had its first pages only is told too: of those that it was not told nobody knows.
        """
        tokens: dict[Query, str] = {}
        open_ = batch
        for _ in range(_PAGES):
            try:
                answers = self._ask(open_, tokens, named)
            except ScanError as error:
                named.failed |= {query: str(error)[:300] for query in open_ if query not in named.failed}
                raise
            tokens = {}
            for query, (found, token) in answers.items():
                named.hits.setdefault(query, []).extend(found)
                if token:
                    tokens[query] = token
            open_ = list(tokens)
            if not open_:
                return
        named.failed |= dict.fromkeys(open_, f"more than {_PAGES} pages")

    def _ask(
        self, queries: list[Query], tokens: Mapping[Query, str], named: Named
    ) -> dict[Query, tuple[list[tuple[str, str]], str]]:
        left = list(queries)
        while left:
            body = orjson.dumps({"queries": [_question(query, tokens.get(query, "")) for query in left]})
            answer = self._patiently(lambda body=body: self._post(body))  # type: ignore[misc]
            if answer.status == 200:
                return dict(zip(left, _results(answer, len(left)), strict=True))
            refused = _refused(answer, len(left))
            if refused is None:
                raise Unreachable(f"{self.base}: HTTP {answer.status}")
            at, why = refused
            odd = left[at]
            # an ecosystem that it does not know, it knows of none of its packages: a try for each would take all time
            alike = [one for one in left if one.ecosystem == odd.ecosystem] if _ECOSYSTEM in why else [odd]
            named.failed |= dict.fromkeys(alike, why)
            left = [one for one in left if one not in named.failed]
        return {}

    def _post(self, body: bytes) -> Answer:
        headers = {"Content-Type": "application/json"}
        return self.client.post(
            f"{self.base}/v1/querybatch", body, headers=headers, max_bytes=_MAX_ANSWER, seconds=_SECONDS
        )

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        """Ask again, later each time, while the API is busy or not to be had, and no more when all time is used up."""
        for attempt in range(1, _ATTEMPTS + 1):
            if self.clock() > self._until:
                raise Unreachable(f"{self.base}: not done in {_TOTAL_SECONDS:.0f} s")
            last = attempt == _ATTEMPTS
            try:
                answer = ask()
            except Refused:
                raise
            except Unreachable:
                if last:
                    raise
            else:
                if answer.truncated:
                    raise LimitExceeded("an answer that is too long")
                if answer.status not in _BUSY or last:
                    return answer
            self.sleep(2.0 ** (attempt - 1))
        raise AssertionError("unreachable")


def _question(query: Query, token: str) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "package": {"ecosystem": query.ecosystem, "name": query.name},
        "version": query.version,
    }
    return {**asked, "page_token": token} if token else asked


def _results(answer: Answer, count: int) -> list[tuple[list[tuple[str, str]], str]]:
    results = document(answer.body).get("results")
    if not isinstance(results, list) or len(results) != count:
        raise Malformed(f"{len(results) if isinstance(results, list) else 'no'} answers to {count:,} questions")
    return [_result(item) for item in results]


def _result(item: object) -> tuple[list[tuple[str, str]], str]:
    """Names with their times of change, and the token of the next page."""
    if not isinstance(item, dict):
        raise Malformed("an answer that is no object")
    listed, token = item.get("vulns") or [], item.get("next_page_token") or ""
    if not isinstance(listed, list) or not isinstance(token, str):
        raise Malformed("an answer of a strange shape")
    found = []
    for one in listed:
        identity = one.get("id") if isinstance(one, dict) else None
        if not isinstance(identity, str) or not _ID.fullmatch(identity):
            raise Malformed(f"not an id: {str(identity)[:60]!r}")
        modified = one.get("modified")
        found.append((identity, modified[:40] if isinstance(modified, str) else ""))
    return found, token


def _refused(answer: Answer, count: int) -> tuple[int, str] | None:
    """Which question of a batch the API does not take, and why, if it says so."""
    if answer.status != 400:
        return None
    try:
        message = document(answer.body).get("message")
    except Malformed:
        return None
    if not isinstance(message, str):
        return None
    found = _BAD_QUERY.search(message)
    if found is None or int(found["index"]) >= count:
        return None
    return int(found["index"]), f"refused: {message[:200]}"
