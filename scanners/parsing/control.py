"""Where a company publishes the token that shows its control of a host, and whether what was read holds it."""

from scanners.observations import ControlRecords
from scanners.records import record

LABEL = "_kettenblick-challenge"
PATH = "/.well-known/kettenblick.txt"
OK = 200


@record
class Proof:
    """Where the token was found."""

    method: str  # "dns" or "well-known"
    place: str


def record_name(name: str) -> str:
    """The name of the TXT record beside a host or domain."""
    return f"{LABEL}.{name}"


def found(seen: ControlRecords, token: str) -> Proof | None:
    """The token in a record, that of the domain first, or alone on a line of the file."""
    for name, texts in sorted(seen.texts.items(), key=lambda item: len(item[0])):
        if token in {text.strip() for text in texts}:
            return Proof(method="dns", place=name)
    if seen.file_status == OK and token in {line.strip() for line in seen.file_text.splitlines()}:
        return Proof(method="well-known", place=seen.file_url)
    return None
