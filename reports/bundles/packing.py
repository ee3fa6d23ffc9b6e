"""Facts become the members of a bundle, its manifest and the file; the same facts give the same bytes."""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from assessments import storing as dossiers
from questionnaires import shelf
from reports import facts, oscal
from reports.bundles import documents, index, recomputing, zips
from reports.bundles.facts import Bundle, DisputeFact, Document, Edition, Scan
from reports.bundles.recomputing import Judged
from reports.ledger import LedgerEntry
from reports.reader import Reader
from scanners import recordings, storing
from scanners.catalogue import CATALOGUE_VERSION
from scanners.datasets import SHIPPED
from scanners.model import N_

FORMAT = "kettenblick-evidence-bundle"
VERSION = 1
PURPOSE = "evidence bundle 1"  # what the signature is bound to
ALGORITHM = "Ed25519"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
DOSSIER, POLICY, CATALOGUE, CHECKS = "dossier.json", "policy.json", "catalogue.yaml", "checks.json"
SCORE, FINDINGS, SCANS, EDITION = "score.json", "findings.json", "scans.json", "signed-answers.json"
REPORT, REGISTER, README, INDEX = "report.pdf", "register.xlsx", "README.txt", "index.pdf"
SCHEMA = "evidence-bundle-1.schema.json"
MOST_DOCUMENTS = 100 * 2**20  # bytes of documents that travel along

_SUFFIX = re.compile(r"\.([A-Za-z0-9]{1,8})$")
_CHANGED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)

