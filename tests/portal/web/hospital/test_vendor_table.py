"""The list of vendors: columns that are worked out for one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from portal.db.models.portfolio import VendorLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward


def test_the_place_among_vendors_of_a_tier_is_a_column(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    with sessions.begin() as session:
        for number, vendor_id in enumerate(ward.vendors.values()):
            session.execute(
                update(VendorLine).where(VendorLine.vendor_id == vendor_id).values(tier=1, value=10.0 + number)
            )
    visitor = visit(ward.auditor)

    page = visitor.get("/hospital/vendors?col=place").get_data(as_text=True)
    assert "Platz in der Kritikalität" in page
    assert f"besser als 100\u202f% von {len(ward.vendors) - 1}" in page
    assert "besser als" not in visitor.get("/hospital/vendors?all=1").get_data(as_text=True)
