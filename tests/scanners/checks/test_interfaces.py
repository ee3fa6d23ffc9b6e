"""Interfaces on unpublished paths."""

import json

import pytest

from scanners.checks import interfaces as checks
from scanners.data.unpublished import Purpose
from scanners.model import Check, Outcome
from scanners.observations import Observation, Reason, UnpublishedPaths
from tests.scanners.building import AT
from tests.scanners.building_domain import BLIND, says, when_blind
from tests.scanners.building_paths import one, paths

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
HEALTH = "/actuator/health"


def described(operations: object) -> UnpublishedPaths:
    body = operations if isinstance(operations, str) else json.dumps({"openapi": "", "paths": operations})
    return one("/openapi.json", Purpose.DESCRIPTION, "description", bodies={"/openapi.json": body})


def takes(allow: str, *, server: str = "Apache") -> UnpublishedPaths:
    return one("/?", Purpose.METHODS, status=200, control=404, headers={"allow": allow, "server": server})


OPEN = described({"/patients/{id}": {"get": {"security": []}}})
GUARDED = described({"/patients": {"get": {"security": ["oauth"]}}, "/health": {"get": {"security": []}}})
GRAPHQL = {"/graphql": Purpose.GRAPHQL, "/graphql?": Purpose.GRAPHQL_IDE}


@pytest.mark.parametrize(
    ("check", "seen", "outcome"),
    [
        (checks.no_description_is_exposed, one("/openapi.json", Purpose.DESCRIPTION), Outcome.PASS),
        (checks.no_description_is_exposed, OPEN, Outcome.WARN),
        (
            checks.no_description_is_exposed,
            one("/v3/api-docs", Purpose.DESCRIPTION, status=200, control=200),
            Outcome.UNKNOWN,
        ),
        (checks.described_operations_are_guarded, one("/openapi.json", Purpose.DESCRIPTION), Outcome.NOT_APPLICABLE),
        (checks.described_operations_are_guarded, OPEN, Outcome.WARN),
        (checks.described_operations_are_guarded, GUARDED, Outcome.PASS),
        (checks.described_operations_are_guarded, described(""), Outcome.UNKNOWN),
        (checks.described_operations_are_guarded, described("[]"), Outcome.PASS),
        (
            checks.described_operations_are_guarded,
            one("/x", Purpose.DESCRIPTION, status=403, control=403),
            Outcome.UNKNOWN,
        ),
        (checks.graphql_keeps_its_description, one("/graphql", Purpose.GRAPHQL), Outcome.NOT_APPLICABLE),
        (checks.graphql_keeps_its_description, one("/graphql", Purpose.GRAPHQL, "graphql"), Outcome.PASS),
        (checks.graphql_keeps_its_description, one("/graphql", Purpose.GRAPHQL, "introspection"), Outcome.FAIL),
        (checks.graphql_keeps_its_description, one("/x", Purpose.GRAPHQL, status=200, control=200), Outcome.UNKNOWN),
        (checks.graphql_has_no_workbench, one("/graphql", Purpose.GRAPHQL), Outcome.NOT_APPLICABLE),
        (checks.graphql_has_no_workbench, paths(GRAPHQL, signs={"/graphql": ("graphql",)}), Outcome.PASS),
        (checks.graphql_has_no_workbench, paths(GRAPHQL, signs={"/graphql?": ("graphql-ide",)}), Outcome.WARN),
        (checks.inner_endpoints_are_not_public, one(HEALTH, Purpose.ACTUATOR), Outcome.PASS),
        (checks.inner_endpoints_are_not_public, one(HEALTH, Purpose.ACTUATOR, "health"), Outcome.WARN),
        (checks.inner_endpoints_are_not_public, one("/actuator", Purpose.ACTUATOR, "actuator-inner:env"), Outcome.WARN),
        (checks.inner_endpoints_are_not_public, one("/actuator/env", Purpose.ACTUATOR, "actuator-open"), Outcome.FAIL),
        (checks.inner_endpoints_are_not_public, one("/metrics", Purpose.ACTUATOR, "metrics"), Outcome.FAIL),
        (checks.errors_show_nothing_inside, one("/api/x", Purpose.ERROR), Outcome.PASS),
        (checks.errors_show_nothing_inside, one("/api/x", Purpose.ERROR, "trace:Java"), Outcome.WARN),
        (
            checks.errors_show_nothing_inside,
            paths({"/api/x": Purpose.ERROR}, unclear={"/api/x": Reason.TIMEOUT}),
            Outcome.UNKNOWN,
        ),
        (checks.errors_show_nothing_inside, paths({}), Outcome.UNKNOWN),
        (checks.trace_is_not_offered, takes("GET, HEAD"), Outcome.PASS),
        (checks.trace_is_not_offered, takes("GET,HEAD,TRACE"), Outcome.WARN),
        (checks.trace_is_not_offered, takes("OPTIONS, TRACE, GET", server="Microsoft-IIS/10.0"), Outcome.INFO),
        (checks.trace_is_not_offered, takes(""), Outcome.UNKNOWN),
        (checks.trace_is_not_offered, paths({"/?": Purpose.METHODS}, unclear={"/?": Reason.RESET}), Outcome.UNKNOWN),
        (checks.trace_is_not_offered, paths({}), Outcome.UNKNOWN),
        (checks.origins_are_not_reflected, one("/", Purpose.FRONT), Outcome.PASS),
        (checks.origins_are_not_reflected, one("/", Purpose.FRONT, "origin-any"), Outcome.INFO),
        (checks.origins_are_not_reflected, one("/", Purpose.FRONT, "origin-reflected"), Outcome.WARN),
        (checks.origins_are_not_reflected, one("/", Purpose.FRONT, "origin-null", "origin-credentials"), Outcome.FAIL),
        (checks.origins_are_not_reflected, paths({"/": Purpose.FRONT}, unclear={"/": Reason.RESET}), Outcome.UNKNOWN),
        (checks.origins_are_not_reflected, UnpublishedPaths(at=AT), Outcome.UNKNOWN),
        (checks.old_policies_let_nobody_in, one("/crossdomain.xml", Purpose.POLICY), Outcome.PASS),
        (checks.old_policies_let_nobody_in, one("/crossdomain.xml", Purpose.POLICY, "everybody"), Outcome.WARN),
    ],
)
def test_an_interface_is_judged_by_its_answers(check: Check, seen: Observation, outcome: Outcome):
    assert says(check, seen)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_an_operation_without_a_log_in_is_named_and_was_not_called():
    text = says(checks.described_operations_are_guarded, OPEN)[1]

    assert "GET /patients/{id}" in text
    assert "None was called" in text
