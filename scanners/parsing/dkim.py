"""DKIM key records (RFC 6376 section 3.6.1, RFC 8463)."""

import base64
import binascii

from scanners.records import record


@record
class Key:
    """One key record; bits is None where the key is not RSA or cannot be read."""

    kind: str = "rsa"
    public: str = ""
    bits: int | None = None
    hashes: tuple[str, ...] = ()  # empty: all are allowed
    testing: bool = False
    valid: bool = True

    @property
    def revoked(self) -> bool:
        """An empty p= says that the key is no longer in use."""
        return self.valid and not self.public


def parse(text: str) -> Key:
    """A key record's facts; never raises."""
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, mark, value = part.partition("=")
        if mark:
            tags.setdefault(name.strip().lower(), "".join(value.split()))
    kind = tags.get("k", "rsa").lower()
    public = tags.get("p", "")
    raw = _decoded(public)
    return Key(
        kind=kind,
        public=public,
        bits=_rsa_bits(raw) if kind == "rsa" and raw else None,
        hashes=tuple(name.lower() for name in tags.get("h", "").split(":") if name),
        testing="y" in tags.get("t", "").lower().split(":"),
        valid="p" in tags and raw is not None and tags.get("v", "DKIM1") == "DKIM1",
    )


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _rsa_bits(raw: bytes) -> int | None:
    """The modulus length of a SubjectPublicKeyInfo, or of the bare RSAPublicKey that some senders publish."""
    try:
        body = _element(raw, 0, 0x30)
        if raw[body[0]] == 0x30:  # noqa: PLR2004 - DER SEQUENCE: the algorithm identifier of the outer form
            _start, after = _element(raw, body[0], 0x30)
            bits, _end = _element(raw, after, 0x03)
            body = _element(raw, bits + 1, 0x30)
        start, end = _element(raw, body[0], 0x02)
    except (IndexError, ValueError):
        return None
    return int.from_bytes(raw[start:end], "big").bit_length()


def _element(raw: bytes, at: int, tag: int) -> tuple[int, int]:
    """Start and end of a DER element's content."""
    if raw[at] != tag:
        raise ValueError(tag)
    length, start = raw[at + 1], at + 2
    if length & 0x80:
        width = length & 0x7F
        length, start = int.from_bytes(raw[start : start + width], "big"), start + width
    if start + length > len(raw):
        raise ValueError(length)
    return start, start + length
