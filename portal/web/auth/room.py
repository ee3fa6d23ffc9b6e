"""The room itself; every module of pages beside it registers its routes here."""

from portal.web.journey import Room

auth = Room("auth", __name__)
