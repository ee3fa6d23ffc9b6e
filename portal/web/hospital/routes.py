"""All modules of pages of this room; importing them registers their routes."""

from portal.web.hospital.room import hospital

ROOMS = (hospital,)
