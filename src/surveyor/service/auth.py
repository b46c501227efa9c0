"""Who is asking: API keys for programs, sessions for browsers, and how often a team may ask.

A key and a session's token are 256 random bits, so their plain SHA-256 is all that is kept: there is nothing to guess
and nothing to stretch. A browser's session can be had by a one-time link or by an API key; it acts for the team, with
the team's oldest project as its place.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from surveyor.service.errors import Forbidden, RateLimited, Unauthorized
from surveyor.service.store import admission, keys, ratelimit, signin, teams
from surveyor.service.store.batch import Batch
from surveyor.service.store.database import Session, Sessions

READ = "audit:read"
WRITE = "audit:write"
SCOPES = (READ, WRITE)
#: What everybody on this installation shares; only a key made for it on the machine itself has it.
PLATFORM = "platform:write"
KEY_FORM = re.compile(r"sv_live_[A-Za-z0-9_-]{43}")
SESSION_LIFETIME = timedelta(days=14)
LINK_LIFETIME = timedelta(minutes=15)
_TOKEN_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
_PREFIX_LENGTH = 12
_TOUCH = timedelta(seconds=60)
#: What a bucket's budget is spent on: each request of a key on one of the two.
_SPENT = {"default": "requests", "strict": "kick-offs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A team's budget in one bucket: requests per window, how many remain, when the next begins (Unix seconds)."""

    limit: int
    remaining: int
    reset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Someone known: the team acted for, the project that short paths mean, and what is allowed.

    ``csrf`` is set for browser sessions only and must come back with every unsafe request of theirs; the names are for
    show, and set for them only as well. ``who`` is what a history names: ``key:`` and a key's prefix, or ``person``.
    """

    team_id: UUID
    project_id: UUID
    scopes: frozenset[str]
    csrf: str | None = None
    team_name: str = ""
    project_name: str = ""
    who: str = "person"

    def need(self, scope: str) -> None:
        """Refuse unless the scope is held; writing includes reading."""
        if scope not in self.scopes and not (scope == READ and WRITE in self.scopes):
            raise Forbidden(f"This needs the scope {scope}", details={"scope": scope})


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A request whose key is valid: ``place`` is the project it acts in, ``None`` when its path names none of the team.

    ``window`` is the budget of the bucket that it was counted in.
    """

    identity: Identity
    window: Window
    place: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new browser session: the token for its cookie and when it ends."""

    token: str
    expires_at: datetime


def digest(secret: str) -> bytes:
    """What is kept of a key, a link or a session."""
    return hashlib.sha256(secret.encode()).digest()


def new_token() -> str:
    """43 URL-safe characters, 256 random bits."""
    return secrets.token_urlsafe(32)


def new_key() -> tuple[str, str, bytes]:
    """An API key to show once, the prefix to show always, the digest to keep."""
    key = f"sv_live_{new_token()}"
    return key, key[:_PREFIX_LENGTH], digest(key)


def csrf_token(session_token: str) -> str:
    """The form token of one session: derived from its secret, so it is stored nowhere and nobody else can make it."""
    mac = hmac.new(session_token.encode(), b"surveyor csrf v1", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def check_csrf(identity: Identity, given: str | None) -> None:
    """Refuse an unsafe request that does not carry its own session's form token."""
    if identity.csrf is None or given is None or not hmac.compare_digest(identity.csrf.encode(), given.encode()):
        raise Forbidden("This form has expired or was sent from elsewhere; load the page again")


def check_origin(*, site: str | None, origin: str | None, own: frozenset[str]) -> None:
    """Refuse an unsafe browser request that another site started.

    ``site`` is Sec-Fetch-Site, which every current browser sends; ``origin`` stands in for it in older ones. A client
    that sends neither is no browser, and holds no cookie it did not mean to send.
    """
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise Forbidden("This request came from another site")
    elif origin is not None and origin not in own:
        raise Forbidden("This request came from another origin")


def _now() -> datetime:
    return datetime.now(UTC)


