"""What people read about TLS and about what a site answers beside its page."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

_TLS = "https://developer.mozilla.org/docs/Web/Security/Practical_implementation_guides/TLS"
_LEAKS = "https://owasp.org/www-project-web-security-testing-guide/stable/4-Web_Application_Security_Testing/02-Configuration_and_Deployment_Management_Testing/04-Review_Old_Backup_and_Unreferenced_Files_for_Sensitive_Information"

WORDS: Table = {
    "security_certificate": {
        "expired": Words(
            title="TLS certificate expired",
            severity=Severity.HIGH,
            description="Browsers warn visitors off the site, and who goes on cannot tell it from a forgery.",
            fix="Renew the certificate and let that happen by itself (ACME).",
            references=(_TLS,),
        ),
        "expiring": Words(
            title="TLS certificate about to expire",
            severity=Severity.MEDIUM,
            description="Less than two weeks are left, so a renewal that should run by itself has not.",
            fix="Renew the certificate, and see why it was not renewed.",
            references=(_TLS,),
        ),
        "not_yet": Words(
            title="TLS certificate not valid yet",
            severity=Severity.HIGH,
            description="Its first day is still to come, or a clock is wrong.",
            fix="Set the clock, or use the certificate from its first day.",
            references=(_TLS,),
        ),
        "other_name": Words(
            title="TLS certificate for another name",
            severity=Severity.HIGH,
            description="The host is none of the certificate's names, so browsers warn visitors off the site.",
            fix="Get a certificate with this host among its alternative names.",
            references=(_TLS,),
        ),
        "untrusted": Words(
            title="TLS certificate not trusted",
            severity=Severity.HIGH,
            description="No authority that browsers know stands for the certificate, or one of the certificates between is not sent.",
            fix="Get a certificate from a public authority, and send the whole chain.",
            references=(_TLS,),
        ),
        "weak": Words(
            title="TLS certificate with weak cryptography",
            severity=Severity.MEDIUM,
            description="Its key is too short, or its signature uses a hash that can be forged.",
            fix="Get one with an EC key of 256 bits or an RSA key of 2048 or more, signed with SHA-256.",
            references=(_TLS,),
        ),
    },
    "security_tls_protocol": {
        "old": Words(
            title="Old versions of TLS accepted",
            severity=Severity.LOW,
            description="The server still speaks versions before TLS 1.2, whose known weaknesses no browser needs any more.",
            fix="Allow only TLS 1.2 and 1.3.",
            references=("https://www.rfc-editor.org/rfc/rfc8996",),
        ),
        "cipher": Words(
            title="Weak TLS cipher chosen",
            severity=Severity.MEDIUM,
            description="Offered strong ciphers and weak ones, the server chose a weak one.",
            fix="Allow only ciphers with authenticated encryption (AES-GCM, ChaCha20).",
            references=("https://www.rfc-editor.org/rfc/rfc9325#section-4.2",),
        ),
    },
    "security_tls_ciphers": {
        "broken": Words(
            title="Broken TLS ciphers accepted",
            severity=Severity.MEDIUM,
            description="Who offers nothing better gets a cipher that keeps no secret, names no server, or can be broken (NULL, anonymous, EXPORT, DES, RC4, 3DES).",
            fix="Allow only ciphers with authenticated encryption (AES-GCM, ChaCha20) and ECDHE.",
            references=("https://www.rfc-editor.org/rfc/rfc9325#section-4.1",),
        ),
        "no_secrecy": Words(
            title="TLS without forward secrecy",
            severity=Severity.MEDIUM,
            description="Of all ciphers that were offered the server chose one whose keys the certificate's own key tells: who gets that one day reads what was recorded before.",
            fix="Prefer ciphers with ECDHE, and allow TLS 1.3.",
            references=("https://www.rfc-editor.org/rfc/rfc9325#section-4.1",),
        ),
        "static": Words(
            title="TLS ciphers without forward secrecy accepted",
            severity=Severity.LOW,
            description="Who offers nothing better gets a key exchange by the certificate's own key (RSA).",
            fix="Take ciphers without ECDHE out of the server's list.",
            references=("https://www.rfc-editor.org/rfc/rfc9325#section-4.1",),
        ),
        "short_group": Words(
            title="Diffie-Hellman group too short",
            severity=Severity.MEDIUM,
            description="The group for key exchange is shorter than 2048 bits, which who can spend much breaks once for all connections (Logjam).",
            fix="Use ECDHE only, or a group of RFC 7919.",
            references=("https://www.rfc-editor.org/rfc/rfc9325#section-4.4", "https://weakdh.org/"),
        ),
    },
    "security_contact": {
        "missing": Words(
            title="security.txt missing",
            severity=Severity.LOW,
            description="Who finds a hole in the site is not told where to report it.",
            fix="Serve /.well-known/security.txt with Contact and Expires.",
            steps=(
                "Contact: mailto:security@example.org",
                "Expires: a date at most a year ahead, as 2027-01-31T00:00:00Z",
            ),
            references=("https://securitytxt.org/",),
        ),
        "invalid": Words(
            title="security.txt incomplete",
            severity=Severity.LOW,
            description="The file is there and lacks what makes it valid, so tools may pass over it.",
            fix="Mend what the evidence names.",
            references=("https://www.rfc-editor.org/rfc/rfc9116",),
        ),
        "expired": Words(
            title="security.txt expired",
            severity=Severity.LOW,
            description="The day that the file names itself is over, so nobody may rely on what it says.",
            fix="Look whether the contacts still hold, and set a new Expires.",
            references=("https://www.rfc-editor.org/rfc/rfc9116#section-2.5.5",),
        ),
    },
    "security_exposed_repository": {
        "readable": Words(
            title="Version control folder readable",
            severity=Severity.HIGH,
            description="Source code and everything that was ever committed, passwords too, can be downloaded.",
            fix="Deny these folders in the web server, or publish a build without them.",
            steps=("Deny every path that begins with a dot.", "Replace every secret that was ever committed."),
            references=(_LEAKS,),
        ),
    },
    "security_exposed_secrets": {
        "readable": Words(
            title="Settings or password file readable",
            severity=Severity.CRITICAL,
            description="Anybody can download a file that holds passwords, keys or the program that has them.",
            fix="Move the file out of the web server's folder, and replace every secret in it.",
            references=(_LEAKS,),
        ),
    },
    "security_exposed_backup": {
        "readable": Words(
            title="Backup or dump readable",
            severity=Severity.HIGH,
            description="Anybody can download a copy of the site, its data, or a list of its files.",
            fix="Move the file out of the web server's folder.",
            references=(_LEAKS,),
        ),
    },
    "security_source_map": {
        "readable": Words(
            title="Source maps published",
            severity=Severity.LOW,
            description="Scripts can be read as they were written, with comments and names of files.",
            fix="Where that is not wanted, build without source maps or keep them off the public server.",
            references=("https://developer.mozilla.org/docs/Glossary/Source_map",),
        ),
    },
    "security_libraries": {
        "vulnerable": Words(
            title="JavaScript libraries with known vulnerabilities",
            severity=Severity.MEDIUM,
            description="The page loads versions of libraries that advisories speak about. The versions are what addresses and comments say, which may be untrue.",
            fix="Upgrade the libraries that the evidence names.",
            references=("https://owasp.org/Top10/A06_2021-Vulnerable_and_Outdated_Components/",),
            confidence=0.5,
        ),
    },
}
