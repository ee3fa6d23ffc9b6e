"""DMARC: discovery by tree walk, grammar, effective policy, receivers of reports."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import dmarc
from scanners.parsing.asking import Answer
from tests.scanners.building_domain import answered, texts

REJECT = "v=DMARC1; p=reject; rua=mailto:d@example.test"
NAMES = st.lists(st.text("abc-", min_size=1, max_size=3), min_size=1, max_size=14).map(".".join)


def discovered(domain: str, records: Mapping[str, tuple[str, ...]]):
    zone = {(f"_dmarc.{name}", "TXT"): texts(*values) for name, values in records.items()}
    return answered(dmarc.discover(domain), zone)[0]


def test_the_own_record_ends_the_search():
    trace = discovered("example.test", {"example.test": (REJECT,)})

    assert trace.policy_domain == "example.test"
    assert [name for name, _texts in trace.queries] == ["_dmarc.example.test"]


def test_a_subdomain_walks_up_to_the_record_with_the_fewest_labels():
    trace = discovered("a.sub.example.test", {"sub.example.test": ("v=DMARC1; p=none",), "example.test": (REJECT,)})

    assert trace.policy_domain == "example.test"
    assert len(trace.queries) == 4


def test_a_deep_name_jumps_and_asks_at_most_eight_times():
    assert dmarc.walked_names("a.b.c.d.e.f.g.h.i.j.k.example.test")[1] == "g.h.i.j.k.example.test"
    assert len(dmarc.walked_names("a.b.c.d.e.f.g.h.i.j.k.example.test")) == 8


def test_psd_n_marks_the_organisation_and_ends_the_walk():
    trace = discovered(
        "a.mail.example.test", {"mail.example.test": ("v=DMARC1; p=reject; psd=n",), "example.test": (REJECT,)}
    )

    assert trace.policy_domain == "mail.example.test"


def test_psd_y_points_to_the_name_below():
    records = {"bank.test": ("v=DMARC1; p=reject; psd=y",), "giant.bank.test": ("v=DMARC1; p=quarantine",)}

    assert discovered("mail.giant.bank.test", records).policy_domain == "giant.bank.test"
    assert discovered("mail.mega.bank.test", records).policy_domain == "bank.test"


def test_several_records_at_a_name_are_none():
    trace = discovered("example.test", {"example.test": ("v=DMARC1; p=reject", "v=DMARC1; p=none")})

    assert trace.record is None
    assert len(trace.queries[0][1]) == 2


def test_a_silent_server_ends_the_walk_without_a_verdict():
    zone = {("_dmarc.example.test", "TXT"): Answer(status="failure")}

    trace = answered(dmarc.discover("example.test"), zone)[0]

    assert trace.failed == ("_dmarc.example.test",)
    assert trace.record is None


def test_foreign_receivers_are_asked_and_own_ones_are_not():
    record = "v=DMARC1; p=reject; rua=mailto:a@mail.example.test,mailto:b@yes.test!10m,mailto:c@no.test"
    zone = {
        ("_dmarc.example.test", "TXT"): texts(record),
        ("example.test._report._dmarc.yes.test", "TXT"): texts("v=DMARC1"),
    }

    trace = answered(dmarc.trace("example.test"), zone)[0]

    assert trace.external_receivers == {"yes.test": True, "no.test": False}


@pytest.mark.parametrize(
    ("record", "domain", "exists", "policy"),
    [
        ("v=DMARC1; p=reject; sp=none; np=quarantine", "example.test", True, "reject"),
        ("v=DMARC1; p=reject; sp=none; np=quarantine", "a.example.test", True, "none"),
        ("v=DMARC1; p=reject; sp=none; np=quarantine", "a.example.test", False, "quarantine"),
        ("v=DMARC1; p=reject; sp=none", "a.example.test", False, "none"),
        ("v=DMARC1; p=reject", "a.example.test", True, "reject"),
        ("v=DMARC1; rua=mailto:a@example.test", "example.test", True, "none"),
        ("v=DMARC1; p=REJECT", "example.test", True, "reject"),
    ],
)
def test_the_effective_policy_depends_on_the_name(record: str, domain: str, exists: bool, policy: str):
    parsed = dmarc.parse(record)

    assert dmarc.effective(parsed, policy_domain="example.test", domain=domain, exists=exists)[0] == policy


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1;p=none", "v = DMARC1 ; p=none"])
def test_a_record_begins_with_its_version(text: str):
    assert dmarc.is_record(text)


@pytest.mark.parametrize("text", ["", "p=none; v=DMARC1", "v=dmarc1; p=none", "v=DMARC12; p=none", "v=spf1 -all"])
def test_anything_else_is_no_record(text: str):
    assert not dmarc.is_record(text)


def test_tags_are_sorted_by_what_is_wrong_with_them():
    record = dmarc.parse("v=DMARC1; p=reject; p=none; pct=50; xyz=1; adkim=q; rua=nobody; junk")

    assert record.repeated == ("p",)
    assert record.removed == ("pct",)
    assert record.unknown == ("xyz",)
    assert record.malformed == ("adkim=q", "rua=nobody", "junk")


@given(st.text())
def test_any_text_is_read_without_raising(text: str):
    record = dmarc.parse(text)

    assert dmarc.effective(record, policy_domain="a", domain="b")[0] in {"none", "quarantine", "reject"}
    dmarc.receivers(record)


@given(NAMES)
def test_no_walk_asks_more_than_eight_names(domain: str):
    assert 1 <= len(dmarc.walked_names(domain)) <= 8
