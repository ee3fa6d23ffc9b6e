"""The day of a moment: the one on the calendar of the hospitals, wherever the machine stands that is asked."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Berlin")


def of(at: datetime) -> date:
    """Which day it is then. A document, an answer or an acceptance that ends on a day counts until its midnight."""
    return at.astimezone(ZONE).date()
