"""The answer pack: answers of one company in an open format that another installation reads (docs/answer-pack.md).

A pack may come from a stranger: size and depth are bounded, a name stands once, and what is not of the format is
refused with a sentence that says what it is instead.
"""

import base64
import binascii
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from importlib import resources
from typing import Any, NoReturn

from questionnaires import answering
from questionnaires.model import N_, AnswerValue, Message

FORMAT = "kettenblick-answer-pack"
VERSION = 1
PURPOSE = "answer pack 1"  # what the signature is bound to
ALGORITHM = "Ed25519"
SCHEMA = "answer-pack-1.schema.json"

LARGEST = 4 * 2**20  # bytes
DEEPEST = 8
MOST_ANSWERS = 5_000
MOST_PRODUCTS = 200
MOST_DOCUMENTS = 1_000
MOST_CHOICES = 100
LONGEST_TEXT = 10_000
LONGEST_NAME = 300
LONGEST_ID = 80
PUBLIC_BYTES, SIGNATURE_BYTES = 32, 64

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,308})(\.[0-9]{1,400})?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_MARKS = re.compile(r'\\.|["\[\]{}]', flags=re.DOTALL)
_LATEST_YEAR = 9000  # beyond it calendars end

NO_JSON = N_("The file is no JSON. Please load the answer pack as it was downloaded.")
TOO_LARGE = N_("The file is larger than an answer pack can be (%(megabytes)s MB).")
TOO_DEEP = N_("The file is nested more deeply than any answer pack; it is not read.")
TWICE = N_("The name “%(name)s” stands twice in one place of the file; it could mean two things, so it is not read.")
NO_PACK = N_("The file is JSON, but no answer pack of Kettenblick.")
OTHER_VERSION = N_("The pack is of version %(version)s of the format; this installation reads version %(ours)s.")
MISSING = N_("The pack breaks its format: “%(place)s” is missing.")
UNKNOWN = N_("The pack breaks its format: “%(place)s” is no part of it.")
KIND = N_("The pack breaks its format: another kind of value is expected at “%(place)s”.")
TOO_MUCH = N_("The pack breaks its format: there is more at “%(place)s” than a pack may hold.")
NO_REFERENCE = N_("The pack breaks its format: “%(place)s” names something that the pack does not hold.")


class AskedOf(StrEnum):
    """Whom an answer speaks for."""

    COMPANY = "company"
    PRODUCT = "product"


@dataclass(frozen=True, kw_only=True)
class PackedAnswer:
    """One answer; `product` is "" for the company as a whole, and where a round had no product."""

    question: str
    asked_of: AskedOf
    product: str
    value: AnswerValue
    given_at: datetime
    documents: tuple[str, ...] = ()  # ids within the pack


