"""What a page of HTML loads, asks for and links to; read in one pass that stays linear on hostile input."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cached_property, lru_cache
from html import unescape
from itertools import islice

import re2

from scanners.parsing import urls
from scanners.records import record

LONGEST = 2_000_000
MOST_ELEMENTS = 20_000
MOST_TAGS = 60_000  # start tags, end tags and comments together
MOST_UNFINISHED = 50  # tags that never end: each costs a look at all that follows
MOST_ATTRIBUTES = 60  # of one element
MOST_ATTRIBUTES_IN_ALL = 100_000
LONGEST_VALUE = 4096
LONGEST_TEXT = 200_000
KEPT_PAGES = 8
LONGEST_BARE = 40  # a tag without attributes, which most are

# Bytes, so that re2 copies nothing between two searches. A tag is matched where it begins and never searched for: a
# search would look through the whole rest of the page again for each tag or comment that does not end.
_BEGINNING = re2.compile(rb"<(?:!--|/?[a-zA-Z])")
_TAG = re2.compile(
    rb"""<(/?)([a-zA-Z][^\s/>]*)((?:[\s/]+|[^\s/>=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*))?)*)(?:=\s*)?>"""
)
_ATTRIBUTE = re2.compile(rb"""([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
_RAW = frozenset({"script", "style", "textarea", "title", "noscript", "xmp", "noembed", "noframes", "iframe"})
_FIELDS = frozenset({"input", "button", "select", "textarea"})
_SCRIPT_LANGUAGES = ("javascript", "ecmascript", "jscript", "livescript")


@record
class Element:
    """A start tag, with the text inside where that text is not markup."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def get(self, name: str) -> str:
        """The attribute's value; "" when it is absent."""
        return self.attributes.get(name, "")


@record
class Form:
    """A form with its fields; action and method as written."""

    action: str | None
    method: str | None
    fields: tuple[Element, ...]

    @property
    def asks_password(self) -> bool:
        """Whether it holds a password field."""
        return any(is_password(field) for field in self.fields)


@record
class Html:
    """The elements of a page in document order."""

    elements: tuple[Element, ...] = ()
    forms: tuple[Form, ...] = ()

    def all(self, *tags: str) -> tuple[Element, ...]:
        """Every element with one of these names."""
        return tuple(element for element in self.elements if element.tag in tags)

    def base(self, url: str) -> str:
        """What references are relative to."""
        return urls.join(url, self._base_reference) or url

    @cached_property
    def _base_reference(self) -> str:
        # Found once: who resolves every link of a page asks for the base as often.
        return next((element.get("href") for element in self.all("base") if element.get("href")), "")

    def metas(self, name: str) -> tuple[str, ...]:
        """The contents of <meta name=…> or <meta http-equiv=…> of this name."""
        return tuple(
            element.get("content")
            for element in self.all("meta")
            if name in {element.get("name").lower(), element.get("http-equiv").lower()}
        )

    @property
    def asks_password(self) -> bool:
        """Whether there is a password field anywhere."""
        return any(is_password(element) for element in self.elements)


@record
class Load:
    """Something the browser fetches by itself to show the page."""

    tag: str
    url: str
    active: bool  # may run code in the page or change it
    integrity: str = ""
    written: str = ""  # the reference as it stands in the page


def is_run(script: Element) -> bool:
    """Whether a browser runs a script element; the type text/plain holds one back until someone has agreed."""
    kind = script.get("type").strip().lower()
    return kind in {"", "module"} or any(word in kind for word in _SCRIPT_LANGUAGES)


def is_password(element: Element) -> bool:
    """Whether this is a password field."""
    return element.tag == "input" and element.get("type").strip().lower() == "password"


@lru_cache(maxsize=KEPT_PAGES)
def read(text: str) -> Html:
    """The page, up to the caps; what is broken is skipped as a browser would."""
    elements: list[Element] = []
    forms: list[tuple[Element, list[Element]]] = []
    is_inside_form = False
    for closing, element in _tags(text[:LONGEST].encode("utf-8", "replace")):
        if element.tag == "form":
            is_inside_form = not closing
            if not closing:
                forms.append((element, []))
        elif not closing and is_inside_form and element.tag in _FIELDS:
            forms[-1][1].append(element)
        if not closing:
            elements.append(element)
        if len(elements) >= MOST_ELEMENTS:
            break
    return Html(
        elements=tuple(elements),
        forms=tuple(
            Form(
                action=form.attributes.get("action"),
                method=form.attributes.get("method"),
                fields=tuple(fields),
            )
            for form, fields in forms
        ),
    )


def loads(html: Html, url: str) -> tuple[Load, ...]:
    """Every fetch that the markup itself causes, with absolute addresses."""
    base = html.base(url)
    return tuple(
        Load(
            tag=element.tag,
            url=urls.join(base, reference),
            active=active,
            integrity=element.get("integrity"),
            written=reference.strip(),
        )
        for element in html.elements
        for reference, active in _references(element)
        if reference.strip()
    )


def _references(element: Element) -> Iterator[tuple[str, bool]]:
    match element.tag:
        case "script" if not is_run(element):
            return
        case "script" | "iframe" | "frame" | "embed":
            yield element.get("src"), True
        case "object":
            yield element.get("data"), True
        case "link":
            yield from _link(element)
        case "img" | "audio" | "video" | "source" | "track":
            yield element.get("src"), False
            yield element.get("poster"), False
            for candidate in element.get("srcset").split(","):
                yield candidate.strip().partition(" ")[0], False
        case "input" if element.get("type").lower() == "image":
            yield element.get("src"), False


def _link(element: Element) -> Iterator[tuple[str, bool]]:
    relations = set(element.get("rel").lower().split())
    if relations & {"stylesheet", "modulepreload", "manifest"}:
        yield element.get("href"), True
    elif relations & {"icon", "apple-touch-icon", "mask-icon"}:
        yield element.get("href"), False


def _tags(data: bytes) -> Iterator[tuple[bool, Element]]:
    lowered = data.lower()
    position = count = unfinished = attributes_read = 0
    while (start := data.find(b"<", position)) != -1 and count < MOST_TAGS:
        if data.startswith(b"!--", start + 1):
            end = data.find(b"-->", start + 2)  # "<!-->" is a whole comment
            if end == -1:  # as in a browser, all that follows is comment
                return
            count += 1
            position = end + 3
            continue
        stroke = b"/" if data.startswith(b"/", start + 1) else b""
        begin = start + 1 + len(stroke)
        if not data[begin : begin + 1].isalpha():
            found = _BEGINNING.search(data, start)
            position = found.start() if found else len(data)
            continue
        written = b""
        end = data.find(b">", begin, begin + LONGEST_BARE)
        name = data[begin : max(begin, end)]
        if name.isalnum():
            position = end + 1
        elif (match := _TAG.match(data, start)) is not None:
            _stroke, name, written = match.groups()
            position = match.end()
        else:
            unfinished += 1
            if unfinished > MOST_UNFINISHED:
                return
            position = start + 1
            continue
        count += 1
        tag, closing = name.decode("utf-8", "replace").lower(), bool(stroke)
        text = b""
        if tag in _RAW and not closing:
            end = lowered.find(b"</" + tag.encode(), position)
            end = len(data) if end == -1 else end
            text = data[position : min(end, position + LONGEST_TEXT)]
            position = end
        has_room = not closing and attributes_read < MOST_ATTRIBUTES_IN_ALL
        attributes = _attributes(written) if has_room and written else {}
        attributes_read += len(attributes)
        yield closing, Element(tag=tag, attributes=attributes, text=text.decode("utf-8", "replace"))


def _attributes(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in islice(_ATTRIBUTE.finditer(data), MOST_ATTRIBUTES):
        name, *values = match.groups()
        raw = next((value for value in values if value is not None), b"")
        # The first of two equal attributes counts.
        found.setdefault(
            name.decode("utf-8", "replace").lower(), unescape(raw[:LONGEST_VALUE].decode("utf-8", "replace"))
        )
    return found
