"""Certificates to facts, and chains against a root store, on certificates made here."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from scanners.observations import Trust
from scanners.parsing import certificates
from scanners.parsing.certificates import BadCertificate, RootStore

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Span = tuple[dt.datetime, dt.datetime]


@dataclass(frozen=True, kw_only=True)
class Made:
    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def named(common: str, organisation: str = "Beispiel CA") -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
        ]
    )


def make(
    name: x509.Name,
    *,
    issuer: Made | None = None,
    names: Iterable[str] = (),
    is_ca: bool = False,
    key: Key | None = None,
    span: Span = (NOW - 10 * DAY, NOW + 80 * DAY),
    extensions: Iterable[x509.ExtensionType] = (),
) -> Made:
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False
        )
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if is_ca:
        unused = "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        usage = dict.fromkeys((*unused.split(), "encipher_only", "decipher_only"), False)
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Made(certificate=builder.sign(signer, algorithm), key=key)


ROOT = make(named("Wurzel"), is_ca=True, span=(NOW - 1000 * DAY, NOW + 1000 * DAY))
MIDDLE = make(named("Zwischen"), issuer=ROOT, is_ca=True, span=(NOW - 900 * DAY, NOW + 900 * DAY))
LEAF = make(named("portal"), issuer=MIDDLE, names=["portal.example.test", "*.example.test"])
STRANGER = make(named("Fremd", "Fremde CA"), is_ca=True)
STORE = RootStore(ROOT.pem)


def path(*chain: Made, store: RootStore = STORE) -> certificates.Path:
    return certificates.judge_path([one.der for one in chain], store)


def test_the_facts_of_a_leaf_are_read() -> None:
    made = make(
        named("portal", "Klinik GmbH"),
        issuer=MIDDLE,
        names=["portal.example.test"],
        extensions=[
            x509.AuthorityInformationAccess(
                [
                    x509.AccessDescription(
                        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.example.test")
                    ),
                    x509.AccessDescription(
                        AuthorityInformationAccessOID.CA_ISSUERS,
                        x509.UniformResourceIdentifier("http://ca.example.test"),
                    ),
                ]
            ),
            x509.CRLDistributionPoints(
                [
                    x509.DistributionPoint(
                        full_name=[x509.UniformResourceIdentifier("http://crl.example.test/a.crl")],
                        relative_name=None,
                        reasons=None,
                        crl_issuer=None,
                    )
                ]
            ),
            x509.TLSFeature([x509.TLSFeatureType.status_request]),
        ],
    )

    seen = certificates.read(made.der)

    assert seen.dns_names == ("portal.example.test",)
    assert (seen.key_kind, seen.key_bits, seen.curve, seen.signature_hash) == ("EC", 256, "secp256r1", "sha256")
    assert seen.ocsp_urls == ("http://ocsp.example.test",)
    assert seen.crl_urls == ("http://crl.example.test/a.crl",)
    assert seen.must_staple
    assert not seen.is_ca and not seen.self_issued and seen.sct_count == 0
    assert seen.issuer_organisation == "Beispiel CA"
    assert seen.not_after == NOW + 80 * DAY
    assert len(seen.sha256) == 64


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), ("RSA", 1024, "")),
        (lambda: ec.generate_private_key(ec.SECP384R1()), ("EC", 384, "secp384r1")),
        (ed25519.Ed25519PrivateKey.generate, ("Ed25519", 256, "")),
    ],
)
def test_keys_are_named(key: Callable[[], Key], expected: tuple[str, int, str]) -> None:
    seen = certificates.read(make(named("x"), key=key()).der)

    assert (seen.key_kind, seen.key_bits, seen.curve) == expected


def test_a_whole_chain_is_trusted_and_ordered() -> None:
    assert path(LEAF, MIDDLE) == certificates.Path(trust=Trust.TRUSTED, ordered=True, superfluous=0)
    assert path(LEAF, MIDDLE, ROOT).trust is Trust.TRUSTED


def test_a_chain_out_of_order_is_trusted_all_the_same() -> None:
    assert path(LEAF, ROOT, MIDDLE) == certificates.Path(trust=Trust.TRUSTED, ordered=False, superfluous=0)


def test_what_does_not_belong_to_the_path_is_superfluous() -> None:
    assert path(LEAF, MIDDLE, STRANGER).superfluous == 1


def test_trust_is_told_apart_from_expiry() -> None:
    expired = make(named("alt"), issuer=MIDDLE, names=["a.example.test"], span=(NOW - 400 * DAY, NOW - 300 * DAY))

    assert path(expired, MIDDLE).trust is Trust.TRUSTED


def test_trust_is_told_apart_from_the_form_of_web_certificates() -> None:
    nameless = make(named("portal.example.test"), issuer=MIDDLE)

    assert path(nameless, MIDDLE).trust is Trust.TRUSTED


def test_a_missing_intermediate_is_incomplete() -> None:
    assert path(LEAF).trust is Trust.INCOMPLETE


def test_a_stranger_s_chain_is_an_unknown_issuer() -> None:
    leaf = make(named("portal"), issuer=STRANGER, names=["portal.example.test"])

    assert path(leaf).trust is Trust.UNKNOWN_ISSUER
    assert path(leaf, STRANGER).trust is Trust.UNKNOWN_ISSUER


def test_a_self_signed_leaf_is_self_signed() -> None:
    assert path(make(named("portal"), names=["portal.example.test"])).trust is Trust.SELF_SIGNED


def test_a_root_that_was_installed_may_be_the_leaf() -> None:
    own = make(named("geraet"), names=["geraet.example.test"])

    assert path(own, store=RootStore(ROOT.pem + own.pem)).trust is Trust.TRUSTED


def test_a_leaf_that_signs_is_no_authority() -> None:
    """A certificate without the CA bit must not vouch for another (the flaw of 2002)."""
    forged = make(named("bank", "Bank AG"), issuer=LEAF, names=["bank.example.test"])

    assert path(forged, LEAF, MIDDLE).trust is not Trust.TRUSTED


def test_a_name_without_its_signature_is_no_issuer() -> None:
    impostor = make(named("Zwischen"), is_ca=True)
    leaf = make(named("portal"), issuer=impostor, names=["portal.example.test"])

    assert path(leaf, MIDDLE).trust is not Trust.TRUSTED


@pytest.mark.parametrize(
    ("names", "host", "matches"),
    [
        (("portal.example.test",), "portal.example.test", True),
        (("PORTAL.example.test",), "portal.example.test", True),
        (("*.example.test",), "portal.example.test", True),
        (("*.example.test",), "example.test", False),
        (("*.example.test",), "a.b.example.test", False),
        (("p*.example.test",), "portal.example.test", False),
        (("*.test",), "example.test", False),
        (("*",), "example.test", False),
        ((), "portal.example.test", False),
    ],
)
def test_names_match_as_browsers_match_them(names: tuple[str, ...], host: str, matches: bool) -> None:
    seen = certificates.read(make(named("portal.example.test"), names=names or ()).der)

    assert certificates.name_matches(seen, host) is matches


@pytest.mark.parametrize("der", [b"", b"x", b"\x30\x80", LEAF.der[:-1], LEAF.der + b"x", bytes(200_000)])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(BadCertificate):
        certificates.read(der)
    with pytest.raises(BadCertificate):
        certificates.judge_path([der], STORE)


def test_no_chain_at_all_is_refused() -> None:
    with pytest.raises(BadCertificate):
        certificates.judge_path([], STORE)


@given(at=st.integers(0, len(LEAF.der) - 1), value=st.integers(0, 255))
@example(at=LEAF.der.index(b"\xa0\x03\x02\x01") + 4, value=1)  # a version that no certificate has
def test_a_certificate_with_a_changed_byte_is_read_or_refused(at: int, value: int) -> None:
    changed = bytearray(LEAF.der)
    changed[at] = value
    for act in (certificates.read, lambda der: certificates.judge_path([der, MIDDLE.der], STORE)):
        try:
            act(bytes(changed))
        except BadCertificate:
            continue
