"""Addresses of files that work for a while without a key: ours, so that they stay the same whatever store is behind."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from surveyor.service.errors import Forbidden

LIFETIME = timedelta(hours=24)
PATH = "/api/v1/exports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Makes and judges them; ``secret`` signs, ``base`` is what people's addresses begin with, without a slash."""

    secret: bytes = field(repr=False)
    base: str

    def to(self, report_id: UUID, now: datetime) -> str:
        """An address of a report's file that works for 24 hours."""
        expires = int((now + LIFETIME).timestamp())
        query = urlencode({"expires": expires, "signature": self._sign(report_id, expires)})
        return f"{self.base}{PATH}/{report_id}?{query}"

    def judge(self, report_id: UUID, expires: int, signature: str, now: datetime) -> None:
        """Refuse what we did not sign, or signed too long ago."""
        if not hmac.compare_digest(self._sign(report_id, expires).encode(), signature.encode()):
            raise Forbidden("This link was not signed by this installation")
        if expires < now.timestamp():
            raise Forbidden("This link has expired; read the report again for a new one")

    def _sign(self, report_id: UUID, expires: int) -> str:
        words = f"surveyor report link v1\n{report_id}\n{expires}".encode()
        return base64.urlsafe_b64encode(hmac.new(self.secret, words, hashlib.sha256).digest()).decode().rstrip("=")
