"""Documents of companies and hospitals on disk: sealed, under random names, and given out only whole and unchanged."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from portal.files import disk
from portal.files.sealing import Keyring, Unreadable
from scanners.model import N_, Message

FLOOR = 200 * 2**20  # room that uploads leave to the database
_BLOB = re.compile(r"[0-9a-f]{32}")
_DRAFT = re.compile(rf"\.{_BLOB.pattern}\.[0-9]+\.[0-9a-f]+")


class NoRoom(Exception):
    """The disk is nearly full; uploads stop before the database starves."""

    message = Message(text=N_("There is no room for files at the moment. Please tell the operator of this portal."))


class Changed(Exception):
    """What lies on the disk is not what was put there."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A document that is safely on the disk."""

    blob_id: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Blobs:
    """The shelf of documents; an owner is "company:<id>" or "hospital:<id>"."""

    folder: Path
    keyring: Keyring

    def put(self, owner: str, content: bytes) -> Kept:
        """Seal and keep; when this returns, a power cut takes nothing of it."""
        if disk.free_bytes(self.folder) < FLOOR + len(content):
            raise NoRoom
        blob_id, digest = secrets.token_hex(16), hashlib.sha256(content).hexdigest()
        sealed = self.keyring.seal_in_pieces(owner, content, bound_to=f"{blob_id}\0{digest}")
        if not disk.write_new(self._path(owner, blob_id), sealed):
            raise FileExistsError(blob_id)
        return Kept(blob_id=blob_id, sha256=digest, size=len(content))

    def get(self, owner: str, blob_id: str, sha256: str) -> bytes:
        """The document again, if it is this owner's and unchanged."""
        try:
            sealed = self._path(owner, blob_id).read_bytes()
            content = self.keyring.open(owner, sealed, bound_to=f"{blob_id}\0{sha256}")
        except (FileNotFoundError, Unreadable) as error:
            raise Changed(blob_id) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Changed(blob_id)
        return content

    def remove(self, owner: str, blob_id: str) -> None:
        """Take a document off the shelf."""
        path = self._path(owner, blob_id)
        path.unlink(missing_ok=True)
        if path.parent.exists():
            disk.sync_folder(path.parent)

    def holds(self, owner: str, blob_id: str) -> bool:
        """Whether there is such a file."""
        return self._path(owner, blob_id).exists()

    def all(self) -> list[Path]:
        """Every sealed document there is, for the backup."""
        return sorted(path for path in self.folder.glob("*/*") if _BLOB.fullmatch(path.name))

    def put_before(self, moment: datetime) -> list[tuple[str, str]]:
        """Owner and name of every document that was on the shelf by then."""
        return [
            (path.parent.name.replace("-", ":", 1), path.name)
            for path in self.all()
            if path.stat().st_mtime < moment.timestamp()
        ]

    def remove_drafts(self, moment: datetime) -> None:
        """Take away what a power cut left half written before that moment."""
        for path in self.folder.glob("*/.*"):
            if _DRAFT.fullmatch(path.name) and path.stat().st_mtime < moment.timestamp():
                path.unlink(missing_ok=True)

    def _path(self, owner: str, blob_id: str) -> Path:
        if not _BLOB.fullmatch(blob_id):
            raise Changed(blob_id)
        return self.folder / owner.replace(":", "-") / blob_id
