"""Settings: what cannot be meant is refused at the start, with the variable's name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from portal import network, settings
from portal.settings import BadSetting
from scanners.jobs import RegistrySettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BIND_PORT", "99999"),
        ("BIND_PORT", "٣"),
        ("BIND_PORT", "9" * 5000),
        ("WEB_THREADS", "0"),
        ("WEB_THREADS", "100000"),
        ("SCAN_PARALLEL", "0"),
        ("TENDER_LAPSE_MONTHS", "5"),
        ("TENDER_LAPSE_MONTHS", "61"),
        ("CLAMD", "clamav"),
        ("CLAMD", "unix:clamd.ctl"),
        ("CLAMD", "8.8.8.8:3310"),
        ("CLAMD", "127.0.0.1:"),
        ("SMTP_PORT", "0"),
        ("SMTP_SECURITY", "maybe"),
        ("IMAP_SECURITY", "none"),
        ("IMAP_HOST", "imap.klinik.example"),
        ("IMAP_PASSWORD", "Grüße"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "a@klinik.example, b@klinik.example"),
        ("PUBLIC_BASE_URL", "https://klinik.example/kettenblick"),
        ("PUBLIC_BASE_URL", "https://user:word@klinik.example"),
        ("PUBLIC_BASE_URL", "https://klinik.example?x"),
        ("PUBLIC_BASE_URL", "https://[klinik"),
        ("PUBLIC_BASE_URL", "https://klinik.example:99999"),
        ("PUBLIC_BASE_URL", "ftp://klinik.example"),
        ("PUBLIC_BASE_URL", "http://klinik.example"),
        ("SCAN_PORT_MAP", "443:99999"),
        ("SCAN_PORT_MAP", "443"),
        ("SCAN_TRUST_ROOTS", "/no/such/file.pem"),
        ("SCAN_ALLOWED_NETWORKS", "10.0.0.1/8"),
        ("SCAN_SOURCE_ADDRESSES", "our-scanner.example"),
        ("WORKER_KINDS", "scans"),
        ("SCAN_CERTIFICATE_SEARCH", "https://crt.sh/?q=vendor.de"),
        ("SCAN_CERTIFICATE_SEARCH", "http://crt.sh/?q={domain}"),
        ("SCAN_CERTIFICATE_SEARCH", "https://[crt/?q={domain}"),
        ("SCAN_RDAP_BOOTSTRAP", "http://data.iana.org/rdap/dns.json"),
        ("SCAN_RDAP_BOOTSTRAP", "https://user@data.iana.org/rdap/dns.json"),
        ("SCAN_REVOCATION", "yes"),
        ("SCAN_LOOK_ALIKES", "2"),
        ("DATA_MIRROR", "ftp://mirror.example"),
        ("DATA_MIRROR", "https://mirror.example:8443/lists"),
        ("SECRET_KEY", "short"),
        ("INSTANCE_KEY", ""),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(tmp_path: Path, name: str, value: str):
    with pytest.raises(BadSetting, match=name):
        settings.read({"KETTENBLICK_DATA": str(tmp_path), name: value})


def test_what_can_be_meant_is_taken(tmp_path: Path):
    made = settings.read(
        {
            "KETTENBLICK_DATA": str(tmp_path),
            "BIND_PORT": "0",
            "PUBLIC_BASE_URL": "https://klinik.example:8443/",
            "SCAN_PORT_MAP": "443:8443, 80:8080",
            "MAIL_FROM": "kettenblick@klinik.example",
        }
    )

    assert made.public_base_url == "https://klinik.example:8443"
    assert made.scan.port_map == {443: 8443, 80: 8080}
    assert (made.is_https, made.trusted_host) == (True, "klinik.example:8443")


def test_registries_are_asked_only_where_somebody_said_so(tmp_path: Path):
    plain = settings.read({"KETTENBLICK_DATA": str(tmp_path)})
    registries = network.of(plain.scan).registries
    assert dataclasses.replace(registries, keep_dir="") == RegistrySettings()

    made = settings.read(
        {
            "KETTENBLICK_DATA": str(tmp_path),
            "SCAN_CERTIFICATE_SEARCH": "https://a.example/?q={domain} https://b.example/{domain}",
            "SCAN_RDAP_BOOTSTRAP": "https://data.iana.org/rdap/dns.json",
            "SCAN_REVOCATION": "1",
            "SCAN_LOOK_ALIKES": "1",
            "SCAN_REPUTATION_ZONES": "dbl.example.",
        }
    )

    assert network.of(made.scan).registries == RegistrySettings(
        transparency=("https://a.example/?q={domain}", "https://b.example/{domain}"),
        rdap_bootstrap="https://data.iana.org/rdap/dns.json",
        revocation=True,
        lookalikes=True,
        reputation_zones=("dbl.example",),
        keep_dir=str(tmp_path.resolve() / "registries"),
    )
