"""What follows from the record of a supply by its dates: notice, ends, checks that are due, contacts that lack."""

import calendar
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.db import lines
from portal.db.models.portfolio import SupplyLine
from portal.db.models.supplies import Article, ContactRole, VendorContact
from portal.db.models.vendors import Supply, Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.vendors import intakes, vendors

NOTICE_SOON = timedelta(days=90)
SOON = timedelta(days=180)
CHECK_SOON = timedelta(days=60)
CHECKED_EVERY = 24  # months: § 17 Abs. 3 MPBetreibV, at the end of the month
NEEDS_EXIT_PLAN = (1, 2)  # tiers
AT_ONCE = 500  # supplies of one statement


class Matter(StrEnum):
    """What a record asks somebody to look at, the most urgent first."""

    NOTICE = "notice"  # the day by which notice has to be given
    CONTRACT = "contract"  # its end
    SUPPORT = "support"  # of an article
    CHECK = "check"  # § 17 MPBetreibV
    EXIT_DUE = "exit-due"
    EXIT_PLAN = "exit-plan"  # there is none
    SECURITY = "security"  # nobody to call


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing to look at."""

    matter: Matter
    vendor: Vendor
    supply: Supply
    day: date | None = None
    tier: int | None = None
    about: str = ""  # the article
    is_over: bool = False  # the day has passed


def notice_by(supply: Supply) -> date | None:
    """The last day on which notice can be given for the end of the contract."""
    if supply.contract_ends_on is None or supply.notice_months is None:
        return None
    return back(supply.contract_ends_on, supply.notice_months)


def back(day: date, months: int) -> date:
    """So many months before a day; the last day of a shorter month, and none beyond the calendar."""
    count = day.year * 12 + day.month - 1 - months
    if not date.min.year <= count // 12 <= date.max.year:
        return date.min if months > 0 else date.max
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def check_by(article: Article) -> date | None:
    """By when the next check of its IT security is due: 24 months on, at the end of the month."""
    return None if article.checked_on is None else _checked_by(article.checked_on)


def _checked_by(checked_on: date) -> date:
    on = back(checked_on, -CHECKED_EVERY)
    return on.replace(day=calendar.monthrange(on.year, on.month)[1])


def tier_of(supply: Supply) -> tuple[int | None, bool]:
    """Its tier, and whether it is only provisional."""
    record = intakes.current(supply)
    if record is not None:
        return record.tier, False
    tier = vendors.provisional_tier(supply)
    return tier, tier is not None


def has_security_contact(vendor: Vendor, supply_id: str, contacts: Iterable[VendorContact]) -> bool:
    """Whether there is somebody to call about the security of this supply."""
    return bool(vendor.security_email) or any(
        one.role is ContactRole.SECURITY and one.supply_id in {None, supply_id} for one in contacts
    )


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many lines of one matter there are, and the first of them."""

    count: int
    lines: Sequence[Line]


def due(
    session: Session, actor: Actor, *, today: date, page: slice, only: Matter | None = None
) -> Mapping[Matter, Found]:
    """What the records of all supplies ask for, each matter by its day, without what has ended. Read from the database
    with as few rows as are shown, however many supplies there are. `page`: which lines of a matter."""
    hospital_id = hospital_of(actor)
    lines.settle(session)
    queries = _queries(session, hospital_id, today)
    if only is not None:
        queries = {only: queries[only]}
    numbers = [
        select(func.count()).select_from(query.order_by(None).subquery()).scalar_subquery()
        for query, _day in queries.values()
    ]
    counts = dict(zip(queries, session.execute(select(*numbers)).one(), strict=True))
    first = {
        matter: session.execute(query.slice(page.start or 0, page.stop)).all()
        for matter, (query, _day) in queries.items()
        if counts[matter]
    }
    wanted = sorted({row.supply_id for rows in first.values() for row in rows})
    supplies = {
        supply.id: supply
        for at in range(0, len(wanted), AT_ONCE)
        for supply in session.scalars(
            select(Supply)
            .where(Supply.id.in_(wanted[at : at + AT_ONCE]))
            .options(joinedload(Supply.vendor), selectinload(Supply.intakes))
        )
    }
    found: dict[Matter, Found] = {}
    for matter, rows in first.items():
        day = queries[matter][1]
        shown = []
        for row in rows:
            supply = supplies[row.supply_id]
            at = day(supply, row)
            shown.append(
                Line(
                    matter=matter,
                    vendor=supply.vendor,
                    supply=supply,
                    day=at,
                    tier=tier_of(supply)[0],
                    about=getattr(row, "about", ""),
                    is_over=at is not None and at < today,
                )
            )
        found[matter] = Found(count=counts[matter], lines=shown)
    return found


_Day = Callable[[Supply, Any], date | None]


