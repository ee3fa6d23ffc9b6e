"""The groups of the start page in their order of urgency. Who adds a group writes a function and names it in GROUPS.

A group is a title, how many lines there are in all, the first few of them, and the list that shows them all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from flask import url_for

from assessments import deciding
from portal.db.models.assessments import Stage
from portal.db.models.portfolio import VendorLine
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.services.actions import actions
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.decisions import decisions
from portal.services.decisions.decision_rows import DecisionRow
from portal.services.incidents import flashes, incidents
from portal.services.registers import risk_lists, waiving
from portal.services.registers.risk_lists import Listed
from portal.services.rounds import reassessments
from portal.services.tenders import lapsing
from portal.services.vendors import intake_requests, listing, offboardings, supply_records
from portal.services.vendors.listing import Flag, Wanted
from portal.services.vendors.portfolio import EVIDENCE_SOON
from portal.services.vendors.supply_records import Matter
from portal.web import filters
from portal.web.hospital import watching
from portal.web.journey import HospitalJourney
from scanners.model import N_

SHOWN = 8
FIRST = slice(SHOWN)


def _flagged(flag: Flag) -> Wanted:
    return Wanted(flags=frozenset({flag}))


TO_REVIEW = Wanted(stages=(Stage.SUBMITTED.value,))
# What groups of vendors are narrowed to, each with its order.
OF_VENDORS: Mapping[Wanted, Any] = {
    _flagged(Flag.OVERDUE): VendorLine.due_on,
    _flagged(Flag.CRITICAL): VendorLine.critical.desc(),
    TO_REVIEW: VendorLine.submitted_at,
    _flagged(Flag.CONTRADICTIONS): VendorLine.contradictions.desc(),
    _flagged(Flag.DUE_SOON): VendorLine.due_on,
    _flagged(Flag.EVIDENCE): VendorLine.evidence_end,
    _flagged(Flag.NO_INTAKE): VendorLine.sorted_by,
    _flagged(Flag.NOT_ASKED): VendorLine.tier,
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What waits: whose, about what, why, and the one button."""

    name: str
    what: str
    since: str
    word: str
    url: str
    about: str = ""  # "": the name


@dataclass(frozen=True, kw_only=True)
class Group:
    """Lines of one kind."""

    title: str
    count: int
    lines: Sequence[Line]  # the first, or those of a page
    every_url: str = ""  # the list that shows them all


class Desk:
    """What several groups of one page read, read once."""

    def __init__(
        self, here: HospitalJourney, *, start: int = 0, most: int = SHOWN, matter: Matter | None = None
    ) -> None:
        """Hold whose page it is, which lines of a group it has room for, and of what the records are asked alone."""
        self.here = here
        self.page = slice(start, start + most)
        self.matter = matter

    @cached_property
    def actions(self) -> actions.Due:
        """Of all vendors."""
        return actions.due(self.here.session, self.here.actor, today=self.here.today)

    @cached_property
    def decided(self) -> Sequence[DecisionRow]:
        """The decisions that stand."""
        return decisions.standing_rows(self.here.session, self.here.actor)

    @cached_property
    def intakes(self) -> Sequence[intake_requests.Pending]:
        """Those that somebody was asked for."""
        return intake_requests.pending(self.here.session, self.here.actor, now=self.here.now)

    @cached_property
    def risks(self) -> risk_lists.RisksDue:
        """Derived and own."""
        return risk_lists.due(self.here.session, self.here.actor, today=self.here.today, most=SHOWN)

    @cached_property
    def vendors(self) -> Mapping[Wanted, listing.Due]:
        """For each group that is read from the lines of vendors."""
        return listing.due(self.here.session, self.here.actor, OF_VENDORS, today=self.here.today, length=SHOWN)

    @cached_property
    def records(self) -> Mapping[Matter, supply_records.Found]:
        """What the records of supplies ask for."""
        return supply_records.due(
            self.here.session, self.here.actor, today=self.here.today, page=self.page, only=self.matter
        )


def of(here: HospitalJourney) -> Sequence[Group]:
    """Those in which something waits."""
    desk = Desk(here)
    return [found for make in GROUPS if (found := make(desk)).count]


def whole(here: HospitalJourney, name: str, *, start: int, length: int) -> Group | None:
    """One page of a group that has no list elsewhere; made by what makes its first lines, so that both count alike."""
    matter = Matter(name) if name in set(Matter) else None
    return LISTED[name](Desk(here, start=start, most=length, matter=matter)) if name in LISTED else None


