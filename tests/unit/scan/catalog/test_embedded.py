"""Each fingerprint on the text that its library really has, and on a text that only speaks of it."""

from __future__ import annotations

import time

import pytest

from surveyor.scan.catalog import embedded
from surveyor.scan.catalog.fingerprints import FINGERPRINTS
from surveyor.scan.catalog.interface import File, Record
from surveyor.scan.errors import LimitExceeded, ScanError
from surveyor.scan.limits import Budget, Limits
from surveyor.scan.model import Tier
from tests.programs import elf

#: What the library has, the version in it, and what somebody else may say of it.
TEXTS: dict[str, tuple[bytes, str, bytes]] = {
    "openssl": (b"OpenSSL 1.1.1n  15 Mar 2022", "1.1.1n", b"requires OpenSSL 1.1.1 or later"),
    "boringssl": (b"OpenSSL 1.1.1 (compatible; BoringSSL)", "", b"OpenSSL 1.1.1 compatible"),
    "libressl": (b"LibreSSL 3.8.2", "3.8.2", b"LibreSSL 3.8.2 was found"),
    "zlib": (b" inflate 1.2.11 Copyright 1995-2017 Mark Adler ", "1.2.11", b"inflate 1.2.11 needed"),
    "zlib-ng": (b"zlib-ng 2.0.7 forked from zlib", "2.0.7", b"built without zlib-ng 2.0.7"),
    "curl": (b"libcurl/7.88.1", "7.88.1", b"User-Agent: curl/7.88.1 or newer"),
    "busybox": (b"BusyBox v1.36.1 (2023-05-19 02:09:23 UTC)", "1.36.1", b"see BusyBox v1.36.1"),
    "libpng": (b"libpng version 1.6.39\nCopyright (c) 2018-2022 Cosmin Truta\n", "1.6.39", b"libpng version 1.6.39"),
    "libjpeg-turbo": (b"libjpeg-turbo version 2.1.5 (build 20230203)", "2.1.5", b"libjpeg-turbo version 2.1.5"),
    "libtiff": (b"LIBTIFF, Version 4.5.0\nCopyright (c) 1988-1996 Sam Leffler", "4.5.0", b"LIBTIFF, Version 4.5.0"),
    "expat": (b"expat_2.5.0", "2.5.0", b"expat_2.5.0 is too old"),
    "libxml2": (b"20914-GITv2.9.14", "2.9.14", b"libxml2 2.9.14"),
    "libxslt": (b"10135-GITv1.1.35", "1.1.35", b"libxslt 1.1.35"),
    "bzip2": (b"1.0.8, 13-Jul-2019", "1.0.8", b"bzip2 1.0.8, 13-Jul-2019"),
    "libarchive": (b"libarchive 3.6.2", "3.6.2", b"libarchive 3.6.2 or later"),
    "pcre": (b"8.39 2016-06-14", "8.39", b"PCRE 8.39 2016-06-14"),
    "pcre2": (b"10.42 2022-12-11", "10.42", b"as of 10.42 2022-12-11"),
    "nghttp2": (b"nghttp2/1.52.0", "1.52.0", b"server: nghttp2/1.52.0"),
    "c-ares": (b"c-ares/1.18.1", "1.18.1", b"with c-ares/1.18.1"),
    "mbedtls": (b"mbed TLS 2.28.3", "2.28.3", b"mbed TLS 2.28.3 has this bug"),
    "hdf5": (b"HDF5 library version 1.10.8", "1.10.8", b"needs HDF5 library version 1.10.8"),
    "bash": (b"@(#)Bash version 5.2.15(1) release GNU", "5.2.15", b"Bash version 5.2.15(1) release GNU"),
    "postgresql": (
        b"PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc, 64-bit",
        "15.20",
        b"PostgreSQL 15.20 (Debian 15.20-0+deb12u1)",
    ),
    "mariadb": (b"10.11.19-MariaDB", "10.11.19", b"since 10.11.19-MariaDB"),
    "memcached": (b"memcached 1.6.18", "1.6.18", b"memcached 1.6.18 needed"),
    "gnutls": (b"Enabled GnuTLS 3.7.9 logging...\n", "3.7.9", b"GnuTLS 3.7.9"),
    "libgcrypt": (b"\n\nThis is Libgcrypt 1.10.1 - The GNU Crypto Library\nCopyright", "1.10.1", b"Libgcrypt 1.10.1"),
    "libssh2": (b"SSH-2.0-libssh2_1.10.0", "1.10.0", b"not SSH-2.0-libssh2_1.10.0"),
    "libssh": (b"SSH-2.0-libssh_0.10.5", "0.10.5", b"not SSH-2.0-libssh_0.10.5"),
    "openldap": (b"@(#) $OpenLDAP: libldap 2.5.13+dfsg-5 (Feb  8 2023) $", "2.5.13", b"OpenLDAP: libldap 2.5.13"),
    "krb5": (b"KRB5_BRAND: krb5-1.20.1-final 1.20.1 20221115", "1.20.1", b"krb5-1.20.1-final"),
    "grpc": (b"grpc-c++/1.51.1", "1.51.1", b"uses grpc-c++/1.51.1"),
    "ffmpeg": (b"FFmpeg version 5.1.6-0+deb12u1", "5.1.6", b"needs FFmpeg version 5.1.6"),
    "libvpx": (b"WebM Project VP9 Decoder v1.12.0", "1.12.0", b"VP9 Decoder v1.12.0"),
    "libaom": (b"AOMedia Project AV1 Decoder v3.6.0", "3.6.0", b"AV1 Decoder v3.6.0"),
    "opencv": (b"\nGeneral configuration for OpenCV 4.6.0 =====\n  Version", "4.6.0", b"OpenCV 4.6.0"),
    "lua": (b"$LuaVersion: Lua 5.3.6  Copyright (C) 1994-2020 Lua.org $", "5.3.6", b"Lua 5.3.6 is needed"),
    "php": (b"X-Powered-By: PHP/8.2.7", "8.2.7", b"PHP/8.2.7"),
    "ruby": (b"ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]", "3.1.2", b"ruby 3.1.2p20 or later"),
    "node": (
        b"https://nodejs.org/download/release/v20.20.2/node-v20.20.2.tar.gz",
        "20.20.2",
        b"see https://nodejs.org/download/release/v20.20.2/node-v20.20.2.tar.gz",
    ),
    "v8": (b"11.3.244.8-node.38", "11.3.244.8", b"V8 11.3.244.8-node.38"),
    "chromium": (b"Chrome/120.0.6099.71", "120.0.6099.71", b"Mozilla/5.0 Chrome/120.0.6099.71 Safari/537.36"),
    "nginx": (b"nginx version: nginx/1.22.1", "1.22.1", b"Server: nginx/1.22.1"),
    "httpd": (b"Apache/2.4.57 (Debian)", "2.4.57", b"Server: Apache/2.4.57 (Debian)"),
    "dropbear": (b"SSH-2.0-dropbear_2022.83", "2022.83", b"talks to dropbear_2022.83"),
    "openssh": (b"OpenSSH_9.2p1 Debian-2+deb12u6", "9.2p1", b"OpenSSH_2.*,OpenSSH_3.0*,OpenSSH_3.1*"),
    "dnsmasq": (b"dnsmasq-2.89", "2.89", b"from dnsmasq-2.89"),
    "u-boot": (b"U-Boot 2021.01+dfsg-5 (May 23 2021 - 23:27:10 +0000)", "2021.01", b"U-Boot 2021.01 or later"),
    "glibc": (
        b"GNU C Library (Debian GLIBC 2.36-9+deb12u4) stable release version 2.36.\nCopyright",
        "2.36",
        b"GNU C Library 2.36",
    ),
    "ncurses": (b"ncurses 6.4.20221231", "6.4", b"ncurses 6.4.20221231 and later"),
    "qt": (
        b"Qt 5.15.8 (x86_64-little_endian-lp64 shared (dynamic) release build; by GCC 12.2.0)",
        "5.15.8",
        b"Qt 5.15.8 (open source)",
    ),
    "openjdk": (
        b"OpenJDK 64-Bit Server VM (17.0.15+6-Debian-1deb12u1) for linux-amd64 JRE",
        "17.0.15+6",
        b"built for OpenJDK 64-Bit Server VM (17.0.15+6)",
    ),
}
#: Who says no more than a version: by the name of the file alone.
BARE: dict[str, tuple[str, bytes]] = {
    "harfbuzz": ("libharfbuzz.so.0", b"6.0.0"),
    "xz": ("liblzma.so.5", b"5.4.1"),
    "zstd": ("libzstd.so.1", b"1.5.4"),
    "lz4": ("liblz4.so.1", b"1.9.4"),
    "wolfssl": ("libwolfssl.so.35", b"5.5.4"),
    "icu": ("libicuuc.so.72", b"72.1"),
    "python": ("libpython3.11.so.1.0", b"3.11.2"),
    "perl": ("libperl.so.5.36", b"v5.36.0"),
    "electron": ("electron", b"22.3.27"),
    "redis": ("redis-server", b"7.0.15"),
    "haproxy": ("haproxy", b"2.6.12-1"),
    "musl": ("libc.musl-x86_64.so.1", b"1.2.3"),
    "readline": ("libreadline.so.8", b"8.2"),
    "libuv": ("libuv.so.1", b"1.44.2"),
    "libpng": ("libpng16.so.16", b"1.6.39\0Application built with libpng-"),
    "libsodium": ("libsodium.so.23", b"1.0.18"),
    "sqlite": ("libsqlite3.so.0", b"3.40.1\0SQLite format 3\0"),
    "nghttp2": ("libnghttp2.so.14", b"1.52.0"),
    "c-ares": ("libcares.so.2", b"1.18.1"),
    "gnutls": ("libgnutls.so.30", b"3.7.9"),
    "chromium": ("chromium", b"120.0.6099.71"),
}
#: Who says none, and has it in the names of its files: some as they lie in wheels and on Macs.
NAMED: dict[str, dict[str, str]] = {
    "brotli": {"libbrotlidec-2ced2f3a.so.1.1.0": "1.1.0", "libbrotlicommon.1.1.0.dylib": "1.1.0"},
    "boost": {"libboost_program_options.so.1.74.0": "1.74.0"},
    "icu": {"libicuio.so.72.1": "72.1"},
    "freetype": {"libfreetype-5bb46249.so.6.20.4": "2.14.1", "libfreetype.so.6.18.3": "2.12.1"},
    "libwebp": {"libwebp-850e2bec.so.7.1.8": "1.3.2", "libwebp.so.7.1.5": "1.2.4"},
}


