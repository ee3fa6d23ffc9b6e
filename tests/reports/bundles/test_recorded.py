"""A bundle with recorded answers: each source is named, lies in it, and is the one that was read."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from assessments.model import Recorded
from reports.bundles.facts import Document, LeftOut
from reports.bundles.verifying import Status
from tests.reports.bundles import bundling
from tests.reports.bundles.test_verifying import told

PDF = b"%PDF-1.7 what the vendor sent"
SHA = hashlib.sha256(PDF).hexdigest()
SOURCE = Recorded(by="Jens Petermann", source="SOC2.pdf", place="S. 12", sha256=SHA, source_key="Q-1")


def bundle(*, listed: Document, source: Recorded = SOURCE):
    of = bundling.dossier()
    first, *rest = of.answers
    of = replace(of, answers=(replace(first, recorded=source), *rest))
    return bundling.bundle(of, documents=(*bundling.bundle().documents, listed))


def document(**changes) -> Document:
    return replace(Document(key="Q-1", name="SOC2.pdf", type="recorded_source", sha256=SHA, content=PDF), **changes)


def test_the_source_lies_in_it_and_the_score_is_recomputed():
    status, text = told(bundling.packed(bundle(listed=document())))

    assert f"1 answers were recorded by the hospital from SOC2.pdf, SHA-256 {SHA}" in text
    assert status is Status.FITS, text


@pytest.mark.parametrize("listed", [document(sha256="0" * 64), document(content=b"%PDF another")])
def test_another_file_than_the_one_that_was_read_is_named(listed):
    status, text = told(bundling.packed(bundle(listed=listed)))

    assert status is Status.CHANGED
    assert "SOC2.pdf, but" in text


def test_a_source_that_was_too_large_is_said_to_be_missing():
    _status, text = told(bundling.packed(bundle(listed=document(content=None, left_out=LeftOut.SIZE))))

    assert "from SOC2.pdf, which is not in the bundle" in text


def test_the_answers_of_a_bundle_say_where_they_were_read():
    members = bundling.members(bundle(listed=document()))

    assert b'"place": "S. 12"' in members["answers.json"].replace(b'":"', b'": "')
    assert "vom Krankenhaus erfasst" in members["index.html"].decode()
