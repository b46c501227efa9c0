"""What protects visitors: headers, cookies, TLS, and what should not answer. Ids are what a verification names.

The first six are the ones of every scan; ``EXTENDED`` are those that no published grade counts.
"""

from __future__ import annotations

from surveyor.scan.check.interface import Check
from surveyor.scan.check.security import (
    certificate,
    contact,
    cookies,
    cookies_cross_site,
    cookies_kept,
    csp,
    csp_bypass,
    exposed_backup,
    exposed_repository,
    exposed_secrets,
    framing,
    hsts,
    hsts_preload,
    integrity,
    isolation,
    libraries,
    mixed_content,
    mixed_requests,
    permissions,
    redirection,
    referrer,
    reporting,
    sharing,
    source_map,
    tls_ciphers,
    tls_protocol,
    xcto,
    xfo,
)
from surveyor.scan.check.security.words import WORDS

#: What is also judged by the Observatory's tests, in the order of its page.
_GRADED: tuple[Check, ...] = (
    csp.CHECK,
    hsts.CHECK,
    xcto.CHECK,
    xfo.CHECK,
    referrer.CHECK,
    cookies.CHECK,
    integrity.CHECK,
    redirection.CHECK,
    sharing.CHECK,
)
EXTENDED: tuple[Check, ...] = (
    permissions.CHECK,
    framing.CHECK,
    csp_bypass.CHECK,
    cookies_cross_site.CHECK,
    reporting.CHECK,
    isolation.CHECK,
    mixed_content.CHECK,
    hsts_preload.CHECK,
    certificate.CHECK,
    tls_protocol.CHECK,
    tls_ciphers.CHECK,
    contact.CHECK,
    exposed_repository.CHECK,
    exposed_secrets.CHECK,
    exposed_backup.CHECK,
    source_map.CHECK,
    libraries.CHECK,
)
#: What only a browser shows: no points, so that a score does not hang on whether there is one.
_SHOWN: tuple[Check, ...] = (mixed_requests.CHECK, cookies_kept.CHECK)
CHECKS: tuple[Check, ...] = (*_GRADED, *EXTENDED, *_SHOWN)

__all__ = ["CHECKS", "EXTENDED", "WORDS"]
