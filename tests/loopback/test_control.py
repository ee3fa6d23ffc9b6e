"""The places where a company publishes its token, read from real servers."""

from __future__ import annotations

import pytest

from portal.demonstration.plans import Plan, Reply, Site, Zone
from scanners.observations import Reason
from scanners.parsing.control import PATH
from scanners.probes import control

TOKEN = "kettenblick-0123456789abcdef"

PLAN = Plan(
    zones=(
        Zone(
            name="firma.test", records=f'_kettenblick-challenge TXT "v=spf1 -all"\n_kettenblick-challenge TXT "{TOKEN}"'
        ),
        Zone(name="anders.test", records=f'_kettenblick-challenge.portal TXT "{TOKEN}"'),
    ),
    sites=(
        Site(host="portal.firma.test"),
        Site(host="portal.anders.test", pages={PATH: Reply(body=TOKEN + "\n")}),
        Site(
            host="weiter.anders.test",
            pages={PATH: Reply(status=302, headers=(("Location", "https://x.test/"),))},
        ),
    ),
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


@pytest.mark.loopback
def test_the_record_of_the_domain_holds_for_its_hosts(running, look):
    seen = look(running, control.records, "portal.firma.test")

    assert TOKEN in seen.texts["_kettenblick-challenge.firma.test"]
    assert seen.texts["_kettenblick-challenge.portal.firma.test"] == ()
    assert seen.unanswered == {}
    assert seen.file_status == 404


@pytest.mark.loopback
def test_a_host_has_a_record_and_a_file_of_its_own(running, look):
    seen = look(running, control.records, "portal.anders.test")

    assert seen.texts == {
        "_kettenblick-challenge.anders.test": (),
        "_kettenblick-challenge.portal.anders.test": (TOKEN,),
    }
    assert (seen.file_status, seen.file_text.strip()) == (200, TOKEN)
    assert seen.file_url == "https://portal.anders.test/.well-known/kettenblick.txt"


@pytest.mark.loopback
def test_a_redirect_is_no_file(running, look):
    assert look(running, control.records, "weiter.anders.test").file_status == 302


@pytest.mark.loopback
def test_a_host_that_answers_nobody_is_told_as_such(running, look):
    seen = look(running, control.records, "nirgends.firma.test")

    assert seen.file_blind is Reason.NAME_NOT_FOUND
    assert TOKEN in seen.texts["_kettenblick-challenge.firma.test"]
