"""TLSA records (RFC 6698, 7671, 7672) against the certificates a server shows."""

from collections.abc import Sequence
from enum import StrEnum

from scanners.observations import Certificate

FIELDS = 4
LEAF_USAGES = frozenset({"1", "3"})
AUTHORITY_USAGES = frozenset({"0", "2"})


class Match(StrEnum):
    """What a TLSA record says of the certificates that were served."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"  # of a kind whose hash we do not have


def match(record: str, chain: Sequence[Certificate]) -> Match:
    """One record, "usage selector matching hex", against the chain, leaf first."""
    parts = record.split(maxsplit=FIELDS - 1)
    if len(parts) != FIELDS or not chain:
        return Match.NO
    usage, selector, matching, value = parts
    if usage in LEAF_USAGES:
        meant = chain[:1]
    elif usage in AUTHORITY_USAGES:
        meant = chain[1:]
    else:
        return Match.NO
    if matching != "1" or selector not in {"0", "1"}:
        return Match.UNCLEAR
    wanted = "".join(value.split()).lower()
    hashes = [one.sha256 if selector == "0" else one.spki_sha256 for one in meant]
    if any(own and own.lower() == wanted for own in hashes):
        return Match.YES
    # A root that is pinned need not be sent, so that its absence proves nothing.
    return Match.UNCLEAR if usage in AUTHORITY_USAGES or not all(hashes) else Match.NO
