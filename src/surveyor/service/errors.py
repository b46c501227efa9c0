"""The service's one tree of errors, and the one table of codes that the API documents.

Every class is one code. The web faces turn an error into its status and the envelope's ``{code, message, details?}``;
the command line prints the message and leaves with 2. Messages are for people and never hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar


class ServiceError(Exception):
    """Something the service refuses or cannot do. ``details`` is JSON-able and is shown to the caller."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    meaning: ClassVar[str] = "The service failed; the request id finds the reason in its log."

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details) if details else None

    def headers(self) -> Mapping[str, str]:
        """Response headers that belong to this error, lower case."""
        return {}


class BadRequest(ServiceError):
    """The request is not well-formed HTTP or JSON."""

    code, status = "bad_request", 400
    meaning = "The request could not be read: malformed JSON or header."


class Unauthorized(ServiceError):
    """Nobody is known to be asking."""

    code, status = "unauthorized", 401
    meaning = "No API key or session was given, or it is unknown, revoked or expired."

    def headers(self) -> Mapping[str, str]:
        """The challenge that HTTP wants with a 401."""
        return {"www-authenticate": "Bearer"}


class Forbidden(ServiceError):
    """The asker is known and may not do this."""

    code, status = "forbidden", 403
    meaning = "The key lacks the scope, or the request's origin or CSRF token is not accepted."


class NotFound(ServiceError):
    """There is no such thing, or not for this team: the two look the same on purpose."""

    code, status = "not_found", 404
    meaning = "No such resource within this team and project."


class MethodNotAllowed(ServiceError):
    """The path exists, the method does not."""

    code, status = "method_not_allowed", 405
    meaning = "This path does not answer this method."


class Conflict(ServiceError):
    """The thing is in a state that does not allow this."""

    code, status = "conflict", 409
    meaning = "The resource's present state does not allow this, such as a second reopen."


class LengthRequired(ServiceError):
    """The body needs a length that was not given."""

    code, status = "length_required", 411
    meaning = "Send a content-length or a chunked body."


class TooLarge(ServiceError):
    """More bytes than the limit; ``limit`` in bytes, named in the message and the details."""

    code, status = "too_large", 413
    meaning = "The body is over the limit that the message names."

    def __init__(self, message: str, *, limit: int) -> None:
        super().__init__(message, details={"limit_bytes": limit})
        self.limit = limit


class UnsupportedMediaType(ServiceError):
    """A body of a kind this path does not read."""

    code, status = "unsupported_media_type", 415
    meaning = "The content-type is not one this path reads."


class InvalidParams(ServiceError):
    """A value is understood and not acceptable; ``details`` names the fields."""

    code, status = "invalid_params", 422
    meaning = "A field is missing, of the wrong type, out of its bounds, or names a target that is refused."


class RateLimited(ServiceError):
    """The window is used up. ``limit`` per window, ``wait`` seconds until the next, at ``reset`` (Unix)."""

    code, status = "rate_limited", 429
    meaning = (
        "The team's kick-offs of this window, or its other requests, are used up; each has a budget of its own, the "
        "x-ratelimit headers tell the one that was asked for, and retry-after when the next window begins."
    )

    def __init__(self, message: str, *, limit: int, wait: int, reset: int) -> None:
        super().__init__(message, details={"limit": limit, "retry_after_seconds": wait})
        self.limit, self.wait, self.reset = limit, wait, reset

    def headers(self) -> Mapping[str, str]:
        """Retry-after and the three rate-limit headers."""
        return {
            "retry-after": str(self.wait),
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(self.reset),
        }


class QuotaExceeded(ServiceError):
    """The team's units of language models are spoken for until the next month."""

    code, status = "quota_exceeded", 429
    meaning = "The team's units of language models for this month are used or reserved; ask for no analysis instead."


class BadConfiguration(ServiceError):
    """A setting is wrong; said at start, in one sentence that names the setting."""

    code, status = "bad_configuration", 500
    meaning = "A setting of this installation is wrong; the service does not start with it."


class SecretUnreadable(ServiceError):
    """What was encrypted at rest cannot be read: the home's secret is another one, or the row was changed."""

    code, status = "secret_unreadable", 500
    meaning = "A stored secret was sealed with another installation's key; enter or rotate it anew."


class DatabaseUnavailable(ServiceError):
    """PostgreSQL cannot be had; one sentence saying what to do."""

    code, status = "database_unavailable", 503
    meaning = "The database does not answer."


class StorageUnavailable(ServiceError):
    """The object store cannot be had."""

    code, status = "storage_unavailable", 503
    meaning = "The object store does not answer or refuses the credentials."


class AlreadyRunning(ServiceError):
    """Another supervisor holds this home, or something else its port."""

    code, status = "already_running", 503
    meaning = "Another process holds this home or this port (a start-up error of the command line)."


class ChildKeepsDying(ServiceError):
    """A process of the service ended again and again before the service was ever ready."""

    code, status = "child_keeps_dying", 503
    meaning = "A process of the service did not stay up (a start-up error of the command line)."


class StorageFull(ServiceError):
    """The disk or the quota under the object store is used up; nothing half-written was left behind."""

    code, status = "storage_full", 507
    meaning = "The store has no room; nothing was kept of this write."


def tree(root: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    """Every class of the tree, the root first."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


#: code → (HTTP status, meaning), the documented table; sorted by status, then code.
CODES: Mapping[str, tuple[int, str]] = {
    kind.code: (kind.status, kind.meaning) for kind in sorted(tree(), key=lambda kind: (kind.status, kind.code))
}
