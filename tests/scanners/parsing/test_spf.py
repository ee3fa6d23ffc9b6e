"""SPF: grammar, and the tree an evaluation would fetch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import spf
from scanners.parsing.asking import Answer
from tests.scanners.building_domain import answered, texts

DOMAIN = "example.test"
RECORDS = st.lists(
    st.sampled_from(
        ["include:a.test", "a", "mx:%{d}", "redirect=b.test", "-all", "ip4:192.0.2.0/24", "exists:%{i}.x", "~"]
    )
    | st.text(max_size=12),
    max_size=8,
).map(lambda terms: " ".join(["v=spf1", *terms]))


def traced(record: str, **more: str):
    zone = {(DOMAIN, "TXT"): texts(record), (DOMAIN, "A"): texts("192.0.2.1"), (DOMAIN, "MX"): texts("10 mx.test")}
    zone |= {(name.replace("_", "."), "TXT"): texts(value) for name, value in more.items()}
    return answered(spf.trace(DOMAIN), zone)[0]


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1",
        "V=SPF1 -ALL",
        "v=spf1  mx   -all  ",
        "v=spf1 a/24 a//64 a/24//64 a:mail.example.test/32 mx:%{d}/28 -all",
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::1 -all",
        "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} ptr ptr:example.test -all",
        "v=spf1 include:_spf.example.test ?all exp=explain.%{d} future=%{c}",
        "v=spf1 redirect=_spf.example.test.",
    ],
)
def test_what_the_grammar_allows_is_read(record: str):
    assert spf.select([record]) == (record,)
    assert spf.parse(record).errors == ()


@pytest.mark.parametrize(
    "term",
    [
        "ip4:300.1.1.1",
        "ip4:192.0.2.1/33",
        "ip4:192.0.2.1/08",
        "ip4",
        "ip6:192.0.2.1",
        "ip6:2001:db8::/129",
        "a:",
        "a:example",
        "a/33",
        "a//129",
        "mx/",
        "include",
        "include:",
        "include:%{x}.example.test",
        "exists:%{d0}.example.test",
        "exists:%{c}.example.test",
        "all:example.test",
        "redirect=",
        "unknown",
        "-",
        ["include:exa", "mple"][1],
        "a:e%xample.test",
        "moo:cow",
    ],
)
def test_a_term_that_breaks_the_grammar_is_named(term: str):
    assert spf.parse(f"v=spf1 {term} -all").errors == (term,)


def test_only_the_version_followed_by_a_space_makes_a_record():
    assert spf.select(["v=spf10 -all", " v=spf1 -all", "spf2.0/pra", "v=spf1 -all"]) == ("v=spf1 -all",)


def test_a_second_redirect_is_an_error():
    assert spf.parse("v=spf1 redirect=a.test redirect=b.test").errors == ("redirect=b.test",)


def test_every_asking_term_of_the_tree_is_counted():
    trace = traced(
        "v=spf1 a mx include:a.test -all ptr", a_test="v=spf1 exists:%{i}.x.test include:b.test ?all", b_test="v=spf1"
    )

    assert trace.lookups == 5
    assert set(trace.included) == {"a.test", "b.test"}


def test_a_redirect_counts_only_where_no_all_stands_before():
    assert traced("v=spf1 redirect=a.test", a_test="v=spf1 -all").lookups == 1
    assert traced("v=spf1 -all redirect=a.test", a_test="v=spf1 -all").lookups == 0


def test_names_that_lead_to_nothing_are_void_and_named():
    trace = traced("v=spf1 include:gone.test a:gone.example mx:gone.example -all")

    assert trace.void_lookups == 3
    assert trace.missing == ("gone.test",)


def test_a_loop_ends_and_is_an_error():
    trace = traced("v=spf1 include:a.test -all", a_test=f"v=spf1 include:{DOMAIN} -all")

    assert trace.errors == (f"include:{DOMAIN} @ a.test",)


def test_an_error_below_names_the_record_it_stands_in():
    assert traced("v=spf1 include:a.test -all", a_test="v=spf1 ip4:x -all").errors == ("ip4:x @ a.test",)


def test_a_silent_server_is_neither_void_nor_missing():
    zone = {(DOMAIN, "TXT"): texts("v=spf1 include:a.test -all"), ("a.test", "TXT"): Answer(status="failure")}

    trace = answered(spf.trace(DOMAIN), zone)[0]

    assert trace.failed == ("a.test",)
    assert trace.missing == ()
    assert trace.void_lookups == 0


def test_a_tree_that_doubles_at_every_step_ends():
    zone = {(DOMAIN, "TXT"): texts("v=spf1 include:n0.test include:n0.test -all")}
    zone |= {
        (f"n{number}.test", "TXT"): texts(f"v=spf1 include:n{number + 1}.test include:n{number + 1}.test")
        for number in range(60)
    }

    trace, asked = answered(spf.trace(DOMAIN), zone)

    assert trace.lookups > spf.LOOKUP_LIMIT
    assert len(asked) <= spf.QUESTION_LIMIT + 1


@given(st.text())
def test_any_text_is_read_without_raising(text: str):
    spf.parse(text)
    spf.expand_for_domain(text, DOMAIN)


@given(RECORDS, RECORDS)
def test_any_tree_ends_within_the_limit(record: str, below: str):
    zone = {("a.test", "TXT"): texts(below), ("b.test", "TXT"): texts(record), (DOMAIN, "TXT"): texts(record)}

    _trace, asked = answered(spf.trace(DOMAIN), zone)

    assert len(asked) <= spf.QUESTION_LIMIT + 1
