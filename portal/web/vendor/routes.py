"""All modules of pages of this room; importing them registers their routes."""

from portal.web.vendor.room import vendor

ROOMS = (vendor,)
