"""What manifests say of licences as SPDX expressions (SPDX specification 2.3, annex D), where that is certain.

Below the catalogers, which all ask it through their interface, and below what writes bills of materials. A name that
could mean two licences (``BSD``, ``GPL``, ``Apache Software License``) is none that is known here, and stays as it was
written.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from surveyor.scan.patterns import regex

#: Identifiers of the SPDX licence list that packages really name; the GNU ones follow a rule instead.
_IDS = (
    "0BSD AFL-2.0 AFL-2.1 AFL-3.0 Apache-1.0 Apache-1.1 Apache-2.0 APSL-2.0 Artistic-1.0 Artistic-1.0-Perl "
    "Artistic-2.0 Beerware BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-2-Clause-Views "
    "BSD-3-Clause BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause BSD-4-Clause-UC BSL-1.0 BUSL-1.1 "
    "bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-NC-4.0 CC-BY-NC-SA-4.0 CC-BY-SA-2.0 CC-BY-SA-2.5 CC-BY-SA-3.0 "
    "CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1 CECILL-2.0 CECILL-2.1 CECILL-B CECILL-C CPL-1.0 curl ECL-2.0 "
    "EFL-2.0 Elastic-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 GFDL-1.1-no-invariants-only "
    "GFDL-1.1-no-invariants-or-later GFDL-1.2-no-invariants-only GFDL-1.2-no-invariants-or-later "
    "GFDL-1.3-no-invariants-only GFDL-1.3-no-invariants-or-later FSFAP FSFUL FSFULLR FTL HPND HPND-sell-variant "
    "ICU IJG ImageMagick Intel IPA IPL-1.0 ISC JasPer-2.0 JSON Latex2e Libpng libpng-2.0 libtiff "
    "Linux-OpenIB LPPL-1.3c MIT MIT-0 MIT-CMU MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL "
    "MS-RL MulanPSL-2.0 NAIST-2003 NCSA NIST-PD NTP OFL-1.0 OFL-1.1 OLDAP-2.8 OpenSSL OSL-1.0 OSL-2.0 "
    "OSL-2.1 OSL-3.0 PHP-3.0 PHP-3.01 Plexus PostgreSQL PSF-2.0 Python-2.0 Python-2.0.1 Qhull QPL-1.0 Ruby "
    "SGI-B-2.0 Sleepycat SMLNJ Spencer-86 Spencer-94 Spencer-99 SSPL-1.0 SunPro TCL TCP-wrappers TMate "
    "Unicode-3.0 Unicode-DFS-2015 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C W3C-20150513 W3C-19980720 WTFPL "
    "X11 Xnet XFree86-1.1 Zend-2.0 Zlib zlib-acknowledgement ZPL-1.1 ZPL-2.0 ZPL-2.1"
)
_EXCEPTIONS = (
    "Autoconf-exception-2.0 Autoconf-exception-3.0 Bison-exception-2.2 Bootloader-exception "
    "Classpath-exception-2.0 Font-exception-2.0 GCC-exception-2.0 GCC-exception-3.1 GPL-CC-1.0 "
    "Libtool-exception Linux-syscall-note LLVM-exception OpenJDK-assembly-exception-1.0 "
    "PS-or-PDF-font-exception-20170817 Qt-GPL-exception-1.0 Swift-exception Universal-FOSS-exception-1.0 "
    "u-boot-exception-2.0 WxWindows-exception-3.1 openvpn-openssl-exception cryptsetup-OpenSSL-exception "
    "Texinfo-exception"
)
#: Other ways to say one licence and no other, folded: Debian, Fedora, Python's classifiers, old manifests.
_NAMES = {
    "0BSD": ("zero-clause-bsd", "bsd-zero-clause", "bsd-0-clause"),
    "Apache-1.1": ("apache-1.1", "asl-1.1"),
    "Apache-2.0": ("apache-2", "asl-2.0", "asl-2", "apache2", "apache2.0", "al-2.0", "apache-2.0-apache-2.0"),
    "Artistic-2.0": ("artistic-2", "perl-artistic-2.0"),
    "BSD-2-Clause": ("2-clause-bsd", "simplified-bsd", "bsd-simplified", "bsd-2", "freebsd", "bsd-2-clause-simplified"),
    "BSD-3-Clause": ("3-clause-bsd", "new-bsd", "bsd-new", "modified-bsd", "revised-bsd", "bsd-3", "edl-1.0"),
    "BSD-4-Clause": ("4-clause-bsd", "original-bsd", "bsd-with-advertising"),
    "BSL-1.0": ("boost-1.0", "boost", "boost-1.0-bsl-1.0"),
    "CC0-1.0": ("cc0", "cc0-1.0-universal", "cc0-1.0-universal-cc0-1.0-public-domain-dedication"),
    "CDDL-1.0": ("common-development-and-distribution-1.0",),
    "CECILL-2.1": ("cea-cnrs-inria-logiciel-libre-2.1-cecill-2.1",),
    "EPL-1.0": ("eclipse-1.0", "eclipse-public-1.0", "eclipse-public-1.0-epl-1.0"),
    "EPL-2.0": ("eclipse-2.0", "eclipse-public-2.0", "eclipse-public-2.0-epl-2.0", "epl-2"),
    "EUPL-1.1": ("european-union-public-1.1-eupl-1.1",),
    "EUPL-1.2": ("european-union-public-1.2-eupl-1.2",),
    "FTL": ("freetype",),
    **{
        f"GFDL-{version}-no-invariants-{extent}": (f"gfdl-niv-{version}{mark}", f"gfdl-{version}{mark}-no-invariants")
        for version in ("1.1", "1.2", "1.3")
        for extent, mark in (("only", ""), ("or-later", "+"))
    },
    "ISC": ("isc-iscl", "iscl"),
    "MIT": ("expat", "mit-x11", "mit-expat"),
    "MIT-0": ("mit-no-attribution", "mit-no-attribution-mit-0"),
    "MIT-CMU": ("hpnd-mit-cmu",),
    "MPL-1.1": ("mozilla-public-1.1", "mozilla-public-1.1-mpl-1.1"),
    "MPL-2.0": ("mozilla-public-2.0", "mozilla-public-2.0-mpl-2.0", "mpl-2", "mpl2", "mpl2.0", "mozilla-2.0"),
    "MS-PL": ("microsoft-public", "microsoft-public-ms-pl"),
    "NCSA": ("university-of-illinois-ncsa-open-source", "uiuc-ncsa"),
    "OFL-1.1": ("sil-open-font-1.1", "sil-open-font-1.1-ofl-1.1"),
    "PostgreSQL": ("postgresql",),
    "UPL-1.0": ("universal-permissive-upl", "universal-permissive-1.0", "universal-permissive-1.0-upl-1.0"),
    "Unlicense": ("unlicense-unlicense",),
    "WTFPL": ("wtfpl-2", "do-what-the-fuck-you-want-to-public", "do-what-you-want-to-public"),
    "Zlib": ("zlib-libpng",),
    "ZPL-2.1": ("zope-public-2.1",),
    "Classpath-exception-2.0": ("classpath-exception", "classpath"),
    "GCC-exception-3.1": ("gcc-exception",),
}
_GNU = regex(
    r"(?P<kind>[al]?gpl|gfdl)-?(?:(?P=kind)-)?(?P<version>[\d.]+)(?P<later>\+|-or-(?:any-)?later|-only)?(?P<again>-[al]?gpl-?[\d.]+\+?)?"
)
_GNU_VERSIONS = {
    "gpl": {"1.0", "2.0", "3.0"},
    "lgpl": {"2.0", "2.1", "3.0"},
    "agpl": {"1.0", "3.0"},
    "gfdl": {"1.1", "1.2", "1.3"},
}
_LONG = (
    (regex(r"(?:library|lesser)(?: or lesser)? (?:general|gnu) public"), "lgpl"),
    (regex(r"affero general public"), "agpl"),
    (regex(r"general public"), "gpl"),
    (regex(r"free documentation"), "gfdl"),
    (regex(r"or (?:any )?(?:newer|later)(?: versions?)?"), "or later"),
)
#: Every single licence that is known here, as the SPDX licence list spells it.
IDENTIFIERS = frozenset(
    {
        *_IDS.split(),
        *(
            f"{kind.upper()}-{version}-{extent}"
            for kind, versions in _GNU_VERSIONS.items()
            for version in versions
            for extent in ("only", "or-later")
        ),
    }
)
#: What is granted beyond a licence, as Debian and Java projects name it, for any version of the licence or by version.
_GRANTS = {
    "autoconf": {"2.0": "Autoconf-exception-2.0", "3.0": "Autoconf-exception-3.0"},
    "bison": {"": "Bison-exception-2.2"},
    "classpath": {"": "Classpath-exception-2.0"},
    "cpe": {"": "Classpath-exception-2.0"},
    "font": {"": "Font-exception-2.0"},
    "gcc": {"2.0": "GCC-exception-2.0", "3.0": "GCC-exception-3.1"},
    "libtool": {"": "Libtool-exception"},
    "linux-syscall-note": {"": "Linux-syscall-note"},
    "texinfo": {"": "Texinfo-exception"},
}
_GRANT = regex(
    r"(?P<licence>.{1,200}?),?\s+(?:with|w/)\s*(?:the\s+)?(?P<grant>[\w-]{2,30})(?:\s+exception)?", re.IGNORECASE
)
_SINCE = regex(r"\(?>= ?v?([0-9.]+)\)?")  # as R says it
_IDLE = frozenset({"the", "license", "licence", "licensed", "licenses", "under", "version", "v", "gnu", "approved"})
_APART = regex(r"[^a-z0-9.+]+")
_VERSION = regex(r"(?<![a-z])v(?=\d)|(?<=[gm]pl)v(?=\d)")
#: Pages of the licences' stewards, after the scheme; what an OSGi bundle or an old POM names instead.
_PAGES = tuple(
    (regex(page), one)
    for page, one in (
        (r"apache\.org/licenses/license-2\.0(?:\.\w+)?", "Apache-2.0"),
        (r"opensource\.org/licen[cs]es?/(?:alphabetical/)?mit(?:-license)?(?:\.\w+)?", "MIT"),
        (r"opensource\.org/licen[cs]es?/apache-?2\.0(?:\.\w+)?", "Apache-2.0"),
        (r"opensource\.org/licen[cs]es?/(?:bsd-3-clause|bsd-license\.3)", "BSD-3-Clause"),
        (r"opensource\.org/licen[cs]es?/bsd-2-clause", "BSD-2-Clause"),
        (r"eclipse\.org/(?:legal/epl-v10|org/documents/epl-v10)(?:\.\w+)?", "EPL-1.0"),
        (r"eclipse\.org/(?:legal/epl-(?:v20|2\.0)|org/documents/epl-2\.0)(?:/?\w*\.\w+)?", "EPL-2.0"),
        (r"eclipse\.org/org/documents/edl-v10(?:\.\w+)?", "BSD-3-Clause"),
        (r"mozilla\.org/(?:en-us/)?mpl/2\.0", "MPL-2.0"),
        (r"mozilla\.org/mpl/mpl-1\.1(?:\.\w+)?", "MPL-1.1"),
        (r"creativecommons\.org/publicdomain/zero/1\.0", "CC0-1.0"),
        (r"creativecommons\.org/licenses/by/4\.0", "CC-BY-4.0"),
        (r"unlicense\.org", "Unlicense"),
    )
)
_PAGE = regex(r"https?://(?:www\.)?(?P<page>[^\s?#]+?)/?")
_TOKENS = regex(r"[()]|[^\s()]+")
_OPERATORS = {"and": "AND", "or": "OR", "with": "WITH", "&": "AND", "|": "OR", "||": "OR"}
#: What an operand, or a parenthesis that opens, may follow.
_EXPECTING = frozenset({"(", "AND", "OR", "WITH"})
_REFERENCE = regex(r"(?:DocumentRef-[\w.-]+:)?LicenseRef-[\w.-]+")
_LONGEST = 400


def _fold(name: str) -> str:
    """A name without case, punctuation and idle words: ``Apache License, Version 2.0`` becomes ``apache-2.0``."""
    words = " ".join(_APART.split(_SINCE.sub(r" \1+", name.lower())))
    for long, short in _LONG:
        words = long.sub(short, words)
    words = _VERSION.sub("", words)
    return "-".join(word for word in words.split() if word not in _IDLE)


_AFTER_WITH = frozenset(_EXCEPTIONS.split())


@cache
def _known() -> dict[str, str]:
    """Licences by their folded names; few scans meet none, but a process should not begin with it."""
    own = {_fold(one): one for one in (*_IDS.split(), *_AFTER_WITH)}
    return own | {_fold(name): one for one, names in _NAMES.items() for name in names}


@lru_cache(maxsize=4096)
def spdx(text: str) -> str | None:
    """The expression that a text means; nothing when any part of it is not certain."""
    if len(text) > _LONGEST:
        return None
    if found := _identifier(text):
        return None if found in _AFTER_WITH else found
    if found := _granted(text):
        return found
    tokens = _TOKENS.findall(_slashes(text))
    return _expression(tokens) if len(tokens) > 1 else None


def _identifier(name: str) -> str | None:
    """One licence, by its identifier or another name of it."""
    if _REFERENCE.fullmatch(name):
        return name
    if page := _PAGE.fullmatch(name.lower()):
        return next((one for pattern, one in _PAGES if pattern.fullmatch(page["page"])), None)
    folded = _fold(name)
    if found := _gnu(folded) or _known().get(folded):
        return found
    plain = _known().get(folded[:-1]) if folded.endswith("+") else None
    return f"{plain}+" if plain else None


def _gnu(folded: str) -> str | None:
    """The GNU licences by rule: a version alone is that version only, as Debian, Fedora and SPDX have it."""
    found = _GNU.fullmatch(folded)
    if not found:
        return None
    version = found["version"] if "." in found["version"] else f"{found['version']}.0"
    if version not in _GNU_VERSIONS[found["kind"]]:
        return None
    later = (found["later"] or "").removeprefix("-only") or (found["again"] or "").endswith("+")
    return f"{found['kind'].upper()}-{version}-{'or-later' if later else 'only'}"


def _granted(text: str) -> str | None:
    """One licence of the GNU project with one exception from it."""
    found = _GRANT.fullmatch(text)
    granted = _GRANTS.get(found["grant"].lower()) if found else None
    known = _gnu(_fold(found["licence"])) if found and granted else None
    if not (known and granted):
        return None
    exception = granted.get("") or granted.get(known.split("-")[1])
    return f"{known} WITH {exception}" if exception else None


def _slashes(text: str) -> str:
    """``MIT/Apache-2.0``, as Cargo once had it, offers a choice."""
    return text.replace("/", " OR ") if " " not in text.replace(" / ", "/") else text


def _expression(tokens: list[str]) -> str | None:
    """Operands and operators in turn, parentheses in pairs, every operand known, exceptions after ``WITH`` alone."""
    out: list[str] = []
    depth, before = 0, "("
    for token in tokens:
        operand = before in _EXPECTING
        word = _OPERATORS.get(token.lower(), token)
        if word == ")":
            depth -= 1
        elif word == "(":
            depth += 1
        elif word not in _EXPECTING:
            known = _identifier(word)
            if known is None or (known in _AFTER_WITH) is not (before == "WITH"):
                return None
            word = known
        if depth < 0 or operand is (word == ")" or word in _OPERATORS.values()):
            return None
        out.append(word)
        before = word
    return None if depth or before in _EXPECTING else " ".join(out).replace("( ", "(").replace(" )", ")")
