"""What TLS messages are made of: vectors with their length before them (RFC 8446 section 3.4), written and read."""

import struct


class Malformed(Exception):
    """Bytes that are no TLS as it is written down; the argument is one word for the reason."""


def message(kind: int, body: bytes) -> bytes:
    """One handshake message (RFC 8446 section 4)."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def short(data: bytes) -> bytes:
    """A vector whose length is one octet."""
    return bytes([len(data)]) + data


def long(data: bytes) -> bytes:
    """A vector whose length is two octets."""
    return struct.pack("!H", len(data)) + data


class Reader:
    """Takes values off the front of a stranger's bytes; raises Malformed where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Octets that nobody has taken yet."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """So many octets."""
        if count > self.left:
            raise Malformed("short")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, octets: int) -> int:
        """An unsigned number of so many octets, the greatest first."""
        return int.from_bytes(self.take(octets), "big")

    def vector(self, octets: int) -> bytes:
        """A vector whose length is a number of so many octets."""
        return self.take(self.number(octets))
