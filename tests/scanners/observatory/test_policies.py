"""Several policies read as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observatory import policies
from scanners.observatory.policies import BadPolicy


def test_a_source_counts_when_every_policy_names_it():
    combined = policies.combine(["img-src https://a.example https://b.example", "img-src https://b.example"])

    assert combined.directives == {"img-src": {"https://b.example"}}


def test_what_only_one_policy_allows_is_nothing():
    combined = policies.combine(["default-src https://a.example", "default-src https://b.example; img-src 'self'"])

    assert combined.directives == {"default-src": {"'none'"}, "img-src": {"'none'"}}


def test_a_folder_lets_in_what_lies_below_it():
    combined = policies.combine(["img-src https://a.example/x/", "img-src https://a.example/x/y/"])

    assert combined.directives == {"img-src": {"https://a.example/x/y/"}}


def test_a_longer_source_of_one_policy_is_superfluous():
    assert policies.combine(["img-src https://a.example https://a.example/x"]).directives == {
        "img-src": {"https://a.example"}
    }


def test_an_empty_source_list_is_none_and_case_does_not_count():
    assert policies.combine(["IMG-SRC; Script-Src 'SELF'"]).directives == {
        "img-src": {"'none'"},
        "script-src": {"'self'"},
    }


@pytest.mark.parametrize("text", ["", "   ", "img", "img-src a; img-src b", "img-src %zz/", "img-src x%"])
def test_broken_policies_are_none(text: str):
    with pytest.raises(BadPolicy):
        policies.combine([text, text] if "%" in text else [text])


def test_reports_may_go_to_two_places():
    combined = policies.combine(["report-uri https://a.example; report-uri https://b.example"])

    assert combined.repeated == ("report-uri",)
    assert combined.directives == {"report-uri": {"https://b.example"}}


def test_a_meta_may_not_rule_frames():
    assert policies.combine_metas(["frame-ancestors 'none'; img-src 'self'"]).directives == {"img-src": {"'self'"}}


@given(st.lists(st.text(alphabet="abc-src:;'%/ \n,é*", max_size=60), max_size=6))
def test_any_text_is_combined_or_refused(texts: list[str]):
    try:
        combined = policies.combine(policies.split(texts))
    except BadPolicy:
        return
    assert all(sources for name, sources in combined.directives.items() if name.endswith("-src"))


def test_many_policies_with_many_sources_are_read_in_time():
    hosts = " ".join(f"h{number}.example" for number in range(1500))

    assert policies.combine(policies.split([f"img-src {hosts}," * 20]))
