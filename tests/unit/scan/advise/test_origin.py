"""Places of feeds: servers that are busy, that break off, that have moved on, and mirrors; over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from surveyor.scan.advise.origin import Directory, Manners, Mirrors, NoFile
from surveyor.scan.advise.web import Web
from surveyor.scan.errors import LimitExceeded, Refused, Unreachable
from surveyor.scan.net import Client
from surveyor.scan.settings import AllowedHost, Settings
from tests.servers.osv_bucket import Bucket, serve

BIG = 1 << 20
DATA = bytes(range(256)) * 64
Ask = Callable[..., Web]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    (place / "data").write_bytes(DATA)
    return place


@pytest.fixture
def bucket(folder: Path) -> Iterator[Bucket]:
    with serve(folder) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def web(bucket: Bucket, waits: list[float]) -> Ask:
    """The server, asked by somebody who notes how long he would have waited."""
    port = int(bucket.url.rpartition(":")[2])
    client = Client(Settings(allow_hosts=(AllowedHost(host="127.0.0.1", port=port),)))

    def asked(parked: Path | None = None, **manners: object) -> Web:
        return Web(bucket.url, client.fetch, manners=Manners(sleep=waits.append, **manners), parked=parked)  # type: ignore[arg-type]

    return asked


def read(origin: Web | Mirrors | Directory, *parts: str) -> bytes:
    with origin.open(*parts, max_bytes=BIG) as opened:
        assert opened.file
        return opened.file.read()


def test_a_busy_server_is_asked_again_later(bucket: Bucket, web: Ask, waits: list[float]) -> None:
    bucket.flaky["/data"] = [(503, {}), (429, {"Retry-After": "7"}), (502, {"Retry-After": "Wed, 21 Oct 2026"})]
    assert read(web(), "data") == DATA
    assert [status for _, status in bucket.asked] == [503, 429, 502, 200]
    assert waits == [2.0, 7.0, 8.0]


def test_a_wait_without_end_is_not_waited(bucket: Bucket, web: Ask, waits: list[float]) -> None:
    bucket.flaky["/data"] = [(503, {"Retry-After": "99999999"})]
    assert read(web(), "data") == DATA
    assert waits == [120.0]


def test_what_stays_busy_is_unreachable_and_the_next_file_costs_one_question(bucket: Bucket, web: Ask) -> None:
    bucket.broken |= {"/data": 503, "/more": 503}
    asked = web()
    for name in ("data", "more"):
        with pytest.raises(Unreachable, match=f"/{name}: HTTP 503"):
            read(asked, name)
    assert [path for path, _ in bucket.asked] == ["/data"] * 4 + ["/more"]
    bucket.broken.clear()
    assert read(asked, "data") == DATA
    bucket.flaky["/data"] = [(503, {})]
    assert read(asked, "data") == DATA


def test_what_is_not_there_is_asked_for_once(bucket: Bucket, web: Ask) -> None:
    with pytest.raises(Unreachable, match="HTTP 404"):
        read(web(), "none")
    assert len(bucket.asked) == 1


def test_what_the_guard_refuses_is_not_asked_for_again(waits: list[float]) -> None:
    asked = Web("http://127.0.0.1:80", Client(Settings()).fetch, manners=Manners(sleep=waits.append))
    with pytest.raises(Refused):
        read(asked, "data")
    assert waits == []


def test_a_download_that_breaks_off_goes_on_where_it_stopped(bucket: Bucket, web: Ask) -> None:
    bucket.cut["/data"] = 5_000
    assert read(web(), "data") == DATA
    assert [status for _, status in bucket.asked] == [200, 206]
    assert bucket.headers[1]["range"] == "bytes=5000-"


def test_a_file_that_changed_meanwhile_is_had_anew(bucket: Bucket, web: Ask, folder: Path, tmp_path: Path) -> None:
    bucket.cut["/data"] = 5_000
    with pytest.raises(Unreachable):
        read(web(tmp_path / "parked", attempts=1), "data")
    (folder / "data").write_bytes(b"other" * 2_000)
    assert read(web(tmp_path / "parked"), "data") == b"other" * 2_000
    assert [status for _, status in bucket.asked] == [200, 200]


def test_another_run_goes_on_with_what_was_parked(bucket: Bucket, web: Ask, tmp_path: Path) -> None:
    parked = tmp_path / "parked"
    bucket.cut["/data"] = 5_000
    with pytest.raises(Unreachable):
        read(web(parked, attempts=1), "data")
    assert sorted(path.stat().st_size for path in parked.iterdir()) == [34, 5_000]
    assert read(web(parked), "data") == DATA
    assert [status for _, status in bucket.asked] == [200, 206]
    assert list(parked.iterdir()) == []


def test_what_was_had_whole_and_could_not_be_used_is_had_anew(bucket: Bucket, web: Ask, tmp_path: Path) -> None:
    asked = web(tmp_path / "parked")
    with pytest.raises(ZeroDivisionError), asked.open("data", max_bytes=BIG):
        _ = 1 / 0
    assert read(asked, "data") == DATA
    assert [status for _, status in bucket.asked] == [200, 416, 200]


def test_a_weary_server_may_say_that_nothing_is_behind_what_was_parked(tmp_path: Path) -> None:
    origin, asked = told(tmp_path, HALF, Said(416, b""), Said(200, DATA))
    origin.manners = Manners(attempts=1, sleep=lambda _: None, clock=lambda: 0.0)
    with pytest.raises(Unreachable):
        read(origin, "data")
    assert read(origin, "data") == DATA
    assert [headers.get("Range") for headers in asked] == [None, "bytes=100-", None]


def test_a_range_that_nobody_asked_for_and_that_is_not_there_is_no_file(tmp_path: Path) -> None:
    origin, asked = told(tmp_path, Said(416, b""))
    with pytest.raises(NoFile, match="HTTP 416"):
        read(origin, "data")
    assert len(asked) == 1


def test_what_a_resumed_download_may_weigh_counts_from_its_beginning(bucket: Bucket, web: Ask) -> None:
    bucket.cut["/data"] = 5_000
    with pytest.raises(LimitExceeded), web().open("data", max_bytes=len(DATA) - 1):
        pass


def test_requests_keep_their_distance_and_carry_a_key(bucket: Bucket, web: Ask, waits: list[float]) -> None:
    times = iter([10.0, 10.0, 12.0, 15.0, 15.5, 17.0])
    asked = web(pause=5.0, headers={"apiKey": "s3cret"}, clock=lambda: next(times))
    for _ in range(3):
        read(asked, "data")
    assert waits == [3.0, 4.5]
    assert {headers["apikey"] for headers in bucket.headers} == {"s3cret"}


def test_a_page_for_people_is_no_file(bucket: Bucket, web: Ask, folder: Path, waits: list[float]) -> None:
    (folder / "data").write_bytes(b"\xef\xbb\xbf\n<!DOCTYPE html><p>We are busy")
    with pytest.raises(Unreachable, match="a page in the place of the file"):
        read(web(pause=1.5), "data")
    assert [status for _, status in bucket.asked] == [200] * 4
    assert [wait for wait in waits if wait > 1.5] == [3.0, 6.0, 12.0]
    (folder / "data").write_bytes(b"<vulnerabilities/>")
    assert read(web(), "data") == b"<vulnerabilities/>"


def test_a_status_is_told(bucket: Bucket, web: Ask) -> None:
    bucket.broken["/data"] = 418
    with pytest.raises(NoFile, match="HTTP 418") as caught:
        read(web(), "data")
    assert caught.value.status == 418


def test_what_is_kept_is_not_asked_for_again_until_it_is_released(bucket: Bucket, web: Ask, tmp_path: Path) -> None:
    parked = tmp_path / "parked"
    for _ in range(2):
        with web(parked).open("data", max_bytes=BIG, query={"page": "1"}, keep=True) as opened:
            assert opened.file
            assert opened.file.read() == DATA
    assert len(bucket.asked) == 1
    (kept,) = parked.iterdir()
    assert kept.stat().st_size < len(DATA) / 10
    with pytest.raises(ZeroDivisionError), web(parked).open("data", max_bytes=BIG, query={"page": "1"}, keep=True):
        _ = 1 / 0  # the reader finds it wrong
    assert list(parked.iterdir()) == []
    both = Mirrors([Directory(tmp_path / "nothing"), web(parked)])
    with both.open("data", max_bytes=BIG, keep=True):
        pass
    assert len(list(parked.iterdir())) == 1
    both.release()
    assert list(parked.iterdir()) == []
    with web().open("data", max_bytes=BIG, keep=True) as opened:
        assert opened.file
    web().release()


def test_a_query_belongs_to_the_address(bucket: Bucket, web: Ask) -> None:
    with web().open("data", max_bytes=BIG, query={"a b": "c&d"}) as opened:
        assert opened.file
    assert bucket.asked == [("/data", 200)]


def test_mirrors_are_asked_in_their_order(bucket: Bucket, web: Ask, tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    both = Mirrors([Directory(empty), web(), Directory(folder)])
    assert read(both, "data") == DATA
    bucket.broken["/data"] = 404
    assert read(both, "data") == DATA
    assert [status for _, status in bucket.asked] == [200, 404]
    with pytest.raises(Unreachable, match="no such file"):
        read(both, "none")
    assert both.names() == ("data",)
    with pytest.raises(ZeroDivisionError), both.open("data", max_bytes=BIG):
        _ = 1 / 0  # what the reader does wrong is no reason to ask another
    assert len(bucket.asked) == 4


class Said:
    """One answer of a server that says what it likes."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        self.status, self.body = status, body
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def get(self, name: str) -> str | None:
        return self._headers.get(name)


