"""Every compressed form gives back what was packed, in bounded chunks, and keeps what comes before damage."""

from __future__ import annotations

import gzip
import lzma
import random
import zlib
from collections.abc import Iterator

import pytest

from surveyor.scan.errors import LimitExceeded, Malformed, ScanError, Unsupported
from surveyor.scan.limits import MIB, Budget, Limits
from surveyor.scan.tree.entry import Blob
from surveyor.scan.tree.inflate import CHUNK, DECODERS
from surveyor.scan.tree.stream import form_of, inflate
from surveyor.scan.vocabulary import COMPRESSED
from tests.images import pack

_DICE = random.Random(20_260_101)
#: Some of it packs well and some does not at all.
DATA = b"".join(_DICE.randbytes(40) * _DICE.randint(1, 40) for _ in range(6_000))
#: What marks an end and packs at speed; compress is asked of by itself.
FORMS = [form for form in COMPRESSED if form != "compress"]
VARIANTS = {"gzip2": "gzip", "zstd2": "zstd", "zstd-chunked": "zstd", "bzip22": "bzip2", "xz2": "xz", "lzip2": "lzip"}
VARIANTS |= {"lz42": "lz4", "lz4-legacy": "lz4"} | {form: form for form in FORMS}
#: Without a checksum of their own at the end.
_UNCHECKED = {"lzma", "lzop"}


def chunks(data: bytes, limits: Limits | None = None) -> Iterator[bytes]:
    blob = Blob(buffer=data, start=0, end=len(data))
    return inflate(blob, form_of(blob.head(16)), Budget(limits=limits or Limits()))


def kept(data: bytes) -> tuple[bytes, ScanError | None]:
    """What came before the error, and the error."""
    out = bytearray()
    try:
        for chunk in chunks(data):
            out += chunk
    except ScanError as error:
        return bytes(out), error
    return bytes(out), None


def test_every_form_has_a_name_people_know() -> None:
    assert set(DECODERS) == set(COMPRESSED)


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_was_packed_comes_back_in_bounded_chunks(variant: str) -> None:
    packed = pack(DATA, variant)
    assert form_of(packed[:16]) == VARIANTS[variant]
    found = list(chunks(packed))
    assert b"".join(found) == DATA
    assert max(map(len, found)) <= CHUNK