def _whole_url(name: str) -> str:
    return url_for("hospital.whole_group", due_name=name)


def group(
    title: str,
    rows: Sequence[Any],
    line: Callable[[Any], Line],
    *,
    count: int | None = None,
    every_url: str = "",
    page: slice = FIRST,
) -> Group:
    """Some rows, of which a page is shown."""
    return Group(
        title=title,
        count=len(rows) if count is None else count,
        lines=[line(row) for row in rows[page]],
        every_url=every_url,
    )


# ---- incidents, risks, actions


def _incidents(desk: Desk) -> Group:
    rows = incidents.due(desk.here.session, desk.here.actor, now=desk.here.now)
    boards = flashes.due(desk.here.session, desk.here.actor, now=desk.here.now)

    def reported(one: Any) -> Line:
        since = (
            _("to be confirmed since %(when)s", when=filters.moment(one.unread[0].at))
            if one.unread
            else _("a word is overdue since %(when)s", when=filters.moment(one.report.next_clock.due_at))
        )
        url = url_for("hospital.incident", incident_id=one.report.incident.id)
        title = one.report.incident.title
        return Line(name=one.vendor.name, what=title, since=since, word=_("View"), url=url, about=title)

    def asked(board: Any) -> Line:
        late = len(board.late)
        return Line(
            name=board.flash.about,
            what=_("asked at once"),
            since=ngettext("%(num)s vendor owes a word", "%(num)s vendors owe a word", late),
            word=_("View"),
            url=url_for("hospital.flash", flash_id=board.flash.id),
        )

    lines = [*map(reported, rows[:SHOWN]), *map(asked, boards[:SHOWN])]
    every = url_for("hospital.incident_list")
    return Group(title=_("Incidents"), count=len(rows) + len(boards), lines=lines[:SHOWN], every_url=every)


def _risk(day: Callable[[Listed], date | None], here: HospitalJourney) -> Callable[[Listed], Line]:
    def line(row: Listed) -> Line:
        url = (
            url_for("hospital.own_risk", own_risk_id=row.id) if row.is_own else url_for("hospital.risk", risk_id=row.id)
        )
        name = row.vendor_name or _("the hospital as a whole")
        since = _("until %(day)s", day=filters.day(day(row)))
        what = row.title[here.language]
        return Line(name=name, what=what, since=since, word=_("Decide"), url=url, about=row.key)

    return line


def _acceptances(desk: Desk) -> Group:
    return group(
        _("Acceptances that have ended"),
        desk.risks.lapsed,
        _risk(lambda row: row.accepted_until, desk.here),
        count=desk.risks.lapsed_count,
        every_url=url_for("hospital.risk_list", due="lapsed"),
    )


def _treatments(desk: Desk) -> Group:
    return group(
        _("Treatments overdue"),
        desk.risks.overdue,
        _risk(lambda row: row.due_on, desk.here),
        count=desk.risks.overdue_count,
        every_url=url_for("hospital.risk_list", due="overdue"),
    )


def _waivers(desk: Desk) -> Group:
    def line(one: Any) -> Line:
        day = filters.day(one.waiver.until)
        return Line(
            name=one.vendor.name,
            what=f"{one.waiver.check_id or one.waiver.question_id} {one.waiver.subject_name}".strip(),
            since=_("ended on %(day)s", day=day) if one.is_over else _("until %(day)s", day=day),
            word=_("View"),
            url=url_for("hospital.vendor_waivers", vendor_id=one.vendor.id),
        )

    rows = waiving.ending(desk.here.session, desk.here.actor, today=desk.here.today)
    return group(_("Waivers that end"), rows, line, every_url=_whole_url("waivers"), page=desk.page)


def _decisions(desk: Desk) -> Group:
    def line(one: decisions.AskedRow) -> Line:
        why = ", ".join(_(deciding.WHYS[each]) for each in one.fact.why)
        address = (
            url_for("hospital.vendor_decisions", vendor_id=one.vendor.id)
            if one.vendor is not None
            else url_for("hospital.decision_list")
        )
        return Line(
            name=one.fact.vendor or _("the hospital as a whole"),
            what=one.fact.about,
            since=f"{why} · {_('decides: %(who)s', who=_(deciding.AUTHORITIES[one.fact.authority]))}",
            word=_("View"),
            url=address,
        )

    here = desk.here
    count, rows = decisions.asked_first(here.session, here.actor, here.today, most=SHOWN, stood=desk.decided)
    return group(_("Decisions open"), rows, line, count=count, every_url=url_for("hospital.decision_list"))


