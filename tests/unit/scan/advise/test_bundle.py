"""Bundles: out and in again, and everything that is not what a trusted key signed."""

from __future__ import annotations

import base64
import io
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from surveyor.scan.advise import bundle as bundles
from surveyor.scan.advise.snapshot import open_snapshot, status
from surveyor.scan.errors import BadTarget, Malformed, ScanError, Unsupported
from tests.servers.osv_bucket import record
from tests.unit.scan.advise.conftest import Made

NOW = datetime(2026, 5, 6, tzinfo=UTC)
Parts = dict[str, bytes]


@pytest.fixture
def made(tmp_path: Path, database: Made) -> tuple[Path, str]:
    """A bundle, and the key that signed it."""
    path = database({"npm": [record("GHSA-1", "npm", "left", fixed="1.0.0")]})
    done = bundles.export(path, tmp_path / "a.svb", tmp_path / "keys" / "k", now=NOW)
    return tmp_path / "a.svb", done.signed_by


def parts(path: Path) -> Parts:
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def write(path: Path, content: Parts) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, value in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(value)
            archive.addfile(member, io.BytesIO(value))
    return path


def test_what_goes_out_comes_in(tmp_path: Path, made: tuple[Path, str]) -> None:
    path, key = made
    target = tmp_path / "there" / "advisories.db"
    taken = bundles.import_(path, target, [key])
    assert (taken.created_at, taken.signed_by) == (NOW, key)
    assert status(target) == status(tmp_path / "advisories.db") == taken.feeds
    with open_snapshot(target) as snapshot:
        assert [row.ids for row in snapshot.affected("npm", "left")] == [("GHSA-1",)]
    assert sorted(left.name for left in target.parent.iterdir()) == ["advisories.db", "advisories.db.lock"]


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path, made: tuple[Path, str]) -> None:
    key = tmp_path / "keys" / "k"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert bundles.signing_key(key) == made[1]
    assert list(parts(made[0])) == ["manifest.json", "manifest.sig", "advisories.db.zst"]


def test_a_key_may_lie_in_a_file(tmp_path: Path, made: tuple[Path, str]) -> None:
    (tmp_path / "pub").write_text(made[1] + "\n")
    assert bundles.import_(made[0], tmp_path / "b.db", [str(tmp_path / "pub")]).signed_by == made[1]


def test_nobody_who_is_not_trusted(tmp_path: Path, made: tuple[Path, str]) -> None:
    other = bundles.signing_key(tmp_path / "other")
    with pytest.raises(BadTarget, match="not signed by a key that is trusted"):
        bundles.import_(made[0], tmp_path / "b.db", [other])
    with pytest.raises(BadTarget, match="no key is trusted"):
        bundles.import_(made[0], tmp_path / "b.db", [])
    with pytest.raises(BadTarget, match="not an Ed25519 key"):
        bundles.import_(made[0], tmp_path / "b.db", ["short"])
    assert not (tmp_path / "b.db").exists()
    assert bundles.import_(made[0], tmp_path / "b.db", [other, made[1]]).signed_by == made[1]


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Parts], Parts]:
    return lambda content: {**content, name: change(content[name])}


def without(name: str) -> Callable[[Parts], Parts]:
    return lambda content: {key: value for key, value in content.items() if key != name}


