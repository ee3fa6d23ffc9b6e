"""The ten measures and their anchors."""

import pytest

from assessments import frameworks
from assessments.model import PARTS
from questionnaires import shelf


def test_ten_measures_run_parallel_to_the_letters_of_nis2():
    measures = frameworks.measures()

    assert [each.part for each in measures] == list(PARTS)
    assert [each.nis2_letter for each in measures] == [*"abcdefghij", None, None, None]
    assert frameworks.measure("8").citation.de == "§\u202f30 Abs.\u202f2 Nr.\u202f8 BSIG"


def test_questions_and_measures_cite_the_same_number():
    """A question may cite another measure than its section's only in the modules, where that is the point."""
    catalogue = shelf.current()
    for question in catalogue.questions.values():
        section = catalogue.section(question.section)
        if section.kind == "measure":
            assert question.refs.bsig == (f"§\u202f30 Abs.\u202f2 Nr.\u202f{section.measure}",), question.id


def test_an_unknown_part_is_refused():
    with pytest.raises(KeyError):
        frameworks.measure("11")