TEXT = N_(
    "Evidence bundle of %(vendor)s, made for %(hospital)s, facts as of %(when)s.\n\n"
    "index.html       what is in it, in seven domains, with the gaps: begin here; index.pdf: the same on paper\n"
    "report.pdf       the vendor report\n"
    "register.xlsx    the rows of the register\n"
    "dossier.json     every fact the score rests on; policy.json, catalogue.yaml, checks.json: by which rules\n"
    "observations/    what the scans saw, before anybody judged it\n"
    "evidence/        the documents, where the vendor lets them be taken along\n"
    "manifest.json    the SHA-256 of every member; signature.json: its signature\n\n"
    "Check it on any machine that has Kettenblick, without a network:\n"
    "    kettenblick verify FILE\n\n"
    "The signature is by the key with the fingerprint (SHA-256)\n%(fingerprint)s\n"
)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A signature, and the public key that it can be checked with."""

    public_key: bytes
    value: bytes


Sign = Callable[[bytes], Seal]


def pack(members: Mapping[str, bytes], about: Mapping[str, Any], sign: Sign) -> bytes:
    """The file: the members, the manifest over them, and the signature over the manifest."""
    manifest = documents.canonical(
        {
            "format": FORMAT,
            "version": VERSION,
            **about,
            "members": [
                {"name": name, "sha256": hashlib.sha256(members[name]).hexdigest(), "size": len(members[name])}
                for name in sorted(members)
            ],
        }
    )
    seal = sign(manifest)
    signature = documents.canonical(
        {
            "algorithm": ALGORITHM,
            "fingerprint": hashlib.sha256(seal.public_key).hexdigest(),
            "public_key": base64.b64encode(seal.public_key).decode(),
            "purpose": PURPOSE,
            "value": base64.b64encode(seal.value).decode(),
        }
    )
    return zips.write({**members, MANIFEST: manifest, SIGNATURE: signature})


def about(bundle: Bundle, *, now: datetime) -> dict[str, Any]:
    """The head of the manifest: whose it is, of when, and by which versions."""
    dossier = bundle.assessed.dossier
    return {
        "made_at": storing.encode(now),
        "made_by": bundle.made_by,
        "program": bundle.program,
        "facts_of": storing.encode(dossier.at),
        "hospital": dossier.hospital,
        "vendor": {"key": dossier.vendor_key, "name": dossier.vendor_name, "company": dossier.company_name},
        "round": bundle.round,
        "versions": {
            "policy": bundle.policy.version,
            "catalogue": {
                "id": dossier.catalogue.id,
                "version": dossier.catalogue.version,
                "sha256": shelf.digest_of(bundle.catalogue_source),
            },
            "checks": dossier.checks_version,
            "data": SHIPPED.version,
            "dossier": dossiers.SCHEMA,
            "observations": storing.SCHEMA,
        },
    }


def members(
    bundle: Bundle,
    readers: Sequence[Reader],
    reader: Reader,
    *,
    report: bytes,
    register: bytes,
    fingerprint: str,
    paper: Callable[[str], bytes],
) -> dict[str, bytes]:
    """Every member but manifest and signature; `readers` for data in both languages, `reader` for who asked.

    `paper` sets the index as PDF, with the look of `index.paper_style`.
    """
    assessed = bundle.assessed
    dossier = assessed.dossier
    scans = judged(bundle)
    traced = recomputing.trace(dossier, scans, bundle.looked_again)
    readme = reader.text(
        TEXT,
        vendor=dossier.vendor_name,
        hospital=dossier.hospital,
        when=reader.moment(dossier.at),
        fingerprint=fingerprint,
    )
    found: dict[str, Any] = {
        DOSSIER: dossiers.dump(dossier),
        POLICY: dossiers.dump_policy(bundle.policy),
        CHECKS: dossiers.dump_checks(dossier.checks),
        SCORE: {
            **facts.score(assessed.score, readers),
            "residual": facts.residual(assessed, readers),
        },
        FINDINGS: [
            {
                **facts.finding(row, readers),
                "basis": one.basis,
                "scan": one.scan,
            }
            for row in assessed.findings
            for one in [traced[row.fact.finding.check_id, row.fact.finding.subject]]
        ],
        SCANS: [_scan(key.key, one) for key, one in zip(scans, bundle.scans, strict=True)],
        "answers.json": [facts.answer(row) for row in assessed.answers],
        "contradictions.json": _contradictions(bundle, readers),
        "evidence.json": {
            "documents": [_document(one, file) for one, file in named(bundle.documents)],
            "standings": [facts.evidence(one) for one in assessed.evidence],
        },
        "risks.json": [
            {**facts.risk(one, readers), "treatment": facts.treated(bundle.treatments.get(one.key))}
            for one in assessed.risks
        ],
        "waivers.json": [storing.encode(one) for one in dossier.waivers],
        "disputes.json": [_dispute(one, readers) for one in bundle.disputes],
        "actions.json": [facts.action(one, readers) for one in bundle.actions],
        "consents.json": [_consent(one) for one in bundle.consents],
        "not-examined.json": [facts.not_examined(one, readers) for one in assessed.not_examined],
    }
    if bundle.edition is not None:
        found[EDITION] = _edition(bundle.edition)
    files = named(bundle.documents)
    found["index.json"] = index.data(bundle, files, readers)
    found["assessment-results.json"] = oscal.results(
        assessed, reader=reader, program=bundle.program, now=dossier.at, treatments=bundle.treatments
    )
    written = {name: documents.write(document) for name, document in found.items()}
    for key, one in zip(scans, bundle.scans, strict=True):
        written[f"observations/{key.key}.json"] = documents.write_seen(recording(one))
    for document, file in files:
        if document.content is not None:
            written[file] = document.content
    whole = {
        **written,
        SCHEMA: schema(),
        CATALOGUE: bundle.catalogue_source,
        REPORT: report,
        REGISTER: without_clock(register, at=dossier.at),
        README: readme.encode(),
        "index.css": index.style(),
    }
    listed = [*whole, INDEX, MANIFEST, SIGNATURE]
    whole["index.html"] = index.page(bundle, files, reader, names=listed, fingerprint=fingerprint).encode()
    whole[INDEX] = paper(index.paper(bundle, files, reader, members=whole, fingerprint=fingerprint))
    return whole


def schema() -> bytes:
    """The JSON Schema of the manifest, for whoever reads bundles with other programs."""
    return resources.files("reports").joinpath("schemas", SCHEMA).read_bytes()


def judged(bundle: Bundle) -> tuple[Judged, ...]:
    """The scans under their names in the bundle."""
    return tuple(
        Judged(
            key=f"scan-{number}",
            finished_at=one.finished_at,
            catalogue_version=one.catalogue_version,
            data_version=one.data_version,
            seen=one.seen,
        )
        for number, one in enumerate(bundle.scans, start=1)
    )


def named(found: Sequence[Document]) -> Sequence[tuple[Document, str]]:
    """Documents with the name of their member; the name they were given stands in evidence.json."""
    return [
        (one, f"evidence/E{number}" + (f".{suffix[1].lower()}" if (suffix := _SUFFIX.search(one.name)) else ""))
        for number, one in enumerate(found, start=1)
    ]


def recording(scan: Scan) -> dict[str, Any]:
    """What a scan saw, in the form that `scanners.recordings` reads."""
    return {
        "form": recordings.FORM,
        "schema": storing.SCHEMA,
        "catalogue": scan.catalogue_version or CATALOGUE_VERSION,
        "classes": sorted(scan.classes),
        "subjects": [storing.dump(one) for one in recordings.in_order(scan.seen)],
    }


def without_clock(workbook: bytes, *, at: datetime) -> bytes:
    """The same workbook with one date in it and around its parts: writers put in the moment they wrote."""
    moment = f"{at:%Y-%m-%dT%H:%M:%SZ}".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _CHANGED.sub(rb"\g<1>" + moment, content)
            part = zipfile.ZipInfo(name, date_time=_FIRST_DAY)
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            new.writestr(part, content)
    return out.getvalue()


def _scan(key: str, scan: Scan) -> dict[str, Any]:
    return {
        "key": key,
        "file": f"observations/{key}.json",
        "started_at": storing.encode(scan.started_at),
        "finished_at": storing.encode(scan.finished_at),
        "started_by": scan.started_by,
        "side": scan.side,
        "ground": scan.ground,
        "hosts": list(scan.hosts),
        "classes": sorted(scan.classes),
        "active_hosts": list(scan.active_hosts),
        "checks": scan.catalogue_version,
        "data": scan.data_version,
        "subjects": len(scan.seen),
    }


def _edition(one: Edition) -> dict[str, Any]:
    plain = {name: storing.encode(getattr(one, name)) for name in one.__dataclass_fields__ if name != "manifest"}
    return {**plain, "manifest": dict(one.manifest)}


def _contradictions(bundle: Bundle, readers: Sequence[Reader]) -> list[dict[str, Any]]:
    settled = {one.contradiction: one for one in bundle.settlements}
    return [
        {
            **facts.contradiction(one, readers),
            "settlement": storing.encode(settled[one.key]) if one.key in settled else None,
        }
        for one in bundle.assessed.contradictions
    ]


def _document(one: Document, file: str) -> dict[str, Any]:
    plain = {name: storing.encode(getattr(one, name)) for name in one.__dataclass_fields__ if name != "content"}
    return {**plain, "file": file if one.content is not None else None, "left_out": one.left_out}


def _dispute(one: DisputeFact, readers: Sequence[Reader]) -> dict[str, Any]:
    plain = {name: storing.encode(getattr(one, name)) for name in one.__dataclass_fields__ if name != "finding"}
    seen = one.finding
    return {
        **plain,
        "check": seen.check_id,
        "subject": seen.subject.name,
        "outcome": seen.outcome,
        "fact": facts.both(seen.fact, readers),
        "seen_at": storing.encode(seen.at),
    }


def _consent(one: LedgerEntry) -> dict[str, Any]:
    return dict(storing.encode(one))
