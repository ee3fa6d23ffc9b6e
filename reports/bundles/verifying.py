"""Is a bundle as it was signed, and do its findings and its score follow from what it holds? No network, no database.

Everything is read as if a stranger had written it, also what is signed: whoever signed may be a stranger.
"""

import base64
import binascii
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from itertools import islice
from typing import Any

from assessments import register
from assessments import storing as dossiers
from assessments.model import Dossier, Policy
from questionnaires import loading
from questionnaires.reading import BadFile
from reports import facts
from reports.bundles import documents, packing, recomputing, zips
from reports.bundles.documents import BadMember
from reports.bundles.packing import Seal
from reports.bundles.recomputing import Basis, Judged
from reports.bundles.zips import BadZip, Opened
from scanners import storing
from scanners.catalogue import CATALOGUE_VERSION
from scanners.datasets import SHIPPED
from scanners.storing import BadDocument

MOST_TOLD = 20  # of one kind
PUBLIC_BYTES, SIGNATURE_BYTES = 32, 64
NEEDED = (packing.MANIFEST, packing.SIGNATURE)

IsSigned = Callable[[Seal, bytes], bool]


class Status(IntEnum):
    """What the command ends with."""

    FITS = 0
    CHANGED = 1  # something is not as it was signed, or does not follow from what the bundle holds
    REFUSED = 2  # it is no bundle that can be read
    IN_PART = 3  # unchanged; this program cannot work everything out again


class Mark(StrEnum):
    """Before each sentence."""

    FITS = "✓"
    OPEN = "!"
    CHANGED = "✕"
    NOTE = " "


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that was found."""

    mark: Mark
    text: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All that was found of a bundle."""

    status: Status
    notes: tuple[Note, ...]
    fingerprint: str = ""


class _Refused(Exception):
    """The bundle cannot be read on; the sentence says why."""


def verify(content: bytes, is_signed: IsSigned, *, fingerprint: str = "") -> Verdict:
    """Look at everything that can be looked at. `fingerprint` is that of the key which the reader trusts."""
    notes: list[Note] = []
    found = ""
    try:
        opened = zips.Opened(content)
        manifest, seal = _head(opened)
        found = hashlib.sha256(seal.public_key).hexdigest()
        notes += _about(manifest)
        unchanged = list(_unchanged(opened, manifest))
        notes += unchanged
        notes += _signed(opened, seal, is_signed, fingerprint=fingerprint)
        if not any(one.mark is Mark.CHANGED for one in notes):
            notes += _recomputed(opened, manifest)
    except (BadZip, BadMember) as refusal:
        return _refused(notes, refusal.message.render(), found)
    except _Refused as refusal:
        return _refused(notes, str(refusal), found)
    except (MemoryError, RecursionError):
        return _refused(notes, "The bundle holds more than this machine can read.", found)
    marks = {one.mark for one in notes}
    status = Status.CHANGED if Mark.CHANGED in marks else Status.IN_PART if Mark.OPEN in marks else Status.FITS
    return Verdict(status=status, notes=tuple(notes), fingerprint=found)


def _refused(notes: list[Note], sentence: str, fingerprint: str) -> Verdict:
    return Verdict(
        status=Status.REFUSED, notes=(*notes, Note(mark=Mark.CHANGED, text=sentence)), fingerprint=fingerprint
    )


# ---- the file, its manifest, its signature


def _head(opened: Opened) -> tuple[dict[str, Any], Seal]:
    for name in NEEDED:
        if name not in opened.names():
            raise _Refused(f"The file is no evidence bundle: {name} is missing.")
    manifest = _object(opened, packing.MANIFEST)
    if manifest.get("format") != packing.FORMAT:
        raise _Refused("The zip file is no evidence bundle of Kettenblick.")
    if manifest.get("version") != packing.VERSION:
        raise _Refused(
            f"The bundle is of version {manifest.get('version')!s:.20} of the format; this program reads version "
            f"{packing.VERSION}."
        )
    return manifest, _seal(_object(opened, packing.SIGNATURE))


def _seal(signature: Mapping[str, Any]) -> Seal:
    try:
        public = base64.b64decode(str(signature["public_key"]), validate=True)
        value = base64.b64decode(str(signature["value"]), validate=True)
    except (KeyError, binascii.Error) as error:
        raise _Refused(f"{packing.SIGNATURE} holds no signature that can be read.") from error
    if len(public) != PUBLIC_BYTES or len(value) != SIGNATURE_BYTES:
        raise _Refused(f"{packing.SIGNATURE} holds no signature that can be read.")
    return Seal(public_key=public, value=value)


def _about(manifest: Mapping[str, Any]) -> Iterator[Note]:
    vendor = manifest.get("vendor")
    name = vendor.get("name") if isinstance(vendor, dict) else None
    said = (_plain(name), _plain(manifest.get("hospital")), _plain(manifest.get("facts_of")))
    yield Note(mark=Mark.NOTE, text=f"{said[0]}, for {said[1]}, facts as of {said[2]}")


