"""The ledger of consents and scope on paper: who agreed to what, for which hosts, in which words; and what changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scanners.model import N_, CheckClass


class Deed(StrEnum):
    """What an entry of the ledger does; entries are only added, the newest holds."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    HOST_ADDED = "host.added"
    HOST_STRUCK = "host.struck"
    HOST_CONFIRMED = "host.confirmed"


DEEDS: Mapping[Deed, str] = {
    Deed.GRANTED: N_("agreed to"),
    Deed.REFUSED: N_("refused"),
    Deed.WITHDRAWN: N_("withdrew"),
    Deed.HOST_ADDED: N_("added a host"),
    Deed.HOST_STRUCK: N_("struck a host"),
    Deed.HOST_CONFIRMED: N_("confirmed a host"),
}
CLASSES: Mapping[CheckClass, str] = {
    CheckClass.PASSIVE: N_("passive"),
    CheckClass.STANDARD: N_("standard"),
    CheckClass.ACTIVE: N_("active"),
}


@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One signature, or one change of the scope; what was signed at once for several classes is one entry."""

    at: datetime
    deed: Deed
    classes: tuple[CheckClass, ...] = ()
    hosts: tuple[str, ...] = ()  # () every host of the scope at that time
    scope: tuple[str, ...] = ()  # which these were
    name: str = ""
    function: str = ""
    text_version: str = ""
    window_from: datetime | None = None
    window_to: datetime | None = None
    emergency_contact: str = ""
    user_agent: str = ""  # what stood beside the text when it was signed
    sources: tuple[str, ...] = ()
    stopped_by: str = ""

    @property
    def is_signature(self) -> bool:
        """Whether somebody signed a text here."""
        return self.deed in {Deed.GRANTED, Deed.REFUSED, Deed.WITHDRAWN}


def in_order(entries: Iterable[LedgerEntry]) -> Sequence[LedgerEntry]:
    """The oldest first."""
    return sorted(entries, key=lambda one: (one.at, not one.is_signature, one.hosts))