def _conditions(desk: Desk) -> Group:
    def line(one: decisions.ConditionRow) -> Line:
        return Line(
            name=one.row.fact.vendor or one.row.fact.about,
            what=one.condition.text,
            since=_("due on %(day)s", day=filters.day(one.condition.due_on)),
            word=_("View"),
            url=url_for("hospital.decision", decision_id=one.row.decision.id),
        )

    rows = decisions.conditions_due(desk.decided, today=desk.here.today)
    return group(_("Conditions due"), rows, line, every_url=url_for("hospital.decision_list", _anchor="conditions"))


def _action(row: actions.Waiting) -> Line:
    return Line(
        name=row.vendor.name,
        what=", ".join(supply.name for supply in row.supplies),
        since=ngettext(
            "%(num)s since %(day)s", "%(num)s, the oldest since %(day)s", row.count, day=filters.day(row.since)
        ),
        word=_("View"),
        url=url_for("hospital.vendor_actions", vendor_id=row.vendor.id),
    )


def _actions_overdue(desk: Desk) -> Group:
    every = _whole_url("actions-overdue")
    return group(_("Actions overdue"), desk.actions.overdue, _action, every_url=every, page=desk.page)


def _actions_reported(desk: Desk) -> Group:
    rows, every = desk.actions.reported, _whole_url("actions-reported")
    return group(_("Actions reported as done"), rows, _action, every_url=every, page=desk.page)


def _plans(desk: Desk) -> Group:
    return group(_("Plans offered"), desk.actions.offered, _action, every_url=_whole_url("plans"), page=desk.page)


# ---- vendors, from the rows that lists read


def _vendors(
    desk: Desk,
    title: str,
    wanted: Wanted,
    line: Callable[[VendorLine], Line],
    **address: Any,
) -> Group:
    found = desk.vendors[wanted]
    return group(title, found.rows, line, count=found.count, every_url=url_for("hospital.vendor_list", **address))


def _line(row: VendorLine, since: str, word: str, endpoint: str, **values: Any) -> Line:
    url = url_for(endpoint, **values) if values else url_for(endpoint, vendor_id=row.vendor_id)
    return Line(name=row.name, what=row.products, since=since, word=word, url=url)


def _round(row: VendorLine) -> Line:
    since = _("due on %(day)s", day=filters.day(row.due_on))
    return _line(row, since, _("View"), "hospital.assessment", assessment_id=row.assessment_id)


def _overdue(desk: Desk) -> Group:
    wanted = _flagged(Flag.OVERDUE)
    return _vendors(desk, _("Answers overdue"), wanted, _round, **{"is": Flag.OVERDUE.value})


def _due_soon(desk: Desk) -> Group:
    wanted = _flagged(Flag.DUE_SOON)
    address = {"is": Flag.DUE_SOON.value}
    return _vendors(desk, _("Due within a week"), wanted, _round, **address)


def _critical(desk: Desk) -> Group:
    def line(row: VendorLine) -> Line:
        return _line(row, _("%(count)s critical", count=row.critical), _("View"), "hospital.vendor_scan")

    wanted, address = _flagged(Flag.CRITICAL), {"is": Flag.CRITICAL.value}
    return _vendors(desk, _("Critical and open"), wanted, line, **address)


def _reassessments(desk: Desk) -> Group:
    def line(one: reassessments.Due) -> Line:
        return Line(
            name=one.vendor.name,
            what=one.vendor.products,
            since=" · ".join(watching.why(one, desk.here)),
            word=_("Ask again"),
            url=url_for("hospital.reassessment", vendor_id=one.vendor.vendor_id),
        )

    count, rows = reassessments.due_first(desk.here.session, desk.here.actor, today=desk.here.today, most=SHOWN)
    return group(_("Re-assessment due"), rows, line, count=count, every_url=url_for("hospital.reassessment_list"))


def _review(desk: Desk) -> Group:
    def line(row: VendorLine) -> Line:
        since = _("handed in on %(day)s", day=filters.day(row.submitted_at)) if row.submitted_at else ""
        return _line(row, since, _("Review the answers"), "hospital.review", assessment_id=row.assessment_id)

    return _vendors(desk, _("To review"), TO_REVIEW, line, stage=Stage.SUBMITTED.value)


