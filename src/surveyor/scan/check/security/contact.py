"""security.txt: where somebody who found a hole can say so (RFC 9116)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Page, WellKnown
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

_PATH, _OLD = "/.well-known/security.txt", "/security.txt"
_FIELD = regex(r"(?m)^([A-Za-z-]{1,40}): ?([^\r\n]{1,2000})")
_LINES = 65_536


def judge(files: WellKnown) -> Iterable[Outcome]:
    """Missing; in the old place only; without what it has to say; or past the day that it names itself."""
    found = next((path for path in (_PATH, _OLD) if _is_one(files.files.get(path))), None)
    if found is None:
        if {_PATH, _OLD} & files.missed.keys():
            return  # it may be there
        page = files.files.get(_PATH)
        status = f"{page.status} {page.media_type}".strip() if page else "no answer"
        yield Outcome(key="missing", evidence=(Evidence(kind="file", where=_PATH, value=status),))
        return
    page = files.files[found]
    fields = [(name.lower(), value.strip()) for name, value in _FIELD.findall(_text(page))]
    wrong = tuple(_wrong(fields, page, found))
    if wrong:
        notes = tuple(Evidence(kind="reason", where=found, value=text) for text in wrong)
        yield Outcome(key="invalid", evidence=notes)
    ends = [value for name, value in fields if name == "expires"]
    if len(ends) == 1 and (day := _time(ends[0])) is not None and day < files.at:
        yield Outcome(key="expired", evidence=(Evidence(kind="file", where=found, value=f"Expires: {ends[0][:100]}"),))


def _is_one(page: Page | None) -> bool:
    """Whether the answer is such a file: sites that answer everything with a page have none."""
    if page is None or page.status != 200 or "html" in page.media_type:
        return False
    return any(name.lower() in {"contact", "expires"} for name, _ in _FIELD.findall(_text(page)))


def _text(page: Page) -> str:
    return page.body[:_LINES].decode("utf-8", "replace")


def _wrong(fields: list[tuple[str, str]], page: Page, path: str) -> Iterator[str]:
    names = [name for name, _ in fields]
    if "contact" not in names:
        yield "there is no Contact"
    for name, value in fields:
        if name == "contact" and value.lower().startswith("http:"):
            yield f"a Contact without TLS: {value[:200]}"
    if names.count("expires") != 1:
        yield "there is no Expires" if "expires" not in names else "Expires is there more than once"
    elif _time(next(value for name, value in fields if name == "expires")) is None:
        yield "Expires is no date and time"
    if not page.secure:
        yield "it is served without TLS"
    if path == _OLD:
        yield f"it stands at {_OLD}, where it was until it got its place at {_PATH}"
    if page.media_type != "text/plain":
        yield f"its type is {page.media_type[:100] or 'not told'}, not text/plain"


def _time(value: str) -> datetime | None:
    """A time by RFC 3339."""
    try:
        found = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


CHECK = Check(
    id="security_contact",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("missing", "invalid", "expired"),
    needs=Needs.WELLKNOWN,
    wellknown=judge,
    parts=(_PATH, _OLD),
)
