"""Secrets at rest: readable by their owner under the same key, by nobody else, and never the same twice."""

from __future__ import annotations

import pytest

from surveyor.service.errors import SecretUnreadable
from surveyor.service.vault import Vault

KEY = bytes(range(32))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_sealed_secret_is_opened_by_its_owner() -> None:
    sealed = Vault(KEY).seal(SECRET, owner="webhook:1")
    assert Vault(KEY).open(sealed, owner="webhook:1") == SECRET
    assert SECRET.encode() not in sealed


def test_no_two_seals_are_the_same() -> None:
    vault = Vault(KEY)
    assert len({vault.seal(SECRET, owner="webhook:1") for _ in range(50)}) == 50


def test_another_key_or_owner_opens_nothing() -> None:
    sealed = Vault(KEY).seal(SECRET, owner="webhook:1")
    with pytest.raises(SecretUnreadable):
        Vault(bytes(32)).open(sealed, owner="webhook:1")
    with pytest.raises(SecretUnreadable):
        Vault(KEY).open(sealed, owner="webhook:2")


def test_every_changed_bit_is_noticed() -> None:
    vault = Vault(KEY)
    sealed = vault.seal("short", owner="o")
    for place in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(SecretUnreadable):
            vault.open(bytes(changed), owner="o")


@pytest.mark.parametrize("torn", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(20)])
def test_what_was_cut_off_is_refused(torn: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        Vault(KEY).open(torn, owner="o")
