"""Seals what must not be read from a stolen disk: AES-256-GCM under each owner's key, wrapped by the instance key."""

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.files import disk

NONCE_BYTES = 12
KEY_BYTES = 32
PIECE = 2**20
_OWNER = re.compile(r"(hospital|company):[0-9a-f]{1,40}")


class Unreadable(Exception):
    """What was sealed does not open: another key, another owner, or somebody changed it."""


@dataclass(frozen=True, kw_only=True)
class Keyring:
    """Opens and closes; the owners' keys lie in a folder, each wrapped by the instance key, which is not there."""

    instance_key: str = field(repr=False)
    folder: Path

    def seal_text(self, text: str, *, purpose: str) -> str:
        """A short secret for a database column, bound to what it is for."""
        return base64.b64encode(_seal(self._wrapping_key(), text.encode(), purpose.encode())).decode()

    def open_text(self, sealed: str, *, purpose: str) -> str:
        """The secret again, if it is sealed for that purpose."""
        return _open(self._wrapping_key(), base64.b64decode(sealed), purpose.encode()).decode()

    def seal(self, owner: str, content: bytes, *, bound_to: str) -> bytes:
        """Content under the owner's key; `bound_to` must be said again to open it."""
        return _seal(self._data_key(owner, make=True), content, f"{owner}\0{bound_to}".encode())

    def seal_in_pieces(self, owner: str, content: bytes, *, bound_to: str) -> Iterator[bytes]:
        """The same bytes piece by piece, so that a large file needs no second one of its size in memory."""
        nonce = os.urandom(NONCE_BYTES)
        sealing = Cipher(algorithms.AES(self._data_key(owner, make=True)), modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(f"{owner}\0{bound_to}".encode())
        yield nonce
        view = memoryview(content)
        for start in range(0, len(view), PIECE):
            yield sealing.update(view[start : start + PIECE])
        yield sealing.finalize()
        yield sealing.tag

    def open(self, owner: str, sealed: bytes, *, bound_to: str) -> bytes:
        """The content again, if owner and binding are the same."""
        return _open(self._data_key(owner, make=False), sealed, f"{owner}\0{bound_to}".encode())

    def shred(self, owner: str) -> None:
        """Destroy an owner's key: nothing of theirs can be read again, in no backup made later."""
        self._key_path(owner).unlink(missing_ok=True)
        disk.sync_folder(self.folder)

    def _data_key(self, owner: str, *, make: bool) -> bytes:
        path = self._key_path(owner)
        if not path.exists():
            if not make:
                raise Unreadable
            wrapped = _seal(self._wrapping_key(), os.urandom(KEY_BYTES), owner.encode())
            disk.write_new(path, wrapped)  # of two that make one at once, the first stays
        return _open(self._wrapping_key(), path.read_bytes(), owner.encode())

    def _key_path(self, owner: str) -> Path:
        if not _OWNER.fullmatch(owner):
            raise ValueError(owner)
        return self.folder / f"{owner.replace(':', '-')}.key"

    def _wrapping_key(self) -> bytes:
        derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"kettenblick instance key 1")
        return derive.derive(self.instance_key.encode())


def _seal(key: bytes, content: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound_to)


def _open(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], memoryview(sealed)[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error
