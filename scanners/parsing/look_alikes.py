"""Names that look like a domain: own list of the slips and swaps by which people are led astray. No dictionary."""

from collections.abc import Iterator

import idna

# Neighbours on a German keyboard, where a slip of the finger lands.
_SLIPS = (
    "a:qsy b:vn c:xv d:sf e:wr f:dg g:fh h:gj i:uo j:hk k:jl l:k m:n n:bm o:ip p:o q:wa r:et s:ad t:rz u:zi v:cb"
    " w:qe x:yc y:x z:tu"
)
NEIGHBOURS = dict(pair.split(":") for pair in _SLIPS.split())
# What the eye takes for another; in pairs of what stands there and what is put in its place.
LIKENESSES = (
    *(("l", "1"), ("l", "i"), ("i", "l"), ("i", "1"), ("o", "0"), ("0", "o"), ("1", "l"), ("rn", "m"), ("m", "rn")),
    *(("w", "vv"), ("vv", "w"), ("cl", "d"), ("d", "cl"), ("s", "5"), ("5", "s"), ("g", "q"), ("u", "v"), ("e", "3")),
)
# Letters of other alphabets and with signs, as DNS carries them (IDNA).
FOREIGN = (("a", "а"), ("e", "е"), ("o", "о"), ("c", "с"), ("i", "í"), ("a", "ä"), ("o", "ö"), ("u", "ü"), ("n", "ñ"))
ENDINGS = ("com", "de", "net", "org", "eu", "info", "at", "ch", "online", "cloud", "health", "io", "co")
ADDITIONS = ("-login", "-portal", "-support", "-service", "-gmbh", "-online", "login", "portal", "support", "-de")
LONGEST_LABEL = 63
SHORTEST_LABEL = 3


def of(domain: str, *, at_most: int) -> tuple[str, ...]:
    """Names that look like the domain, one of each kind in turn, so that a cap leaves some of every kind."""
    label, _dot, ending = domain.partition(".")
    kinds = [
        (f"{label}.{other}" for other in ENDINGS),
        (f"{one}.{ending}" for one in _swapped(label, LIKENESSES)),
        (f"{one}.{ending}" for one in _left_out(label)),
        (f"{one}.{ending}" for one in _turned(label)),
        (f"{label}{addition}.{ending}" for addition in ADDITIONS),
        (f"{one}.{ending}" for one in _encoded(_swapped(label, FOREIGN))),
        (f"{one}.{ending}" for one in _doubled(label)),
        (f"{one}.{ending}" for one in _hyphens(label)),
        (f"{one}.{ending}" for one in _slips(label)),
    ]
    found: dict[str, None] = {}
    while kinds and len(found) < at_most:
        for kind in tuple(kinds):
            name = next(kind, None)
            if name is None:
                kinds.remove(kind)
            elif name != domain and _is_name(name):
                found[name] = None
    return tuple(found)[:at_most]


def _swapped(label: str, pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for old, new in pairs:
        place = label.find(old)
        while place >= 0:
            yield label[:place] + new + label[place + len(old) :]
            place = label.find(old, place + 1)


def _left_out(label: str) -> Iterator[str]:
    return (label[:place] + label[place + 1 :] for place in range(len(label)))


def _turned(label: str) -> Iterator[str]:
    return (
        label[:place] + label[place + 1] + label[place] + label[place + 2 :]
        for place in range(len(label) - 1)
        if label[place] != label[place + 1]
    )


def _doubled(label: str) -> Iterator[str]:
    return (label[:place] + sign + label[place:] for place, sign in enumerate(label) if sign.isalpha())


def _hyphens(label: str) -> Iterator[str]:
    if "-" in label:
        yield label.replace("-", "")
    yield from (f"{label[:place]}-{label[place:]}" for place in range(2, len(label) - 1))


def _slips(label: str) -> Iterator[str]:
    return (
        label[:place] + other + label[place + 1 :]
        for place, sign in enumerate(label)
        for other in NEIGHBOURS.get(sign, "")
    )


def _encoded(labels: Iterator[str]) -> Iterator[str]:
    for label in labels:
        try:
            yield idna.encode(label).decode("ascii")
        except (UnicodeError, ValueError):
            continue


def _is_name(name: str) -> bool:
    label = name.partition(".")[0]
    return SHORTEST_LABEL <= len(label) <= LONGEST_LABEL and label[0] != "-" and label[-1] != "-"
