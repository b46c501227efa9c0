"""Secrets that have to be used again (webhook secrets, providers' keys), unreadable in the database and its backups.

AES-256-GCM under a key that HKDF-SHA256 derives from the installation's own 32 bytes, which never leave the home. The
owner (such as ``webhook:<id>``) is authenticated with the text, so a row's secret cannot be moved to another row.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from surveyor.service.errors import SecretUnreadable

#: First byte of every sealed secret, authenticated too, so that another way of sealing can be told apart one day.
_VERSION = b"\x01"
_NONCE_BYTES = 12
_PURPOSE = b"surveyor secrets at rest, 1"


class Vault:
    """Seals and opens secrets; ``key`` is the installation's, from ``Config.secret_key``."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        # the same key signs cookies, so this one is derived for its own purpose
        self._cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key))

    def seal(self, secret: str, *, owner: str) -> bytes:
        """The secret as it may be stored; never twice the same."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), _VERSION + owner.encode())

    def open(self, sealed: bytes, *, owner: str) -> str:
        """The secret again; SecretUnreadable under another key, for another owner, or when a bit was changed."""
        version, nonce, text = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, text, version + owner.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable(
                "a stored secret cannot be read with this installation's key; enter or rotate it anew"
            ) from error
