"""What two said of one host at the same time, in words that both sides' pages use."""

from collections.abc import Mapping, Sequence

from portal.db.models.vendors import Supply
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.services.scans.host_words import Said
from reports import marks
from scanners.attribution import Belonging
from scanners.model import N_, Message


def clash(refused: Clash, yours: Said, *, supplies: Sequence[Supply], belongings: Mapping[Belonging, str]) -> Clash:
    """The same refusal with what stands now and what the reader wrote."""
    if not isinstance(refused.theirs, Said):
        return refused
    text = N_(
        "Somebody else changed this host in the meantime. It now says: %(theirs)s. You wrote: %(yours)s. Open the page "
        "again and save what is right."
    )
    values = {
        "theirs": line(refused.theirs, supplies=supplies, belongings=belongings),
        "yours": line(yours, supplies=supplies, belongings=belongings),
    }
    return Clash(Message(text=text, values=values))


def line(said: Said, *, supplies: Sequence[Supply], belongings: Mapping[Belonging, str]) -> str:
    """Role, products, whose it is."""
    served = ", ".join(supply.name for supply in supplies if supply.id in said.supply_ids) or _("the whole company")
    whose = [str(belongings[said.belonging])] if said.belonging is not None else []
    return " · ".join([_(marks.ROLES[said.role]), served, *whose])
