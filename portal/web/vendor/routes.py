"""All modules of pages of this room; importing them registers their routes."""

from portal.web.vendor import (
    approval,
    arriving,
    disputes,
    documents,
    handing_in,
    home,
    questions,
    result,
    team,
    workbook,
)
from portal.web.vendor.room import invitation, vendor

ROOMS = (invitation, vendor)
MODULES = (approval, arriving, disputes, documents, handing_in, home, questions, result, team, workbook)
