"""Zip files that have exactly one form: members stored, sorted, of one date. So the same members give the same bytes,
every byte has a meaning, nothing can be hidden between them, and nothing grows when it is read."""

import re
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from scanners.model import N_, Message

LARGEST = 256 * 2**20  # bytes of a file
MOST_MEMBERS = 2_000
LONGEST_NAME = 120
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*){0,3}")

_LOCAL = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_BEGINS, _LISTED, _ENDS = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _UNIX = 20, 3 << 8
_DAY = (1 << 5) | 1  # 1 January 1980, the first day a zip knows
_FILE = 0o100644
_KIND, _LINK = 0o170000, 0o120000

NO_ZIP = N_("The file is no zip file.")
CUT = N_("The zip file is cut off, or something was added to its end.")
TOO_LARGE = N_("The file is larger than a bundle can be (%(megabytes)s MB).")
TOO_MANY = N_("The zip file lists %(count)s members, more than a bundle can have.")
DAMAGED = N_("The list of members in the zip file is damaged at byte %(place)s.")
PATH = N_("The zip file names a member “%(name)s”: a path that leads out of it, or no name that a bundle uses.")
TWICE = N_("The zip file names the member “%(name)s” twice; it could mean two things.")
LINK = N_("The member “%(name)s” is a link to another file. A bundle holds files only.")
PACKED = N_("The member “%(name)s” is compressed or encrypted. A bundle is stored as it is, so that nothing can swell.")
BEYOND = N_("The member “%(name)s” declares %(size)s bytes, more than the file has.")
UNSORTED = N_("The members of the zip file do not stand in order.")


class BadZip(Exception):
    """The file has not the form of a bundle; the message says why."""

    def __init__(self, message: Message) -> None:
        """Hold the sentence."""
        super().__init__(message.text)
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Stray:
    """A byte of the zip's own bookkeeping that is not what it must be."""

    place: int
    beside: str  # the member it belongs to; "" the list at the end
    expected: int
    got: int


@dataclass(frozen=True, kw_only=True)
class _Listed:
    """A member as the list at the end tells it."""

    name: str
    crc: int
    size: int
    begins: int


class Opened:
    """A zip file whose list of members could be read."""

    def __init__(self, content: bytes) -> None:
        """Read the list; raises BadZip."""
        self.content = content
        self._listed = _read_list(content)

    def names(self) -> tuple[str, ...]:
        """The members, in order."""
        return tuple(self._listed)

    def member(self, name: str) -> memoryview:
        """The bytes of a member."""
        one = self._listed[name]
        start = one.begins + _LOCAL.size + len(name)
        return memoryview(self.content)[start : start + one.size]

    def strays(self, *, changed: Collection[str] = ()) -> Iterator[Stray]:
        """Every byte outside the members that differs from the one form. Of a member that is known to be `changed` its
        checksum says nothing more."""
        place, listed = 0, b""
        for name, one in self._listed.items():
            crc = one.crc if name in changed else zlib.crc32(self.member(name))
            head, entry = _heads(name, crc=crc, size=one.size, begins=place)
            yield from self._differing(place, head, name)
            place += len(head) + one.size
            listed += entry
        yield from self._differing(place, listed + _end(len(self._listed), len(listed), place), "")

    def _differing(self, place: int, expected: bytes, beside: str) -> Iterator[Stray]:
        got = self.content[place : place + len(expected)]
        if got == expected:
            return
        for step, byte in enumerate(expected):
            if got[step] != byte:
                yield Stray(place=place + step, beside=beside, expected=byte, got=got[step])


