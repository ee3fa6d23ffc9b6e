"""A certification authority for loopback: a root, an intermediate, and leaf certificates good and bad."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from portal.demonstration.plans import CertificateKind, KeyKind
from portal.files import disk

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

DAY = dt.timedelta(days=1)
VALIDITY = {  # days before and after the time of issue
    CertificateKind.EXPIRED: (93, -3),
    CertificateKind.EXPIRING: (85, 5),
    CertificateKind.NOT_YET_VALID: (-3, 87),
    CertificateKind.LONG_LIVED: (25, 800),
}
ORDINARY_VALIDITY = (20, 70)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A chain as a server sends it, and the key of its leaf, both PEM."""

    chain_pem: bytes
    key_pem: bytes
    key_sha256: str  # of the SubjectPublicKeyInfo


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a certificate says its revocation and its issuer can be looked up."""

    crl_urls: tuple[str, ...] = ()
    ocsp_urls: tuple[str, ...] = ()
    issuer_urls: tuple[str, ...] = ()


NOWHERE = Places()


@dataclass(frozen=True, kw_only=True)
class _Issuer:
    certificate: x509.Certificate
    key: Key


class Authority:
    """Root and intermediate, with a second pair that nobody trusts."""

    def __init__(self, *, at: dt.datetime, keys: Path | None = None) -> None:
        """Make them anew for each run; with a folder for their keys, certificates of later runs fit the same root."""
        self._at = at
        self._keys = keys
        self._root, self._intermediate = self._pair("Kettenblick Demonstration", "trusted")
        self._strange_intermediate = self._pair("Unbekannte Ausgabestelle", "strange")[1]

    @property
    def root_pem(self) -> str:
        """The trusted root."""
        return _pem(self._root.certificate).decode()

    def issue(
        self, names: tuple[str, ...], *, kind: CertificateKind, key_kind: KeyKind, places: Places = NOWHERE
    ) -> Issued:
        """A chain for these names, with the fault that `kind` asks for."""
        key = _new_key(KeyKind.RSA_1024 if kind is CertificateKind.WEAK_KEY else key_kind)
        if kind is CertificateKind.WRONG_NAME:
            names = ("anderer-name.invalid",)
        issuer = self._strange_intermediate if kind is CertificateKind.UNKNOWN_ISSUER else self._intermediate
        signer = None if kind is CertificateKind.SELF_SIGNED else issuer
        leaf = self._leaf(names, key, issuer=signer, kind=kind, places=places)
        chain: tuple[x509.Certificate, ...]
        match kind:
            case CertificateKind.SELF_SIGNED | CertificateKind.INCOMPLETE:
                chain = (leaf,)
            case CertificateKind.DISORDERED:
                chain = (leaf, self._root.certificate, issuer.certificate)
            case _:
                chain = (leaf, issuer.certificate)
        return Issued(chain_pem=b"".join(map(_pem, chain)), key_pem=_key_pem(key), key_sha256=_key_sha256(key))

    def _pair(self, organisation: str, short: str) -> tuple[_Issuer, _Issuer]:
        root_key, intermediate_key = self._ca_key(f"{short}-root"), self._ca_key(f"{short}-intermediate")
        root_name = _name(organisation, f"{organisation} Root")
        intermediate_name = _name(organisation, f"{organisation} Intermediate")
        root = self._ca(root_name, root_key, issuer_name=root_name, issuer_key=root_key, path_length=1)
        intermediate = self._ca(
            intermediate_name, intermediate_key, issuer_name=root_name, issuer_key=root_key, path_length=0
        )
        return _Issuer(certificate=root, key=root_key), _Issuer(certificate=intermediate, key=intermediate_key)

    def _ca_key(self, name: str) -> Key:
        fresh = _new_key(KeyKind.EC_P256)
        if self._keys is None:
            return fresh
        path = self._keys / f"{name}.pem"
        disk.write_new(path, _key_pem(fresh))  # what an earlier run has put there stays
        kept = serialization.load_pem_private_key(path.read_bytes(), password=None)
        assert isinstance(kept, ec.EllipticCurvePrivateKey)
        return kept

    def _ca(
        self, name: x509.Name, key: Key, *, issuer_name: x509.Name, issuer_key: Key, path_length: int
    ) -> x509.Certificate:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        return (
            self._builder(name, key, issuer_name=issuer_name, issuer_key=issuer_key, validity=(400, 3000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(usage, critical=True)
            .sign(issuer_key, hashes.SHA256())
        )

    def _leaf(
        self, names: tuple[str, ...], key: Key, *, issuer: _Issuer | None, kind: CertificateKind, places: Places
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        issuer_name, issuer_key = (issuer.certificate.subject, issuer.key) if issuer else (subject, key)
        validity = VALIDITY.get(kind, ORDINARY_VALIDITY)
        builder = (
            self._builder(subject, key, issuer_name=issuer_name, issuer_key=issuer_key, validity=validity)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        return _with_places(builder, places).sign(issuer_key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, key: Key, *, issuer_name: x509.Name, issuer_key: Key, validity: tuple[int, int]
    ) -> x509.CertificateBuilder:
        before, after = validity
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._at - before * DAY)
            .not_valid_after(self._at + after * DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        )


def _with_places(builder: x509.CertificateBuilder, places: Places) -> x509.CertificateBuilder:
    if places.crl_urls:
        points = [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(url)], relative_name=None, reasons=None, crl_issuer=None
            )
            for url in places.crl_urls
        ]
        builder = builder.add_extension(x509.CRLDistributionPoints(points), critical=False)
    told = [
        *((AuthorityInformationAccessOID.OCSP, url) for url in places.ocsp_urls),
        *((AuthorityInformationAccessOID.CA_ISSUERS, url) for url in places.issuer_urls),
    ]
    if told:
        access = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in told]
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
    return builder


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _new_key(kind: KeyKind) -> Key:
    match kind:
        case KeyKind.EC_P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyKind.EC_P384:
            return ec.generate_private_key(ec.SECP384R1())
        case KeyKind.RSA_2048:
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case KeyKind.RSA_1024:
            return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key_sha256(key: Key) -> str:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()
