"""A certificate authority for one test, and the certificates it signs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _new_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `pem` is its own."""

    name: str = "test authority"
    key: Key = field(default_factory=_new_key)

    @property
    def pem(self) -> bytes:
        """The certificate that clients trust."""
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        signed = self._builder(self.name, self.key).add_extension(constraint, critical=True)
        return signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, common_name: str, *, dns: str = "", address: str = "") -> tuple[bytes, bytes]:
        """Return a certificate and its key, both as PEM, for a user or for a server with this name and address."""
        key = _new_key()
        names: list[x509.GeneralName] = [x509.DNSName(dns)] if dns else []
        names += [x509.IPAddress(ip_address(address))] if address else []
        builder = self._builder(common_name, key)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate, private

    def _builder(self, subject: str, key: Key) -> x509.CertificateBuilder:
        now = datetime.now(UTC)  # noqa: TID251  certificates are valid by the wall clock
        return x509.CertificateBuilder(
            issuer_name=_name(self.name),
            subject_name=_name(subject),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(days=1),
        )


def written(directory: Path, name: str, content: bytes) -> str:
    """Write a file that only its owner can read; return its path."""
    path = directory / name
    path.write_bytes(content)
    path.chmod(0o600)
    return str(path)
