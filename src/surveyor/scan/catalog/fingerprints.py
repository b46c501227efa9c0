"""What libraries and servers write of themselves into whatever they are linked into: one line each.

A *definition* is a whole C string of a form that only the library's own code has; a *mention* stands in a sentence. So
each pattern is matched against a string from its beginning to its end, never searched in one. A program that loads a
library at run time may have its version text from a header: what it links to by name is not what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from surveyor.scan.values import frozen


@frozen
class Fingerprint:
    """``text`` matches a whole string, its group ``v`` is the version; ``files`` matches the beginning of the names of
    the files that are this library or program itself. In those a bare version, as ``bare`` matches it, is enough.

    ``near`` are bytes that only this library has, which bare versions in other programs have to be near. ``coded`` is a
    version as a number of five digits, two for each of its last parts (``21406`` is 2.14.6), which has to be near too;
    ``wide`` one in UTF-16 that stands right behind them.

    ``named`` matches the whole name of a file that says which version it is, for libraries that leave no text; where
    that is libtool's number, ``releases`` has the versions that it stands for.
    """

    id: str
    text: bytes = b""
    files: bytes = b""
    bare: bytes = b""
    near: bytes = b""
    coded: bytes = b""
    wide: bytes = b""
    named: bytes = b""
    releases: Mapping[bytes, bytes] | None = None


#: Numbers of shared objects on Linux: FreeType's docs/VERSIONS.TXT from 2.10 on, libwebp's src/Makefile.am from 1.2 on.
_FREETYPE = {
    **{b"6.17.%d" % patch: b"2.10.%d" % patch for patch in range(5)},
    **{b"6.18.%d" % at: name for at, name in enumerate((b"2.11.0", b"2.11.1", b"2.12.0", b"2.12.1"))},
    b"6.19.0": b"2.13.0",
    **{b"6.20.%d" % at: name for at, name in enumerate((b"2.13.1", b"2.13.2", b"2.13.3", b"2.14.0", b"2.14.1"))},
}
_WEBP = {
    **{b"7.1.%d" % at: b"1.2.%d" % (at - 1) for at in range(1, 6)},
    **{b"7.1.%d" % at: b"1.3.%d" % (at - 6) for at in range(6, 9)},
    b"7.1.9": b"1.4.0",
    b"7.1.10": b"1.5.0",
    b"7.2.0": b"1.6.0",
}
#: What auditwheel puts between a library's name and its number, and how the names of both systems go on.
_HASH, _SO = rb"(?:-[0-9a-f]{6,16})?", rb"\.(?:so\.)?"


def _print(
    id: str,  # noqa: A002
    text: bytes = b"",
    files: bytes = b"",
    bare: bytes = b"",
    near: bytes = b"",
    coded: bytes = b"",
) -> Fingerprint:
    return Fingerprint(id=id, text=text, files=files, bare=bare, near=near, coded=coded)


def _called(id: str, files: bytes, number: bytes, releases: Mapping[bytes, bytes] | None = None) -> Fingerprint:  # noqa: A002
    """A library that leaves no text, by the names of its files with a number behind."""
    named = files + _HASH + _SO + rb"(?P<v>" + number + rb")(?:\.dylib)?"
    return Fingerprint(id=id, files=files, named=named, releases=releases)


FINGERPRINTS: tuple[Fingerprint, ...] = (
    _print(
        "openssl",
        rb"(?:[A-Za-z0-9][A-Za-z0-9-]* (?:\S+ )?part of )?"
        rb"OpenSSL (?P<v>[0-9]\.[0-9]+\.[0-9]+[a-z]{0,2}(?:-[a-z]+[0-9]*)*)"
        rb" {1,2}[0-9]{1,2} [A-Z][a-z]{2} (?:19|20)[0-9]{2}(?: \(.{1,40}\))?",
        rb"lib(?:ssl|crypto)|ssleay32|libeay32",
    ),
    _print("boringssl", rb"OpenSSL [0-9.]+[a-z]? \(compatible; BoringSSL\)", rb"lib(?:boring)?(?:ssl|crypto)"),
    _print("libressl", rb"LibreSSL (?P<v>[0-9]\.[0-9]+\.[0-9]+)", rb"lib(?:ssl|crypto|tls)"),
    _print(
        "zlib",
        rb" ?(?:deflate|inflate) (?P<v>1\.[0-9.]+[0-9]) Copyright 199[0-9]-20[0-9]{2} "
        rb"(?:Jean-loup Gailly and )?Mark Adler ",
        rb"(?:lib)?z(?:lib)?1?[.-]",
    ),
    _print("zlib-ng", rb" ?zlib-ng (?P<v>2\.[0-9]+\.[0-9]+)(?: forked from zlib.{0,40})?", rb"(?:lib)?z(?:lib)?-ng"),
    _print("sqlite", b"", rb"(?:lib)?sqlite3", rb"3\.[0-9]{1,2}\.[0-9]{1,2}", b"SQLite format 3\0"),
    _print(
        "curl",
        rb"(?:libcurl/|curl (?=\S+ \())(?P<v>[78]\.[0-9]+\.[0-9]+(?:-DEV)?)(?: \(.{3,80}\) %s\n)?",
        rb"(?:lib)?curl",
    ),
    _print("busybox", rb"BusyBox v(?P<v>1\.[0-9]+\.[0-9]+)(?:[.-][a-z0-9.]+)?(?: \(.{1,80}\).{0,40})?", rb"busybox"),
    _print(
        "libpng",
        rb"\s?libpng version (?P<v>1\.[0-9]+\.[0-9]+)(?:\n| - ).*",
        rb"libpng",
        rb"1\.[2-9]\.[0-9]{1,2}",
        b"Application built with libpng-",
    ),
    _print("libjpeg-turbo", rb"libjpeg-turbo version (?P<v>[0-9.]+) \(build [0-9]+\)", rb"lib(?:turbo)?jpeg|jpeg62"),
    _print("libtiff", rb"LIBTIFF, Version (?P<v>[0-9]\.[0-9]+\.[0-9]+)\n.*", rb"libtiff"),
    _print("expat", rb"expat_(?P<v>2\.[0-9]+\.[0-9]+)", rb"libexpat"),
    _print(
        "libxml2",
        rb"2[0-9]{4}-GITv(?P<v>2\.[0-9]+\.[0-9]+)(?:-.*)?",
        rb"libxml2",
        near=b"Opening and ending tag mismatch: %s line %d and %s\n",
        coded=rb"2(?:0[6-9]|[1-3][0-9])[0-9]{2}",
    ),
    _print(
        "libxslt",
        rb"101[0-9]{2}-GITv(?P<v>1\.[0-9]+\.[0-9]+)(?:-.*)?",
        rb"libe?xslt",
        near=b"xsl:attribute-set",
        coded=rb"101[0-9]{2}",
    ),
    _print("harfbuzz", b"", rb"libharfbuzz", rb"(?:[1-9]|1[0-9])\.[0-9]+\.[0-9]+"),
    _print("bzip2", rb"(?P<v>1\.0\.[0-9]), {1,2}[0-9]{1,2}-[A-Z][a-z]{2}-(?:19|20)[0-9]{2}", rb"(?:lib)?bz(?:ip)?2"),
    # near its table of CRC64, of which these are two entries
    _print(
        "xz",
        b"",
        rb"liblzma",
        rb"5\.[0-9]+\.[0-9]+(?:alpha|beta)?",
        bytes.fromhex("6f5fa703be4c2eb35ba040a8573684f4"),
    ),
    _print("zstd", b"", rb"libzstd", rb"1\.[3-9]\.[0-9]{1,2}", b"Frame requires too much memory for decoding"),
    _print("lz4", b"", rb"liblz4", rb"1\.(?:[6-9]|1[0-9])\.[0-9]{1,2}", b"ERROR_frameType_unknown"),
    _print("libarchive", rb"libarchive (?P<v>[34]\.[0-9]+\.[0-9]+)(?:dev)?", rb"libarchive"),
    _print("pcre", rb"(?P<v>8\.[0-9]{2}) (?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", rb"libpcre(?!2)"),
    _print("pcre2", rb"(?P<v>10\.[0-9]{2}(?:-RC[0-9])?) 20[0-9]{2}-[0-9]{2}-[0-9]{2}", rb"libpcre2"),
    _print("nghttp2", rb"nghttp2/(?P<v>1\.[0-9]+\.[0-9]+)", rb"libnghttp2", rb"1\.[0-9]+\.[0-9]+"),
    _print("c-ares", rb"c-ares/(?P<v>1\.[0-9]+\.[0-9]+)", rb"libcares", rb"1\.[0-9]+\.[0-9]+"),
    _print("mbedtls", rb"[mM]bed TLS (?P<v>[234]\.[0-9]+\.[0-9]+)", rb"libmbed"),
    _print("wolfssl", b"", rb"libwolfssl", rb"[345]\.[0-9]+\.[0-9]+"),
    _print("gnutls", rb"Enabled GnuTLS (?P<v>3\.[0-9]+\.[0-9]+) logging\.\.\.\n", rb"libgnutls", rb"3\.[0-9]+\.[0-9]+"),
    _print(
        "libgcrypt", rb"\s{0,2}This is Libgcrypt (?P<v>1\.[0-9]+\.[0-9]+) - The GNU Crypto Library\n.*", rb"libgcrypt"
    ),
    _print("libssh2", rb"(?:SSH-2\.0-)?libssh2_(?P<v>1\.[0-9]+\.[0-9]+)(?:_DEV)?(?:\r\n)?", rb"libssh2"),
    _print("libssh", rb"(?:SSH-2\.0-)?libssh[_-](?P<v>0\.[0-9]+\.[0-9]+)(?:\r\n)?", rb"libssh[.-]"),
    _print("openldap", rb"@\(#\) \$OpenLDAP: [a-z]+ (?P<v>2\.[0-9]+\.[0-9]+)\S* .*", rb"lib(?:ldap|lber)|slapd"),
    _print("krb5", rb"KRB5_BRAND: krb5-(?P<v>1\.[0-9]+(?:\.[0-9]+)?)-final .*", rb"libkrb5|libgssapi_krb5"),
    _print("libsodium", b"", rb"libsodium", rb"1\.0\.[0-9]{1,2}"),
    _print("hdf5", rb"HDF5 library version:? (?P<v>[12]\.[0-9]+\.[0-9]+)\S{0,20}", rb"libhdf5"),
    _print("grpc", rb"grpc-c\+\+/(?P<v>1\.[0-9]+\.[0-9]+)(?:-\w+)?", rb"libgrpc"),
    Fingerprint(
        id="icu",
        files=rb"libicu(?:uc|i18n|data|io|tu)",
        bare=rb"[4-9][0-9]\.[0-9]+(?:\.[0-9]+)*",
        near=b"DataVersion\0ICUVersion\0",
        wide=rb"[4-9]\0[0-9]\0\.\0[0-9]\0",
        named=rb"libicu(?:uc|i18n|data|io|tu)" + _HASH + _SO + rb"(?P<v>[4-9][0-9]\.[0-9])(?:\.dylib)?",
    ),
    _called("brotli", rb"libbrotli(?:common|dec|enc)", rb"[01]\.[0-9]+\.[0-9]+"),
    _called("boost", rb"libboost_\w+", rb"1\.[0-9]+\.[0-9]+"),
    _called("freetype", rb"libfreetype", rb"6\.[0-9]+\.[0-9]+", _FREETYPE),
    _called("libwebp", rb"libwebp", rb"7\.[0-9]+\.[0-9]+", _WEBP),
    _print("ffmpeg", rb"FFmpeg version n?(?P<v>[0-9]\.[0-9]+(?:\.[0-9]+)?)\S{0,60}", rb"lib(?:av|sw|postproc)"),
    _print("libvpx", rb"WebM Project VP[89] (?:En|De)coder v?(?P<v>1\.[0-9]+\.[0-9]+)\S{0,30}", rb"libvpx"),
    _print("libaom", rb"AOMedia Project AV1 (?:En|De)coder v?(?P<v>[0-9]\.[0-9]+\.[0-9]+)\S{0,30}", rb"libaom"),
    _print("opencv", rb"\nGeneral configuration for OpenCV (?P<v>[345]\.[0-9]+\.[0-9]+)\S* =+\n.*", rb"libopencv"),
    _print("lua", rb"(?:\$Lua(?:Version)?: )?Lua (?P<v>5\.[0-9]\.[0-9]+) {1,2}Copyright \(C\) .*", rb"liblua"),
    _print("python", b"", rb"(?:lib)?python[23]", rb"[23]\.[0-9]+\.[0-9]+(?:[abc]|rc)?[0-9]*\+?"),
    _print("perl", b"", rb"(?:lib)?perl", rb"5\.[0-9]+\.[0-9]+"),
    _print("php", rb"X-Powered-By: PHP/(?P<v>[5-9]\.[0-9]+\.[0-9]+)\S{0,40}", rb"(?:lib)?php"),
    _print(
        "ruby", rb"ruby (?P<v>[234]\.[0-9]+\.[0-9]+)(?:p[0-9]+|\w*)? \([0-9]{4}-[0-9]{2}-[0-9]{2} .*", rb"(?:lib)?ruby"
    ),
    _print(
        "node", rb"https://nodejs\.org/download/release/v(?P<v>[0-9.]+)/node-v[0-9.]+\.tar\.[gx]z", rb"(?:lib)?node"
    ),
    _print("v8", rb"(?P<v>[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)-(?:node|electron)\.[0-9]+", rb"libv8"),
    _print("electron", b"", rb"electron", rb"[1-9][0-9]\.[0-9]+\.[0-9]+"),
    _print(
        "chromium",
        rb"(?:Headless)?Chrome/(?P<v>[0-9]{2,3}\.0\.[0-9]{4}\.[0-9]+)",
        rb"chrom(?:e|ium)|headless_shell",
        rb"[0-9]{2,3}\.0\.[0-9]{4}\.[0-9]+",
    ),
    _print("bash", rb"@\(#\)Bash version (?P<v>[3-9]\.[0-9]+\.[0-9]+)\([0-9]+\) .*", rb"bash"),
    _print("postgresql", rb"PostgreSQL (?P<v>[0-9]+\.[0-9]+(?:\.[0-9]+)?) (?:\(.{1,60}\) )?on .*", rb"postgres"),
    _print("mariadb", rb"(?P<v>1[0-9]\.[0-9]+\.[0-9]+)-MariaDB(?:-.{0,60})?", rb"(?:mariadb|mysql)d?"),
    _print("memcached", rb"memcached (?P<v>1\.[0-9]+\.[0-9]+)", rb"memcached"),
    _print("redis", b"", rb"redis-server", rb"[2-9]\.[0-9]+\.[0-9]+"),
    _print("nginx", rb"(?:nginx version: )?nginx/(?P<v>[01]\.[0-9]+\.[0-9]+)(?: \(.{1,40}\))?", rb"nginx"),
    _print("httpd", rb"Apache/(?P<v>2\.[0-9]\.[0-9]+)(?: \([A-Za-z]+\))?", rb"httpd|apache2"),
    _print("haproxy", b"", rb"haproxy", rb"[1-3]\.[0-9]+\.[0-9]+(?:-\S{1,30})?"),
    _print("dropbear", rb"(?:SSH-2\.0-)?dropbear_(?P<v>(?:0\.|20)[0-9]+(?:\.[0-9]+)?)(?:\r\n)?", rb"dropbear"),
    _print(
        "openssh", rb"(?:SSH-2\.0-)?OpenSSH_(?P<v>[1-9][0-9]?\.[0-9]+(?:\.[0-9]+)?p[0-9]+)(?:[ -].{0,40})?", rb"ssh"
    ),
    _print("dnsmasq", rb"dnsmasq-(?P<v>2\.[0-9]+)\S{0,20}", rb"dnsmasq"),
    _print("u-boot", rb"U-Boot (?:SPL |TPL )?(?P<v>20[0-9]{2}\.[0-9]{2}(?:-rc[0-9])?)\S* \(.*", rb"u-boot"),
    _print(
        "glibc",
        rb"GNU C Library \(.{1,60}\) (?:stable|development|release) release version (?P<v>2\.[0-9]+(?:\.[0-9]+)?).*",
        rb"libc(?:\.so|-2)|ld-linux",
    ),
    _print("musl", b"", rb"(?:lib[c.]*\.?|ld-)musl|libc\.musl", rb"1\.[0-9]\.[0-9]+"),
    _print("ncurses", rb"ncurses (?P<v>[56]\.[0-9]+)(?:\.20[0-9]{6})?", rb"lib(?:ncurses|tinfo)"),
    _print("readline", b"", rb"libreadline", rb"[4-9]\.[0-9]"),
    _print("libuv", b"", rb"libuv[.-]", rb"[01]\.[0-9]+\.[0-9]+(?:-dev)?"),
    _print(
        "qt", rb"Qt (?P<v>[4-7]\.[0-9]+\.[0-9]+) \(\S+ (?:shared|static) \(.*\) .*build.*", rb"(?:lib)?Qt[4-7]?Core"
    ),
    _print(
        "openjdk",
        rb"(?:OpenJDK|Java HotSpot\(TM\)) 64-Bit (?:Server|Client|Minimal|Zero) VM "
        rb"\((?P<v>[0-9][0-9._]*(?:\+[0-9]+)?).*",
        rb"libjvm|jvm\.dll",
    ),
)

#: Those in which bare versions have to be near something, by number.
NEAR = tuple(number for number, one in enumerate(FINGERPRINTS) if one.near and one.bare and not one.wide)
#: Those with a version that is no text, by number.
CODED = tuple(number for number, one in enumerate(FINGERPRINTS) if one.coded or one.wide)


@cache
def definition() -> re.Pattern[bytes]:
    """Any of the definitions; the name of the last group is ``v`` or, for one without a version, ``d`` with its number.

    Made when the first program is met. Up to two stray characters may stand before one: what lies before a string in
    memory is no part of it, and may be printable by chance. None that would cut a number in two.
    """
    # no group is around them all: one that begins with a letter is passed by where another letter stands
    texts = (
        one.text.replace(b"(?P<v>", b"(?P<v%d>" % number)
        if b"(?P<v>" in one.text
        else b"(?P<d%d>%s)" % (number, one.text)
        for number, one in enumerate(FINGERPRINTS)
        if one.text
    )
    return re.compile(rb"\S{0,2}?(?!(?<=[0-9.])[0-9])(?:" + b"|".join(texts) + rb")", re.DOTALL)


@cache
def _files() -> tuple[re.Pattern[bytes], ...]:
    """The names of files, by the number of the fingerprint."""
    return tuple(re.compile(one.files, re.IGNORECASE) for one in FINGERPRINTS)


@lru_cache(maxsize=1024)
def owners(name: bytes) -> frozenset[int]:
    """The numbers of those whose file one of this name is; most programs link to the same few libraries."""
    return frozenset(number for number, own in enumerate(_files()) if own.match(name))


@cache
def bare() -> dict[int, re.Pattern[bytes]]:
    """The versions without more, by the number of the fingerprint."""
    return {
        number: re.compile(rb"[^\w.]?v?(?P<v>" + one.bare + rb")")
        for number, one in enumerate(FINGERPRINTS)
        if one.bare
    }


@cache
def named() -> dict[int, re.Pattern[bytes]]:
    """The names of files that say a version, by the number of the fingerprint."""
    return {number: re.compile(one.named) for number, one in enumerate(FINGERPRINTS) if one.named}
