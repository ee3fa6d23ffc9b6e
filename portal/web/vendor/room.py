"""The room itself; every module of pages beside it registers its routes here."""

from portal.web.journey import CompanyRoom

vendor = CompanyRoom("vendor", __name__, url_prefix="/vendor")
