"""Under which names NVD knows the libraries and programs that are found by what they write of themselves.

Only these: any other name of a program without an ecosystem is what somebody called it, and a product of that name may
be another. A hit on one of them is a hint, not a verdict: distributions mend without a new version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from surveyor.scan.model import Package, Tier
from surveyor.scan.patterns import regex

_WHOLE = regex(r"(.+)")


@dataclass(frozen=True, slots=True)
class Product:
    """``names`` are ``vendor:product``, the one in use first; ``why`` says what speaks for them.

    ``version`` cuts off what NVD does not write of the version that a program tells: its group 1 is the rest, and what
    it does not match is no version of the product's.
    """

    names: tuple[str, ...]
    why: str
    version: re.Pattern[str] = _WHOLE


_SAME = "vendor and product of that name"
_MOVED = "renamed in NVD; records of both names are in use"


def _same(name: str) -> Product:
    return Product((f"{name}:{name}",), _SAME)


#: By the name that a fingerprint gives.
PROGRAMS: Mapping[str, Product] = MappingProxyType(
    {
        **{
            name: _same(name)
            for name in (
                *(
                    "openssl",
                    "zlib",
                    "zlib-ng",
                    "sqlite",
                    "busybox",
                    "libpng",
                    "libjpeg-turbo",
                    "libtiff",
                    "libarchive",
                ),
                *("pcre", "nghttp2", "wolfssl", "libssh2", "libssh", "openldap", "grpc", "ffmpeg", "opencv"),
                *("lua", "python", "php", "haproxy", "libuv", "postgresql", "mariadb", "memcached"),
                *("libsodium", "boost"),
            )
        },
        "libressl": Product(("openbsd:libressl",), "the OpenBSD project is its vendor"),
        "perl": Product(("perl:perl", "larry_wall:perl"), "once by its author's name"),
        "curl": Product(("haxx:curl", "haxx:libcurl"), "tool and library are released as one, and NVD writes either"),
        "expat": Product(("libexpat_project:libexpat", "libexpat:expat", "libexpat:libexpat"), _MOVED),
        "libxml2": Product(("xmlsoft:libxml2",), "by its old home, xmlsoft.org"),
        "libxslt": Product(("xmlsoft:libxslt",), "by its old home, xmlsoft.org"),
        "harfbuzz": Product(("harfbuzz_project:harfbuzz",), "a project without a company"),
        "bzip2": Product(("bzip:bzip2", "bzip2_project:bzip2"), _MOVED),
        "xz": Product(("tukaani:xz", "tukaani:xz_utils"), "its project is Tukaani; NVD writes either product"),
        "zstd": Product(("facebook:zstandard",), "by its full name"),
        "lz4": Product(("lz4_project:lz4",), "a project without a company"),
        "pcre2": Product(("pcre:pcre2",), "of the same project as PCRE"),
        "c-ares": Product(("c-ares:c-ares", "c-ares_project:c-ares"), _MOVED),
        "mbedtls": Product(("arm:mbed_tls", "trustedfirmware:mbed_tls"), "given by Arm to TrustedFirmware"),
        "gnutls": Product(("gnu:gnutls",), "a GNU package"),
        "libgcrypt": Product(("gnupg:libgcrypt",), "of the GnuPG project"),
        "krb5": Product(("mit:kerberos_5", "mit:kerberos"), "MIT's Kerberos; older records lack the 5"),
        "icu": Product(
            ("icu-project:international_components_for_unicode", "unicode:international_components_for_unicode"), _MOVED
        ),
        "libwebp": Product(("webmproject:libwebp",), "of the WebM project"),
        "brotli": Product(("google:brotli",), "Google's"),
        "freetype": Product(("freetype:freetype", "freetype:freetype2"), "by its name, or with its major version"),
        "libvpx": Product(("webmproject:libvpx",), "of the WebM project"),
        "libaom": Product(("aomedia:aomedia", "aomedia:libaom"), "NVD calls the library by its alliance"),
        "ruby": Product(("ruby-lang:ruby",), "by its home, ruby-lang.org"),
        "node": Product(("nodejs:node.js",), "by its full name"),
        "v8": Product(("google:v8",), "Google's"),
        "electron": Product(("electronjs:electron",), "by its home, electronjs.org"),
        "chromium": Product(("google:chrome", "chromium:chromium"), "Chrome is built from it, with its version"),
        "redis": Product(("redis:redis", "redislabs:redis"), _MOVED),
        "nginx": Product(("f5:nginx", "f5:nginx_open_source", "nginx:nginx"), "sold to F5, and renamed there"),
        "httpd": Product(("apache:http_server",), "Apache's"),
        "dropbear": Product(
            ("dropbear_ssh_project:dropbear_ssh", "matt_johnston:dropbear_ssh_server"), "a project, once its author's"
        ),
        "openssh": Product(
            ("openbsd:openssh",), "OpenBSD's; p1 is the portable release of a version", regex(r"(.+?)(?:p[0-9]+)?")
        ),
        "dnsmasq": Product(("thekelleys:dnsmasq",), "by its author's home"),
        "u-boot": Product(("denx:u-boot",), "of DENX"),
        "hdf5": Product(("hdfgroup:hdf5",), "of the HDF Group"),
        "bash": Product(("gnu:bash",), "a GNU package"),
        "glibc": Product(("gnu:glibc",), "a GNU package"),
        "musl": Product(("musl-libc:musl",), "by its home, musl-libc.org"),
        "ncurses": Product(("gnu:ncurses",), "a GNU package"),
        "readline": Product(("gnu:readline",), "a GNU package"),
        "qt": Product(("qt:qt", "digia:qt"), "once Digia's"),
        # HotSpot of JDK 8 tells its own version, 25.402-b06, which is none of the JDK's
        "openjdk": Product(
            ("oracle:openjdk",), "as NVD writes it", regex(r"((?:9|1[0-9]|2[0-4]|2[6-9])(?:\.[0-9]+)*)(?:\+.*)?")
        ),
        # BoringSSL has no versions
    }
)


def questions(package: Package) -> tuple[tuple[str, str], ...]:
    """Each ``vendor:product`` and version to ask under in the ecosystem ``cpe.ECOSYSTEM``.

    None for a package that has an ecosystem of its own, and for one that nobody is sure to be that product.
    """
    product = PROGRAMS.get(package.name)
    if product is None or package.type != "generic" or package.namespace or package.tier is not Tier.HEURISTIC:
        return ()
    found = product.version.fullmatch(package.version)
    return tuple((name, found[1]) for name in product.names) if found else ()
