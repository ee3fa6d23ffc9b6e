"""What the operator decided about scans reaches the scanner."""

from __future__ import annotations

import dataclasses

import pytest

from portal import network, settings
from portal.settings import BadSetting
from scanners.jobs import NetworkSettings

ENVIRONMENT = {
    "SCAN_RESOLVER": "192.0.2.53",
    "SCAN_RESOLVER_PORT": "5353",
    "SCAN_PORT_MAP": "443:8443",
    "SCAN_ALLOWED_NETWORKS": "10.1.0.0/16",
    "SCAN_DENIED_NETWORKS": "198.51.100.0/24, 2001:db8::/32",
    "SCAN_PERMITTED_SUFFIXES": "test",
    "SCAN_CONTACT_URL": "https://kettenblick.example/scan",
    "SCAN_REFERENCE_TLS_HOST": "www.klinik.example",
    "SCAN_REFERENCE_SMTP_HOST": "mail.klinik.example",
    "SCAN_ORIGIN_ZONE": "origin.klinik.example",
    "SCAN_ROUTE_VALIDATOR": "routes.klinik.example",
    "SCAN_REVOCATION": "1",
}


def test_every_setting_of_the_network_has_its_variable():
    found = network.of(settings.read_scan(ENVIRONMENT))

    assert found.denied_networks == ("198.51.100.0/24", "2001:db8::/32")
    assert (found.reference_tls_host, found.reference_smtp_host) == ("www.klinik.example", "mail.klinik.example")
    plain = NetworkSettings()
    unset = {
        field.name
        for field in dataclasses.fields(NetworkSettings)
        if getattr(found, field.name) == getattr(plain, field.name)
    }
    assert unset == {"trust_roots_pem"}


@pytest.mark.parametrize("name", ["SCAN_ALLOWED_NETWORKS", "SCAN_DENIED_NETWORKS"])
def test_what_is_no_network_is_refused_by_its_name(name: str):
    with pytest.raises(BadSetting, match=name):
        settings.read_scan({name: "klinik.example"})
