"""The rooms themselves; every module of pages beside them registers its routes here."""

from portal.web.journey import CompanyRoom, Room

vendor = CompanyRoom("vendor", __name__, url_prefix="/vendor")
invitation = Room("invitation", __name__)  # before there is a company: the link is the authorisation
