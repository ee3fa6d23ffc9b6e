"""Whose a host is: vendor's own, hosted for the vendor, foreign."""

from hypothesis import given
from hypothesis import strategies as st

from scanners.attribution import Belonging, attribute, found_hosts, own_domains
from scanners.observations import HostDns, LoggedNames, MailDns, MailExchanger, RelatedHosts
from tests.scanners import building
from tests.scanners.building import AT

OWN = ("vendor.de",)


def test_a_name_in_the_vendors_domain_is_the_vendors_own():
    found = attribute("portal.vendor.de", own=OWN)

    assert (found.belonging, found.counts) == (Belonging.OWN, True)
    assert found.reason.render() == "It lies in the vendor's domain vendor.de."


def test_an_alias_within_the_vendors_domain_stays_the_vendors_own():
    assert attribute("portal.vendor.de", own=OWN, aliases=("lb1.vendor.de",)).belonging is Belonging.OWN


def test_a_status_page_under_the_vendors_name_is_hosted_for_the_vendor():
    """F15: the finding sits on a sub-processor; it counts, and says who runs the page."""
    found = attribute("status.vendor.de", own=OWN, aliases=("abc123.stspg-customer.com",))

    assert (found.belonging, found.operator, found.counts) == (Belonging.HOSTED, "Statuspage", True)


def test_an_unknown_service_is_called_by_its_domain():
    found = attribute("shop.vendor.de", own=OWN, aliases=("kunde7.shop-hoster.example.com",))

    assert (found.belonging, found.operator) == (Belonging.HOSTED, "example.com")


def test_a_rented_name_that_the_vendor_listed_is_hosted_and_not_own():
    """That the help desk's domain comes up as registrable domain of a listed host makes it nobody's own."""
    found = attribute("vendor.zendesk.com", own=("vendor.de", "zendesk.com"), named=("vendor.zendesk.com",))

    assert (found.belonging, found.operator) == (Belonging.HOSTED, "Zendesk")


def test_another_customer_of_the_same_service_is_foreign():
    found = attribute("rival.zendesk.com", own=("vendor.de", "zendesk.com"), named=("vendor.zendesk.com",))

    assert (found.belonging, found.counts) == (Belonging.FOREIGN, False)


def test_a_service_that_is_itself_the_vendor_owns_its_names():
    found = attribute("login.teamviewer.com", own=("teamviewer.com",), named=("www.teamviewer.com",))

    assert found.belonging is Belonging.OWN


def test_a_second_brand_that_the_vendor_listed_is_its_own():
    assert attribute("brand.com", own=OWN, named=("brand.com",)).belonging is Belonging.OWN


def test_where_a_name_of_the_vendor_leads_is_hosted_for_it():
    found = attribute("kunde7.hoster.com", own=OWN, aliased=("kunde7.hoster.com",))

    assert (found.belonging, found.operator) == (Belonging.HOSTED, "hoster.com")


def test_a_name_that_only_shares_a_certificate_is_foreign():
    assert not attribute("stranger.com", own=OWN).counts


def test_a_private_suffix_is_not_taken_for_one_owner():
    """Each name below github.io is registered by someone else (PSL, private section)."""
    assert not attribute("rival.github.io", own=("vendor.github.io",)).counts


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8}){1,3}", fullmatch=True))
def test_nothing_but_own_names_and_what_was_named_counts(name: str):
    assert attribute(name, own=()).belonging is Belonging.FOREIGN


def test_a_rented_name_speaks_for_no_domain():
    """F15: that a vendor's help desk is at a service makes the service's mail and DNS none of the vendor's."""
    assert own_domains(("portal.vendor.de", "vendor.zendesk.com", "vendor.azurewebsites.net")) == ("vendor.de",)
    assert own_domains(("www.teamviewer.com", "login.teamviewer.com")) == ("teamviewer.com",)


def test_every_host_that_a_scan_came_upon_is_attributed():
    scan = (
        building.seen(
            HostDns(at=AT, cname_chain=("vendor.netlify.app",)),
            building.chain(building.certificate(dns_names=("portal.vendor.de", "*.vendor.de", "stranger.com"))),
            building.page(left_host_to="login.microsoftonline.com"),
            host="portal.vendor.de",
        ),
        building.seen_of_domain(
            RelatedHosts(
                at=AT,
                names={"vpn.vendor.de": ("192.0.2.1",), "status.vendor.de": ("192.0.2.2",)},
                aliases={"status.vendor.de": "abc.stspg-customer.com"},
            ),
            LoggedNames(at=AT, source="ct.test", asked_at=AT, addresses={"vpn.vendor.de": ("192.0.2.1",)}),
            MailDns(at=AT, exchangers=(MailExchanger(preference=10, host="vendor-de.mail.protection.outlook.com"),)),
            domain="vendor.de",
        ),
    )
    found = {host.name: host for host in found_hosts(scan, named=("portal.vendor.de",))}

    assert {name: host.attribution.belonging for name, host in found.items()} == {
        "vpn.vendor.de": Belonging.OWN,
        "status.vendor.de": Belonging.HOSTED,
        "stranger.com": Belonging.FOREIGN,
        "login.microsoftonline.com": Belonging.FOREIGN,
        "vendor-de.mail.protection.outlook.com": Belonging.HOSTED,
    }
    assert found["vpn.vendor.de"].sources == ("DNS", "certificate logs")
    assert [host.attribution.counts for host in found.values()] == [True, True, True, False, False]
