"""Files of settings and passwords that the web server gives to anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable

from surveyor.scan.check import leaks
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.evidence import Exposed
from surveyor.scan.model import Domain, Evidence
from surveyor.scan.patterns import regex

_ENVIRONMENT = regex(rb"(?:\s*(?:#[^\n]*)?\n)*(?:export )?([A-Z][A-Z0-9_]{1,60})\s?=")
_NAMES = regex(rb"(?m)^(?:export )?([A-Z][A-Z0-9_]{1,60})\s?=")
_PASSWORDS = regex(rb"[\w.@-]{1,100}:(?:\$(?:apr1|2[aby]|5|6)\$|\{SHA\}|[./0-9A-Za-z]{13}\s)")
_PROGRAM = regex(rb"<\?php\b.*(?:DB_PASSWORD|password|secret)", re.DOTALL | re.IGNORECASE)
_SIGNS = {
    "/.env": _ENVIRONMENT,
    "/.htpasswd": _PASSWORDS,
    "/wp-config.php.bak": _PROGRAM,
    "/index.php~": regex(rb"\s*<\?php\b"),
}
_QUOTED = 10


def judge(exposed: Exposed) -> Iterable[Outcome]:
    """By what the files hold; of settings the names are told, and no value of anything."""
    found = [_told(exposed, path) for path, sign in _SIGNS.items() if leaks.shows(exposed, path, sign)]
    if found:
        yield Outcome(key="readable", evidence=tuple(found), count=len(found))


def _told(exposed: Exposed, path: str) -> Evidence:
    if path != "/.env":
        return leaks.evidence(exposed, path, quoted=False)
    names = [name.decode("ascii") for name in _NAMES.findall(exposed.answers[path].body)[:_QUOTED]]
    return Evidence(kind="file", where=path, value=", ".join(f"{name}=…" for name in names))


CHECK = Check(
    id="security_exposed_secrets",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("readable",),
    needs=Needs.EXPOSED,
    exposed=judge,
    parts=tuple(_SIGNS),
)