def parse(
    data: bytes, path: str = "opt/shop", needed: tuple[str, ...] = (), limits: Limits | None = None
) -> list[Record]:
    whole = elf({".rodata": b"\0usage: %s\0" + data + b"\0"}, needed=needed)
    return list(embedded.parse(File(path=path, data=memoryview(whole)), Budget(Limits())))


def test_every_fingerprint_has_an_example() -> None:
    assert {one.id for one in FINGERPRINTS} == set(TEXTS) | set(BARE) | set(NAMED)
    assert {one.id for one in FINGERPRINTS if one.named} == set(NAMED)
    assert {one.id for one in FINGERPRINTS if one.text} == set(TEXTS)
    assert {one.id for one in FINGERPRINTS if one.bare} == set(BARE)


@pytest.mark.parametrize("name", TEXTS)
def test_a_definition(name: str) -> None:
    text, version, _ = TEXTS[name]
    (found,) = parse(text)
    assert (found.type, found.name, found.version, found.tier) == ("generic", name, version, Tier.HEURISTIC)
    assert "offset: 0x" in found.evidence
    assert version.encode() in text


@pytest.mark.parametrize("name", TEXTS)
def test_a_mention_is_none(name: str) -> None:
    assert parse(TEXTS[name][2]) == []
    assert parse(b"we ship " + TEXTS[name][0].strip()) == []