def _unchanged(opened: Opened, manifest: Mapping[str, Any]) -> Iterator[Note]:
    """Every member against the manifest, then every byte that is in no member."""
    told = _told(manifest)
    changed: list[str] = []
    for name, (sha256, size) in told.items():
        if name not in opened.names():
            yield Note(mark=Mark.CHANGED, text=f"{name} is missing.")
            continue
        content = opened.member(name)
        got = hashlib.sha256(content).hexdigest()
        if got != sha256:
            changed.append(name)
            by_size = f" ({size} bytes expected, {len(content)} found)" if size != len(content) else ""
            yield Note(mark=Mark.CHANGED, text=f"{name} was changed: SHA-256 {sha256} expected, {got} found{by_size}.")
        elif size != len(content):
            yield Note(mark=Mark.CHANGED, text=f"{name}: the manifest tells {size} bytes, it has {len(content)}.")
    for name in opened.names():
        if name not in told and name not in NEEDED:
            yield Note(mark=Mark.CHANGED, text=f"{name} was added; the manifest does not name it.")
    strays = list(islice(opened.strays(changed=changed), MOST_TOLD + 1))
    for one in strays[:MOST_TOLD]:
        where = f"beside {one.beside}" if one.beside else "in the list at the end"
        text = f"byte {one.place} of the zip ({where}) was changed: {one.expected:02x} expected, {one.got:02x} found."
        yield Note(mark=Mark.CHANGED, text=text)
    if len(strays) > MOST_TOLD:
        yield Note(mark=Mark.CHANGED, text="… and more such bytes")
    if not changed and not strays and set(told) == set(opened.names()) - set(NEEDED):
        yield Note(mark=Mark.FITS, text=f"{len(told)} members, each with the SHA-256 of the manifest")


def _told(manifest: Mapping[str, Any]) -> Mapping[str, tuple[str, int]]:
    listed = manifest.get("members")
    if not isinstance(listed, list) or len(listed) > zips.MOST_MEMBERS:
        raise _Refused("The manifest lists no members.")
    found: dict[str, tuple[str, int]] = {}
    for one in listed:
        if not isinstance(one, dict) or set(one) != {"name", "sha256", "size"}:
            raise _Refused("The manifest lists its members in another form.")
        name, sha256, size = one["name"], one["sha256"], one["size"]
        if not isinstance(name, str) or not isinstance(sha256, str) or type(size) is not int or name in found:
            raise _Refused("The manifest lists its members in another form.")
        found[_plain(name)] = (_plain(sha256), size)
    return found


def _signed(opened: Opened, seal: Seal, is_signed: IsSigned, *, fingerprint: str) -> Iterator[Note]:
    found = hashlib.sha256(seal.public_key).hexdigest()
    wanted = {
        "algorithm": packing.ALGORITHM,
        "fingerprint": found,
        "public_key": base64.b64encode(seal.public_key).decode(),
        "purpose": packing.PURPOSE,
        "value": base64.b64encode(seal.value).decode(),
    }
    if bytes(opened.member(packing.SIGNATURE)) != documents.canonical(wanted):
        yield Note(
            mark=Mark.CHANGED, text=f"{packing.SIGNATURE} was changed: it is not of the form that is signed with."
        )
    elif not is_signed(seal, bytes(opened.member(packing.MANIFEST))):
        yield Note(
            mark=Mark.CHANGED,
            text=f"The signature does not fit: {packing.MANIFEST} or {packing.SIGNATURE} was changed since.",
        )
    elif fingerprint and fingerprint != found:
        yield Note(mark=Mark.CHANGED, text=f"The bundle is signed by another key: {found}")
    elif fingerprint:
        yield Note(mark=Mark.FITS, text=f"signed by the key you named, {found}")
    else:
        yield Note(mark=Mark.FITS, text="the signature fits the key in the bundle")
        yield Note(
            mark=Mark.NOTE, text=f"key unknown: compare the fingerprint with the one of the installation: {found}"
        )


# ---- what follows from what


def _recomputed(opened: Opened, manifest: Mapping[str, Any]) -> Iterator[Note]:
    try:
        policy = dossiers.load_policy(_json(opened, packing.POLICY))
        checks = dossiers.load_checks(_json(opened, packing.CHECKS))
        catalogue = loading.load(bytes(_member(opened, packing.CATALOGUE)))
        dossier = dossiers.load(_json(opened, packing.DOSSIER), catalogue=catalogue, checks=checks)
        scans = _scans(opened)
    except BadFile as error:
        raise _Refused(f"{packing.CATALOGUE} cannot be read: {_plain(str(error))}") from error
    except BadDocument as error:
        raise _Refused(f"The bundle breaks its format at {_plain(str(error))}.") from error
    yield from _signed_answers(opened)
    yield from _recorded_answers(opened, dossier)
    yield from _findings(opened, dossier, scans, manifest)
    yield from _score(opened, dossier, policy)


