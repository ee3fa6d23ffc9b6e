"""A vendor through a framework on paper: the model's counts in both languages, and nothing hostile gets through."""

from __future__ import annotations

import re

import pytest

from assessments import framework_views
from assessments.framework_views import Filter, Framework
from portal import i18n
from reports import framework_view
from reports.reader import Reader
from tests.reports import building

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}\u202e"


def reader(language: str = "de") -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


@pytest.mark.parametrize("framework", list(Framework))
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_row_stands_with_its_counts(framework: Framework, language: str):
    assessed = building.assessed(1)
    found = framework_views.view(assessed, framework)
    text = framework_view.html(found, assessed, reader=reader(language), now=building.NOW)
    assert text == framework_view.html(found, assessed, reader=reader(language), now=building.NOW)
    for row in found.rows:
        assert row.entry.title.get(language) in text.replace("&amp;", "&").replace("&#39;", "'")
        if not row.is_empty:
            assert f'<td class="num">{row.answered} / {len(row.answers)}</td>' in text


def test_a_filter_is_said():
    assessed = building.assessed(1)
    found = framework_views.view(assessed, Framework.BSIG, Filter(owasp="A02:2021", gdpr=True))
    text = framework_view.html(found, assessed, reader=reader(), now=building.NOW)
    said = "OWASP Top 10 A02:2021 (Verschlüsselung), Art.\u202f32 DSGVO"
    assert text.count(said) == 4  # title, running head, heading, facts
    assert "22.11.2026" in text


def test_hostile_words_stay_words():
    assessed = building.assessed(1, vendor=HOSTILE, comment=HOSTILE, fact=HOSTILE)
    for framework in Framework:
        text = framework_view.html(
            framework_views.view(assessed, framework), assessed, reader=reader(), now=building.NOW
        )
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_a_file_name_has_no_slash():
    for framework in Framework:
        name = framework_view.name(framework, "Beispiel", reader=reader(), now=building.NOW, suffix="pdf")
        assert "/" not in name
        assert name.endswith(".pdf")


def test_what_bounds_many_entries_alike_is_said_once_and_names_them():
    assessed = building.assessed(1)
    found = framework_views.view(assessed, Framework.ISO27001)
    shared = framework_view.shared_limits(found, reader())
    text = framework_view.html(found, assessed, reader=reader(), now=building.NOW)

    assert shared
    for limit, keys in shared.items():
        assert text.count(limit) == 1
        assert ", ".join(keys) in re.sub("<[^>]+>", "", text)
    for row in found.rows:
        if not row.is_empty:
            assert reader().say(row.limit) in text


def test_products_of_which_the_same_was_said_stand_in_one_line():
    assessed = building.assessed(3)
    rows = framework_views.view(assessed, Framework.BSIG).rows
    lines = [same for row in rows for same in framework_view.alike(row, reader())]

    assert sorted(one.key for same in lines for one in same) == sorted(one.key for row in rows for one in row.answers)
    assert all(len({one.supply for one in same}) == len(same) for same in lines)
    assert all(len({(one.question.id, one.value, one.assurance) for one in same}) == 1 for same in lines)