@pytest.mark.parametrize(
    "text", [b"2.8.39 2016-06-14", b"18.39 2016-06-14", b"1.10.42 2022-12-11", b"21.0.8, 13-Jul-2019", b"curl/7.88.1"]
)
def test_the_end_of_another_version_and_the_name_of_a_client_are_none(text: bytes) -> None:
    assert parse(text) == []


@pytest.mark.parametrize("name", TEXTS)
def test_stray_characters_before_a_definition_are_no_part_of_it(name: str) -> None:
    text, version, _ = TEXTS[name]
    assert [(found.name, found.version) for found in parse(b"H!" + text)] == [(name, version)]


@pytest.mark.parametrize("name", BARE)
def test_a_bare_version_counts_in_the_library_itself(name: str) -> None:
    path, text = BARE[name]
    (found,) = parse(text, f"usr/lib/{path}")
    assert found.name == name
    assert found.version == text.partition(b"\0")[0].decode().removeprefix("v")
    assert parse(text.partition(b"\0")[0], "opt/shop") == []


@pytest.mark.parametrize(
    ("near", "code", "expected"),
    [
        (b"Opening and ending tag mismatch: %s line %d and %s\n", b"21406", ("libxml2", "2.14.6")),
        (b"xsl:attribute-set", b"10143", ("libxslt", "1.1.43")),
    ],
)
def test_a_version_that_is_a_number_counts_near_what_only_its_library_has(
    near: bytes, code: bytes, expected: tuple[str, str]
) -> None:
    found = parse(code + b"\0x\0" + near)
    assert [(one.name, one.version, one.tier) for one in found] == [(*expected, Tier.HEURISTIC)]
    assert f"string: {code.decode()}" in found[0].evidence
    assert parse(code + bytes(300_000) + near) == parse(near) == parse(code) == []
    assert parse(code + b"\0" + near, needed=(f"{expected[0]}.so.2",)) == []


