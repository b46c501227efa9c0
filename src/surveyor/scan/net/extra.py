"""Headers that a person wants a site asked with, which may be secrets: whom they are sent to, and where they show."""

from __future__ import annotations

import base64
import functools
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from operator import is_
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus, urlsplit

from surveyor.scan.errors import BadTarget
from surveyor.scan.net.response import Hop, Response
from surveyor.scan.patterns import regex

T = TypeVar("T")

#: One field (RFC 9110 §5.1, §5.5): a token, and visible ASCII with spaces and tabs inside.
_NAME = regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = regex(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?")
#: What belongs to the connection, or to us.
_OURS = frozenset(
    (
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "origin"),
        *("proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
    )
)
_MOST, _LONGEST = 20, 8192
#: A shorter value is no secret, and would be found in every word.
_SECRET = 6
_SHOWN = "***"
_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "session", "token"})
_PORTS = {"http": 80, "https": 443}


def parsed(name: str, value: str) -> tuple[str, str]:
    """One header as it may be sent; raises ``BadTarget``, which never tells a value."""
    name, value = name.strip(), value.strip(" \t")
    if not _NAME.fullmatch(name):
        raise BadTarget(f"{name[:100]!r} is no name of a header")
    if name.lower() in _OURS:
        raise BadTarget(f"the header {name} is not one that can be chosen")
    if len(value) > _LONGEST or not _VALUE.fullmatch(value):
        raise BadTarget(f"the value of {name} is none that a header can have (8,192 characters of ASCII at most)")
    return name, value


def several(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers as they may be sent together: each name once, twenty at most."""
    found = tuple(parsed(name, value) for name, value in headers)
    if len(found) > _MOST:
        raise BadTarget(f"more than {_MOST} headers")
    names = [name.lower() for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise BadTarget(f"the header {name} is given twice")
    return found


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, as browsers tell origins apart; raises ``ValueError`` for what is no URL."""
    split = urlsplit(url)
    scheme, host = split.scheme.lower(), (split.hostname or "").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode()
    return scheme, host, split.port or _PORTS.get(scheme, 0)


@dataclass(frozen=True, slots=True)
class Extra:
    """Headers for the origin of ``url`` and no other; not after a redirect that went through another one."""

    url: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)

    def meant(self, url: str) -> bool:
        """Whether an address is of the origin that they are for."""
        try:
            return origin_of(url) == origin_of(self.url)
        except ValueError:
            return False

    def over(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers of a request with these, which win."""
        names = {name.lower() for name, _ in self.headers}
        return {**{name: value for name, value in headers.items() if name.lower() not in names}, **dict(self.headers)}

    def hidden(self, response: Response) -> Response:
        """An answer without their values, should the server repeat them: what is never here is nowhere told."""
        hops = tuple(self._hop(hop) for hop in response.hops)
        body = self._bytes(response.body)
        return replace(
            response, url=self._text(response.url), headers=self._lines(response.headers), body=body, hops=hops
        )

    def text(self, text: str) -> str:
        """The same of any text."""
        return self._text(text)

    def within(self, value: T) -> T:
        """The same of every text in a value; the value itself where there is none of them in it."""
        found: T = self._within(value)
        return found

    def _within(self, value: Any) -> Any:  # noqa: ANN401 - whatever a gatherer brings
        if isinstance(value, str) and not isinstance(value, Enum):
            return self._text(value)
        if isinstance(value, bytes):
            return self._bytes(value)
        if isinstance(value, tuple | list):
            parts = [self._within(one) for one in value]
            return value if all(map(is_, parts, value)) else type(value)(parts)
        if isinstance(value, Mapping):
            pairs = {self._within(name): self._within(one) for name, one in value.items()}
            same = all(a is b and pairs[a] is value[b] for a, b in zip(pairs, value, strict=False))
            return value if same and len(pairs) == len(value) else pairs
        if is_dataclass(value) and not isinstance(value, type):
            held = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
            changed = {name: new for name, one in held.items() if (new := self._within(one)) is not one}
            return replace(value, **changed) if changed else value
        return value

    def _hop(self, hop: Hop) -> Hop:
        return replace(
            hop, url=self._text(hop.url), location=self._text(hop.location), headers=self._lines(hop.headers)
        )

    def _lines(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self._text(value)) for name, value in headers)

    def _text(self, text: str) -> str:
        for secret in self._spellings:
            text = text.replace(secret, _SHOWN)
            # what was cut may end with a part of it
            at = text.rfind(secret[:_SECRET], -len(secret))
            if at >= 0 and secret.startswith(text[at:]):
                text = text[:at] + _SHOWN
        return text

    def _bytes(self, data: bytes) -> bytes:
        shown = _SHOWN.encode()
        for secret in (one.encode() for one in self._spellings):
            data = data.replace(secret, shown)
            at = data.rfind(secret[:_SECRET], -len(secret))
            if at >= 0 and secret.startswith(data[at:]):
                data = data[:at] + shown
        return data

    @property
    def _spellings(self) -> tuple[str, ...]:
        """Each secret as it is, and as it stands in an address, in markup and in a script."""
        return _spelled(self.headers)


@functools.lru_cache(maxsize=8)
def _spelled(headers: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    found: set[str] = set()
    for word in (word for name, value in headers for word in _secrets(name.lower(), value)):
        if len(word) >= _SECRET:
            found |= {word, quote(word, safe=""), quote_plus(word), html.escape(word), json.dumps(word)[1:-1]}
            found |= {json.dumps(word)[1:-1].replace("/", "\\/")}
    return tuple(sorted(found, key=len, reverse=True))


def _secrets(name: str, value: str) -> Iterator[str]:
    """What of a header nobody is to read: not the names of cookies, nor what a login's scheme is called."""
    scheme, _, credentials = value.partition(" ")
    if name == "authorization" and credentials:
        yield credentials
        if scheme.lower() == "basic":
            yield from _basic(credentials)
        return
    if name != "cookie":
        yield value
    for part in re.split(r"[\s;,]+", value):
        named, equals, given = part.partition("=")
        word = (given if equals and given.strip("=") else named).strip('"')
        if word.lower() not in _SCHEMES:
            yield word


def _basic(credentials: str) -> Iterator[str]:
    """A password as it was before it was encoded (RFC 7617 §2)."""
    try:
        told = base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        return
    yield told
    yield told.partition(":")[2]
