"""All modules of pages of this room; importing them registers their routes."""

from portal.web.vendor import (
    actions,
    approval,
    arriving,
    component_pages,
    disputes,
    documents,
    flashes,
    foreign,
    handing_in,
    handing_on,
    home,
    incidents,
    pack_documents,
    packs,
    plan,
    questions,
    result,
    team,
    tenders,
    workbook,
)
from portal.web.vendor.room import invitation, vendor

ROOMS = (invitation, vendor)
MODULES = (
    actions,
    approval,
    arriving,
    component_pages,
    disputes,
    documents,
    flashes,
    incidents,
    foreign,
    handing_in,
    handing_on,
    home,
    pack_documents,
    packs,
    plan,
    questions,
    result,
    team,
    tenders,
    workbook,
)
