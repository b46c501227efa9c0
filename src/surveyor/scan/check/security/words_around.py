"""What people read about redirection, cookies, content and framing."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

_MDN = "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/"
_COOKIE = _MDN + "Set-Cookie"
_TLS = "https://developer.mozilla.org/docs/Web/Security/Practical_implementation_guides/TLS"
_MIXED = "https://developer.mozilla.org/docs/Web/Security/Mixed_content"

WORDS: Table = {
    "security_redirection": {
        "missing": Words(
            title="Plain HTTP not redirected to HTTPS",
            severity=Severity.MEDIUM,
            description="Who types the address without https gets pages that anybody on the way can read and change.",
            fix="Answer every http request with a permanent redirect to the same address over https.",
            steps=(
                "Send 301 or 308 with Location: https://<same host><same path>.",
                "Then send Strict-Transport-Security over https.",
            ),
            references=(_TLS + "#http_redirections",),
        ),
        "late": Words(
            title="Plain HTTP redirected to HTTPS only later",
            severity=Severity.LOW,
            description="The first redirect leads to another http address, which can be changed on the way like the page itself.",
            fix="Let the first redirect lead to https on the same host, and any other follow from there.",
            references=(_TLS + "#http_redirections",),
        ),
        "off_host": Words(
            title="Plain HTTP redirected to another host first",
            severity=Severity.LOW,
            description="The first redirect leaves the host, so that its own Strict-Transport-Security is never seen.",
            fix="Redirect to https on the same host first, then to the other one.",
            references=(_TLS + "#http_redirections",),
        ),
    },
    "security_hsts_preload": {
        "ineligible": Words(
            title="HSTS preload asked for but not possible",
            severity=Severity.LOW,
            description="The header asks for a place on browsers' preload list, and the list would refuse the site.",
            fix="Mend what the evidence names, or take the word preload out of the header.",
            references=("https://hstspreload.org/#submission-requirements",),
        ),
    },
    "security_sharing": {
        "credentials": Words(
            title="Any origin may read with credentials",
            severity=Severity.HIGH,
            description="The server repeats whatever origin asks and allows credentials, so any site can read what its visitors see here.",
            fix="Compare the origin with a list of your own, and answer Access-Control-Allow-Origin only for those.",
            steps=(
                "Send Vary: Origin with it.",
                "Leave Access-Control-Allow-Credentials out where answers are public.",
            ),
            references=(_MDN + "Access-Control-Allow-Origin",),
        ),
    },
    "security_isolation": {
        "invalid": Words(
            title="Cross-origin policy header unreadable",
            severity=Severity.LOW,
            description="Browsers ignore the header: it holds another value than they know, or is there more than once.",
            fix="Send each of the headers once, with a value of its own in lower case and without quotes.",
            references=(_MDN + "Cross-Origin-Opener-Policy",),
        ),
        "unpaired": Words(
            title="Cross-origin isolation half set up",
            severity=Severity.LOW,
            description="Cross-Origin-Embedder-Policy restricts what the page embeds, but without Cross-Origin-Opener-Policy: same-origin the page is not isolated.",
            fix="Send Cross-Origin-Opener-Policy: same-origin too, or take the embedder policy out.",
            references=(_MDN + "Cross-Origin-Embedder-Policy",),
        ),
    },
    "security_cookies": {
        "insecure": Words(
            title="Cookies without Secure",
            severity=Severity.MEDIUM,
            description="Such a cookie is sent over plain http too, where anybody on the way can read it.",
            fix="Set Secure on every cookie.",
            references=(_COOKIE,),
        ),
        "readable": Words(
            title="Session cookies without HttpOnly",
            severity=Severity.MEDIUM,
            description="Scripts can read the session, so that one script that gets into the page takes it over.",
            fix="Set HttpOnly on cookies that stand for a login.",
            references=(_COOKIE,),
            confidence=0.8,
        ),
        "same_site": Words(
            title="Cookies with SameSite that browsers refuse",
            severity=Severity.MEDIUM,
            description="SameSite knows Strict, Lax and None; None without Secure makes browsers drop the cookie, another value is ignored.",
            fix="Set SameSite=Lax or Strict, or SameSite=None together with Secure.",
            references=(_COOKIE,),
        ),
        "unguarded": Words(
            title="Anti-forgery cookies without SameSite",
            severity=Severity.LOW,
            description="A cookie whose name says that it guards against forged requests leaves it to each browser where it is sent from.",
            fix="Set SameSite=Strict on it.",
            references=(_COOKIE,),
            confidence=0.8,
        ),
        "prefix": Words(
            title="Cookies whose name prefix is not kept",
            severity=Severity.LOW,
            description="A name with __Host- or __Secure- promises attributes that are not set, so browsers drop the cookie.",
            fix="Set Secure, and for __Host- also Path=/ and no Domain.",
            references=(_COOKIE + "#cookie_prefixes",),
        ),
    },
    "security_cookies_cross_site": {
        "session": Words(
            title="Session cookies sent along from every site",
            severity=Severity.MEDIUM,
            description="A cookie that stands for a login says SameSite=None, so that requests which other sites cause are made in the visitor's name.",
            fix="Set SameSite=Lax or Strict on cookies of a login and on those against forged requests.",
            references=(_COOKIE,),
            confidence=0.8,
        ),
        "other": Words(
            title="Cookies sent along from every site",
            severity=Severity.LOW,
            description="The cookies say SameSite=None: other sites' requests bring them along, and browsers that block cookies of third parties drop them there.",
            fix="Set SameSite=Lax, or Partitioned where the cookie is needed inside other sites.",
            references=(_COOKIE,),
            confidence=0.6,
        ),
    },
    "security_integrity": {
        "missing": Words(
            title="Scripts of other sites without integrity",
            severity=Severity.LOW,
            description="Whoever changes the file on that other site runs a script on this page.",
            fix="Give the element an integrity attribute with the file's hash and crossorigin=anonymous, or serve the file yourself.",
            references=("https://developer.mozilla.org/docs/Web/Security/Subresource_Integrity",),
        ),
    },
    "security_mixed_content": {
        "active": Words(
            title="Scripts, styles or frames over plain HTTP",
            severity=Severity.MEDIUM,
            description="The page came over TLS and names content without it; browsers block that, so something is missing from the page.",
            fix="Write https: in these addresses, or leave the scheme out where both are on one host.",
            references=(_MIXED,),
        ),
        "passive": Words(
            title="Images or media over plain HTTP",
            severity=Severity.LOW,
            description="Browsers ask for such content over https instead, and show nothing where that fails.",
            fix="Write https: in these addresses.",
            references=(_MIXED,),
        ),
        "form": Words(
            title="Forms sent over plain HTTP",
            severity=Severity.HIGH,
            description="What visitors type into the form goes over the network readable by anybody on the way.",
            fix="Send the form to an https address.",
            references=(_MIXED,),
        ),
    },
    "security_framing": {
        "anyone": Words(
            title="Framing allowed to everybody",
            severity=Severity.MEDIUM,
            description="The policy's frame-ancestors names everybody, and where there is one browsers do not look at X-Frame-Options.",
            fix="Send frame-ancestors 'self', 'none', or the origins that may show the page.",
            references=(_MDN + "Content-Security-Policy/frame-ancestors",),
        ),
        "meta": Words(
            title="frame-ancestors where it has no effect",
            severity=Severity.LOW,
            description="Browsers ignore the directive in a meta element, so nothing says who may show the page in a frame.",
            fix="Send the policy as a header.",
            references=(_MDN + "Content-Security-Policy/frame-ancestors",),
        ),
    },
    "security_mixed_requests": {
        "active": Words(
            title="Scripts, styles or data asked for over plain HTTP",
            severity=Severity.MEDIUM,
            description="As the page is shown its scripts, styles or frames ask for content without TLS; browsers block that, so something is missing from the page.",
            fix="Write https: where the addresses are made, or send Content-Security-Policy: upgrade-insecure-requests.",
            references=(_MIXED,),
        ),
        "passive": Words(
            title="Images or media asked for over plain HTTP",
            severity=Severity.LOW,
            description="As the page is shown it asks for pictures or media without TLS, which anybody on the way can see and change.",
            fix="Write https: where the addresses are made.",
            references=(_MIXED,),
        ),
    },
    "security_cookies_kept": {
        "insecure": Words(
            title="Cookies set by script without Secure",
            severity=Severity.LOW,
            description="A cookie that a script or another answer of the site set is sent over plain http too.",
            fix="Add Secure where the cookie is set.",
            references=(_COOKIE,),
        ),
        "readable": Words(
            title="Session cookies kept where scripts read them",
            severity=Severity.MEDIUM,
            description="What stands for a login was set by a script, or without HttpOnly: one script that gets into the page takes it over.",
            fix="Let the server set the cookie, with HttpOnly.",
            references=(_COOKIE,),
            confidence=0.8,
        ),
        "foreign": Words(
            title="Cookies of other sites set before anybody agreed",
            severity=Severity.LOW,
            description="Loading the page once, without a click, left cookies of other registered domains in the browser.",
            fix="Load what sets them only after consent, or do without it.",
            references=(_COOKIE + "#third-party_cookies",),
            confidence=0.7,
        ),
    },
    "security_csp_bypass": {
        "host": Words(
            title="Content-Security-Policy allows hosts that bypass it",
            severity=Severity.MEDIUM,
            description="The policy restricts scripts, and allows a host that serves what any script can be made of.",
            fix="Allow scripts by nonce or hash with 'strict-dynamic', or name the exact files of these hosts.",
            references=(_MDN + "Content-Security-Policy",),
            confidence=0.9,
        ),
        "base_uri": Words(
            title="Content-Security-Policy without base-uri",
            severity=Severity.LOW,
            description="Scripts are trusted by nonce or hash, and an injected base element makes their addresses lead to another host.",
            fix="Add base-uri 'none', or 'self', to the policy.",
            references=(_MDN + "Content-Security-Policy/base-uri",),
        ),
    },
    "security_reporting": {
        "undefined": Words(
            title="Reports of violations go nowhere",
            severity=Severity.LOW,
            description="A policy names a group of endpoints that no header defines, so browsers drop its reports.",
            fix="Send Reporting-Endpoints with the name that the policy uses and an https address.",
            references=(_MDN + "Reporting-Endpoints",),
        ),
        "broken": Words(
            title="Reporting endpoints without an address",
            severity=Severity.LOW,
            description="The header cannot be read or names no address, so browsers drop it and the reports.",
            fix='Send Reporting-Endpoints: name="https://…" with the names that policies use.',
            references=(_MDN + "Reporting-Endpoints",),
        ),
        "insecure": Words(
            title="Reports of violations go over plain HTTP",
            severity=Severity.LOW,
            description="Browsers send reports only over TLS, and drop these.",
            fix="Name an https address in Reporting-Endpoints.",
            references=(_MDN + "Reporting-Endpoints",),
        ),
    },
}
