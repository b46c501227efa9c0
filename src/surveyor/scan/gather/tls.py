"""How the page's host speaks TLS: its certificate, what it is worth, the version and cipher, and what else it takes."""

from __future__ import annotations

import hashlib
import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from surveyor.scan.address import host_of
from surveyor.scan.errors import Malformed, ScanError, Unsupported, Untrusted
from surveyor.scan.evidence import Certificate, Tls
from surveyor.scan.formats import hello
from surveyor.scan.gather.interface import Errand, Gatherer

_SECONDS = 5.0
#: Of an answer: its version; and all of it, certificates with it.
_ANSWER, _FLIGHT = 16, 1 << 15
#: A certificate has a handful of names, some have hundreds.
_NAMES = 1000
_TEXT = 500


def gather(errand: Errand) -> Tls:
    """A handshake that takes any certificate, one that does not, and one hello for each old version."""
    url = errand.page().url
    if not url.lower().startswith("https:"):
        raise Unsupported("the page is served over plain http")
    shaken = errand.client.handshake(url, seconds=min(_SECONDS, errand.left))
    problem = None
    try:
        errand.client.verify(url, seconds=min(_SECONDS, errand.left))
    except Untrusted as error:
        problem = error.reason
    answers = {version: _agreed(errand, url, version) for version in hello.VERSIONS}
    offered = {kind: _offered(errand, url, kind) for kind in hello.OFFERS}
    taken = {kind: None if answer is None else hello.chosen(kind, answer) for kind, answer in offered.items()}
    return Tls(
        host=host_of(url),
        at=errand.today(),
        version=shaken.version,
        cipher=shaken.cipher,
        protocol=shaken.protocol,
        certificate=read(shaken.certificate),
        problem=problem,
        accepted=tuple(version for version, answer in answers.items() if answer == version),
        taken={kind: cipher for kind, cipher in taken.items() if cipher},
        group_bits=hello.group_bits(offered["group"] or b""),
        missed={what: "no answer that can be read" for what, one in {**answers, **taken}.items() if one is None},
    )


def _agreed(errand: Errand, url: str, version: str) -> str | None:
    random = hashlib.sha256(f"{version} {errand.jitter()}".encode()).digest()
    data = hello.client_hello(version, host_of(url), random)
    try:
        return hello.agreed(errand.client.tell(url, data, max_bytes=_ANSWER, seconds=min(_SECONDS, errand.left)))
    except ScanError:
        return None


def _offered(errand: Errand, url: str, kind: str) -> bytes | None:
    """What the server says to who offers only ciphers of one kind."""
    random = hashlib.sha256(f"{kind} {errand.jitter()}".encode()).digest()
    data, seconds = hello.offer(kind, host_of(url), random), min(_SECONDS, errand.left)
    try:
        return errand.client.tell(url, data, max_bytes=_FLIGHT, seconds=seconds, ended=hello.ended)
    except ScanError:
        return None


def read(certificate: bytes) -> Certificate:
    """What a certificate in DER says; raises ``Malformed`` for what is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the library would rather not read is what we are here for
            return _read(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension) as error:
        raise Malformed(f"a certificate that cannot be read: {str(error)[:100]}") from None


def _read(certificate: bytes) -> Certificate:
    found = x509.load_der_x509_certificate(certificate)
    hashed = found.signature_hash_algorithm
    kind, bits = _key(found)
    return Certificate(
        subject=found.subject.rfc4514_string()[:_TEXT],
        issuer=found.issuer.rfc4514_string()[:_TEXT],
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        names=_names(found),
        signature=hashed.name if hashed else "",
        key=f"{kind} {bits}" if bits else kind,
        key_bits=bits,
        sha256=hashlib.sha256(certificate).hexdigest(),
    )


def _key(found: x509.Certificate) -> tuple[str, int | None]:
    key = found.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    return type(key).__name__.removesuffix("PublicKey").lstrip("_"), None


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    listed = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    return tuple(name[:_TEXT] for name in listed[:_NAMES])


GATHERER = Gatherer(id="tls", version=1, gather=gather)