def write(members: Mapping[str, bytes]) -> bytes:
    """The zip of these members; the same members give the same bytes. Raises BadZip for what a bundle cannot hold."""
    if len(members) > MOST_MEMBERS:
        raise BadZip(Message(text=TOO_MANY, values={"count": len(members)}))
    if sum(map(len, members.values())) > LARGEST - MOST_MEMBERS * 4 * LONGEST_NAME:
        raise BadZip(Message(text=TOO_LARGE, values={"megabytes": LARGEST // 2**20}))
    place, pieces, listed = 0, [], []
    for name in sorted(members):
        _require_name(name)
        content = members[name]
        head, entry = _heads(name, crc=zlib.crc32(content), size=len(content), begins=place)
        pieces += [head, content]
        listed.append(entry)
        place += len(head) + len(content)
    every = b"".join(listed)
    return b"".join((*pieces, every, _end(len(listed), len(every), place)))


def _heads(name: str, *, crc: int, size: int, begins: int) -> tuple[bytes, bytes]:
    """What stands before a member, and what stands of it in the list at the end."""
    text = name.encode("ascii")
    about = (0, 0, 0, _DAY, crc, size, size, len(text))  # no flags, stored
    head = _LOCAL.pack(_BEGINS, _VERSION, *about, 0) + text
    entry = _ENTRY.pack(_LISTED, _UNIX | _VERSION, _VERSION, *about, 0, 0, 0, 0, _FILE << 16, begins) + text
    return head, entry


def _end(count: int, size: int, begins: int) -> bytes:
    return _END.pack(_ENDS, 0, 0, count, count, size, begins, 0)


# ---- reading what may come from anybody


def _read_list(content: bytes) -> Mapping[str, _Listed]:
    count, begins, ends = _read_end(content)
    found: dict[str, _Listed] = {}
    place = begins
    for _number in range(count):
        one, place = _read_entry(content, place, ends)
        if one.name in found:
            raise BadZip(Message(text=TWICE, values={"name": one.name}))
        if one.begins + _LOCAL.size + len(one.name) + one.size > begins:
            raise BadZip(Message(text=BEYOND, values={"name": one.name, "size": one.size}))
        found[one.name] = one
    if place != ends:
        raise BadZip(Message(text=DAMAGED, values={"place": place}))
    if list(found) != sorted(found):
        raise BadZip(Message(text=UNSORTED))
    return found


def _read_end(content: bytes) -> tuple[int, int, int]:
    """How many members are listed, where the list begins and where it ends."""
    if len(content) > LARGEST:
        raise BadZip(Message(text=TOO_LARGE, values={"megabytes": LARGEST // 2**20}))
    if not content.startswith(b"PK"):
        raise BadZip(Message(text=NO_ZIP))
    ends = len(content) - _END.size
    if ends < 0 or content[ends : ends + 4] != _ENDS or content[-2:] != b"\0\0":
        raise BadZip(Message(text=CUT))
    _sign, _disk, _first, _here, count, size, begins, _note = _END.unpack_from(content, ends)
    if count > MOST_MEMBERS:
        raise BadZip(Message(text=TOO_MANY, values={"count": count}))
    if begins + size != ends:
        raise BadZip(Message(text=DAMAGED, values={"place": ends}))
    return count, begins, ends


def _read_entry(content: bytes, place: int, ends: int) -> tuple[_Listed, int]:
    if place + _ENTRY.size > ends or content[place : place + 4] != _LISTED:
        raise BadZip(Message(text=DAMAGED, values={"place": place}))
    values = _ENTRY.unpack_from(content, place)
    flags, method, crc, packed, size, length = values[3], values[4], *values[7:11]
    further, comment, outside, begins = values[11], values[12], values[15], values[16]
    stop = place + _ENTRY.size + length
    raw = content[place + _ENTRY.size : stop]
    if stop > ends or further or comment:
        raise BadZip(Message(text=DAMAGED, values={"place": place}))
    name = _require_name(raw.decode("latin-1"))
    if outside >> 16 & _KIND == _LINK:
        raise BadZip(Message(text=LINK, values={"name": name}))
    if flags or method or packed != size:
        raise BadZip(Message(text=PACKED, values={"name": name}))
    return _Listed(name=name, crc=crc, size=size, begins=begins), stop


def _require_name(name: str) -> str:
    if len(name) > LONGEST_NAME or NAME.fullmatch(name) is None:
        raise BadZip(Message(text=PATH, values={"name": ascii(name[:LONGEST_NAME])[1:-1]}))
    return name
