"""A token server whose tokens a real registry believes: JSON Web Tokens signed by a key that the registry was given."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.servers.distribution import Realm
from tests.servers.web import Seen

NAME = "tests"


class Issuer(Realm):
    """Gives who is known what was asked for; tokens are good for ``seconds``."""

    def __init__(self, folder: Path, *, login: str, seconds: int = 60) -> None:
        super().__init__(login=login)
        self.seconds = seconds
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _certificate(self._key)
        self._bundle = folder / "issuer.pem"
        self._bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    @property
    def section(self) -> str:
        """The registry's configuration that trusts this server."""
        return (
            f"auth: {{token: {{realm: {self.url('/token')}, service: {NAME}, issuer: {NAME},"
            f" rootcertbundle: {self._bundle}}}}}\n"
        )

    def token(self, seen: Seen) -> str:
        """What a request asks for by its scope."""
        return self.signed(parse_qs(urlsplit(seen.path).query).get("scope", [""])[0])

    def signed(self, scope: str) -> str:
        """A token for ``repository:NAME:ACTIONS``."""
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        now = int(time.time())
        chain = base64.b64encode(self._certificate.public_bytes(serialization.Encoding.DER)).decode()
        claims = {
            "iss": NAME,
            "aud": NAME,
            "sub": "robot",
            "jti": str(len(self.given)),
            "iat": now,
            "nbf": now - 5,
            "exp": now + self.seconds,
            "access": [{"type": kind, "name": name, "actions": actions.split(",")}],
        }
        said = f"{_packed({'typ': 'JWT', 'alg': 'ES256', 'x5c': [chain]})}.{_packed(claims)}"
        numbers = decode_dss_signature(self._key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{said}.{_text(b''.join(number.to_bytes(32, 'big') for number in numbers))}"


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _packed(document: object) -> str:
    return _text(json.dumps(document).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
