"""The answer pack as a format: out and in again, nothing lost; and what is no pack gets its own sentence."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionnaires import packs
from questionnaires.model import AnswerValue
from questionnaires.packs import AskedOf, BadPack, Pack, PackedAnswer, PackedDocument, Seal

SEAL = Seal(public_key=b"k" * 32, value=b"s" * 64)
AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
VALUES = st.one_of(
    st.builds(lambda ids: AnswerValue(choices=tuple(ids)), st.lists(st.sampled_from("abc"), min_size=1, unique=True)),
    st.builds(lambda number: AnswerValue(number=float(f"{number:.15g}")), st.floats(-1e12, 1e12)),
    st.builds(lambda day: AnswerValue(day=day), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    st.builds(lambda text: AnswerValue(text=text), TEXT.filter(bool)),
    st.sampled_from([AnswerValue(unknown=True), AnswerValue(never=True)]),
)
ANSWERS = st.builds(
    lambda value, comment, days: PackedAnswer(
        question="GV-02",
        asked_of=AskedOf.PRODUCT,
        product="PACS",
        value=AnswerValue(**{**vars(value), "comment": comment}),
        given_at=AT - timedelta(days=days),
        documents=("D1",),
    ),
    VALUES,
    TEXT,
    st.integers(0, 4000),
)


def pack(*answers: PackedAnswer, **more) -> Pack:
    """A pack with one product and one document."""
    return Pack(
        **{
            "company": "Strahlwerk",
            "made_at": AT,
            "signed_off_at": None,
            "catalogue_id": "hospital-vendor",
            "catalogue_version": "2026.1",
            "products": ("PACS",),
            "answers": answers,
            "documents": (
                PackedDocument(
                    id="D1", type="iso27001_certificate", issuer="TÜV", scope="", issued_on=None,
                    valid_from=date(2026, 1, 1), valid_to=None, sha256="0" * 64,
                ),
            ),
            **more,
        }
    )  # fmt: skip


ONE = PackedAnswer(
    question="GV-02", asked_of=AskedOf.COMPANY, product="", value=AnswerValue(choices=("yes",)), given_at=AT
)


def written(document=None, **whole) -> bytes:
    """A file as JSON, with parts exchanged."""
    made = json.loads(packs.write(packs.dump(pack(ONE)) if document is None else document, SEAL))
    return json.dumps({**made, **whole}).encode()


def changed(path: str, value) -> bytes:
    """The file with one place exchanged: "answers.0.value"."""
    document = packs.dump(pack(ONE))
    place, *names = document, *path.split(".")
    for name in names[:-1]:
        place = place[int(name) if name.isdecimal() else name]
    place[int(names[-1]) if names[-1].isdecimal() else names[-1]] = value
    return written(document)


@settings(max_examples=60)
@given(answers=st.lists(ANSWERS, max_size=4), signed=st.booleans())
def test_a_pack_comes_back_as_it_went(answers, signed):
    made = pack(*answers, signed_off_at=AT if signed else None)
    document = packs.dump(made)

    again, told, seal = packs.read(packs.write(document, SEAL))

    assert (again, seal) == (made, SEAL)
    assert packs.canonical(told) == packs.canonical(document)


def test_the_signed_bytes_are_those_of_rfc_8785():
    assert packs.canonical({"b": 'ä\n\u001f"', "a": [None, True, "1.5"]}) == (
        b'{"a":[null,true,"1.5"],"b":"' + "ä".encode() + b'\\n\\u001f\\""}'
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", packs.NO_JSON),
        (b"\xff\xfe", packs.NO_JSON),
        (b"{", packs.NO_JSON),
        (b"[]", packs.NO_PACK),
        (b'{"format": "cyclonedx"}', packs.NO_PACK),
        (written(format="other"), packs.NO_PACK),
        (written(version=2), packs.OTHER_VERSION),
        (written(version="1"), packs.OTHER_VERSION),
        (b"[" * 100_000, packs.TOO_DEEP),
        (b'{"a":' * 20 + b"1" + b"}" * 20, packs.TOO_DEEP),
        (b'"' + b'\\"[' * 100_000, packs.NO_JSON),
        (b" " * (packs.LARGEST + 1), packs.TOO_LARGE),
        (written().replace(b'"company": "Strahlwerk"', b'"company": "A", "company": "B"'), packs.TWICE),
        (written(extra=1), packs.UNKNOWN),
        (written().replace(b"Strahlwerk", b"\\ud800"), packs.NO_JSON),
        (changed("company", None), packs.KIND),
        (changed("company", 5), packs.KIND),
        (changed("company", "x" * 301), packs.TOO_MUCH),
        (changed("answers", {}), packs.KIND),
        (changed("answers", [{}]), packs.MISSING),
        (changed("answers", ["GV-02"]), packs.KIND),
        (changed("answers.0.value", {}), packs.KIND),
        (changed("answers.0.value", {"choices": ["yes"], "text": "x"}), packs.KIND),
        (changed("answers.0.value", {"number": 5}), packs.KIND),
        (changed("answers.0.value", {"number": "NaN"}), packs.KIND),
        (changed("answers.0.value", {"number": "1" * 400}), packs.KIND),
        (changed("answers.0.value", {"unknown": "yes"}), packs.KIND),
        (changed("answers.0.value", {"day": "2026-02-30"}), packs.KIND),
        (changed("answers.0.value", {"own": "x"}), packs.UNKNOWN),
        (changed("answers.0.product", "LIS"), packs.NO_REFERENCE),
        (changed("answers.0.documents", ["D9"]), packs.NO_REFERENCE),
        (changed("answers.0.given_at", "2026-11-22 05:00"), packs.KIND),
        (changed("answers.0.given_at", "9999-12-31T23:59:59Z"), packs.KIND),
        (changed("answers.0.question", "../../etc"), packs.KIND),
        (changed("products", ["PACS", "PACS"]), packs.KIND),
        (changed("products", ["P"] * 201), packs.TOO_MUCH),
        (changed("catalogue", "hospital-vendor"), packs.KIND),
    ],
)
def test_what_is_no_pack_gets_its_own_sentence(content: bytes, sentence: str):
    with pytest.raises(BadPack) as refused:
        packs.read(content)

    assert refused.value.message.text == sentence


def test_a_signature_of_another_length_or_kind_is_none():
    for part, value in (("algorithm", "none"), ("public_key", "AAAA"), ("value", "no base64!"), ("value", None)):
        made = json.loads(written())
        made["signature"][part] = value
        with pytest.raises(BadPack):
            packs.read(json.dumps(made).encode())


# ---- the JSON Schema that travels along says the same


def is_valid(schema: dict, value: object, root: dict) -> bool:  # noqa: PLR0911 - one word of JSON Schema each
    """Enough of JSON Schema for ours."""
    if "$ref" in schema:
        return is_valid(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "anyOf" in schema:
        return any(is_valid(one, value, root) for one in schema["anyOf"])
    if "const" in schema:
        return value == schema["const"] and type(value) is type(schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    match schema["type"]:
        case "null":
            return value is None
        case "string":
            return (
                isinstance(value, str)
                and schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
                and re.search(schema.get("pattern", ""), value) is not None
            )
        case "array":
            return (
                isinstance(value, list)
                and schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9)
                and all(is_valid(schema["items"], one, root) for one in value)
                and not (schema.get("uniqueItems") and len(set(value)) < len(value))
            )
    return (
        isinstance(value, dict)
        and set(schema["required"]) <= set(value) <= set(schema["properties"])
        and schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", 10**9)
        and all(is_valid(schema["properties"][name], one, root) for name, one in value.items())
    )


SCHEMA = json.loads(packs.schema())


@given(answers=st.lists(ANSWERS, max_size=3))
@settings(max_examples=30)
def test_what_we_write_fits_the_schema(answers):
    assert is_valid(SCHEMA, json.loads(packs.write(packs.dump(pack(*answers)), SEAL)), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("company", 5),
        ("answers", [{}]),
        ("answers.0.value", {}),
        ("answers.0.value", {"number": 5}),
        ("answers.0.value", {"own": "x"}),
        ("answers.0.given_at", "2026-11-22 05:00"),
        ("answers.0.question", "../../etc"),
        ("products", ["PACS", "PACS"]),
    ],
)
def test_what_we_refuse_does_not_fit_the_schema(path: str, value: object):
    assert not is_valid(SCHEMA, json.loads(changed(path, value)), SCHEMA)
