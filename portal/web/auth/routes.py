"""All modules of pages of this room; importing them registers their routes."""

from portal.web.auth import account, joining, passwords, second_factor, setup, signing_in
from portal.web.auth.room import auth

ROOMS = (auth,)
MODULES = (account, joining, passwords, second_factor, setup, signing_in)
