"""RDAP documents, sound and hostile."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import rdap
from scanners.parsing.rdap import BadDocument

LIST = {
    "services": [
        [["com", "net"], ["https://rdap.one.example/com/v1/"]],
        [["uk"], ["https://rdap.uk.example"]],
        [["co.uk"], ["https://rdap.co.example/"]],
        [["old"], ["http://rdap.old.example/"]],
    ]
}


@pytest.mark.parametrize(
    ("domain", "service"),
    [
        ("vendor.com", "https://rdap.one.example/com/v1/"),
        ("vendor.uk", "https://rdap.uk.example/"),
        ("vendor.co.uk", "https://rdap.co.example/"),
        ("vendor.de", ""),
        ("vendor.old", ""),
        ("com", ""),
    ],
)
def test_the_service_of_the_longest_suffix_is_asked(domain: str, service: str):
    assert rdap.service_of(domain, rdap.services(LIST)) == service


def test_only_hosts_of_the_list_may_be_asked():
    assert rdap.hosts(rdap.services(LIST)) == {"rdap.one.example", "rdap.uk.example", "rdap.co.example"}


@pytest.mark.parametrize("document", [None, [], {}, {"services": {}}, {"services": [1]}, {"services": [[1, 2]]}])
def test_a_list_out_of_form_is_refused(document: object):
    with pytest.raises(BadDocument):
        rdap.services(document)


def test_states_read_alike_however_they_are_written():
    """RDAP writes words (RFC 8056), some registries the names of EPP."""
    assert rdap.states({"status": ["client transfer prohibited", "clientTransferProhibited", 7]}) == (
        "client transfer prohibited",
    )


@pytest.mark.parametrize(
    ("events", "expires"),
    [
        ([{"eventAction": "expiration", "eventDate": "2027-03-01T00:00:00Z"}], datetime(2027, 3, 1, tzinfo=UTC)),
        ([{"eventAction": "expiration", "eventDate": "2027-03-01T01:00:00+01:00"}], datetime(2027, 3, 1, tzinfo=UTC)),
        ([{"eventAction": "last changed", "eventDate": "2027-03-01T00:00:00Z"}], None),
        ([{"eventAction": "expiration", "eventDate": "soon"}, {"eventAction": 1}, None], None),
        (None, None),
    ],
)
def test_the_end_of_a_registration(events: object, expires: datetime | None):
    """.de tells none."""
    assert rdap.expires({"events": events}) == expires


JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["status", "events", "eventAction", "eventDate", "entities", "roles", "vcardArray"]), inner
        )
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["status", "events", "entities"]), JSON))
def test_any_document_is_read(document: dict):
    rdap.states(document)
    rdap.expires(document)
    rdap.registrar(document)
