"""The room itself; every module of pages beside it registers its routes here."""

from portal.web.journey import Room

site = Room("site", __name__)
