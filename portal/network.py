"""Where a scan may go and through what, in the scanner's words, from the operator's settings."""

from typing import Any

from portal.settings import ScanSettings
from scanners.jobs import NetworkSettings, RegistrySettings


def of(settings: ScanSettings) -> NetworkSettings:
    """The operator's settings as the scanner knows them."""
    values: dict[str, Any] = {
        "resolver": settings.resolver,
        "resolver_port": settings.resolver_port,
        "port_map": dict(settings.port_map),
        "allowed_networks": settings.allowed_networks,
        "denied_networks": settings.denied_networks,
        "trust_roots_pem": settings.trust_roots_pem,
        "permitted_suffixes": settings.permitted_suffixes,
        "contact_url": settings.contact_url,
        "reference_tls_host": settings.reference_tls_host,
        "reference_smtp_host": settings.reference_smtp_host,
        "origin_zone": settings.origin_zone,
        "route_validator": settings.route_validator,
        "registries": RegistrySettings(
            transparency=settings.certificate_searches,
            rdap_bootstrap=settings.rdap_bootstrap,
            revocation=settings.revocation,
            lookalikes=settings.look_alikes,
            reputation_zones=settings.reputation_zones,
            keep_dir=settings.registries_dir,
        ),
    }
    return NetworkSettings(**values)
