"""Headers that a person wants a site asked with, which may be secrets: whom they are sent to, and where they show."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, quote_plus, urlsplit

from surveyor.scan.errors import BadTarget
from surveyor.scan.net.response import Hop, Response

#: One field (RFC 9110 §5.1, §5.5): a token, and visible ASCII with spaces and tabs inside.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?")
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
    scheme = split.scheme.lower()
    return scheme, (split.hostname or "").rstrip("."), split.port or _PORTS.get(scheme, 0)


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
        body = response.body
        for secret in self._spellings():
            body = body.replace(secret.encode(), _SHOWN.encode())
        return replace(
            response, url=self._text(response.url), headers=self._lines(response.headers), body=body, hops=hops
        )

    def text(self, text: str) -> str:
        """The same of any text."""
        return self._text(text)

    def _hop(self, hop: Hop) -> Hop:
        return replace(
            hop, url=self._text(hop.url), location=self._text(hop.location), headers=self._lines(hop.headers)
        )

    def _lines(self, headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self._text(value)) for name, value in headers)

    def _text(self, text: str) -> str:
        for secret in self._spellings():
            text = text.replace(secret, _SHOWN)
        return text

    def _spellings(self) -> tuple[str, ...]:
        """Each value, and each word of it (``Bearer …``, ``name=…;``), as it is and as it stands in an address."""
        found: set[str] = set()
        for _, value in self.headers:
            words = re.split(r"[\s;,=]+", value)
            for word in (value, *words, *(word.strip('"') for word in words)):
                if len(word) >= _SECRET:
                    found |= {word, quote(word, safe=""), quote_plus(word)}
        return tuple(sorted(found, key=len, reverse=True))
