"""The rooms themselves; every module of pages beside them registers its routes here."""

from portal.web.journey import HospitalRoom, Room

hospital = HospitalRoom("hospital", __name__, url_prefix="/hospital")
asked = Room("asked", __name__)  # people of the house without an account: the link is the authorisation