def _signed_answers(opened: Opened) -> Iterator[Note]:
    if packing.EDITION not in opened.names():
        yield Note(mark=Mark.NOTE, text="no answers were signed off")
        return
    edition = _object(opened, packing.EDITION)
    got = hashlib.sha256(documents.canonical(edition.get("manifest"))).hexdigest()
    if got != edition.get("sha256"):
        expected = _plain(edition.get("sha256"))
        text = f"{packing.EDITION} is not what was signed off: SHA-256 {expected} expected, {got} found."
        yield Note(mark=Mark.CHANGED, text=text)
    else:
        name = _plain(edition.get("signer_name"))
        yield Note(mark=Mark.FITS, text=f"the answers are those that {name} signed off, SHA-256 {got}")


def _recorded_answers(opened: Opened, dossier: Dossier) -> Iterator[Note]:
    """What the hospital recorded is named as such, and each source that lies here is the one that was read."""
    recorded = [one.recorded for one in dossier.answers if one.recorded is not None]
    if not recorded:
        return
    listed = _object(opened, "evidence.json").get("documents")
    known = {one.get("key"): one for one in listed if isinstance(one, dict)} if isinstance(listed, list) else {}
    for key in sorted({one.source_key for one in recorded}):
        told = next(one for one in recorded if one.source_key == key)
        count, name = sum(one.source_key == key for one in recorded), _plain(told.source)
        document = known.get(key, {})
        said = f"{count} answers were recorded by the hospital from {name}"
        if document.get("sha256") != told.sha256:
            yield Note(mark=Mark.CHANGED, text=f"{said}, but the document listed here is another one")
        elif document.get("file") is None:
            yield Note(mark=Mark.OPEN, text=f"{said}, which is not in the bundle")
        elif hashlib.sha256(bytes(_member(opened, str(document["file"])))).hexdigest() != told.sha256:
            yield Note(mark=Mark.CHANGED, text=f"{said}, but the file in the bundle is another one")
        else:
            yield Note(mark=Mark.FITS, text=f"{said}, SHA-256 {_plain(told.sha256)}")


def _findings(
    opened: Opened, dossier: Dossier, scans: tuple[Judged, ...], manifest: Mapping[str, Any]
) -> Iterator[Note]:
    listed = _listed(_json(opened, packing.FINDINGS))
    held = {
        f"{dossier.vendor_key}:{fact.finding.check_id}:{fact.finding.subject.name}": fact for fact in dossier.findings
    }
    if set(listed) != set(held):
        strange = sorted(set(listed) ^ set(held))[:MOST_TOLD]
        yield Note(mark=Mark.CHANGED, text=f"{packing.FINDINGS} and {packing.DOSSIER} differ: {', '.join(strange)}")
        return
    versions = manifest.get("versions")
    then = versions if isinstance(versions, dict) else {}
    is_ours = then.get("checks") == CATALOGUE_VERSION and then.get("data") == SHIPPED.version
    traced = recomputing.trace(dossier, scans, frozenset())
    claimed = {
        key: (fact, listed[key], traced[fact.finding.check_id, fact.finding.subject]) for key, fact in held.items()
    }
    resting = {key: each for key, each in claimed.items() if each[1].get("basis") == Basis.OBSERVATIONS}
    again = {key for key, each in resting.items() if each[2].basis is Basis.OBSERVATIONS}
    for key, (fact, one, _from) in _told_otherwise(claimed):
        yield Note(
            mark=Mark.CHANGED, text=f"{key}: {packing.FINDINGS} says {_plain(one.get('outcome'))}, the dossier {fact}"
        )
    differing = sorted(set(resting) - again)
    if differing and is_ours:
        for key in differing[:MOST_TOLD]:
            yield Note(mark=Mark.CHANGED, text=f"{key} does not follow from the raw observations.")
        return
    yield from _counted(dossier, len(again), len(resting), is_ours=is_ours, then=then)
    yield from _resting_otherwise(Counter(str(one.get("basis")) for one in listed.values()))
    if scans and is_ours:
        left_out = recomputing.missing(dossier, scans[0])
        for one in left_out[:MOST_TOLD]:
            text = f"{one.check_id} on {one.subject.name}: judging finds it lacking, and the bundle does not hold it."
            yield Note(mark=Mark.CHANGED, text=text)


