"""The room itself; every module of pages beside it registers its routes here."""

from portal.web.journey import HospitalRoom

hospital = HospitalRoom("hospital", __name__, url_prefix="/hospital")
