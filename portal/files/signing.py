"""The signature of this instance (Ed25519): whoever has its public key sees that a file left it so and unchanged.

The private key is made at the first signature and lies beside the other keys, sealed under the instance key. What is
signed begins with its purpose, so that a signature of one kind of document is none of another.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from portal.files import disk
from portal.files.sealing import Keyring

ALGORITHM = "Ed25519"
FILE = "signing.key"
PUBLIC_BYTES = 32
_PURPOSE = "signing key 1"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature, and the public key that it can be checked with."""

    public_key: bytes
    value: bytes

    @property
    def fingerprint(self) -> str:
        """By which people know the key."""
        return fingerprint(self.public_key)


def sign(keyring: Keyring, purpose: str, content: bytes) -> Signature:
    """Sign content for one purpose with the key of this instance."""
    key = _private(keyring)
    return Signature(public_key=key.public_key().public_bytes_raw(), value=key.sign(_said(purpose, content)))


def public_key(keyring: Keyring) -> bytes:
    """The public key of this instance, 32 bytes; made now if nothing was signed yet."""
    return _private(keyring).public_key().public_bytes_raw()


def is_signed(signature: Signature, purpose: str, content: bytes) -> bool:
    """Whether exactly this content was signed for this purpose with that key."""
    try:
        Ed25519PublicKey.from_public_bytes(signature.public_key).verify(signature.value, _said(purpose, content))
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public_key: bytes) -> str:
    """The SHA-256 of a public key, in hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()


def in_groups(fingerprint: str) -> str:
    """A fingerprint as people compare it: in groups of four digits."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def _private(keyring: Keyring) -> Ed25519PrivateKey:
    path = keyring.folder / FILE
    if not path.exists():
        fresh = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
        disk.write_new(
            path, keyring.seal_text(fresh, purpose=_PURPOSE).encode()
        )  # of two made at once, the first stays
    kept = keyring.open_text(path.read_text(encoding="ascii"), purpose=_PURPOSE)
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(kept))


def _said(purpose: str, content: bytes) -> bytes:
    return f"kettenblick {purpose}\n".encode() + content
