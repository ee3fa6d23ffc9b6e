"""All modules of pages of this room; importing them registers their routes."""

from portal.web.site import method, operation, public, scope, take_home
from portal.web.site.room import site

ROOMS = (site,)
MODULES = (method, operation, public, scope, take_home)