def _queries(session: Session, hospital_id: str, today: date) -> Mapping[Matter, tuple[Select[Any], _Day]]:
    """One for each matter, with the day that its rows tell."""
    live = (
        select(Supply.id.label("supply_id"))
        .join(SupplyLine, (SupplyLine.hospital_id == Supply.hospital_id) & (SupplyLine.supply_id == Supply.id))
        .where(Supply.hospital_id == hospital_id, SupplyLine.is_ended.is_(False))
    )
    lacking = (
        select(SupplyLine.supply_id)
        .where(SupplyLine.hospital_id == hospital_id, SupplyLine.is_ended.is_(False))
        .order_by(SupplyLine.likely_tier, SupplyLine.sorted_by, SupplyLine.supply_id)
    )
    ends = Supply.contract_ends_on
    notice = _notice_between(session, hospital_id, today, today + NOTICE_SOON)
    goes_on = Supply.renews_months.is_not(None) & (Supply.renews_months > 0)
    of_article = live.join(
        Article, (Article.hospital_id == Supply.hospital_id) & (Article.supply_id == Supply.id)
    ).add_columns(Article.model.label("about"))
    return {
        Matter.NOTICE: (live.where(notice).order_by(ends, Supply.id), lambda supply, _row: notice_by(supply)),
        Matter.CONTRACT: (
            live.where(ends <= today + SOON, ~notice, ~((ends < today) & goes_on)).order_by(ends, Supply.id),
            lambda supply, _row: supply.contract_ends_on,
        ),
        Matter.SUPPORT: (
            of_article.add_columns(Article.support_ends_on.label("day"))
            .where(Article.support_ends_on <= today + SOON)
            .order_by(Article.support_ends_on, Article.id),
            lambda _supply, row: row.day,
        ),
        Matter.CHECK: (
            of_article.add_columns(Article.checked_on.label("day"))
            .where(Article.checked_on < back((today + CHECK_SOON + timedelta(days=1)).replace(day=1), CHECKED_EVERY))
            .order_by(Article.checked_on, Article.id),
            lambda _supply, row: _checked_by(row.day),
        ),
        Matter.EXIT_DUE: (
            live.where(Supply.exit_plan != "", Supply.exit_due_on <= today + CHECK_SOON).order_by(
                Supply.exit_due_on, Supply.id
            ),
            lambda supply, _row: supply.exit_due_on,
        ),
        Matter.EXIT_PLAN: (
            lacking.where(SupplyLine.has_exit_plan.is_(False), SupplyLine.likely_tier.in_(NEEDS_EXIT_PLAN)),
            lambda _supply, _row: None,
        ),
        Matter.SECURITY: (lacking.where(SupplyLine.has_security_contact.is_(False)), lambda _supply, _row: None),
    }


def _notice_between(session: Session, hospital_id: str, first: date, last: date) -> ColumnElement[bool]:
    """Whether the last day for notice is one of these; each period that occurs makes a range of ends."""
    periods = session.scalars(
        select(Supply.notice_months)
        .where(Supply.hospital_id == hospital_id, Supply.notice_months.is_not(None), Supply.notice_months > 0)
        .distinct()
    ).all()
    ranges = [
        (Supply.notice_months == months) & Supply.contract_ends_on.between(back(first, -months), back(last, -months))
        for months in periods
        if months is not None
    ]
    return func.coalesce(or_(*ranges), false()) if ranges else false()


def of_supply(
    vendor: Vendor,
    supply: Supply,
    articles: Iterable[Article],
    contacts: Iterable[VendorContact],
    *,
    today: date,
) -> Iterable[Line]:
    """The same of one supply that is read already."""
    tier, _is_provisional = tier_of(supply)

    def line(matter: Matter, day: date | None = None, about: str = "") -> Line:
        is_over = day is not None and day < today
        return Line(matter=matter, vendor=vendor, supply=supply, day=day, tier=tier, about=about, is_over=is_over)

    notice, ends = notice_by(supply), supply.contract_ends_on
    if supply.notice_months and notice is not None and today <= notice <= today + NOTICE_SOON:
        yield line(Matter.NOTICE, notice)
    elif ends is not None and ends <= today + SOON and not (supply.renews_months and ends < today):
        yield line(Matter.CONTRACT, ends)
    for article in articles:
        if article.support_ends_on is not None and article.support_ends_on <= today + SOON:
            yield line(Matter.SUPPORT, article.support_ends_on, article.model)
        check = check_by(article)
        if check is not None and check <= today + CHECK_SOON:
            yield line(Matter.CHECK, check, article.model)
    if supply.exit_plan and supply.exit_due_on is not None and supply.exit_due_on <= today + CHECK_SOON:
        yield line(Matter.EXIT_DUE, supply.exit_due_on)
    if tier in NEEDS_EXIT_PLAN and not supply.exit_plan:
        yield line(Matter.EXIT_PLAN)
    if not has_security_contact(vendor, supply.id, contacts):
        yield line(Matter.SECURITY)
