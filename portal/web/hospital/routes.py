"""All modules of pages of this room; importing them registers their routes."""

from portal.web.hospital import (
    actions,
    administration,
    asked_intakes,
    board,
    campaigns,
    catalogues,
    comparisons,
    component_pages,
    concentrations,
    disputes,
    documents,
    exports,
    flashes,
    incidents,
    intake_requests,
    intakes,
    letters,
    own_risks,
    policies,
    review,
    risks,
    rounds,
    scans,
    scope,
    snapshots,
    today,
    vendor_lists,
    vendor_pages,
    vendor_table,
    vendors,
    waivers,
)
from portal.web.hospital.room import asked, hospital

ROOMS = (hospital, asked)
PAGES = (
    *(actions, administration, campaigns, catalogues, disputes, documents, exports, intakes),
    *(flashes, incidents),
    *(component_pages, review, risks, scans, scope, today, vendor_lists, vendor_pages, vendors),
    *(board, letters, rounds),
    *(own_risks, snapshots, waivers),
    policies,
    comparisons,
    *(asked_intakes, intake_requests),
    *(concentrations, vendor_table),
)
