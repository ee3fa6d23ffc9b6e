"""Judging is pure and total: every check of the classes, over every subject it is about."""

import json
import subprocess
import sys
from collections import Counter

from scanners import judging, storing
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.model import CheckClass, Outcome, SubjectKind
from scanners.observations import HostDns, NameServer, Page, Reason, TlsHandshakes, ZoneDns
from tests.scanners import building


def test_every_check_judges_every_subject_of_its_kind_once() -> None:
    findings = judging.judge([building.seen(), building.seen_of_domain()])

    assert Counter(finding.check_id for finding in findings) == dict.fromkeys(CHECKS, 1)
    assert all(finding.subject.kind is CHECKS[finding.check_id].subject for finding in findings)


def test_what_was_not_seen_is_unknown_and_never_failed() -> None:
    findings = judging.judge([building.seen(), building.seen_of_domain()])

    assert {finding.outcome for finding in findings} == {Outcome.UNKNOWN}
    assert Reason.NOT_CONFIGURED in {finding.reason for finding in findings}


def test_only_the_classes_that_may_be_used_are_judged() -> None:
    findings = judging.judge([building.seen()], classes=frozenset({CheckClass.PASSIVE}))

    assert {CHECKS[finding.check_id].check_class for finding in findings} == {CheckClass.PASSIVE}


def test_a_blind_probe_makes_only_its_own_checks_unknown() -> None:
    facts = (building.page(), building.cleartext(), building.handshakes())
    sighted = {one.check_id: one.outcome for one in judging.judge([building.seen(*facts)])}
    blinded = {
        one.check_id: one for one in judging.judge([building.seen(*facts, blind={TlsHandshakes: Reason.TIMEOUT})])
    }

    del blinded["scan.coverage"]  # it tells how much was seen
    for check_id, finding in blinded.items():
        if TlsHandshakes in CHECKS[check_id].needs:
            assert (finding.outcome, finding.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)
        else:
            assert finding.outcome is sighted[check_id]


def test_a_stored_sight_is_judged_as_the_fresh_one() -> None:
    fresh = building.seen(building.page(), building.handshakes(), HostDns(at=building.AT))

    stored = storing.load(json.loads(json.dumps(storing.dump(fresh))))

    assert judging.judge([stored]) == judging.judge([fresh])


def test_the_catalogue_has_what_the_first_release_promises() -> None:
    assert CATALOGUE_VERSION
    assert len(CHECKS) >= 60
    for check in CHECKS.values():
        assert check.title and check.why and check.fix
        assert check.refs.measures, f"{check.id} names no § 30 measure"


def test_a_domain_check_never_meets_a_host() -> None:
    findings = judging.judge([building.seen()])

    assert all(CHECKS[finding.check_id].subject is SubjectKind.HOST for finding in findings)


def test_judging_loads_no_probe_and_opens_no_socket() -> None:
    script = (
        "import sys, scanners.judging, scanners.storing, scanners.catalogue;"
        "bad = {'scanners.probes', 'httpx', 'httpcore', 'dns'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


HALF_EMPTY = (
    HostDns(at=building.AT, cname_chain=("old.azurewebsites.net",)),
    Page(at=building.AT, hops=()),
    ZoneDns(at=building.AT, name_servers=(NameServer(name="ns", addresses=("no address", "192.0.2.1")),)),
)


def test_observations_that_no_probe_would_make_are_no_error_of_ours() -> None:
    """What was stored may come from elsewhere: a load without an answer, an address that is none."""
    host, domain = building.seen(*HALF_EMPTY), building.seen_of_domain(*HALF_EMPTY)

    assert Outcome.ERROR not in {finding.outcome for finding in judging.judge([host, domain])}


def test_the_order_of_facts_and_subjects_changes_no_finding() -> None:
    facts = (building.page(), building.cleartext(), building.handshakes(), HostDns(at=building.AT))
    forwards = judging.judge([building.seen(*facts), building.seen_of_domain()])
    backwards = judging.judge([building.seen_of_domain(), building.seen(*reversed(facts))])

    assert {(one.subject, one.check_id): one for one in forwards} == {
        (one.subject, one.check_id): one for one in backwards
    }
