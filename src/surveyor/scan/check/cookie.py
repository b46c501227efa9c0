"""Set-Cookie headers as a browser reads them (RFC 6265bis §5)."""

from __future__ import annotations

from collections.abc import Iterable

from surveyor.scan.model import Evidence
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

#: More than any browser keeps of one site.
_MOST = 300
_NAME = 100
#: What is called a session by who measures visits or spreads them over machines (Hotjar, Matomo, Heroku, Clarity).
_ELSE = regex(r"affinity|^_hj|^_pk_|^_clsk|^mp_|^amp_")
_LOGIN = regex(
    r"(?:^|[^a-z])(?:s?sid|jwt|sso|bearer|auth|aspxauth|identity|id[-_]?token|cftoken)(?:[^a-z]|$)"
    r"|(?:access|refresh|auth|session|user)[-_]?token|^token$|remember[-_]?(?:me|user|web|token)|[._-]auth(?:[._-]|$)"
)
_FORM = regex(r"[cx]srf|antiforgery|requestverification|anti[-_]forgery")
SAME_SITE = frozenset({"strict", "lax", "none"})


@frozen
class Cookie:
    """One cookie; ``same_site`` is what was written, in lower case, absent when nothing was."""

    name: str
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None
    domain: str | None = None
    path: str | None = None
    partitioned: bool = False

    @property
    def is_session(self) -> bool:
        """Whether its name says that it stands for a login, as the Observatory guesses."""
        name = self.name.lower()
        return "sess" in name or "login" in name

    @property
    def is_token(self) -> bool:
        """Whether its name says that it guards against forged requests, as the Observatory guesses."""
        return "csrf" in self.name.lower()

    @property
    def of_login(self) -> bool:
        """Whether it stands for a login by its name: the Observatory's guess without what only measures or balances,
        and what frameworks and libraries of logins call theirs.
        """
        name = self.name.lower()
        if self.of_form or _ELSE.search(name):
            return False
        return self.is_session or bool(_LOGIN.search(name))

    @property
    def of_form(self) -> bool:
        """Whether it guards against forged requests by its name, in any of the usual spellings."""
        return bool(_FORM.search(self.name.lower()))


def read(values: Iterable[str]) -> tuple[Cookie, ...]:
    """The cookies of header values, a later one of a name in the place of an earlier; those without a name left out."""
    found: dict[tuple[str, str | None, str | None], Cookie] = {}
    for value in values:
        pair, *attributes = value.split(";")
        name, separator, _ = pair.partition("=")
        if not separator or not name.strip() or len(found) >= _MOST:
            continue
        cookie = _cookie(name.strip(), attributes)
        found[cookie.name, cookie.domain, cookie.path] = cookie
    return tuple(found.values())


def quote(one: Cookie) -> Evidence:
    """The cookie as it was set, without its value."""
    attributes = [f"Domain={one.domain}"] if one.domain else []
    attributes += [f"Path={one.path}"] if one.path else []
    attributes += ["Secure"] if one.secure else []
    attributes += ["HttpOnly"] if one.http_only else []
    attributes += [f"SameSite={one.same_site}"] if one.same_site is not None else []
    attributes += ["Partitioned"] if one.partitioned else []
    return Evidence(kind="cookie", where=one.name[:_NAME], value="; ".join(["…", *attributes])[:1000])


def _cookie(name: str, attributes: list[str]) -> Cookie:
    # of an attribute that is there twice the last counts
    said = {key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in attributes)}
    return Cookie(
        name=name,
        secure="secure" in said,
        http_only="httponly" in said,
        same_site=said["samesite"].lower() if "samesite" in said else None,
        domain=said["domain"].lower().lstrip(".") or None if "domain" in said else None,
        path=said.get("path"),
        partitioned="partitioned" in said,
    )
