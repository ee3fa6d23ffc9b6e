"""The words about incidents that both sides read: how a clock stands, and whose duty the report to an authority is."""

from collections.abc import Mapping

from portal.services.incidents.incident_clocks import ClockStanding
from scanners.model import N_

STANDINGS: Mapping[ClockStanding, tuple[str, str]] = {  # word, kind of its chip
    ClockStanding.KEPT: (N_("in time"), "done"),
    ClockStanding.LATE: (N_("came late"), "neutral"),
    ClockStanding.RUNNING: (N_("running"), "active"),
    ClockStanding.SOON: (N_("ends soon"), "attention"),
    ClockStanding.OVERDUE: (N_("overdue"), "attention"),
}
DUTIES: tuple[tuple[str, str], ...] = (
    (
        N_("§ 32 BSIG, Art. 23 NIS2"),
        N_(
            "Whoever is an essential or important entity reports a significant incident to the joint office of BSI and "
            "BBK itself: 24 hours, 72 hours, one month after the notification. That holds for the hospital, and for "
            "your company if it is in scope."
        ),
    ),
    (
        N_("Art. 33 GDPR"),
        N_(
            "A processor tells the controller without undue delay (paragraph 2). The controller, mostly the hospital, "
            "tells the data protection authority within 72 hours where feasible (paragraph 1)."
        ),
    ),
    (
        N_("Art. 87 MDR"),
        N_(
            "The manufacturer of a medical device reports a serious incident to the competent authority; the "
            "terms depend on the harm."
        ),
    ),
    (
        N_("Art. 14 CRA"),
        N_(
            "The manufacturer of another product with digital elements reports actively exploited weaknesses and "
            "severe incidents since 11 September 2026."
        ),
    ),
)
