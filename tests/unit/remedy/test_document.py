"""YAML and JSON of strangers: plain values or one of our errors, never more than their bytes."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyor.remedy.document import JSON_BYTES, YAML_BYTES, Entry, read_json, read_yaml
from surveyor.scan.errors import LimitExceeded, Malformed


def test_reads_plain_values() -> None:
    text = b"""
# what a person writes
a: no
b: [1, -2, 0.5, 1e-2, true, null, ~, "true", '1']
c:
  - d: 2027-01-31
    e: CVE-2024-1
f: >
  two
  lines
"""
    assert read_yaml(text) == {
        "a": "no",
        "b": [1, -2, 0.5, 0.01, True, None, None, "true", "1"],
        "c": [{"d": "2027-01-31", "e": "CVE-2024-1"}],
        "f": "two lines\n",
    }


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"---\n"])
def test_nothing_is_nothing(text: bytes) -> None:
    assert read_yaml(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: &x [1]\nb: *x", "anchors"),
        (b"a: !!python/object/apply:os.system [ls]", "tags"),
        (b"a: !x 1", "tags"),
        (b"a: 1\na: 2", "twice"),
        (b"a: 1\n---\nb: 2", "more than one"),
        (b"? [1]\n: 2", "no text"),
        (b"a: [", "no YAML"),
        (b"\xff\xfe", "no UTF-8"),
        (b"a: \x00", "no YAML"),
        (b"\ta: 1", "no YAML"),
    ],
)
def test_refuses(text: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        read_yaml(text)


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        b"[" * 500_000,
        b"{" * 500_000,
        b"- " * 300_000,
        b"a:\n" + b"  - [" * 100_000,
        b"? " * 300_000,
        b"[[[[[[[[[[[[" * 30_000 + b"]" * 30_000,
        b"*" * 500_000,
        b"&" * 500_000,
        b"%" * 900_000,
        b"[" + b"1," * 400_000 + b"]",
        b"a" * (YAML_BYTES + 1),
        b"- 1\n" * 250_000,
        b"k: " * 100_000,
    ],
)
def test_hostile_yaml_ends_soon_with_one_of_our_errors(text: bytes) -> None:
    begin = time.process_time()
    with pytest.raises((Malformed, LimitExceeded)):
        read_yaml(text)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize("text", [b"a: " + b"'" * 900_000, b"x: |\n" + b" " * 900_000, b"a: " + b"\\ " * 400_000])
def test_long_scalars_end_soon(text: bytes) -> None:
    begin = time.process_time()
    read_yaml(text)
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    "text", [BOMB, b"[" * 100_000, b"- " * 100_000, b"? " * 100_000, b"a: &x [*x]", b"a: !!set {}"]
)
def test_the_loader_without_its_c_library_is_no_weaker(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("yaml.CSafeLoader", raising=False)
    with pytest.raises((Malformed, LimitExceeded)):
        read_yaml(text)


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!#|>'\"\n \t%@?,01", max_size=120).map(str.encode))
def test_any_bytes_are_a_value_or_malformed(text: bytes) -> None:
    with contextlib.suppress(Malformed, LimitExceeded):
        read_yaml(text)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"{} {}"])
def test_hostile_json(text: bytes) -> None:
    with pytest.raises((Malformed, LimitExceeded)):
        read_json(text)


def test_json_too_large_to_look_at() -> None:
    with pytest.raises(LimitExceeded):
        read_json(b" " * (JSON_BYTES + 1))


def test_a_key_that_nobody_reads_is_told() -> None:
    entry = Entry({"untill": "2027-01-01", "id": "x"}, "ignore[1]")
    assert entry.texts("id") == ("x",)
    with pytest.raises(Malformed, match=r"ignore\[1\]: nothing is called untill"):
        entry.done()


@pytest.mark.parametrize("value", ["2027-13-01", "tomorrow", 2027])
def test_a_date_that_is_none(value: object) -> None:
    with pytest.raises(Malformed, match="no date"):
        Entry({"until": value}, "ignore[1]").day("until")
