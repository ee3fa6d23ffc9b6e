"""DER to the raw facts of a certificate, and a served chain against a root store. Pure; no revocation, no fetching."""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, NameOID

from scanners.observations import Certificate, Trust
from scanners.records import record

LONGEST_DER = 100_000
MOST_NAMES = 500
LONGEST_TEXT = 1_000
MOST_INTERMEDIATES = 10

UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.UnsupportedGeneralNameType, x509.DuplicateExtension)

Extension = x509.ExtensionType


class BadCertificate(Exception):
    """The bytes are no certificate that can be read."""


class RootStore:
    """The roots that count as trusted, found by their subject."""

    def __init__(self, pem: bytes) -> None:
        """Read all certificates of a PEM file, or of several joined."""
        with _quiet():
            self.roots = tuple(x509.load_pem_x509_certificates(pem))

    @cached_property
    def store(self) -> verification.Store:
        """The store as the verifier wants it."""
        return verification.Store(list(self.roots))

    @cached_property
    def fingerprints(self) -> frozenset[bytes]:
        """The roots by their SHA-256."""
        return frozenset(hashlib.sha256(root.public_bytes(Encoding.DER)).digest() for root in self.roots)

    @cached_property
    def organisations(self) -> frozenset[str]:
        """Who runs the roots; an issuer of that name is one of their intermediates."""
        return frozenset(filter(None, (_organisation(root.subject) for root in self.roots)))


@record
class Path:
    """What a served chain comes to."""

    trust: Trust
    ordered: bool
    superfluous: int


def read(der: bytes) -> Certificate:
    """The facts of one certificate; anything that is not one raises BadCertificate."""
    certificate = _load(der)
    try:
        with _quiet():
            return _facts(certificate, der)
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.UnsupportedGeneralNameType,
        x509.DuplicateExtension,
    ) as error:
        raise BadCertificate from error


def judge_path(chain: Sequence[bytes], roots: RootStore) -> Path:
    """Trust without regard to name and time; order; and how many of the chain are not needed."""
    certificates = [_load(der) for der in chain[: MOST_INTERMEDIATES + 1]]
    if not certificates:
        raise BadCertificate
    try:
        with _quiet():
            path = _walk(certificates)
            return Path(
                trust=_trust(certificates, path, roots),
                ordered=all(_is_issued_by(one, above) for one, above in pairwise(certificates)),
                superfluous=len(certificates) - len(path),
            )
    except UNREADABLE as error:
        raise BadCertificate from error


def name_matches(certificate: Certificate, host: str) -> bool:
    """RFC 9525: only DNS names count, a wildcard stands for the whole leftmost label."""
    host = host.lower().rstrip(".")
    _first, _dot, rest = host.partition(".")
    for name in certificate.dns_names:
        pattern = name.lower().rstrip(".")
        if pattern == host or (pattern.startswith("*.") and pattern[2:] == rest and "." in rest):
            return True
    return False


# --- facts -------------------------------------------------------------------------------------


def _load(der: bytes) -> x509.Certificate:
    if len(der) > LONGEST_DER:
        raise BadCertificate
    try:
        with _quiet():
            return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise BadCertificate from error


def _facts(certificate: x509.Certificate, der: bytes) -> Certificate:
    kind, bits, curve = _key(certificate)
    return Certificate(
        subject=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        serial=f"{certificate.serial_number:x}"[:LONGEST_TEXT],
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        dns_names=_dns_names(certificate),
        key_kind=kind,
        key_bits=bits,
        curve=curve,
        signature_hash=_signature_hash(certificate),
        sha256=hashlib.sha256(der).hexdigest(),
        spki_sha256=_spki_sha256(certificate),
        self_issued=certificate.subject == certificate.issuer,
        is_ca=_is_ca(certificate),
        sct_count=_sct_count(certificate),
        ocsp_urls=_ocsp_urls(certificate),
        crl_urls=_crl_urls(certificate),
        must_staple=_must_staple(certificate),
        issuer_organisation=_organisation(certificate.issuer),
    )


