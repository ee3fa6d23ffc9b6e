"""What an answer is recognised by: never by what a page repeats of the address, never HTML in place of a file."""

import json
from dataclasses import replace
from itertools import chain
from urllib.parse import quote

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.data import unpublished as listed
from scanners.data.unpublished import Form, Path, Purpose
from scanners.observations import Response
from scanners.probes import unpublished
from tests.scanners.building import HOST, response

FILLED = tuple(listed.filled_in(host=HOST, word="0f1e2d3c", number="1" * 30))
FURTHER = (
    listed.FRONT,
    listed.ENGINE_VERSION,
    *listed.NEIGHBOURS.values(),
    listed.source_map("/static/app.js.map"),
    listed.counting("/hapi-fhir"),
    listed.graphql_page("/graphql"),
    listed.in_folder("/static/"),
    listed.inner_actuator("env"),
)
EVERY = pytest.mark.parametrize("wanted", (*FILLED, *FURTHER), ids=lambda wanted: f"{wanted.method} {wanted.path}")
# By extension, as a catch-all that means well answers.
KINDS = ("text/html", "text/plain", "application/json", "application/zip", "application/octet-stream", "text/xml")


def answer(wanted: Path, body: str, *, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return response(body, url=f"https://{HOST}{wanted.path}", status=status, headers=named)


def echoes(path: str) -> tuple[str, ...]:
    """Pages that repeat what they were asked for, as error pages, search pages and applications of one page do."""
    words = path.strip("/?").replace("/", " ").replace(".", " ").replace("-", " ")
    return (
        f"<!doctype html><html><head><title>{path}</title></head><body><h1>{path}</h1>{words}: not found</body>",
        f"<html><head><title>404 {words}</title></head><body>The requested URL {path} was not found.</body></html>",
        f"Cannot GET {path}",
        path,
        words,
        json.dumps({"error": "not found", "path": path, "message": words, "title": words, "version": "1.2.3"}),
        f"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Key>{path}</Key></Error>",
        f"<title>{quote(path, safe='')}</title>",
    )


@EVERY
@pytest.mark.parametrize("kind", KINDS)
def test_f1_no_sign_is_a_reflection_of_the_address(wanted: Path, kind: str):
    """nuclei-templates #15089: the path repeated in a page was taken for the file."""
    found = [
        sign
        for body in echoes(wanted.path)
        for sign in unpublished._recognised(wanted, answer(wanted, body, content_type=kind))
    ]

    assert set(found) - {"actuator-open"} == set()  # that one is settled by the controls of its folder


@pytest.mark.parametrize("wanted", [one for one in FILLED if one.form is Form.FILE], ids=lambda wanted: wanted.path)
def test_f1_a_page_in_place_of_a_file_is_no_find(wanted: Path):
    """nuclei-templates #15869: documentation of .env files, served for every path."""
    shown = "[core]\nbare = false\nrepositoryformatversion = 0\nAPP_ENV=x\nDB_PASSWORD=y\n-----BEGIN PRIVATE KEY-----"
    documentation = answer(
        wanted, f"<!doctype html><html><body><pre>\n{shown}\n</pre></body></html>", content_type="text/plain"
    )

    assert unpublished._recognised(wanted, documentation) == ()


def test_every_pattern_is_one_that_can_be_searched_in_linear_time():
    for one in (*FILLED, *FURTHER):
        for sign in (*one.signs, *listed.WIZARDS):
            for pattern in chain(sign.body, [sign.header] if sign.header else []):
                re2.compile(pattern)


def test_the_list_leaves_requests_for_the_controls():
    named_by_a_page = unpublished.MOST_MAPS + 3  # and a folder, a description, a FHIR base
    first = 2 + 1  # controls and the start page

    assert len(FILLED) + named_by_a_page + first <= listed.MOST_REQUESTS - 8  # two for each of four finds


def test_the_list_changes_nothing_and_reads_nobody():
    assert {one.method for one in (*FILLED, *FURTHER)} <= {"GET", "HEAD", "OPTIONS", "POST"}
    posted = [one for one in (*FILLED, *FURTHER) if one.method == "POST"]
    assert {one.purpose for one in posted} == {Purpose.GRAPHQL}
    assert {one.content for one in posted} == {listed.GRAPHQL_QUESTION}
    assert all(one.path.endswith("?_summary=count") for one in FILLED if one.purpose is Purpose.FHIR)
    assert all("StudyInstanceUID=2.25.1111" in one.path for one in FILLED if one.purpose is Purpose.DICOMWEB)
    assert all(one.at_most <= 2 for one in FILLED if one.purpose is Purpose.DICOMWEB)


def test_no_path_is_asked_for_twice():
    asked = [(one.method, one.path) for one in FILLED]

    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/.env", ("", "", "GET")),
        ("/.git/config", ("/.git", "", "GET")),
        ("/backup.tar.gz", ("", "tar.gz", "GET")),
        ("/.index.php.swp", ("", "php.swp", "GET")),
        ("/uploads/", ("", "", "GET")),
        ("/fhir/Patient?_summary=count", ("/fhir", "", "GET")),
    ],
)
def test_a_control_is_of_the_same_folder_and_kind(path: str, key: tuple[str, str, str]):
    assert unpublished._key(Path(path=path, purpose=Purpose.GIT)) == key