@dataclass(frozen=True, kw_only=True)
class PackedDocument:
    """A document that an answer refers to; `file` is its name inside the zip, "" when it does not travel along."""

    id: str
    type: str
    issuer: str
    scope: str
    issued_on: date | None
    valid_from: date | None
    valid_to: date | None
    sha256: str
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Pack:
    """What a company takes along; no word of any hospital is in it."""

    company: str
    made_at: datetime
    signed_off_at: datetime | None  # None: a draft
    catalogue_id: str
    catalogue_version: str
    products: tuple[str, ...]
    answers: tuple[PackedAnswer, ...]
    documents: tuple[PackedDocument, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Seal:
    """The signature as it stands in the file."""

    public_key: bytes
    value: bytes


class BadPack(Exception):
    """The file is no pack that can be read; the message says why."""

    def __init__(self, message: Message) -> None:
        """Hold the sentence."""
        super().__init__(message.text)
        self.message = message


# ---- writing


def dump(pack: Pack) -> dict[str, Any]:
    """The part that is signed. It holds no JSON numbers, so that every language writes the same bytes."""
    return {
        "answers": [_answer_out(one) for one in pack.answers],
        "catalogue": {"id": pack.catalogue_id, "version": pack.catalogue_version},
        "company": pack.company,
        "documents": [_document_out(one) for one in pack.documents],
        "made_at": _moment_out(pack.made_at),
        "products": list(pack.products),
        "signed_off_at": _moment_out(pack.signed_off_at) if pack.signed_off_at else None,
    }


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: JSON after RFC 8785, which for a pack is sorted names, no blanks, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def schema() -> bytes:
    """The JSON Schema of the format, for whoever reads or writes packs with other programs."""
    return resources.files("questionnaires").joinpath("schemas", SCHEMA).read_bytes()


def write(document: Mapping[str, Any], seal: Seal) -> bytes:
    """The file: the signed part, and the signature beside it."""
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "pack": document,
        "signature": {
            "algorithm": ALGORITHM,
            "public_key": base64.b64encode(seal.public_key).decode(),
            "value": base64.b64encode(seal.value).decode(),
        },
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def _answer_out(one: PackedAnswer) -> dict[str, Any]:
    value: dict[str, Any] = {}
    if one.value.choices:
        value["choices"] = list(one.value.choices)
    if one.value.number is not None:
        value["number"] = _number_out(one.value.number)
    if one.value.day is not None:
        value["day"] = one.value.day.isoformat()
    if one.value.text:
        value["text"] = one.value.text
    for name in ("unknown", "never"):
        if getattr(one.value, name):
            value[name] = True
    return {
        "question": one.question,
        "asked_of": one.asked_of.value,
        "product": one.product,
        "value": value,
        "comment": one.value.comment,
        "given_at": _moment_out(one.given_at),
        "documents": list(one.documents),
    }


def _document_out(one: PackedDocument) -> dict[str, Any]:
    days = {name: getattr(one, name) for name in ("issued_on", "valid_from", "valid_to")}
    return {
        "id": one.id,
        "type": one.type,
        "issuer": one.issuer,
        "scope": one.scope,
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "sha256": one.sha256,
        "file": one.file,
    }


def _number_out(number: float) -> str:
    return f"{Decimal(f'{number:.15g}'):f}"


def _moment_out(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# ---- reading


def read(content: bytes) -> tuple[Pack, dict[str, Any], Seal]:
    """The pack, its signed part as it stands in the file, and the signature, not yet checked. Raises BadPack."""
    if len(content) > LARGEST:
        raise BadPack(Message(text=TOO_LARGE, values={"megabytes": LARGEST // 2**20}))
    whole = _strict_json(content)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise BadPack(Message(text=NO_PACK))
    version = whole.get("version")
    if not isinstance(version, _Number) or version != str(VERSION):
        raise BadPack(Message(text=OTHER_VERSION, values={"version": str(version)[:20], "ours": VERSION}))
    root = _Place(whole, "")
    root.only("format", "version", "pack", "signature")
    document = root.part("pack")
    return load(document.value), document.value, _seal(root.part("signature"))


def load(document: Mapping[str, Any]) -> Pack:
    """The inverse of `dump`; raises BadPack."""
    root = _Place(document, "pack")
    root.only("answers", "catalogue", "company", "documents", "made_at", "products", "signed_off_at")
    catalogue = root.part("catalogue")
    catalogue.only("id", "version")
    products = tuple(one.whole_text(LONGEST_NAME) for one in root.each("products", most=MOST_PRODUCTS))
    documents = tuple(_document(one) for one in root.each("documents", most=MOST_DOCUMENTS))
    known = {one.id for one in documents}
    if len(known) < len(documents) or len(set(products)) < len(products) or not all(products):
        root.fail(KIND)
    return Pack(
        company=root.text("company", LONGEST_NAME),
        made_at=root.moment("made_at"),
        signed_off_at=root.moment("signed_off_at") if root.get("signed_off_at") is not None else None,
        catalogue_id=catalogue.matching("id", _ID),
        catalogue_version=catalogue.matching("version", _ID),
        products=products,
        answers=tuple(_answer(one, set(products), known) for one in root.each("answers", most=MOST_ANSWERS)),
        documents=documents,
    )


def _strict_json(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
        text.encode("utf-8")
        if _depth(text) > DEEPEST:
            raise BadPack(Message(text=TOO_DEEP))
        whole = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_no_number, parse_float=_no_number
        )
        json.dumps(whole, ensure_ascii=False).encode()  # half of a character cannot be written again
    except (UnicodeError, ValueError, RecursionError) as error:
        raise BadPack(Message(text=NO_JSON)) from error
    return whole


def _depth(text: str) -> int:
    """How deeply brackets nest, without building anything of it."""
    deepest = depth = 0
    is_text = False
    for sign in (found[0] for found in _MARKS.finditer(text)):
        if sign == '"':
            is_text = not is_text
        elif sign in {"[", "{"} and not is_text:
            depth += 1
            deepest = max(deepest, depth)
        elif sign in {"]", "}"} and not is_text:
            depth -= 1
    return deepest


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadPack(Message(text=TWICE, values={"name": name[:60]}))
        found[name] = value
    return found


class _Number(str):
    """A JSON number: the format has none, so that it fits nowhere but can be named."""

    __slots__ = ()


def _no_number(text: str) -> Any:
    return _Number(text)


def _seal(place: "_Place") -> Seal:
    place.only("algorithm", "public_key", "value")
    if place.text("algorithm", LONGEST_ID) != ALGORITHM:
        place.fail(KIND)
    return Seal(
        public_key=place.bytes_of("public_key", PUBLIC_BYTES),
        value=place.bytes_of("value", SIGNATURE_BYTES),
    )


def _answer(place: "_Place", products: set[str], documents: set[str]) -> PackedAnswer:
    place.only("question", "asked_of", "product", "value", "comment", "given_at", "documents")
    product = place.text("product", LONGEST_NAME)
    named = tuple(one.whole_text(LONGEST_ID) for one in place.each("documents", most=MOST_CHOICES))
    if (product and product not in products) or not set(named) <= documents:
        place.fail(NO_REFERENCE)
    asked_of = place.text("asked_of", LONGEST_ID)
    if asked_of not in set(AskedOf) or (product and asked_of != AskedOf.PRODUCT):
        place.fail(KIND)
    return PackedAnswer(
        question=place.matching("question", _ID),
        asked_of=AskedOf(asked_of),
        product=product,
        value=_value(place.part("value"), comment=place.text("comment", LONGEST_TEXT)),
        given_at=place.moment("given_at"),
        documents=named,
    )


def _value(place: "_Place", *, comment: str) -> AnswerValue:
    place.only(optional=("choices", "number", "day", "text", "unknown", "never"))
    if len(place.value) != 1:
        place.fail(KIND)
    (name,) = place.value
    match name:
        case "choices":
            chosen = tuple(one.whole_text(LONGEST_ID) for one in place.each("choices", most=MOST_CHOICES))
            return AnswerValue(choices=chosen, comment=comment) if all(chosen) and chosen else place.fail(KIND)
        case "number":
            number = float(place.matching("number", _NUMBER))
            return AnswerValue(number=number, comment=comment) if math.isfinite(number) else place.fail(KIND)
        case "day":
            return AnswerValue(day=place.day("day"), comment=comment)
        case "text":
            text = place.text("text", LONGEST_TEXT)
            return AnswerValue(text=text, comment=comment) if text else place.fail(KIND)
    if place.value[name] is not True:
        place.fail(KIND)
    return AnswerValue(unknown=name == answering.UNKNOWN, never=name == answering.NEVER, comment=comment)


def _document(place: "_Place") -> PackedDocument:
    place.only("id", "type", "issuer", "scope", "issued_on", "valid_from", "valid_to", "sha256", "file")
    days = {
        name: place.day(name) if place.get(name) is not None else None
        for name in ("issued_on", "valid_from", "valid_to")
    }
    return PackedDocument(
        id=place.matching("id", _ID),
        type=place.matching("type", _ID),
        issuer=place.text("issuer", LONGEST_NAME),
        scope=place.text("scope", LONGEST_TEXT),
        sha256=place.matching("sha256", _SHA256),
        file=place.text("file", LONGEST_NAME),
        **days,
    )


class _Place:
    """One object of the file, and where it stands."""

    def __init__(self, value: Any, name: str) -> None:
        self.value, self.name = value, name
        if not isinstance(value, dict):
            self.fail(KIND)

    def fail(self, sentence: str, part: str = "") -> NoReturn:
        place = ".".join(filter(None, (self.name, part)))[:LONGEST_NAME]
        raise BadPack(Message(text=sentence, values={"place": place}))

    def only(self, *names: str, optional: Iterable[str] = ()) -> None:
        allowed = {*names, *optional}
        for name in self.value:
            if name not in allowed:
                self.fail(UNKNOWN, name[:LONGEST_ID])
        for name in names:
            if name not in self.value:
                self.fail(MISSING, name)

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def part(self, name: str) -> "_Place":
        if not isinstance(self.get(name), dict):
            self.fail(KIND, name)
        return _Place(self.get(name), f"{self.name}.{name}".strip("."))

    def each(self, name: str, *, most: int) -> Sequence["_Item"]:
        found = self.get(name)
        if not isinstance(found, list):
            self.fail(KIND, name)
        if len(found) > most:
            self.fail(TOO_MUCH, name)
        return [_Item(one, f"{self.name}.{name}[{number}]".strip(".")) for number, one in enumerate(found)]

    def text(self, name: str, longest: int) -> str:
        found = self.get(name)
        if not isinstance(found, str) or isinstance(found, _Number):
            self.fail(KIND, name)
        if len(found) > longest:
            self.fail(TOO_MUCH, name)
        return found

    def matching(self, name: str, pattern: re.Pattern[str]) -> str:
        found = self.text(name, LONGEST_TEXT)
        return found if pattern.fullmatch(found) else self.fail(KIND, name)

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.matching(name, _DAY))
        except ValueError:
            self.fail(KIND, name)

    def moment(self, name: str) -> datetime:
        try:
            moment = datetime.fromisoformat(self.matching(name, _MOMENT))
        except ValueError:
            self.fail(KIND, name)
        return moment if moment.year < _LATEST_YEAR else self.fail(KIND, name)

    def bytes_of(self, name: str, length: int) -> bytes:
        try:
            found = base64.b64decode(self.text(name, LONGEST_TEXT), validate=True)
        except (binascii.Error, ValueError):
            self.fail(KIND, name)
        return found if len(found) == length else self.fail(KIND, name)


class _Item(_Place):
    """One entry of a list: an object, or a text."""

    def __init__(self, value: Any, name: str) -> None:
        self.value, self.name = value, name

    def only(self, *names: str, optional: Iterable[str] = ()) -> None:
        if not isinstance(self.value, dict):
            self.fail(KIND)
        super().only(*names, optional=optional)

    def whole_text(self, longest: int) -> str:
        if not isinstance(self.value, str) or isinstance(self.value, _Number):
            self.fail(KIND)
        return self.value if len(self.value) <= longest else self.fail(TOO_MUCH)
