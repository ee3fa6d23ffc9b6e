"""One encrypted file for a backup: a tar in pieces of AES-256-GCM; one that is cut, changed or reordered is noticed."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from portal.files import disk

MAGIC = b"KETTENBLICK BACKUP 1\n"
SALT_BYTES = 16
PIECE = 1 << 20
TAG_BYTES = 16
LENGTH_BYTES = 4
LAST, MORE = b"\x01", b"\x00"
SCRYPT_N = 1 << 15


class BadArchive(Exception):
    """The file is no backup, or not whole, or not sealed with this key; the sentence says which."""


@contextmanager
def writing(path: Path, passphrase: bytes) -> Iterator[tarfile.TarFile]:
    """A tar whose bytes go sealed into the file; the file appears only when it is whole and on the disk."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            sealer = _Sealer(file, passphrase)
            with tarfile.open(fileobj=sealer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                yield tar
            sealer.finish()
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        disk.sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def reading(path: Path, passphrase: bytes) -> Iterator[tarfile.TarFile]:
    """The tar again, member by member; raises BadArchive at the first piece that does not fit."""
    try:
        opened = path.open("rb")
    except OSError as error:
        raise BadArchive(f"{path} cannot be read: {error.strerror}.") from error
    with opened as file:
        opener = io.BufferedReader(_Opener(file, passphrase), PIECE)
        try:
            with tarfile.open(fileobj=opener, mode="r|") as tar:
                yield tar
            while opener.read(PIECE):
                pass  # the last piece says whether the file is whole
        except tarfile.TarError as error:
            raise BadArchive("The backup is damaged.") from error


def add(tar: tarfile.TarFile, name: str, content: bytes) -> str:
    """Put a member in; returns its SHA-256 for the manifest."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o600
    tar.addfile(member, io.BytesIO(content))
    return hashlib.sha256(content).hexdigest()


def members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Each member with its content, in the order of writing."""
    for member in tar:
        content = tar.extractfile(member)
        if content is None:
            raise BadArchive("The backup holds something that is no file.")
        yield member.name, content.read()


def _key(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=SCRYPT_N, r=8, p=1).derive(passphrase))


def _nonce(number: int) -> bytes:
    # A key is used for one file only, so a counter never repeats.
    return number.to_bytes(12, "big")


class _Sealer(io.RawIOBase):
    """Takes bytes and writes sealed pieces; each is bound to its number and to whether it is the last."""

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        salt = os.urandom(SALT_BYTES)
        file.write(MAGIC + salt)
        self._file = file
        self._cipher = _key(passphrase, salt)
        self._number = 0
        self._waiting = bytearray()

    def write(self, content: bytes) -> int:  # type: ignore[override]  # bytes are all it meets
        self._waiting += content
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), MORE)
            del self._waiting[:PIECE]
        return len(content)

    def finish(self) -> None:
        """Write what is left as the last piece."""
        self._put(bytes(self._waiting), LAST)
        self._waiting.clear()

    def writable(self) -> bool:
        return True

    def _put(self, piece: bytes, place: bytes) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number), piece, MAGIC + place)
        self._file.write(place + len(sealed).to_bytes(LENGTH_BYTES, "big") + sealed)
        self._number += 1


class _Opener(io.RawIOBase):
    """Gives the bytes back, piece by piece."""

    def __init__(self, file: IO[bytes], passphrase: bytes) -> None:
        head = file.read(len(MAGIC) + SALT_BYTES)
        if not head.startswith(MAGIC) or len(head) != len(MAGIC) + SALT_BYTES:
            raise BadArchive("This file is no backup of Kettenblick.")
        self._file = file
        self._cipher = _key(passphrase, head[len(MAGIC) :])
        self._number = 0
        self._ready = b""
        self._over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # bytes are all it meets
        while not self._ready and not self._over:
            self._ready = self._next()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes:
        place = self._file.read(1)
        length = int.from_bytes(self._file.read(LENGTH_BYTES), "big")
        sealed = self._file.read(length) if length <= PIECE + TAG_BYTES else b""
        if place not in {MORE, LAST} or len(sealed) != length:
            raise BadArchive("The backup is cut off or damaged.")
        try:
            piece = self._cipher.decrypt(_nonce(self._number), sealed, MAGIC + place)
        except InvalidTag as error:
            first = self._number == 0
            raise BadArchive(
                "The key does not fit this backup, or its beginning is damaged." if first else "The backup is damaged."
            ) from error
        self._number += 1
        if place == LAST:
            self._over = True
            if self._file.read(1):
                raise BadArchive("Something was added to the end of the backup.")
        return piece