def _spki_sha256(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _key(certificate: x509.Certificate) -> tuple[str, int, str]:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "", 0, ""
    match key:
        case rsa.RSAPublicKey():
            found = "RSA", key.key_size, ""
        case ec.EllipticCurvePublicKey():
            found = "EC", key.key_size, key.curve.name
        case ed25519.Ed25519PublicKey():
            found = "Ed25519", 256, ""
        case ed448.Ed448PublicKey():
            found = "Ed448", 456, ""
        case dsa.DSAPublicKey():
            found = "DSA", key.key_size, ""
        case _:
            found = type(key).__name__.removesuffix("PublicKey"), 0, ""
    return found


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return "" if algorithm is None else algorithm.name


def _extension(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None


def _dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    names = _extension(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    if not isinstance(names, x509.SubjectAlternativeName):
        return ()
    return tuple(name[:LONGEST_TEXT] for name in names.get_values_for_type(x509.DNSName)[:MOST_NAMES])


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, ExtensionOID.BASIC_CONSTRAINTS)
    return isinstance(constraints, x509.BasicConstraints) and constraints.ca


def _sct_count(certificate: x509.Certificate) -> int:
    scts = _extension(certificate, ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS)
    return len(scts) if isinstance(scts, x509.PrecertificateSignedCertificateTimestamps) else 0


def _ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    access = _extension(certificate, ExtensionOID.AUTHORITY_INFORMATION_ACCESS)
    if not isinstance(access, x509.AuthorityInformationAccess):
        return ()
    return tuple(
        str(entry.access_location.value)[:LONGEST_TEXT]
        for entry in list(access)[:MOST_NAMES]
        if entry.access_method == AuthorityInformationAccessOID.OCSP
    )


def _crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    points = _extension(certificate, ExtensionOID.CRL_DISTRIBUTION_POINTS)
    if not isinstance(points, x509.CRLDistributionPoints):
        return ()
    return tuple(
        str(name.value)[:LONGEST_TEXT] for point in list(points)[:MOST_NAMES] for name in point.full_name or ()
    )


def _must_staple(certificate: x509.Certificate) -> bool:
    features = _extension(certificate, ExtensionOID.TLS_FEATURE)
    return isinstance(features, x509.TLSFeature) and x509.TLSFeatureType.status_request in features


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()[:LONGEST_TEXT]


def _organisation(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(values[0].value)[:LONGEST_TEXT] if values else ""


# --- trust -------------------------------------------------------------------------------------


def _walk(certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """The path upwards from the leaf through what was sent."""
    path = [certificates[0]]
    while not _is_self_signed(path[-1]):
        above = next(
            (one for one in certificates if one not in path and _is_ca(one) and _is_issued_by(path[-1], one)), None
        )
        if above is None:
            break
        path.append(above)
    return path


def _trust(certificates: list[x509.Certificate], path: list[x509.Certificate], roots: RootStore) -> Trust:
    if _verifies(certificates, roots) or _closes(path, roots):
        return Trust.TRUSTED
    if _is_self_signed(certificates[0]):
        return Trust.SELF_SIGNED
    top = path[-1]
    # An intermediate that was not sent is not at hand; a known CA's name or a log's receipt shows that there is one.
    known = _organisation(top.issuer) in roots.organisations or _sct_count(certificates[0]) > 0
    return Trust.INCOMPLETE if known and not _is_self_signed(top) else Trust.UNKNOWN_ISSUER


def _verifies(certificates: list[x509.Certificate], roots: RootStore) -> bool:
    """Path building by the library, with the name and a time taken from the leaf itself."""
    leaf = certificates[0]
    names = _dns_names(leaf)
    if not names:
        return False
    try:
        subject = x509.DNSName(names[0].replace("*.", "wildcard.", 1))
        verifier = verification.PolicyBuilder().store(roots.store).time(_middle(certificates))
        verifier.build_server_verifier(subject).verify(leaf, certificates[1:])
    except (verification.VerificationError, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _closes(path: list[x509.Certificate], roots: RootStore) -> bool:
    """Signatures up to a root. The library also asks for the form of today's web certificates, which is not trust."""
    top = path[-1]
    if hashlib.sha256(top.public_bytes(Encoding.DER)).digest() in roots.fingerprints:
        return True
    return any(_is_issued_by(top, root) for root in roots.roots if root.subject == top.issuer)


def _middle(certificates: list[x509.Certificate]) -> datetime:
    """A time at which as much of the chain as possible was valid: the middle of the span all of it shares."""
    start = max(one.not_valid_before_utc for one in certificates)
    end = min(one.not_valid_after_utc for one in certificates)
    if start >= end:
        start, end = certificates[0].not_valid_before_utc, certificates[0].not_valid_after_utc
    return datetime.fromtimestamp((start.timestamp() + end.timestamp()) / 2, UTC)


def _is_self_signed(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer and _is_issued_by(certificate, certificate)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Odd certificates of others (negative serials, for one) are a fact, not a warning to us."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