@pytest.mark.parametrize(
    ("name", "version", "near"),
    [
        ("libpng", b"1.6.39", b"Application built with libpng-"),
        ("zstd", b"1.5.4", b"Frame requires too much memory for decoding"),
        ("lz4", b"1.9.4", b"ERROR_frameType_unknown"),
        ("xz", b"5.4.1", bytes.fromhex("6f5fa703be4c2eb35ba040a8573684f4")),
    ],
)
def test_a_bare_version_counts_near_what_only_its_library_has(name: str, version: bytes, near: bytes) -> None:
    assert [(one.name, one.version) for one in parse(version + b"\0" + near)] == [(name, version.decode())]
    assert parse(version + bytes(300_000) + near) == []
    assert parse(near) == []


@pytest.mark.parametrize("name", NAMED)
def test_the_name_of_a_file_says_the_version_of_who_leaves_no_text(name: str) -> None:
    for file, version in NAMED[name].items():
        (found,) = parse(b"1.2.3", f"opt/shop.libs/{file}")
        assert (found.name, found.version, found.tier) == (name, version, Tier.HEURISTIC)
        assert found.evidence == f"file: {file}"
        assert parse(b"", f"opt/{file.partition('.')[0]}.so.99") == []
    assert parse(b"", "opt/libwebp.so.7.99.1") == []  # a number of no release that is known


def test_a_version_in_wide_characters_counts_behind_what_only_its_library_has() -> None:
    near, wide = b"DataVersion\0ICUVersion\0", "75.1.0.0".encode("utf-16-le")
    assert [(one.name, one.version) for one in parse(near + b"\xaa\0\x004\x005\0\0\0" + wide)] == [("icu", "75.1")]
    assert parse(near + bytes(100) + wide) == parse(near) == parse(wide) == []


@pytest.mark.parametrize(
    ("name", "library"),
    [("openssl", "libcrypto.so.3"), ("zlib", "libz.so.1"), ("curl", "libcurl.so.4"), ("expat", "libexpat.so.1")],
)
def test_what_is_linked_to_is_not_inside(name: str, library: str) -> None:
    assert parse(TEXTS[name][0], needed=(library,)) == []
    assert [found.name for found in parse(TEXTS[name][0], f"lib/{library}", needed=(library,))] == [name]


def test_two_bare_versions_say_nothing_unless_the_name_does() -> None:
    assert parse(b"1.5.4\0001.4.8", "lib/libzstd.so.1") == []
    (found,) = parse(b"2.6.3\0003.12.10", "lib/libpython3.12.so")
    assert found.version == "3.12.10"


def test_strings_are_found_across_the_steps_of_the_search() -> None:
    for gap in range((1 << 20) - 60, (1 << 20) + 5, 3):
        assert [found.name for found in parse(b"\xff" * (gap - 200) + b"\0" + TEXTS["openssl"][0])] == ["openssl"], gap


def test_ten_thousand_versions_end_soon_and_are_told() -> None:
    start = time.thread_time()
    with pytest.raises(LimitExceeded):
        parse(b"1.1\0" * 400_000)
    assert time.thread_time() - start < 20


@pytest.mark.parametrize("data", [b"0.0" * 500_000, b"1.1 " * 300_000, b"OpenSSL " * 100_000 + b"1.1.1 " * 100_000])
def test_one_string_without_end_ends_soon(data: bytes) -> None:
    start = time.thread_time()
    try:
        found = parse(data)
    except ScanError:
        found = []
    assert not found
    assert time.thread_time() - start < 20
