"""Kinds of document: called by their name wherever they are shown, whichever catalogue a round asks by."""

from dataclasses import replace

from assessments import evidence_kinds
from questionnaires import shelf


def test_a_kind_is_called_by_its_name_where_a_hospitals_own_catalogue_does_not_know_it():
    catalogue = shelf.current()
    own = replace(catalogue, evidence_types={})

    for name, kind in (catalogue.evidence_types | evidence_kinds.FURTHER).items():
        assert evidence_kinds.text_of(own, name) == kind.text


def test_the_words_of_the_rounds_own_catalogue_come_first():
    catalogue = shelf.current()
    name, kind = next(iter(catalogue.evidence_types.items()))
    renamed = replace(kind, text=replace(kind.text, de="Anders genannt"))
    own = replace(catalogue, evidence_types={name: renamed})

    assert evidence_kinds.text_of(own, name).de == "Anders genannt"
    assert evidence_kinds.text_of(own, "what nobody knows").de == "what nobody knows"
