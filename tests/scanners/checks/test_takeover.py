"""Dangling names: verified, possible, harmless."""

import pytest

from scanners.checks import takeover
from scanners.model import Check, Outcome
from scanners.observations import MailExchanger, Observation
from tests.scanners.building import judge, page, response
from tests.scanners.building_domain import BLIND, host_dns, mail, related, says, when_blind

AZURE = "old-app.azurewebsites.net"
CHECKS = [takeover.alias_is_not_dangling, takeover.related_names_are_not_dangling, takeover.mail_servers_exist]


def exchanger(**fields: object) -> MailExchanger:
    return MailExchanger(**{"preference": 10, "host": "mail.example.test", **fields})


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (takeover.alias_is_not_dangling, host_dns(), Outcome.PASS),
        (takeover.alias_is_not_dangling, host_dns(cname_chain=("web.example.net",)), Outcome.PASS),
        (takeover.alias_is_not_dangling, host_dns(dangling_target=AZURE), Outcome.FAIL),
        (takeover.alias_is_not_dangling, host_dns(dangling_target="gone.example.net"), Outcome.WARN),
        (takeover.alias_is_not_dangling, host_dns(dangling_target="gone.example.test"), Outcome.INFO),
        (takeover.alias_is_not_dangling, host_dns(dangling_target="x.cloudfront.net"), Outcome.INFO),
        (takeover.related_names_are_not_dangling, related(names={"www.example.test": ("192.0.2.1",)}), Outcome.PASS),
        (takeover.related_names_are_not_dangling, related(dangling={"staging.example.test": AZURE}), Outcome.FAIL),
        (takeover.related_names_are_not_dangling, related(dangling={"s.example.test": "x.example.net"}), Outcome.WARN),
        (takeover.related_names_are_not_dangling, related(dangling={"_acme.example.test": AZURE}), Outcome.PASS),
        (takeover.mail_servers_exist, mail(), Outcome.PASS),
        (takeover.mail_servers_exist, mail(exchangers=()), Outcome.NOT_APPLICABLE),
        (takeover.mail_servers_exist, mail(exchangers=(exchanger(exists=False),)), Outcome.FAIL),
    ],
)
def test_a_dangling_name_is_judged_by_its_target(check: Check, fact: Observation, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_names_nobody_looked_up_are_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_an_unclaimed_page_behind_the_alias_is_verified():
    alias = host_dns(cname_chain=("vendor.github.io",))
    unclaimed = page(response("<p>There isn't a GitHub Pages site here.</p>", status=404))

    outcome, text = says(takeover.alias_is_not_dangling, alias, unclaimed)

    assert outcome is Outcome.FAIL
    assert "GitHub Pages" in text


def test_the_same_words_on_another_host_are_no_takeover():
    unclaimed = page(response("<p>There isn't a GitHub Pages site here.</p>", status=404))

    assert (
        says(takeover.alias_is_not_dangling, host_dns(cname_chain=("web.example.net",)), unclaimed)[0] is Outcome.PASS
    )


def test_a_takeover_waits_for_a_second_look():
    assert judge(takeover.alias_is_not_dangling, host_dns(dangling_target=AZURE)).provisional
