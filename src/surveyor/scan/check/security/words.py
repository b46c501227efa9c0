"""What people read about response headers; what is said of all else is merged in."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.check.security.words_around import WORDS as AROUND
from surveyor.scan.check.security.words_site import WORDS as SITE
from surveyor.scan.model import Severity

_MDN = "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/"

WORDS: Table = {
    **AROUND,
    **SITE,
    "security_header_csp": {
        "missing": Words(
            title="Content-Security-Policy missing",
            severity=Severity.MEDIUM,
            description="No policy is enforced, so a script that gets into the page by any hole runs with its full rights.",
            fix="Send a Content-Security-Policy header that allows scripts by nonce or hash.",
            steps=(
                "Start with Content-Security-Policy-Report-Only: default-src 'self'; object-src 'none'; base-uri 'none'.",
                "Give each inline script a nonce, or move it to a file.",
                "When no more violations are reported, send the same value as Content-Security-Policy.",
            ),
            references=(_MDN + "Content-Security-Policy",),
        ),
        "weak": Words(
            title="Content-Security-Policy weak",
            severity=Severity.MEDIUM,
            description="The policy allows inline scripts, evaluated strings, or scripts and plug-ins from anywhere, which is "
            "what it should keep out.",
            fix="Take the sources named in the evidence out of the policy.",
            steps=(
                "Replace 'unsafe-inline' in script-src by nonces or hashes.",
                "Name hosts instead of *, https: or data:, and set object-src 'none'.",
                "Remove 'unsafe-eval' and every http: source.",
            ),
            references=(_MDN + "Content-Security-Policy",),
        ),
    },
    "security_header_hsts": {
        "missing": Words(
            title="Strict-Transport-Security missing",
            severity=Severity.MEDIUM,
            description="A browser that is sent to the http address asks without TLS first, where anybody on the way can answer.",
            fix="Send Strict-Transport-Security: max-age=31536000; includeSubDomains on every https answer.",
            steps=("Make sure that every sub-domain works over https, else leave includeSubDomains out.",),
            references=(_MDN + "Strict-Transport-Security",),
        ),
        "insecure": Words(
            title="Strict-Transport-Security missing",
            severity=Severity.MEDIUM,
            description="The page is served over plain http, where the header has no effect: everything on it can be read and "
            "changed on the way.",
            fix="Serve the site over https, redirect http to it, and send Strict-Transport-Security there.",
            steps=(
                "Get a certificate and serve the same pages over https.",
                "Answer http requests with a permanent redirect to https.",
                "Send Strict-Transport-Security: max-age=31536000 on https answers.",
            ),
            references=(_MDN + "Strict-Transport-Security",),
        ),
        "weak": Words(
            title="Strict-Transport-Security weak",
            severity=Severity.LOW,
            description="The header is unreadable or its max-age is under 180 days, so the protection lapses between visits.",
            fix="Send Strict-Transport-Security: max-age=31536000 exactly once.",
            references=(_MDN + "Strict-Transport-Security",),
        ),
    },
    "security_header_xcto": {
        "missing": Words(
            title="X-Content-Type-Options missing",
            severity=Severity.LOW,
            description="A browser may guess the type of an answer from its bytes and run an upload as a script.",
            fix="Send X-Content-Type-Options: nosniff on every answer, with the right Content-Type.",
            references=(_MDN + "X-Content-Type-Options",),
        ),
        "weak": Words(
            title="X-Content-Type-Options invalid",
            severity=Severity.LOW,
            description="Browsers know only the value nosniff and ignore this one.",
            fix="Send X-Content-Type-Options: nosniff.",
            references=(_MDN + "X-Content-Type-Options",),
        ),
    },
    "security_header_xfo": {
        "missing": Words(
            title="X-Frame-Options missing",
            severity=Severity.MEDIUM,
            description="Any site can show the page in a frame and lead its visitors to click on what they do not see.",
            fix="Send Content-Security-Policy: frame-ancestors 'self', or X-Frame-Options: SAMEORIGIN.",
            references=(_MDN + "X-Frame-Options",),
        ),
        "weak": Words(
            title="X-Frame-Options weak",
            severity=Severity.MEDIUM,
            description="The value is one that browsers ignore, so that every site can show the page in a frame.",
            fix="Send Content-Security-Policy: frame-ancestors 'self', or X-Frame-Options: SAMEORIGIN, exactly once.",
            references=(_MDN + "X-Frame-Options",),
        ),
    },
    "security_header_referrer": {
        "missing": Words(
            title="Referrer-Policy missing",
            severity=Severity.LOW,
            description="How much of the page's address other sites are told is left to each browser.",
            fix="Send Referrer-Policy: strict-origin-when-cross-origin.",
            references=(_MDN + "Referrer-Policy",),
        ),
        "weak": Words(
            title="Referrer-Policy weak",
            severity=Severity.LOW,
            description="The policy tells other sites the page's address, or its origin even without TLS, or is not known.",
            fix="Send Referrer-Policy: strict-origin-when-cross-origin.",
            references=(_MDN + "Referrer-Policy",),
        ),
    },
    "security_header_permissions": {
        "missing": Words(
            title="Permissions-Policy missing",
            severity=Severity.LOW,
            description="Scripts and frames may ask for camera, microphone, position and other powerful features.",
            fix="Send Permissions-Policy: camera=(), microphone=(), geolocation=() and whatever else the page does not use.",
            references=(_MDN + "Permissions-Policy",),
        ),
        "weak": Words(
            title="Permissions-Policy weak",
            severity=Severity.LOW,
            description="The policy gives a powerful feature to every frame.",
            fix="Name the origins that need a feature, as in camera=(self), and give the others an empty list.",
            references=(_MDN + "Permissions-Policy",),
        ),
        "invalid": Words(
            title="Permissions-Policy unreadable",
            severity=Severity.LOW,
            description="The header is no dictionary of structured fields, so browsers drop all of it.",
            fix="Write it as camera=(), microphone=(self): names, equals signs, lists in brackets, origins in double quotes.",
            references=(_MDN + "Permissions-Policy", "https://www.rfc-editor.org/rfc/rfc9651"),
        ),
        "ignored": Words(
            title="Permissions-Policy with words that mean nothing",
            severity=Severity.LOW,
            description="Browsers know *, self, src and origins in double quotes; they leave other words out, and with them what they were to allow.",
            fix="Write origins in double quotes, and an empty list for nobody.",
            references=(_MDN + "Permissions-Policy",),
        ),
        "old": Words(
            title="Feature-Policy still sent",
            severity=Severity.LOW,
            description="The header was replaced by Permissions-Policy, whose syntax is another; browsers of today do not read it.",
            fix="Say the same in Permissions-Policy, and stop sending Feature-Policy.",
            references=(_MDN + "Permissions-Policy",),
        ),
    },
}
