"""The role a host is proposed to have, with the reason a person reads."""

import pytest

from assessments.model import HostRole
from scanners import roles
from scanners.observations import HostDns, LoginPage, MailDns, MailExchanger, WellKnown
from scanners.roles import Confidence, Role, propose
from tests.scanners import building
from tests.scanners.building import AT

PASSWORD = '<form><input type="password" name="p"></form>'


def _dns() -> HostDns:
    return HostDns(at=AT, addresses_v4=("192.0.2.1",))


def _page(body: str, host: str):
    return building.page(building.response(body, url=f"https://{host}/"))


def test_the_words_are_those_of_the_policy():
    assert [one.value for one in Role] == [one.value for one in HostRole]


def test_nothing_seen_proposes_nothing():
    assert propose(building.seen(host="x1.vendor.de")) is None


def test_a_gateway_is_known_by_its_page_whatever_it_is_called():
    found = propose(building.seen(_page("<title>Citrix Gateway</title>", "www2.vendor.de"), host="www2.vendor.de"))

    assert found is not None
    assert (found.role, found.confidence) == (Role.REMOTE_ACCESS, Confidence.CERTAIN)
    assert "Citrix Gateway" in found.reason.render()


def test_a_mail_exchanger_is_a_mail_host_without_a_page():
    domain = building.seen_of_domain(
        MailDns(at=AT, exchangers=(MailExchanger(preference=10, host="in1.vendor.de"),)), domain="vendor.de"
    )
    found = propose(building.seen(_dns(), host="in1.vendor.de"), domain=domain)

    assert found is not None
    assert (found.role, found.confidence) == (Role.MAIL, Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("host", "role"),
    [
        ("vpn.vendor.de", Role.REMOTE_ACCESS),
        ("vpn2.vendor.de", Role.REMOTE_ACCESS),
        ("de-fernwartung.vendor.de", Role.REMOTE_ACCESS),
        ("webmail.vendor.de", Role.MAIL),
        ("mx01.vendor.de", Role.MAIL),
    ],
)
def test_a_plain_name_is_enough_for_gateways_and_mail(host: str, role: Role):
    found = propose(building.seen(_dns(), host=host))

    assert found is not None
    assert (found.role, found.confidence) == (role, Confidence.LIKELY)


def test_a_log_in_for_patients_is_a_portal():
    body = f"<title>Patientenportal Klinikum</title>{PASSWORD}"
    found = propose(building.seen(_page(body, "x.vendor.de"), host="x.vendor.de"))

    assert found is not None
    assert (found.role, found.confidence) == (Role.PORTAL, Confidence.CERTAIN)


def test_a_site_that_only_speaks_of_patients_is_no_portal():
    """A vendor advertises its patient portal on its own site."""
    body = "<title>Our patient portal for hospitals</title><p>Für Patienten</p>"
    found = propose(building.seen(_page(body, "www.vendor.de"), host="www.vendor.de"))

    assert found is not None
    assert (found.role, found.confidence) == (Role.CORPORATE, Confidence.LIKELY)


def test_a_fhir_server_is_a_product():
    answer = building.response('{"resourceType": "CapabilityStatement"}', url="https://x.vendor.de/metadata")
    found = propose(building.seen(WellKnown(at=AT, documents={"/metadata": answer}), host="x.vendor.de"))

    assert found is not None
    assert (found.role, found.confidence) == (Role.PRODUCT, Confidence.CERTAIN)


def test_a_log_in_that_the_start_page_links_to_counts():
    login = LoginPage(at=AT, pages=(building.response(PASSWORD, url="https://x.vendor.de/login"),))
    found = propose(building.seen(_page("<title>Vendor</title>", "x.vendor.de"), login, host="x.vendor.de"))

    assert found is not None
    assert found.role is Role.PRODUCT


def test_a_product_by_name_alone_is_a_guess_and_with_a_log_in_likely():
    plain = propose(building.seen(_page("<title>x</title>", "pacs.vendor.de"), host="pacs.vendor.de"))
    asking = propose(building.seen(_page(PASSWORD, "pacs.vendor.de"), host="pacs.vendor.de"))

    assert plain is not None
    assert asking is not None
    assert (plain.role, plain.confidence) == (Role.PRODUCT, Confidence.GUESS)
    assert (asking.role, asking.confidence) == (Role.PRODUCT, Confidence.LIKELY)


def test_a_page_that_leads_elsewhere_says_nothing_of_this_host():
    page = building.page(building.redirect("https://citrix.other.com/"), left_host_to="citrix.other.com")

    assert propose(building.seen(page, host="x1.vendor.de")) is None


def test_every_word_list_is_lower_case():
    lists = (roles.GATEWAY_LABELS, roles.MAIL_LABELS, roles.PATIENT_LABELS, roles.PRODUCT_LABELS)

    assert [word for words in lists for word in words if word != word.lower()] == []
