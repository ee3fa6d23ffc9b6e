"""What a host is for, whose it is and what it serves: both sides say it, and the hospital's word stands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import HostRole
from portal.db.models.vendors import Host, HostState, HostSupply, HostWord, Speaker
from portal.errors import Clash
from scanners.attribution import Belonging
from scanners.model import N_, Message

CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody says of a host. No supply: the company as a whole; no belonging: as the scanner proposes."""

    role: HostRole
    supply_ids: tuple[str, ...] = ()
    belonging: Belonging | None = None


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word that was said, by whom and when."""

    said: Said
    by_name: str
    at: datetime


def say(host: Host, speaker: Speaker, said: Said, *, by_name: str, now: datetime) -> bool:
    """Note the word; whether it stands from now on. The hospital's does; the company's where the hospital has none."""
    word = _row(host, speaker)
    if word is None:
        word = HostWord(hospital_id=host.hospital_id, host_id=host.id, speaker=speaker)
        host.words.append(word)
    word.role, word.belonging, word.supplies = said.role, said.belonging, list(said.supply_ids)
    word.by_name, word.at = by_name[:200], now
    stands = speaker is Speaker.HOSPITAL or not hospital_has_spoken(host)
    if stands:
        _let_stand(host, said)
    return stands


def version(host: Host) -> str:
    """What a form says it has read: what counts, and the last word of each side."""
    stands = standing(host)
    words = sorted(f"{row.speaker.value} {row.at.astimezone(UTC).isoformat()} {row.by_name}" for row in host.words)
    told = [stands.role.value, str(stands.belonging), *sorted(stands.supply_ids), host.state.value, *words]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def hold(session: Session, host: Host, read: str | None) -> None:
    """Let nobody else write until the commit; Clash with what stands if it is not what was read. None: nothing was."""
    session.execute(select(Host.id).where(Host.id == host.id).with_for_update())
    session.expire(host)
    if read is not None and read != version(host):
        raise Clash(Message(text=CHANGED), theirs=standing(host))


def hospital_has_spoken(host: Host) -> bool:
    """Naming a host is a word too: the form asks what it is for."""
    return host.state is not HostState.ADDED or _row(host, Speaker.HOSPITAL) is not None


def standing(host: Host) -> Said:
    """What counts."""
    return Said(role=host.role, supply_ids=host.supply_ids, belonging=host.belonging)


def word_of(host: Host, speaker: Speaker) -> Word | None:
    """The last word of one side, if it has said anything since the host was named."""
    row = _row(host, speaker)
    if row is None:
        return None
    said = Said(role=row.role, supply_ids=tuple(row.supplies), belonging=row.belonging)
    return Word(said=said, by_name=row.by_name, at=row.at)


def last_speaker(host: Host) -> Speaker | None:
    """Who said something last; None: nobody since the host was named."""
    spoken = [(row.at, row.speaker) for row in host.words]
    return max(spoken)[1] if spoken else None


def differs(host: Host, word: Word | None, *, supplies: Sequence[str]) -> bool:
    """Whether a word is not what counts, over these supplies; saying nothing of whose it is denies nothing."""
    if word is None:
        return False
    known, stands = set(supplies), standing(host)
    return (
        word.said.role is not stands.role
        or known & set(word.said.supply_ids) != known & set(stands.supply_ids)
        or (word.said.belonging is not None and word.said.belonging is not stands.belonging)
    )


def _row(host: Host, speaker: Speaker) -> HostWord | None:
    return next((row for row in host.words if row.speaker is speaker), None)


def _let_stand(host: Host, said: Said) -> None:
    host.role, host.belonging = said.role, said.belonging
    host.supply_id = said.supply_ids[0] if said.supply_ids else None
    host.further = [
        HostSupply(hospital_id=host.hospital_id, host_id=host.id, supply_id=supply_id)
        for supply_id in said.supply_ids[1:]
    ]
