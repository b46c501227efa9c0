"""Objects in a folder and in a real S3: the same behaviour, looked at from outside by another client."""

from __future__ import annotations

import asyncio
import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from surveyor.service import config as service_config
from surveyor.service.errors import Conflict, NotFound, StorageUnavailable, TooLarge
from surveyor.service.storage import Storage, spool
from tests.servers.s3 import Bucket

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Case:
    """A store and two views from outside: all keys in it, and leftovers of unfinished writes."""

    store: Storage
    home: Path
    local: bool
    keys: Callable[[], list[str]]
    leftovers: Callable[[], list[str]]
    content: Callable[[str], bytes]


def _local_case(home: Path) -> Case:
    store = Storage.open(service_config.load({"SURVEYOR_HOME": str(home)}))
    root = home / "objects"

    def files() -> list[str]:
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    return Case(
        store=store,
        home=home,
        local=True,
        keys=lambda: [key for key in files() if "#" not in key],
        leftovers=lambda: [key for key in files() if "#" in key],
        content=lambda key: (root / key).read_bytes(),
    )


def _s3_case(home: Path, bucket: Bucket, store: Storage) -> Case:
    return Case(
        store=store,
        home=home,
        local=False,
        keys=bucket.keys,
        leftovers=bucket.unfinished,
        content=lambda key: bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read(),
    )


