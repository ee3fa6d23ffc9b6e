"""The hello of SSL 2.0 and the answer of a server that still speaks it; nothing of that protocol is otherwise used."""

import struct

VERSION = 0x0002
CLIENT_HELLO, SERVER_HELLO = 1, 4
# All suites of the protocol: RC4, RC2, IDEA, DES and 3DES.
SUITES = bytes.fromhex("0100800200800300800400800500800600400700c0")
HEAD = 13  # record header, message type, session flag, certificate type, version and three lengths


def hello(challenge: bytes) -> bytes:
    """A ClientHello with a challenge of 16 to 32 bytes."""
    body = struct.pack("!BHHHH", CLIENT_HELLO, VERSION, len(SUITES), 0, len(challenge)) + SUITES + challenge
    return struct.pack("!H", 0x8000 | len(body)) + body


def is_server_hello(received: bytes) -> bool:
    """Whether the bytes begin with a ServerHello of SSL 2.0 that agrees to a suite."""
    if len(received) < HEAD or not received[0] & 0x80:
        return False
    kind, _resumed, _certificate, version, _length, suites, _connection = struct.unpack("!BBBHHHH", received[2:HEAD])
    return bool(kind == SERVER_HELLO and version == VERSION and suites > 0)


def is_enough(received: bytes) -> bool:
    """Whether more bytes would tell nothing more."""
    return len(received) >= HEAD or (len(received) > 0 and not received[0] & 0x80)
