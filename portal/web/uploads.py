"""A file that a request brought: guarded, shown to the virus scanner while others may save, sealed on the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import request

from portal.errors import BadInput
from portal.files import blobs, guarding, screening
from portal.files.blobs import Blobs
from portal.services.evidence.evidence import Stored
from portal.web.forms import Form
from portal.web.journey import Journey
from scanners.model import N_, Message


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A file that may come in; only what was looked at can be sealed."""

    name: str
    media_type: str
    content: bytes


def looked_at(here: Journey, form: Form) -> Looked | None:
    """The file that this request brought; None: it may not come in, and why stands beside it."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        form.take(BadInput({"file": Message(text=N_("Choose a file."))}))
        return None
    try:
        return look_at(here, upload.filename, upload.read(guarding.LARGEST + 1))
    except BadInput as refused:
        form.take(refused)
        return None


def look_at(here: Journey, sent_name: str, content: bytes) -> Looked:
    """Look at a file. Raises BadInput for the field `file`.

    The scanner may take a minute, and on SQLite nobody could save meanwhile: what was written before stands, and what
    was read before is read anew afterwards.
    """
    here.let_go()
    name = guarding.safe_name(sent_name)
    try:
        guarding.check_name(sent_name)
        kind = guarding.check(name, content)
        screening.check(here.settings.virus_scanner, content)
    except (guarding.Unwelcome, screening.Infected, screening.NoAnswer) as refused:
        raise BadInput({"file": refused.message}) from refused
    here.session.expire_all()
    return Looked(name=name, media_type=kind.media_type, content=content)


@contextmanager
def sealed(shelf: Blobs, owner: str, file: Looked) -> Iterator[Stored]:
    """Seal a file; what is done with it happens inside, and when that fails it is off the disk again.

    Raises BadInput for the field `file` where the owner's room is full.
    """
    try:
        kept = shelf.put(owner, file.content)
    except blobs.NoRoom as full:
        raise BadInput({"file": full.message}) from full
    try:
        yield Stored(
            blob_id=kept.blob_id,
            sha256=kept.sha256,
            size=kept.size,
            file_name=file.name,
            media_type=file.media_type,
        )
    except BaseException:
        shelf.remove(owner, kept.blob_id)
        raise