@pytest.mark.parametrize(
    ("allowed", "credentials", "signs"),
    [
        ("", "", ()),
        ("https://portal.example.test", "true", ()),
        ("https://x.invalid", "", ("origin-reflected",)),
        ("https://x.invalid", "true", ("origin-reflected", "origin-credentials")),
        ("null", "true", ("origin-null", "origin-credentials")),
        ("*", "", ("origin-any",)),
    ],
)
def test_what_a_foreign_page_may_read_is_told_apart(allowed: str, credentials: str, signs: tuple[str, ...]):
    headers = {"access_control_allow_origin": allowed, "access_control_allow_credentials": credentials}

    assert unpublished._origins(answer(listed.FRONT, "", **headers), "https://x.invalid") == signs


def test_of_an_answer_only_what_is_no_secret_is_kept():
    kept = unpublished._kept(
        answer(
            listed.FRONT,
            "DB_PASSWORD=geheim",
            set_cookie="session=geheim",
            location="https://x.test/login?token=geheim",
            server="nginx",
        ),
        ("environment",),
    )

    assert "geheim" not in repr(kept)
    assert kept.values("server") == ("nginx",)
    assert len(kept.body_sha256) <= unpublished.DIGEST


@pytest.mark.parametrize(
    ("document", "guards"),
    [
        ({"paths": {"/a": {"get": {}}}}, []),
        ({"security": [{"key": []}], "paths": {"/a": {"get": {}}}}, ["key"]),
        ({"security": [{"key": []}], "paths": {"/a": {"get": {"security": []}}}}, []),
        ({"security": [{"key": []}, {}], "paths": {"/a": {"get": {}}}}, []),
        ({"paths": {"/a": {"get": {"security": [{"key": []}]}, "summary": "x"}}}, ["key"]),
    ],
)
def test_the_guards_of_an_operation_are_its_own_or_those_of_all(document: dict[str, object], guards: list[str]):
    kept = json.loads(unpublished._operations(json.dumps(document)))

    assert kept["paths"] == {"/a": {"get": {"security": guards}}}


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"paths": []}', '{"paths": {"/a": 1}}', "[" * 100_000])
def test_a_broken_description_is_kept_as_nothing(body: str):
    assert unpublished._operations(body) in {"", '{"openapi": "", "paths": {}}'}


def test_a_captured_version_is_words_and_numbers_only():
    wanted = replace(listed.ENGINE_VERSION, path="/x")
    body = '{"info":{"title":"Mirth Connect","version":"4.4.0"}}'

    assert unpublished._recognised(wanted, answer(wanted, body, content_type="application/json")) == (
        "engine-version:4.4.0",
    )


@given(
    st.sampled_from((*FILLED, *FURTHER)),
    st.text(max_size=300),
    st.sampled_from(KINDS),
    st.sampled_from([200, 204, 206, 302, 401, 403, 404, 500]),
)
@settings(max_examples=200)
def test_no_answer_breaks_the_reading_and_no_word_of_it_is_kept(wanted: Path, body: str, kind: str, status: int):
    seen = answer(wanted, body + "kliniknetz", content_type=kind, status=status, x_secret="kliniknetz")

    found = (*unpublished._recognised(wanted, seen), *unpublished._faults(seen))

    assert "kliniknetz" not in repr(found) + repr(unpublished._kept(seen, found))


@given(st.text(max_size=200), st.text(max_size=60))
def test_a_start_page_names_paths_of_its_own_host_alone(reference: str, text: str):
    front = response(f"<script src='{reference}'></script><img src='/a/b.png'>{text}/x/fhir/", url=f"https://{HOST}/")

    for one in unpublished._named_by(front, HOST):
        assert one.path.startswith("/")
        assert not one.path.startswith("//")
