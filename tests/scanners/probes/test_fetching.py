"""What goes on the wire and what comes off it, without a wire."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observations import Reason
from scanners.probes import fetching
from scanners.probes.network import Unseen

URLS = st.one_of(
    st.text(max_size=60),
    st.builds("https://portal.example.test/{}".format, st.text(max_size=60)),
    st.builds("http://{}/".format, st.text(max_size=40)),
    st.builds("https://portal.example.test:{}/".format, st.integers(-5, 70_000)),
)


@given(URLS)
def test_no_address_puts_a_line_break_or_a_blank_on_the_wire(url: str) -> None:
    try:
        parts = fetching._parts(url)
    except Unseen as unseen:
        assert unseen.reason in {Reason.GARBLED, Reason.NOT_CONSENTED}
        return
    target = fetching._target(parts)

    assert parts.scheme in {"http", "https"}
    assert target.startswith("/") and target.isascii() and target.isprintable() and " " not in target
    assert "#" not in target
    assert parts.hostname is not None and set(parts.hostname) <= fetching.targets.LETTERS_DIGITS_HYPHEN | {"."}


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://a.example.test", "/"),
        ("https://a.example.test/p?q=1#f", "/p?q=1"),
        ("https://a.example.test/%41?x=%20", "/%41?x=%20"),
        ("https://a.example.test/ä?ö", "/%C3%A4?%C3%B6"),
        ("https://a.example.test/a b", "/a%20b"),
    ],
)
def test_the_target_is_quoted_once(url: str, target: str) -> None:
    assert fetching._target(fetching._parts(url)) == target


@given(plain=st.binary(max_size=3000), encoding=st.sampled_from(["gzip", "deflate", "", "identity"]))
def test_what_was_packed_is_unpacked(plain: bytes, encoding: str) -> None:
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)
    raw = pack(plain)

    unpacked, cut = fetching._decompress(raw, encoding)

    assert unpacked == plain[: len(unpacked)]
    assert cut == (len(unpacked) < len(plain))
    assert cut is False or len(plain) >= len(raw) * fetching.MOST_RATIO


@given(raw=st.binary(max_size=500), encoding=st.sampled_from(["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br"]))
def test_hostile_bytes_unpack_to_little_or_nothing(raw: bytes, encoding: str) -> None:
    plain, cut = fetching._decompress(raw, encoding)

    assert len(plain) <= max(len(raw), 1) * fetching.MOST_RATIO
    assert cut or plain


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/html; charset=utf-8", "utf-8"),
        ('text/html; charset="ISO-8859-1"', "iso-8859-1"),
        ("text/html; charset=windows-1252; x=y", "windows-1252"),
        ("text/html; charset=hex", "utf-8"),
        ("text/html; charset=unicode_escape", "utf-8"),
        ("text/html; charset=../../etc", "utf-8"),
        ("text/html", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_only_encodings_of_text_are_believed(content_type: str, encoding: str) -> None:
    assert fetching._encoding(content_type) == encoding


def test_a_host_that_fills_its_share_leaves_the_others_theirs() -> None:
    room = fetching._Room(hosts=40)
    with room.share("greedy.test") as share:
        share.take(fetching.FEWEST_HELD_BY_HOST)
        with pytest.raises(Unseen) as unseen:
            share.take(1)
        with room.share("modest.test") as other:
            other.take(1_000_000)
            other.keep(900_000)

    assert unseen.value.reason is Reason.TOO_LARGE
    assert not room.is_full("greedy.test")  # what was under way is let go


@given(st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(0, 9_000_000)), max_size=60), st.integers(1, 80))
def test_bodies_never_hold_more_than_a_scan_may(sizes: list[tuple[int, int]], hosts: int) -> None:
    room = fetching._Room(hosts=hosts)
    kept = 0
    for number, (raw, text) in enumerate(sizes):
        try:
            with room.share(f"h{number % hosts}.test") as share:
                share.take(raw)
                share.keep(text)
                kept += text
        except Unseen as unseen:
            assert unseen.reason is Reason.TOO_LARGE

    assert room._in_all == kept <= fetching.HELD_IN_ALL