@pytest.mark.parametrize("form", FORMS)
def test_padding_behind_the_end_is_nothing(form: str) -> None:
    if form == "zstd":
        pytest.skip("zstd has no end: what follows a frame is another frame")
    assert kept(pack(DATA, form) + bytes(4096)) == (DATA, None)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_cut_short_keeps_what_is_there(form: str) -> None:
    packed = pack(DATA, form)
    found, error = kept(packed[: len(packed) * 2 // 3])
    assert isinstance(error, Malformed)
    assert "cut short" in str(error)
    assert len(found) > len(DATA) // 3
    assert DATA.startswith(found)


@pytest.mark.parametrize("variant", ["zstd", "zstd2", "zstd-chunked"])
def test_a_zstd_frame_cut_anywhere_is_told(variant: str) -> None:
    packed = pack(DATA[:300_000], variant)
    ends = {len(packed[: -len(rest)]) if rest else len(packed) for rest in _rests(packed)}
    for at in {*range(20, len(packed), 5_003), len(packed) - 1, len(packed)}:
        _, error = kept(packed[:at])
        assert (error is None) is (at in ends), at


def _rests(packed: bytes) -> Iterator[bytes]:
    """What is behind each frame."""
    import zstandard

    rest = packed
    while rest:
        if rest[1:4] == b"\x2a\x4d\x18":
            rest = rest[8 + int.from_bytes(rest[4:8], "little") :]
        else:
            decoder = zstandard.ZstdDecompressor().decompressobj()
            decoder.decompress(rest)
            rest = decoder.unused_data
        yield rest


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_checksum_is_told_and_loses_less_than_a_block_of_a_tar(form: str) -> None:
    if form in _UNCHECKED or form == "zstd":
        pytest.skip("no checksum at the end")
    packed = bytearray(pack(DATA, form))
    packed[{"gzip": -8, "lzip": -20, "lz4": -1, "bzip2": -3, "xz": -40, "pbzx": -30}[form]] ^= 0x55
    found, error = kept(bytes(packed))
    assert isinstance(error, Malformed)
    assert DATA.startswith(found)
    # xz checks a block and lz4 a frame at its end; bzip2 has a checksum for each of its blocks
    assert len(DATA) - len(found) < 512


def test_what_comes_before_a_damaged_block_of_a_gzip_is_kept() -> None:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    begun = packer.compress(DATA[:MIB]) + packer.flush(zlib.Z_FULL_FLUSH)
    found, error = kept(gzip.compress(b"")[:10] + begun + b"\x07" + bytes(100))  # no block is of type 3
    assert "gzip data is damaged" in str(error)
    assert MIB - len(found) <= 64 << 10  # so far ahead does isal decode
    assert DATA.startswith(found)


@pytest.mark.parametrize(("place", "value"), [(-8, 0x55), (38 + 12 + 4, 1)])
def test_a_block_of_lzop_that_is_not_what_it_says_is_left_out(place: int, value: int) -> None:
    data = bytes(256 << 10) + DATA
    packed = bytearray(pack(data, "lzop"))
    packed[place] ^= value
    found, error = kept(bytes(packed))
    assert isinstance(error, Malformed)
    assert data.startswith(found)
    assert len(found) == (len(data) >> 18 << 18 if place < 0 else 0)


def test_lzop_of_another_method_or_with_more_in_its_header() -> None:
    packed = bytearray(pack(DATA, "lzop"))
    packed[15] = 128  # zlib's
    assert isinstance(kept(bytes(packed))[1], Unsupported)
    packed = bytearray(pack(DATA, "lzop"))
    packed[20] |= 0x40
    assert kept(bytes(packed[:38] + b"\0\0\0\2ab" + bytes(4) + packed[38:])) == (DATA, None)
    packed[38:42] = (1 << 30).to_bytes(4, "big")
    assert isinstance(kept(bytes(packed))[1], ScanError)
    large = bytearray(pack(DATA, "lzop"))
    large[38:42] = (1 << 30).to_bytes(4, "big")
    assert isinstance(kept(bytes(large))[1], LimitExceeded)


@pytest.mark.parametrize("form", [form for form in FORMS if form not in {"gzip", "lz4", "lzop"}])
def test_a_bomb_ends_by_its_ratio(form: str) -> None:
    packed = pack(bytes(64 * MIB), form)
    with pytest.raises(LimitExceeded, match="ratio"):
        for _ in chunks(packed):
            pass


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_ends_by_its_size(form: str) -> None:
    with pytest.raises(LimitExceeded):
        for _ in chunks(pack(bytes(8 * MIB), form), Limits(inflated_bytes=4 * MIB)):
            pass


def test_compress_gives_back_what_was_packed_in_wider_codes_and_after_clearing_its_table() -> None:
    data = DATA[:40_000] + bytes(9_000) + DATA[40_000:70_000]
    packed = pack(data, "compress")
    assert form_of(packed[:16]) == "compress"
    assert kept(packed) == (data, None)
    # nothing marks its end: a part is the beginning
    found, error = kept(packed[: len(packed) // 2])
    assert error is None
    assert data.startswith(found)
    assert len(found) > len(data) // 4


@pytest.mark.parametrize(
    ("packed", "error"),
    [(b"\x1f\x9d\x88", Malformed), (b"\x1f\x9d\xf0", Malformed), (b"\x1f\x9d\x90\xff\xff", Malformed)],
)
def test_compress_that_can_be_none_is_told(packed: bytes, error: type[ScanError]) -> None:
    assert isinstance(kept(packed + bytes(40))[1], error)


def test_a_bomb_of_compress_ends_by_its_ratio_or_its_memory() -> None:
    out, group, width, code = bytearray(b"\x1f\x9d\x90"), [0], 9, 257
    while code < 1 << 16:
        group.append(code)
        code += 1
        if len(group) == 8 or code == 1 << width:
            out += sum(one << at * width for at, one in enumerate(group)).to_bytes(width, "little")
            width += code == 1 << width and width < 16
            group = []
    found, error = kept(bytes(out))
    assert isinstance(error, LimitExceeded)
    assert not found.strip(b"\0")


def test_a_dictionary_over_the_limit_is_refused() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 29}]
    with pytest.raises(LimitExceeded, match="memory"):
        list(chunks(lzma.compress(b"x", filters=filters)))
    header = b"\x5d" + (1 << 30).to_bytes(4, "little") + b"\xff" * 8
    with pytest.raises(LimitExceeded, match="memory"):
        list(chunks(header + bytes(40)))
    with pytest.raises(LimitExceeded, match="dictionary"):
        list(chunks(b"LZIP\1\x1d" + bytes(40)))


def test_forms_that_are_not_read_are_named() -> None:
    with pytest.raises(Unsupported, match="lrzip"):
        form_of(b"LRZI" + bytes(12))


@pytest.mark.parametrize("head", [b"]\n", b"]]]]]]]]]]]]]]]]", b"\x5d\0\0\x80\0" + bytes(11), b"\x5d" + b"\xff" * 15])
def test_what_only_begins_like_lzma_is_plain(head: bytes) -> None:
    assert form_of(head) == "plain"


@pytest.mark.parametrize("form", [*COMPRESSED, "lz4-legacy"])
def test_damaged_bytes_raise_only_our_errors(form: str) -> None:
    whole, dice = pack(DATA[:30_000], form), random.Random(form)
    for _ in range(200):
        damaged = bytearray(whole[: dice.randrange(16, len(whole) + 1)])
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        found, _ = kept_or_refused(bytes(damaged))
        assert len(found) < 80 * MIB


def kept_or_refused(data: bytes) -> tuple[bytes, ScanError | None]:
    try:
        form = form_of(data[:16])
    except ScanError as error:
        return b"", error
    return kept(data) if form != "plain" else (data, None)