def _contradictions(desk: Desk) -> Group:
    def line(row: VendorLine) -> Line:
        since = _("%(count)s open", count=row.contradictions)
        return _line(row, since, _("View"), "hospital.vendor_contradictions")

    wanted, address = _flagged(Flag.CONTRADICTIONS), {"is": Flag.CONTRADICTIONS.value}
    return _vendors(desk, _("Contradictions to settle"), wanted, line, **address)


def _evidence(desk: Desk) -> Group:
    def line(row: VendorLine) -> Line:
        last = (desk.here.today + EVIDENCE_SOON).isoformat()
        days = [day for day in row.evidence_ends if day <= last]
        first, count = filters.day(date.fromisoformat(days[0])), len(days)
        if days[0] < desk.here.today.isoformat():
            since = ngettext(
                "%(num)s document, ran out on %(day)s",
                "%(num)s documents, the first ran out on %(day)s",
                count,
                day=first,
            )
        else:
            since = ngettext(
                "%(num)s document, on %(day)s", "%(num)s documents, the first on %(day)s", count, day=first
            )
        return _line(row, since, _("View"), "hospital.vendor_evidence")

    wanted, address = _flagged(Flag.EVIDENCE), {"is": Flag.EVIDENCE.value}
    return _vendors(desk, _("Evidence runs out"), wanted, line, **address)


def _intakes_answered(desk: Desk) -> Group:
    def line(one: intake_requests.Pending) -> Line:
        request = one.request
        return Line(
            name=one.about.of,
            what=one.about.name,
            since=_("answered by %(name)s on %(day)s", name=request.by_name, day=filters.day(request.submitted_at)),
            word=_("Take over"),
            url=_intake_url(one.about),
        )

    rows = desk.intakes
    answered, every = [one for one in rows if one.request.submitted_at], _whole_url("intakes-answered")
    return group(_("Intakes answered by their owners"), answered, line, every_url=every, page=desk.page)


def _intakes_asked(desk: Desk) -> Group:
    def line(one: intake_requests.Pending) -> Line:
        who, is_over = one.request.name or one.request.email, one.standing is intake_requests.Standing.EXPIRED
        since = (
            _("%(name)s did not answer by %(day)s", name=who, day=filters.day(one.request.expires_at))
            if is_over
            else _("%(name)s was asked, please by %(day)s", name=who, day=filters.day(one.request.until))
        )
        url = _intake_url(one.about)
        return Line(name=one.about.of, what=one.about.name, since=since, word=_("View"), url=url)

    rows = desk.intakes
    asked, every = [one for one in rows if not one.request.submitted_at], _whole_url("intakes-asked")
    return group(_("Intakes asked of their owners"), asked, line, every_url=every, page=desk.page)


def _intake_url(about: intake_requests.About) -> str:
    if about.lot_id is not None:
        return url_for("hospital.lot_intake", tender_id=about.tender_id, lot_id=about.lot_id)
    return url_for("hospital.intake", supply_id=about.supply_id)


def _tenders(desk: Desk) -> Group:
    def line(one: lapsing.Forgotten) -> Line:
        closed, lapses = filters.day(one.tender.closes_at), filters.day(one.lapses_on)
        return Line(
            name=one.tender.title,
            what=one.tender.reference,
            since=_("closed on %(closed)s, ends by itself on %(lapses)s", closed=closed, lapses=lapses),
            word=_("View"),
            url=url_for("hospital.tender", tender_id=one.tender.id),
        )

    here = desk.here
    rows = lapsing.waiting(here.session, here.actor, months=here.settings.tender_lapse_months, today=here.today)
    every = url_for("hospital.tender_list")
    return group(_("Tenders that nobody has ended"), rows, line, every_url=every, page=desk.page)


def _no_intake(desk: Desk) -> Group:
    may_write = desk.here.role in HOSPITAL_WRITERS

    def line(row: VendorLine) -> Line:
        if not may_write:
            return _line(row, "", _("View"), "hospital.vendor")
        if row.unrated_supply_id:
            return _line(row, "", _("Fill in the intake"), "hospital.intake", supply_id=row.unrated_supply_id)
        return _line(row, "", _("Add a product or service"), "hospital.add_supply")

    wanted, address = _flagged(Flag.NO_INTAKE), {"is": Flag.NO_INTAKE.value}
    return _vendors(desk, _("Intake missing"), wanted, line, **address)