def _told_otherwise(claimed: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The findings of which the readable list says something else than the dossier that is scored."""
    for key, (fact, one, origin) in claimed.items():
        seen = fact.finding
        if (one.get("outcome"), one.get("severity"), one.get("standing")) != (
            seen.outcome,
            seen.severity,
            fact.standing,
        ):
            yield key, (seen.outcome, one, origin)


def _counted(dossier: Dossier, again: int, resting: int, *, is_ours: bool, then: Mapping[str, Any]) -> Iterator[Note]:
    every = len(dossier.findings)
    if is_ours:
        if every:
            yield Note(mark=Mark.FITS, text=f"{again} of {every} findings worked out again from the raw observations")
        else:
            yield Note(mark=Mark.NOTE, text="the bundle holds no findings")
        return
    theirs = f"{_plain(then.get('checks'))} (data {_plain(then.get('data'))})"
    text = (
        f"The checks are of version {theirs}, those of this program of {CATALOGUE_VERSION} (data {SHIPPED.version}): "
        f"{again} of {resting} findings come out the same by today's rules."
    )
    yield Note(mark=Mark.OPEN, text=text)


_WHY = {
    Basis.LOOKED_AGAIN: "a later look at it alone, whose observations are not kept",
    Basis.DATA: "refreshed data, which the bundle does not hold",
    Basis.RULES: "an earlier version of the checks",
    Basis.NOT_OPEN: "a raw result that is not in the bundle: not open to the hospital yet, or not kept",
    Basis.DIFFERS: "something else than the raw observations say",
}


def _resting_otherwise(counts: Mapping[str, int]) -> Iterator[Note]:
    for basis, why in _WHY.items():
        if count := counts.get(basis, 0):
            mark = Mark.CHANGED if basis is Basis.DIFFERS else Mark.OPEN
            yield Note(mark=mark, text=f"{count} findings rest on {why}")


def _score(opened: Opened, dossier: Dossier, policy: Policy) -> Iterator[Note]:
    told = _object(opened, packing.SCORE)
    score = register.assess(dossier, policy).score
    again = json.loads(json.dumps(facts.figures(score)))
    differing = [name for name in again if told.get(name) != again[name]]
    for name in differing:
        where, expected, got = _first_difference(told.get(name), again[name], name)
        text = f"The score does not follow from the dossier: {where} is {expected}, worked out again {got}."
        yield Note(mark=Mark.CHANGED, text=text)
    if not differing:
        value = "no value" if score.value is None else f"{score.value}"
        grade = score.grade.value if score.grade else "no grade"
        lines = f"{len(score.lines)} lines the same"
        text = f"the score worked out again: {value}, {grade}, coverage {score.coverage}, {lines}"
        yield Note(mark=Mark.FITS, text=text)


def _first_difference(told: Any, again: Any, where: str) -> tuple[str, str, str]:
    if isinstance(told, dict) and isinstance(again, dict):
        for name in sorted({*told, *again}):
            if told.get(name) != again.get(name):
                return _first_difference(told.get(name), again.get(name), f"{where}.{_plain(name)}")
    if isinstance(told, list) and isinstance(again, list):
        for place, (one, other) in enumerate(zip(told, again, strict=False)):
            if one != other:
                return _first_difference(one, other, f"{where}[{place}]")
    return where, _plain(json.dumps(told)), _plain(json.dumps(again))


def _scans(opened: Opened) -> tuple[Judged, ...]:
    found = []
    for one in _list_of_objects(_json(opened, packing.SCANS), packing.SCANS):
        file = str(one.get("file"))
        recording = _object(opened, file)
        subjects = _list_of_objects(recording.get("subjects"), file)
        finished = one.get("finished_at")
        found.append(
            Judged(
                key=str(one.get("key")),
                finished_at=storing.decode(datetime, finished, packing.SCANS) if finished is not None else None,
                catalogue_version=str(one.get("checks")),
                data_version=str(one.get("data")),
                seen=tuple(storing.load(each) for each in subjects),
            )
        )
    return tuple(found)


def _listed(document: Any) -> Mapping[str, Mapping[str, Any]]:
    return {str(one.get("key")): one for one in _list_of_objects(document, packing.FINDINGS)}


# ---- members


def _member(opened: Opened, name: str) -> memoryview:
    if name not in opened.names():
        raise _Refused(f"{_plain(name)} is missing, though the manifest does not say so.")
    return opened.member(name)


def _json(opened: Opened, name: str) -> Any:
    return documents.read(_plain(name), bytes(_member(opened, name)))


def _object(opened: Opened, name: str) -> dict[str, Any]:
    found = _json(opened, name)
    if not isinstance(found, dict):
        raise _Refused(f"{_plain(name)} is not of the form of a bundle.")
    return found


def _list_of_objects(found: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _Refused(f"{_plain(name)} is not of the form of a bundle.")
    return found


def _plain(text: Any) -> str:
    """What a bundle says, on a terminal: one line, no signs that steer it."""
    return "".join(sign if sign.isprintable() else "�" for sign in str(text)[:300])
