"""All modules of pages of this room; importing them registers their routes."""

from portal.web.site import first_looks, method, operation, public, scope, take_home
from portal.web.site.room import site

ROOMS = (site,)
MODULES = (first_looks, method, operation, public, scope, take_home)