def _not_asked(desk: Desk) -> Group:
    word, endpoint = (
        (_("Invite"), "hospital.invite") if desk.here.role in HOSPITAL_WRITERS else (_("View"), "hospital.vendor")
    )

    def line(row: VendorLine) -> Line:
        return _line(row, _("Tier %(tier)s", tier=row.tier), word, endpoint)

    wanted, address = _flagged(Flag.NOT_ASKED), {"is": Flag.NOT_ASKED.value}
    return _vendors(desk, _("Not asked yet"), wanted, line, **address)


# ---- supplies, from their records


def _records(matter: Matter, title: str, **address: Any) -> Callable[[Desk], Group]:
    """What the records of supplies ask for in one matter."""

    def make(desk: Desk) -> Group:
        found = desk.records.get(matter)
        lines = [_record_line(one) for one in found.lines] if found else []
        every = url_for("hospital.vendor_list", **address) if address else _whole_url(matter.value)
        return Group(title=_(title), count=found.count if found else 0, lines=lines, every_url=every)

    return make


def _record_line(one: supply_records.Line) -> Line:
    day = filters.day(one.day)
    if one.day is None:
        is_provisional = not one.supply.intakes and one.tier is not None
        words = _("Tier %(tier)s, provisional", tier=one.tier) if is_provisional else _("Tier %(tier)s", tier=one.tier)
        since = words if one.tier is not None else ""
    elif one.matter is Matter.NOTICE:
        since = _("until %(day)s", day=day)
    else:
        since = _("since %(day)s", day=day) if one.is_over else _("on %(day)s", day=day)
    what = " · ".join(filter(None, (one.supply.name, one.about)))
    url = url_for("hospital.supply", supply_id=one.supply.id)
    return Line(name=one.vendor.name, what=what, since=since, word=_("View"), url=url, about=one.supply.name)


def _endings(desk: Desk) -> Group:
    def line(one: offboardings.Open) -> Line:
        return Line(
            name=one.vendor.name,
            what=one.supply.name if one.supply else "",
            since=ngettext("%(num)s step open", "%(num)s steps open", one.count),
            word=_("View"),
            url=url_for("hospital.ending", offboarding_id=one.row.id),
        )

    rows = offboardings.due(desk.here.session, desk.here.actor, today=desk.here.today)
    return group(_("Ended, checklist open"), rows, line, every_url=_whole_url("endings"), page=desk.page)


_NOTICE = _records(Matter.NOTICE, N_("Notice periods of contracts"))
_CONTRACT = _records(Matter.CONTRACT, N_("Contracts that end"))
_SUPPORT = _records(Matter.SUPPORT, N_("Support that ends"))
_CHECK = _records(Matter.CHECK, N_("IT security checks due (§ 17 MPBetreibV)"))
_EXIT_DUE = _records(Matter.EXIT_DUE, N_("Exit plans to look at again"))
_EXIT_PLAN = _records(Matter.EXIT_PLAN, N_("Without exit plan (tier 1 and 2)"))
# Groups whose full list stands on a page of its own, by its name in the address.
LISTED: Mapping[str, Callable[[Desk], Group]] = {
    "actions-overdue": _actions_overdue,
    "actions-reported": _actions_reported,
    "plans": _plans,
    "waivers": _waivers,
    "intakes-answered": _intakes_answered,
    "intakes-asked": _intakes_asked,
    "endings": _endings,
    Matter.NOTICE.value: _NOTICE,
    Matter.CONTRACT.value: _CONTRACT,
    Matter.SUPPORT.value: _SUPPORT,
    Matter.CHECK.value: _CHECK,
    Matter.EXIT_DUE.value: _EXIT_DUE,
    Matter.EXIT_PLAN.value: _EXIT_PLAN,
}
# The order of urgency. Decisions that are open come first, conditions that fall due before what runs out by itself.
GROUPS: tuple[Callable[[Desk], Group], ...] = (
    _incidents,
    _decisions,
    _conditions,
    _acceptances,
    _overdue,
    _actions_overdue,
    _treatments,
    _critical,
    _review,
    _actions_reported,
    _plans,
    _contradictions,
    _due_soon,
    _NOTICE,
    _evidence,
    _waivers,
    _reassessments,
    _CONTRACT,
    _SUPPORT,
    _CHECK,
    _EXIT_DUE,
    _endings,
    _tenders,
    _intakes_answered,
    _intakes_asked,
    _no_intake,
    _not_asked,
    _records(Matter.SECURITY, N_("Without security contact"), by="supplies", **{"is": Flag.NO_SECURITY_CONTACT.value}),
    _EXIT_PLAN,
)
