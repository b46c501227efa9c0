"""What a server asks for with a 401: the schemes and parameters of ``WWW-Authenticate`` (RFC 9110, section 11.6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

_LENGTH = 8192
_CHALLENGES = 16
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = regex(rf'\s*(?P<name>{_WORD})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{_WORD}))')
_SCHEME = regex(rf"[\s,]*(?P<scheme>{_WORD})(?=\s|,|\Z)(?!\s*=)")
_COMMA = regex(r"\s*,")
_ESCAPED = regex(r"\\(.)")


@frozen
class Challenge:
    """One way in that was offered; ``scheme`` and the names of parameters are in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def challenges(values: Iterable[str]) -> tuple[Challenge, ...]:
    """Every challenge of all headers in order; what cannot be read ends the header it is in."""
    return tuple(one for value in values for one in _read(value[:_LENGTH]))[:_CHALLENGES]


def _read(value: str) -> list[Challenge]:
    found: list[Challenge] = []
    position = 0
    while len(found) < _CHALLENGES and (scheme := _SCHEME.match(value, position)):
        parameters: dict[str, str] = {}
        position = scheme.end()
        while parameter := _PARAMETER.match(value, position):
            quoted = parameter["quoted"]
            told = parameter["plain"] if quoted is None else _ESCAPED.sub(r"\1", quoted)
            parameters.setdefault(parameter["name"].lower(), told)
            position = parameter.end()
            comma = _COMMA.match(value, position)
            if comma is None or _SCHEME.match(value, comma.end()):
                break
            position = comma.end()
        found.append(Challenge(scheme=scheme["scheme"].lower(), parameters=parameters))
    return found