TAMPERED: dict[str, Callable[[Parts], Parts]] = {
    "another manifest": changed("manifest.json", lambda raw: raw.replace(b"npm", b"nqm")),
    "another signature": changed("manifest.sig", lambda raw: bytes(64)),
    "a short signature": changed("manifest.sig", lambda raw: raw[:10]),
    "a long signature": changed("manifest.sig", lambda raw: raw * 2),
    "another database": changed("advisories.db.zst", lambda raw: raw[:-20] + bytes(20)),
    "a cut database": changed("advisories.db.zst", lambda raw: raw[: len(raw) // 2]),
    "no database": changed("advisories.db.zst", lambda raw: b""),
    "not zstd": changed("advisories.db.zst", lambda raw: b"\x28\xb5\x2f\xfd" + bytes(100)),
    "no manifest": without("manifest.json"),
    "no signature": without("manifest.sig"),
    "no database member": without("advisories.db.zst"),
    "another order": lambda content: dict(reversed(content.items())),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_what_was_tampered_with_changes_nothing(
    tmp_path: Path, made: tuple[Path, str], tamper: Callable[[Parts], Parts]
) -> None:
    target = tmp_path / "there" / "advisories.db"
    bundles.import_(made[0], target, [made[1]])
    before = target.read_bytes()
    bad = write(tmp_path / "bad.svb", tamper(parts(made[0])))
    with pytest.raises(ScanError):
        bundles.import_(bad, target, [made[1]])
    assert target.read_bytes() == before
    assert sorted(left.name for left in target.parent.iterdir()) == ["advisories.db", "advisories.db.lock"]
    with open_snapshot(target) as snapshot:
        assert len(snapshot.affected("npm", "left")) == 1


@pytest.mark.parametrize("content", [b"", b"x" * 10_000, b"\0" * 10_240], ids=range(3))
def test_what_is_no_bundle_is_malformed(tmp_path: Path, made: tuple[Path, str], content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(Malformed):
        bundles.import_(tmp_path / "bad", tmp_path / "b.db", [made[1]])


def chained(kind: bytes) -> bytes:
    """Headers of headers, as a reader that follows them never comes to an end of."""
    member = tarfile.TarInfo("manifest.json")
    member.type, member.size = kind, 10
    return (member.tobuf(tarfile.USTAR_FORMAT) + b"10 path=x\n".ljust(512, b"\0")) * 5_000


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, tarfile.LNKTYPE])
def test_nothing_but_plain_headers_is_followed(tmp_path: Path, made: tuple[Path, str], kind: bytes) -> None:
    (tmp_path / "bad").write_bytes(chained(kind))
    with pytest.raises(Malformed, match="not a bundle"):
        bundles.import_(tmp_path / "bad", tmp_path / "b.db", [made[1]])


@pytest.mark.parametrize("cut", [100, 600, 3_000])
def test_a_bundle_that_is_cut_short_is_malformed(tmp_path: Path, made: tuple[Path, str], cut: int) -> None:
    (tmp_path / "bad").write_bytes(made[0].read_bytes()[:cut])
    with pytest.raises(ScanError):
        bundles.import_(tmp_path / "bad", tmp_path / "b.db", [made[1]])


def signed(tmp_path: Path, made: tuple[Path, str], **more: object) -> Path:
    """The same bundle with a changed manifest that the same key signed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = parts(made[0])
    raw = base64.b64decode((tmp_path / "keys" / "k").read_bytes())
    manifest = orjson.dumps({**orjson.loads(content["manifest.json"]), **more})
    signature = Ed25519PrivateKey.from_private_bytes(raw).sign(manifest)
    return write(tmp_path / "signed.svb", {**content, "manifest.json": manifest, "manifest.sig": signature})


@pytest.mark.parametrize("more", [{"format": 2}, {"schema": 1}, {"schema": "x"}])
def test_another_format_is_unsupported(tmp_path: Path, made: tuple[Path, str], more: dict[str, object]) -> None:
    with pytest.raises(Unsupported):
        bundles.import_(signed(tmp_path, made, **more), tmp_path / "b.db", [made[1]])


@pytest.mark.parametrize("size", [0, -1, 10, "x", None, 1 << 60])
def test_a_database_of_another_size_than_signed(tmp_path: Path, made: tuple[Path, str], size: object) -> None:
    with pytest.raises(Malformed):
        bundles.import_(signed(tmp_path, made, size=size), tmp_path / "b.db", [made[1]])


def test_one_that_is_older_than_what_is_there_says_so(tmp_path: Path, made: tuple[Path, str], database: Made) -> None:
    path, key = made
    assert bundles.import_(path, tmp_path / "advisories.db", [key]).newer is None
    with closing(sqlite3.connect(tmp_path / "advisories.db")) as db:
        db.execute("UPDATE collection SET updated_at = '2199-01-01T00:00:00+00:00'")
        db.commit()
    assert bundles.import_(path, tmp_path / "advisories.db", [key]).newer == datetime(2199, 1, 1, tzinfo=UTC)
    (tmp_path / "advisories.db").write_bytes(b"no database")
    assert bundles.import_(path, tmp_path / "advisories.db", [key]).newer is None


def test_a_bundle_takes_the_place_of_nothing_that_it_is_made_of(tmp_path: Path, database: Made) -> None:
    path = database({"npm": [record("GHSA-1", "npm", "left", fixed="1.0.0")]})
    bundles.export(path, tmp_path / "a.svb", tmp_path / "k", now=NOW)
    for target in (path, tmp_path / "k", tmp_path / "here" / ".." / "k"):
        with pytest.raises(BadTarget, match="name another file"):
            bundles.export(path, target, tmp_path / "k", now=NOW)
    assert status(path)[0].rows == 1
    with pytest.raises(BadTarget, match=r"Not a directory|File exists"):
        bundles.export(path, tmp_path / "b.svb", tmp_path / "k" / "l", now=NOW)
    with pytest.raises(BadTarget, match="too long"):
        bundles.import_(tmp_path / "a.svb", path, ["A" * 300])


def test_export_is_there_whole_or_not_at_all(tmp_path: Path, database: Made) -> None:
    with pytest.raises(ScanError):
        bundles.export(tmp_path / "none.db", tmp_path / "a.svb", tmp_path / "k", now=NOW)
    path = database({"npm": [record("GHSA-1", "npm", "left")]})
    (tmp_path / "bad").write_text("no key")
    with pytest.raises(BadTarget, match="not an Ed25519 key"):
        bundles.export(path, tmp_path / "a.svb", tmp_path / "bad", now=NOW)
    assert not list(tmp_path.glob("a.svb*"))