def told(tmp_path: Path, *answers: Said) -> tuple[Web, list[Mapping[str, str]]]:
    """A server that answers so in turn, and the headers that it was asked with."""
    asked: list[Mapping[str, str]] = []

    def fetch(url: str, *, to: Callable[[Any], BinaryIO], max_bytes: int, headers: Mapping[str, str]) -> Any:
        answer = answers[len(asked)]
        asked.append(headers)
        to(answer).write(answer.body)
        if answer.get("broken"):
            raise Unreachable("broke off")
        return answer

    manners = Manners(sleep=lambda _: None, clock=lambda: 0.0)
    return Web("http://mirror", fetch, manners=manners, parked=tmp_path / "parked"), asked


HALF = Said(200, DATA[:100], etag='"a"', broken="yes")


@pytest.mark.parametrize(
    "odd",
    [
        Said(206, DATA[50:], content_range=f"bytes 50-{len(DATA) - 1}/{len(DATA)}"),
        Said(206, DATA[100:]),
        Said(206, DATA[100:], content_range=f"bytes 100-{len(DATA) - 1}/{len(DATA)}", content_encoding="gzip"),
    ],
    ids=["another", "unnamed", "packed"],
)
def test_a_part_that_was_not_asked_for_is_put_behind_nothing(tmp_path: Path, odd: Said) -> None:
    origin, asked = told(tmp_path, HALF, odd, Said(200, DATA))
    assert read(origin, "data") == DATA
    assert [headers.get("Range") for headers in asked] == [None, "bytes=100-", None]


def test_a_part_is_no_answer_to_who_asked_for_the_whole(tmp_path: Path) -> None:
    origin, _ = told(tmp_path, Said(206, DATA[:9], content_range=f"bytes 0-8/{len(DATA)}"), Said(200, DATA))
    assert read(origin, "data") == DATA


def test_a_busy_answer_costs_nothing_of_what_was_had(tmp_path: Path) -> None:
    rest = Said(206, DATA[100:], content_range=f"bytes 100-{len(DATA) - 1}/{len(DATA)}")
    origin, asked = told(tmp_path, HALF, Said(503, b"busy"), rest)
    assert read(origin, "data") == DATA
    assert [headers.get("Range") for headers in asked] == [None, "bytes=100-", "bytes=100-"]


def test_a_damaged_note_of_what_was_parked_breaks_no_update(tmp_path: Path) -> None:
    broken, _ = told(tmp_path, *[HALF] * 4)
    with pytest.raises(Unreachable):
        read(broken, "data")
    (note,) = (tmp_path / "parked").glob("*.etag")
    note.write_bytes(b"\xff\xfe")
    origin, _ = told(tmp_path, Said(200, DATA))
    assert read(origin, "data") == DATA