@pytest.fixture(params=["local", "s3"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    home = tmp_path / "home"
    if request.param == "local":
        return _local_case(home)
    return _s3_case(home, request.getfixturevalue("s3_bucket"), request.getfixturevalue("s3_store"))


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_an_upload_of_many_parts_arrives_whole_under_a_key_of_its_own(case: Case) -> None:
    block = os.urandom(MIB)
    sent = [block[: 64 << 10]] * 16 + [block] * 20 + [b"end"]
    stored = await case.store.write_upload(_pieces(*sent))
    whole = b"".join(sent)
    assert stored.size == len(whole)
    assert stored.sha256 == hashlib.sha256(whole).hexdigest()
    assert case.keys() == [stored.key]
    assert case.content(stored.key) == whole
    assert b"".join([chunk async for chunk in case.store.get_stream(stored.key)]) == whole


@pytest.mark.parametrize("content", [b"", b"x", b"x" * (9 * MIB)], ids=["empty", "one byte", "two parts"])
async def test_small_and_empty_objects(case: Case, content: bytes) -> None:
    stored = await case.store.put_stream("a/b.txt", _pieces(content))
    assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert case.content("a/b.txt") == content
    assert await case.store.get_bytes("a/b.txt") == content
    assert (await case.store.head("a/b.txt")).size == len(content)


async def test_over_the_limit_nothing_is_left(case: Case) -> None:
    with pytest.raises(TooLarge, match="12,582,912 bytes") as caught:
        await case.store.write_upload(_pieces(*[b"x" * MIB] * 13), 12 * MIB)
    assert caught.value.limit == 12 * MIB
    assert case.keys() == []
    assert case.leftovers() == []


async def test_exactly_the_limit_is_accepted(case: Case) -> None:
    assert (await case.store.write_upload(_pieces(b"x" * 100), 100)).size == 100


async def test_a_sender_that_breaks_off_leaves_nothing_and_its_error_is_kept(case: Case) -> None:
    class GoneAwayError(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * MIB
        raise GoneAwayError

    with pytest.raises(GoneAwayError):
        await case.store.write_upload(broken())
    assert case.keys() == []
    assert case.leftovers() == []


async def test_a_cancelled_upload_leaves_nothing(case: Case) -> None:
    sent = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * MIB
        sent.set()
        await asyncio.sleep(60)

    upload = asyncio.create_task(case.store.write_upload(slow()))
    await sent.wait()
    await asyncio.sleep(0.2)
    upload.cancel()
    with pytest.raises(asyncio.CancelledError):
        await upload
    assert case.keys() == []
    assert case.leftovers() == []


async def test_ranges(case: Case) -> None:
    await case.store.put_bytes("r", bytes(range(100)))

    async def read(**bounds: int) -> bytes:
        return b"".join([chunk async for chunk in case.store.get_stream("r", **bounds)])

    assert await read(start=10, end=20) == bytes(range(10, 20))
    assert await read(start=90) == bytes(range(90, 100))
    assert await read(start=90, end=1000) == bytes(range(90, 100))
    assert await read(start=100) == b""


async def test_what_is_not_there(case: Case) -> None:
    with pytest.raises(NotFound):
        await case.store.head("no/such")
    with pytest.raises(NotFound):
        await case.store.get_bytes("no/such")
    with pytest.raises(NotFound):
        async with case.store.local_copy("no/such"):
            pass
    await case.store.delete("no/such")


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/x", "a//b", "a/./b", "", "a\0b", "a b", "a/", "x" * 600, "a#1"])
async def test_keys_that_no_object_can_have(case: Case, key: str) -> None:
    with pytest.raises(NotFound):
        await case.store.head(key)
    with pytest.raises(NotFound):
        await case.store.put_bytes(key, b"x")
    with pytest.raises(NotFound):
        await case.store.put_stream(key, _pieces(b"x"))
    assert case.keys() == []


async def test_create_only_keeps_the_first(case: Case) -> None:
    await case.store.put_bytes("once", b"first", new=True)
    with pytest.raises(Conflict):
        await case.store.put_bytes("once", b"second", new=True)
    assert case.content("once") == b"first"


async def test_list_and_delete(case: Case) -> None:
    for key in ("a/1", "a/2", "ab/3", "b/4"):
        await case.store.put_bytes(key, b"x")
    assert sorted([meta.key async for meta in case.store.list("a")]) == ["a/1", "a/2"]
    assert sorted([meta.key async for meta in case.store.list()]) == ["a/1", "a/2", "ab/3", "b/4"]
    await case.store.delete("a/1")
    assert sorted(case.keys()) == ["a/2", "ab/3", "b/4"]


async def test_a_local_copy_has_the_bytes_and_is_gone_after_use(case: Case) -> None:
    content = os.urandom(17 * MIB)
    await case.store.put_stream("img", _pieces(content))
    async with case.store.local_copy("img") as path:
        assert path.read_bytes() == content
        assert path.is_relative_to(case.home / ("objects" if case.local else "tmp"))
        # a second process that starts now must not take it away
        assert spool.sweep(case.home / "tmp", now=path.stat().st_mtime + 3600) == 0
    assert list((case.home / "tmp").iterdir()) == []
    assert case.keys() == ["img"]


async def test_copies_of_dead_processes_are_swept(tmp_path: Path) -> None:
    dead = tmp_path / "spool-dead"
    dead.write_bytes(b"x")
    assert spool.sweep(tmp_path, now=dead.stat().st_mtime + 1) == 0, "young: it may be about to be locked"
    assert spool.sweep(tmp_path, now=dead.stat().st_mtime + 3600) == 1
    assert not dead.exists()


async def test_a_signed_url_works_without_credentials_until_it_ends(case: Case, request: pytest.FixtureRequest) -> None:
    await case.store.put_bytes("report.json", b"{}", media_type="application/json")
    url = await case.store.signed_url("report.json", timedelta(minutes=5))
    if case.local:
        assert url is None
        assert case.store.local_path("report.json") == case.home / "objects" / "report.json"
        return
    assert url is not None
    assert case.store.local_path("report.json") is None
    assert await asyncio.to_thread(_fetch, url) == (200, b"{}", "application/json")
    assert (await asyncio.to_thread(_fetch, url.replace("report.json", "other.json")))[0] == 403
    short = await case.store.signed_url("report.json", timedelta(seconds=1))
    assert short is not None
    await asyncio.sleep(2.1)  # it is dated by whole seconds
    assert (await asyncio.to_thread(_fetch, short))[0] == 403


def _fetch(url: str) -> tuple[int, bytes, str | None]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read(), answer.headers["content-type"]
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, b"", None


async def test_a_prefix_keeps_two_installations_apart(s3_bucket: Bucket, tmp_path: Path) -> None:
    variables = s3_bucket.environment() | {"SURVEYOR_STORAGE_URL": f"s3://{s3_bucket.name}/one/two"}
    store = Storage.open(service_config.load({"SURVEYOR_HOME": str(tmp_path)} | variables))
    await store.put_bytes("a/b", b"x")
    assert s3_bucket.keys() == ["one/two/a/b"]
    assert [meta.key async for meta in store.list("a")] == ["a/b"]


async def test_wrong_credentials_are_said_without_them(s3_bucket: Bucket, tmp_path: Path) -> None:
    variables = s3_bucket.environment() | {"AWS_SECRET_ACCESS_KEY": "not-the-secret"}
    store = Storage.open(service_config.load({"SURVEYOR_HOME": str(tmp_path)} | variables))
    with pytest.raises(StorageUnavailable) as caught:
        await store.check()
    assert s3_bucket.name in caught.value.message
    assert "not-the-secret" not in caught.value.message
    with pytest.raises(StorageUnavailable):
        await store.put_bytes("x", b"1")


async def test_a_copy_over_the_spool_limit_is_refused_before_it_begins(s3_bucket: Bucket, tmp_path: Path) -> None:
    variables = s3_bucket.environment() | {"SURVEYOR_UPLOAD_MAX_BYTES": "100", "SURVEYOR_HOME": str(tmp_path)}
    s3_bucket.client.put_object(Bucket=s3_bucket.name, Key="big", Body=b"x" * 101)
    store = Storage.open(service_config.load(variables))
    with pytest.raises(TooLarge):
        async with store.local_copy("big"):
            pass
    assert list((tmp_path / "tmp").iterdir()) == []
