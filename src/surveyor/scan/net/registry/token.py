"""The proof that goes with each request to a registry: none, a name and password, or a token from its realm.

Distribution project, "Token Authentication Specification" and "Authenticate proxy with OAuth2"; RFC 7617 for Basic.
"""

from __future__ import annotations

import base64
import io
import threading
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import orjson

from surveyor.scan.errors import Denied, Malformed, Refused, Unreachable
from surveyor.scan.net.client import Client
from surveyor.scan.net.registry.challenge import Challenge, challenges
from surveyor.scan.net.response import Response
from surveyor.scan.settings import Login

_ANSWER = 256 << 10
_SECONDS = 30.0
_TOKEN_LENGTH = 32 << 10


class Proof:
    """What one registry wants to see for pulling one repository; safe to share between threads.

    ``shown`` says for people which login is used, or where none was found.
    """

    def __init__(self, client: Client, login: Login | None, *, scope: str, secure: bool, shown: str) -> None:
        self._client = client
        self._login = login
        self._scope = scope
        self._secure = secure
        self._shown = shown
        self._lock = threading.Lock()
        self.header: str | None = None

    def renew(self, answer: Response, used: str | None) -> bool:
        """Do what a 401 asks for; false when nothing that was not shown already can be.

        ``used`` is the header that was refused: another thread may have got a new one meanwhile.
        """
        with self._lock:
            if self.header != used:
                return True
            offered = {one.scheme: one for one in reversed(challenges(answer.get_all("www-authenticate")))}
            header = self._made(offered)
            if header is None or header == used:
                return False
            self.header = header
            return True

    def _made(self, offered: dict[str, Challenge]) -> str | None:
        if "bearer" in offered:
            return f"Bearer {self._token(offered['bearer'])}"
        if "basic" in offered and self._login is not None and self._login.password:
            return _basic(self._login)
        return None

    def _token(self, challenge: Challenge) -> str:
        realm = challenge.parameters.get("realm", "")
        host = _host(realm)
        if self._secure and not realm.lower().startswith("https:"):
            raise Refused(f"the registry sends to {host} for a token, and not over https", rule="redirect_downgrade")
        asked = {"service": challenge.parameters.get("service", ""), "scope": self._scope}
        answer = self._exchange(realm, asked) if self._login and self._login.identity_token else self._get(realm, asked)
        if answer.status in {401, 403}:
            raise Denied(f"{host} gives no token for {self._scope} ({self._shown})")
        if answer.status != 200:
            raise Unreachable(f"{host} was asked for a token and answers {answer.status}")
        return _read(answer, host)

    def _get(self, realm: str, asked: dict[str, str]) -> Response:
        headers = {} if self._login is None else {"Authorization": _basic(self._login)}
        if self._login is not None:
            asked = {**asked, "account": self._login.username}
        url = f"{realm}{'&' if urlsplit(realm).query else '?'}{urlencode(asked)}"
        held = io.BytesIO()
        answer = self._client.fetch(url, headers=headers, max_bytes=_ANSWER, seconds=_SECONDS, to=lambda _: held)
        return replace(answer, body=held.getvalue())

    def _exchange(self, realm: str, asked: dict[str, str]) -> Response:
        assert self._login is not None
        form = {
            "grant_type": "refresh_token",
            "client_id": "surveyor",
            "refresh_token": self._login.identity_token,
            **asked,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return self._client.post(realm, body, headers=headers, max_bytes=_ANSWER, seconds=_SECONDS)


def _host(realm: str) -> str:
    """Who is asked; where that is nobody, the guard says why."""
    try:
        return urlsplit(realm).hostname or "nobody"
    except ValueError:
        raise Refused("the registry sends for a token to something that is not a URL", rule="url_form") from None


def _read(answer: Response, host: str) -> str:
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        document = None
    told = document if isinstance(document, dict) else {}
    token = told.get("token") or told.get("access_token")
    # it goes into a header: nothing in it may end one
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or len(token) > _TOKEN_LENGTH:
        raise Malformed(f"{host} was asked for a token and answers without one")
    return token


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
