"""A bundle of every kind of member, with findings judged from observations that lie in it."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assessments import policy, register
from assessments.model import Dossier, FindingFact, HostInScope, HostRole, Treated, Treatment
from portal import i18n
from portal.files import signing
from portal.files.signing import Signature
from questionnaires import shelf
from reports.bundles import documents, packing
from reports.bundles.facts import Bundle, DisputeFact, Document, Edition, LeftOut, Scan, SettlementFact
from reports.bundles.packing import Seal
from reports.ledger import Deed, LedgerEntry
from reports.reader import Reader
from scanners import judging
from scanners.catalogue import CATALOGUE_VERSION
from scanners.datasets import SHIPPED
from scanners.model import CheckClass, Observations
from tests.reports import building
from tests.scanners import building as seeing

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
FINGERPRINT = signing.fingerprint(PUBLIC)
READERS = tuple(Reader(language=name, translate=i18n.translator(name)) for name in ("de", "en"))


def sign(content: bytes) -> Seal:
    return Seal(public_key=PUBLIC, value=KEY.sign(f"kettenblick {packing.PURPOSE}\n".encode() + content))


def is_signed(seal: Seal, content: bytes) -> bool:
    return signing.is_signed(Signature(public_key=seal.public_key, value=seal.value), packing.PURPOSE, content)


def seen() -> tuple[Observations, ...]:
    host = seeing.seen(seeing.page(), seeing.handshakes(), seeing.chain(), host=seeing.HOST)
    return (host, seeing.seen_of_domain())


def scan(**changes) -> Scan:
    return replace(
        Scan(
            started_at=seeing.AT - timedelta(minutes=1),
            finished_at=seeing.AT + timedelta(minutes=1),
            started_by="Erika Muster",
            side="company",
            ground="",
            hosts=(seeing.HOST,),
            classes=frozenset({CheckClass.PASSIVE, CheckClass.STANDARD}),
            active_hosts=(),
            catalogue_version=CATALOGUE_VERSION,
            data_version=SHIPPED.version,
            seen=seen(),
        ),
        **changes,
    )


def dossier() -> Dossier:
    found = building.dossier()
    facts = tuple(FindingFact(finding=one, first_seen=one.at) for one in judging.judge(seen()))
    hosts = (HostInScope(name=seeing.HOST, role=HostRole.PORTAL),)
    return replace(found, findings=facts, hosts=hosts)


def bundle(of: Dossier | None = None, **changes) -> Bundle:
    assessed = register.assess(of or dossier(), policy.current())
    manifest = {"form": 1, "answers": [{"question": "GV-01", "value": {"choices": ["yes"]}}], "evidence": []}
    lacking = next(row for row in assessed.findings if row.fact.finding.outcome == "fail")
    return replace(
        Bundle(
            assessed=assessed,
            policy=policy.current(),
            catalogue_source=shelf.source(*shelf.CURRENT),
            round=1,
            made_by="Ada Auditor",
            program="1.0",
            scans=(scan(),),
            documents=(
                Document(
                    key="E-1", name="Zertifikat ISO 27001.PDF", type="iso27001_cert", sha256="ab" * 32, content=b"%PDF"
                ),
                Document(key="E-2", name="Bericht", type="pentest", sha256="cd" * 32, left_out=LeftOut.VIEW_ONLY),
            ),
            edition=Edition(
                number=1,
                signer_name="Erika Muster",
                signer_function="CISO",
                statement_version="1",
                at=NOW,
                sha256=hashlib.sha256(documents.canonical(manifest)).hexdigest(),
                manifest=manifest,
            ),
            disputes=(
                DisputeFact(
                    key="d1",
                    finding=lacking.fact.finding,
                    reason="fixed",
                    text="Seit gestern behoben.",
                    by="Erika Muster",
                    at=NOW,
                    state="rejected",
                    answer="Der Scan von heute sieht es noch.",
                    answered_by="Jens Petermann",
                    answered_at=NOW,
                    valid_until=date(2026, 12, 1),
                ),
            ),
            settlements=(SettlementFact(contradiction="x", reason="Anderer Host", by="Jens Petermann", at=NOW),),
            actions=(building.action(),),
            treatments={assessed.risks[0].key: Treated(treatment=Treatment.MITIGATE, owner="IT", by="J", at=NOW)},
            consents=(LedgerEntry(at=NOW, deed=Deed.GRANTED, classes=(CheckClass.PASSIVE,), name="Erika Muster"),),
        ),
        **changes,
    )


def members(of: Bundle | None = None) -> dict[str, bytes]:
    return packing.members(
        of or bundle(),
        READERS,
        READERS[0],
        report=b"%PDF-1.7",
        register=workbook(),
        fingerprint=FINGERPRINT,
        paper=lambda html: b"%PDF-1.7" + hashlib.sha256(html.encode()).digest(),
    )


def packed(of: Bundle | None = None, changed: Mapping[str, bytes | None] | None = None) -> bytes:
    """The file; `changed` replaces members before they are signed, None takes one out."""
    of = of or bundle()
    found = {name: content for name, content in {**members(of), **(changed or {})}.items() if content is not None}
    return packing.pack(found, packing.about(of, now=NOW), sign)


def workbook() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr(
            "docProps/core.xml", '<p><dcterms:modified xsi:type="x">2026-11-21T10:11:12Z</dcterms:modified></p>'
        )
    return out.getvalue()
