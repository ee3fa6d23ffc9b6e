"""Whether a list (CRL, RFC 5280 section 5) or an answer (OCSP, RFC 6960) of the authority revokes a certificate."""

import base64
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from scanners.records import record

GRACE = timedelta(hours=1)  # clocks differ
UNREADABLE = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.UnsupportedGeneralNameType, x509.DuplicateExtension),
)


class BadRevocationData(Exception):
    """The bytes say nothing that can be relied on; the word says why: form, signature, scope, old."""


@record
class Standing:
    """What the authority says of one certificate."""

    revoked: bool
    issued_at: datetime
    revoked_at: datetime | None = None
    cause: str = ""


def by_list(der: bytes, *, url: str, leaf: bytes, issuer: bytes, at: datetime) -> Standing:
    """What a list says of the leaf. It counts only if it is signed by the issuer, in date and made for this place."""
    with _readable():
        certificate, authority = x509.load_der_x509_certificate(leaf), x509.load_der_x509_certificate(issuer)
        revoked = x509.load_der_x509_crl(der)
        if revoked.issuer != authority.subject or not _is_signed(revoked, authority):
            raise BadRevocationData("signature")
        _refuse_other_scope(revoked, url)
        _refuse_old(revoked.last_update_utc, revoked.next_update_utc, at)
        entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None:
            return Standing(revoked=False, issued_at=revoked.last_update_utc)
        cause = _cause(entry)
        return Standing(
            revoked=cause != x509.ReasonFlags.remove_from_crl.value,
            issued_at=revoked.last_update_utc,
            revoked_at=entry.revocation_date_utc,
            cause=cause,
        )


def question(leaf: bytes, issuer: bytes) -> str:
    """An OCSP question as it stands behind the responder's address (RFC 6960 appendix A.1)."""
    with _readable():
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            x509.load_der_x509_certificate(leaf),
            x509.load_der_x509_certificate(issuer),
            hashes.SHA1(),  # noqa: S303 - names the issuer's key; RFC 6960 responders know nothing else for sure
        )
        return base64.b64encode(builder.build().public_bytes(serialization.Encoding.DER)).decode("ascii")


def by_answer(der: bytes, *, leaf: bytes, issuer: bytes, at: datetime) -> Standing | None:
    """What a responder says of the leaf; None when it does not know the certificate."""
    with _readable():
        certificate, authority = x509.load_der_x509_certificate(leaf), x509.load_der_x509_certificate(issuer)
        answer = ocsp.load_der_ocsp_response(der)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise BadRevocationData("form")
        if not _is_answer_signed(answer, authority, at):
            raise BadRevocationData("signature")
        for single in answer.responses:
            if single.serial_number != certificate.serial_number:
                continue
            _refuse_old(single.this_update_utc, single.next_update_utc, at)
            if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
                return None
            return Standing(
                revoked=single.certificate_status is ocsp.OCSPCertStatus.REVOKED,
                issued_at=single.this_update_utc,
                revoked_at=single.revocation_time_utc,
                cause=single.revocation_reason.value if single.revocation_reason else "",
            )
        raise BadRevocationData("scope")


def issued(leaf: bytes, issuer: bytes) -> bool:
    """Whether the one certificate signed the other."""
    try:
        with _readable():
            x509.load_der_x509_certificate(leaf).verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
    except (BadRevocationData, InvalidSignature):
        return False
    return True


@contextmanager
def _readable() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old forms in other people's certificates
            yield
    except UNREADABLE as error:
        raise BadRevocationData("form") from error


def _is_signed(revoked: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    key = authority.public_key()
    return revoked.is_signature_valid(key)  # type: ignore[arg-type]  # a key that signs nothing is a TypeError


def _refuse_other_scope(revoked: x509.CertificateRevocationList, url: str) -> None:
    """A list for other certificates of the same authority would show ours as good."""
    try:
        scope = revoked.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return
    places = [name.value for name in scope.full_name or () if isinstance(name, x509.UniformResourceIdentifier)]
    partial = scope.only_contains_ca_certs or scope.only_contains_attribute_certs or scope.indirect_crl
    if partial or scope.only_some_reasons or (places and url not in places):
        raise BadRevocationData("scope")


def _refuse_old(issued: datetime, until: datetime | None, at: datetime) -> None:
    if issued > at + GRACE or (until is not None and until < at - GRACE):
        raise BadRevocationData("old")


def _cause(entry: x509.RevokedCertificate) -> str:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return ""
    return reason.value


def _is_answer_signed(answer: ocsp.OCSPResponse, authority: x509.Certificate, at: datetime) -> bool:
    signers = [authority, *(one for one in answer.certificates[:5] if _may_answer_for(one, authority, at))]
    return any(_verifies(answer, signer) for signer in signers)


def _may_answer_for(signer: x509.Certificate, authority: x509.Certificate, at: datetime) -> bool:
    """A responder's own certificate counts if the authority issued it for that very purpose."""
    try:
        signer.verify_directly_issued_by(authority)
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, x509.ExtensionNotFound, *UNREADABLE):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage and signer.not_valid_before_utc <= at <= signer.not_valid_after_utc


def _verifies(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, algorithm = signer.public_key(), answer.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