class Auth:
    """Looks up who is asking. ``limits`` maps a bucket to its requests per window; a window is ``seconds`` long."""

    def __init__(self, sessions: Sessions, *, limits: dict[str, int], seconds: int) -> None:
        self._sessions = sessions
        self._limits = limits
        self._seconds = seconds
        self._admitted = Batch(self._admit)

    async def by_key(
        self,
        key: str | None,
        *,
        scope: str = READ,
        strict: bool = False,
        org: str | None = None,
        project: str | None = None,
    ) -> Admitted:
        """Who holds this key, with this request counted in one bucket. Raises Unauthorized, then RateLimited.

        The strict bucket is spent only by who holds ``scope`` and names a project of the team.
        """
        if key is None or not KEY_FORM.fullmatch(key):
            raise Unauthorized("Missing or malformed API key")
        asked = admission.Request(sha256=digest(key), scope=scope, strict=strict, org=org, project=project)
        now, found = await self._admitted(asked)
        if found is None:
            raise Unauthorized("Unknown, revoked or expired API key")
        window = self._within(found.used, found.bucket, now)
        if found.last_used_at is None or now - found.last_used_at > _TOUCH:
            async with self._sessions() as session, session.begin():
                await keys.touch(session, found.key_id, now=now)
        identity = Identity(
            team_id=found.team_id,
            project_id=found.project_id,
            scopes=frozenset(found.scopes),
            who=f"key:{found.prefix}",
        )
        return Admitted(
            identity=identity,
            window=window,
            place=found.place if org is not None else found.project_id,
        )

    async def _admit(self, asked: Sequence[admission.Request]) -> list[tuple[datetime, admission.Admission | None]]:
        """Judge the requests of one moment in one statement."""
        now = _now()
        async with self._sessions() as session, session.begin():
            found = await admission.admit(session, asked, now=now, window_start=self._window(now))
        return [(now, one) for one in found]

    async def by_session(self, token: str | None) -> Identity | None:
        """Who is signed in under this cookie, or nobody."""
        if token is None or not _TOKEN_FORM.fullmatch(token):
            return None
        async with self._sessions() as session:
            found = await signin.find_session(session, digest(token), now=_now())
            if found is None:
                return None
            team = await teams.find_team(session, str(found.team_id))
            projects = await teams.list_projects(session, found.team_id)
        if team is None or not projects:
            return None
        return Identity(
            team_id=team.id,
            project_id=projects[0].id,
            scopes=frozenset({WRITE}),
            csrf=csrf_token(token),
            team_name=team.name,
            project_name=projects[0].name,
        )

    async def spend(self, team_id: UUID, bucket: str) -> Window:
        """Count one request of a team in a bucket; raises RateLimited when the window is used up."""
        now = _now()
        async with self._sessions() as session, session.begin():
            window = await self._hit(session, team_id, bucket, now)
        return self._within(window, bucket, now)

    async def sign_in_by_link(self, token: str, *, replaces: str | None = None) -> SignedIn:
        """Spend a one-time link. The browser's old session, if any, ends: a session is never carried over a sign-in."""
        now = _now()
        async with self._sessions() as session, session.begin():
            team_id = await signin.use_link(session, digest(token), now=now) if _TOKEN_FORM.fullmatch(token) else None
            if team_id is None:
                raise Unauthorized("This link was used already or has expired; ask for a new one")
            return await self._open(session, team_id, now, replaces)

    async def sign_in_by_key(self, key: str, *, replaces: str | None = None) -> SignedIn:
        """Open a browser session for a key that may write: the pages offer everything."""
        now = _now()
        async with self._sessions() as session, session.begin():
            found = await keys.by_digest(session, digest(key), now=now) if KEY_FORM.fullmatch(key) else None
            if found is None:
                raise Unauthorized("Unknown, revoked or expired API key")
            if WRITE not in found.scopes:
                raise Forbidden(f"Signing in needs a key with the scope {WRITE}")
            await self._touch(session, found, now)
            return await self._open(session, found.team_id, now, replaces)

    async def sign_out(self, token: str) -> None:
        """End a session for good."""
        async with self._sessions() as session, session.begin():
            await signin.drop_session(session, digest(token))

    async def _open(self, session: Session, team_id: UUID, now: datetime, replaces: str | None) -> SignedIn:
        if replaces is not None:
            await signin.drop_session(session, digest(replaces))
        opened = SignedIn(token=new_token(), expires_at=now + SESSION_LIFETIME)
        await signin.add_session(session, sha256=digest(opened.token), team_id=team_id, expires_at=opened.expires_at)
        return opened

    @staticmethod
    async def _touch(session: Session, key: keys.ApiKey, now: datetime) -> None:
        # the statement itself writes at most once a minute; asking only then saves a busy key the round trip
        if key.last_used_at is None or now - key.last_used_at > _TOUCH:
            await keys.touch(session, key.id, now=now)

    async def _hit(self, session: Session, team_id: UUID, bucket: str, now: datetime) -> int:
        return await ratelimit.hit(session, team_id=team_id, bucket=bucket, window_start=self._window(now))

    def _window(self, now: datetime) -> datetime:
        return datetime.fromtimestamp(int(now.timestamp()) // self._seconds * self._seconds, UTC)

    def _within(self, count: int, bucket: str, now: datetime) -> Window:
        limit = self._limits[bucket]
        reset = (int(now.timestamp()) // self._seconds + 1) * self._seconds
        if count > limit:
            wait = max(reset - int(now.timestamp()), 1)
            raise RateLimited(
                f"More than {limit} {_SPENT[bucket]} in {self._seconds} s; the next window opens in {wait} s",
                limit=limit,
                wait=wait,
                reset=reset,
            )
        return Window(limit=limit, remaining=limit - count, reset=reset)
