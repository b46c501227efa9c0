"""Where somebody was going who had to sign in first: a path of these pages, or nowhere."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from starlette.requests import Request

SIGN_IN = "/sign-in"
LENGTH = 1_000
#: What our own addresses are made of, spelled out rather than parsed: browsers and parsers disagree about the odd ones.
#: One leading slash, no empty part, none that begins with a dot; nothing encoded in the path, no control in the query.
_PART = r"[A-Za-z0-9_~-][A-Za-z0-9_.~-]*"
_QUERY = r"\?(?:[A-Za-z0-9_.~=&+:,-]|%[2-9A-Fa-f][0-9A-Fa-f])*"
_FORM = re.compile(rf"/(?:{_PART}(?:/{_PART})*)?(?:{_QUERY})?", re.ASCII)
#: Signing in leads to none of these: forms, programs' addresses, and back to where one stands.
_NOT = ("/sign-in", "/sign-out", "/api", "/static", "/uploads")


def judge(given: str) -> str | None:
    """The path to go to, or ``None`` when it is not certainly one of ours."""
    if len(given) > LENGTH or not _FORM.fullmatch(given):
        return None
    path = given.partition("?")[0]
    return None if any(path == root or path.startswith(f"{root}/") for root in _NOT) else given


def sign_in(request: Request) -> str:
    """The address of the sign-in page that leads back to what was asked for, where that is a page to look at."""
    # a piece that a script asked for is not where anybody wants to be
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate" or "hx-request" in request.headers:
        return SIGN_IN
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = judge(f"{request.url.path}{query}")
    return SIGN_IN if wanted in {None, "/"} else f"{SIGN_IN}?{urlencode({'next': wanted})}"
