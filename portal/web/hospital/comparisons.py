"""Comparison: two to six vendors side by side. What is compared stands in the address and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request, url_for

from assessments.comparison import FEWEST, MOST, Comparison
from assessments.model import Policy
from portal import i18n
from portal.db.models.exports import ExportKind
from portal.db.models.vendors import Vendor
from portal.files.blobs import Blobs
from portal.i18n import gettext as _
from portal.jobs import exporting
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.exports import exports
from portal.services.exports.exports import Wish
from portal.services.registers import comparisons, policies
from portal.web import journey, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from reports import comparison as words
from reports import marks, tables
from reports.reader import Reader

LONGEST_WORDS = 100
DIFFERENCES = "differences"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the address asks for."""

    vendor_ids: tuple[str, ...]
    only_differences: bool = False
    opened: frozenset[str] = frozenset()  # measures whose questions and checks are shown
    words: str = ""

    endpoint: str = "hospital.compare"
    place: Mapping[str, Any] = field(default_factory=dict)

    def link(self, **changes: Any) -> str:
        """This page with something changed; an anchor by `at`."""
        ids = changes.get("vendor_ids", self.vendor_ids)
        only = changes.get("only_differences", self.only_differences)
        opened = changes.get("opened", self.opened)
        return url_for(
            self.endpoint,
            vendor=list(ids) or None,
            only=DIFFERENCES if only else None,
            open=sorted(opened) or None,
            q=changes.get("words", "") or None,
            _anchor=changes.get("at"),
            **self.place,
        )

    def with_vendor(self, vendor_id: str) -> str:
        """One more column."""
        return self.link(vendor_ids=(*self.vendor_ids, vendor_id), words=self.words)

    def without_vendor(self, vendor_id: str) -> str:
        """One column less."""
        return self.link(vendor_ids=tuple(one for one in self.vendor_ids if one != vendor_id))

    def moved(self, vendor_id: str) -> str:
        """This column one place to the left."""
        ids = list(self.vendor_ids)
        at = ids.index(vendor_id)
        ids[at - 1 : at + 1] = [ids[at], ids[at - 1]]
        return self.link(vendor_ids=tuple(ids))

    def toggled(self, part: str) -> str:
        """This measure opened, or closed again."""
        return self.link(opened=self.opened ^ {part}, at=f"M-{part or 'own'}")


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where the proof of a cell stands: on the vendor's own pages."""

    vendor_ids: tuple[str, ...]

    def vendor(self, index: int) -> str:
        """At a glance."""
        return url_for("hospital.vendor", vendor_id=self.vendor_ids[index])

    def answers(self, index: int, question_id: str) -> str:
        """The answer, at its question."""
        return url_for("hospital.vendor_answers", vendor_id=self.vendor_ids[index], _anchor=question_id)

    def scan(self, index: int) -> str:
        """What was seen."""
        return url_for("hospital.vendor_scan", vendor_id=self.vendor_ids[index])


@hospital.get("/compare", roles=EVERY_HOSPITAL_ROLE, rail=Rail.COMPARISON)
def compare(here: HospitalJourney) -> Response:
    """Choose vendors, and look at them beside each other."""
    asked = request.args.getlist("vendor")
    found = comparisons.chosen(here.session, here.actor, asked)
    wanted = wanted_here("hospital.compare", vendor_ids=tuple(one.id for one in found))
    made: Comparison | None = None
    if len(found) >= FEWEST:
        made = comparisons.side_by_side(here.session, here.actor, wanted.vendor_ids, now=here.now)
    return pages.page(
        "hospital/compare.html",
        wanted=wanted,
        chosen=found,
        too_many=len(dict.fromkeys(asked)) > MOST,
        most=MOST,
        offered=_offered(here, wanted) if len(found) < MOST else (),
        vendor_ids=wanted.vendor_ids,
        links=Links(vendor_ids=wanted.vendor_ids),
        **(
            facts(made, policies.of(here.session, here.hospital.id), only_differences=wanted.only_differences)
            if made
            else {"made": None}
        ),
    )


@hospital.post("/compare/workbook", roles=EVERY_HOSPITAL_ROLE)
def comparison_workbook(here: HospitalJourney) -> Response:
    """comparison.xlsx of what is shown, at once."""
    wish = _wish(here, ExportKind.COMPARISON)
    if wish is None:
        return _too_few(here)
    exports.note_taken(here.session, here.actor, wish, now=here.now)
    here.let_go()
    made = exporting.comparison_made(here.session, here.actor, wish, now=here.now)
    shelf = Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)
    kept = shelf.put(exports.owner_of(here.hospital.id), made.content)
    exports.keep_at_once(here.session, here.actor, wish, made, kept, now=here.now)
    return pages.download(made.content, name=made.file_name, media_type=made.media_type)


@hospital.post("/compare/paper", roles=EVERY_HOSPITAL_ROLE)
def comparison_paper(here: HospitalJourney) -> Response:
    """The same on A3, made by the worker."""
    wish = _wish(here, ExportKind.COMPARISON_PDF)
    if wish is None:
        return _too_few(here)
    exports.ask(here.session, here.actor, wish, now=here.now)
    here.notice(_("Asked for. It stands below as soon as it is made; if that takes over a minute, you get a mail."))
    return pages.see_other("hospital.report_list")


def wanted_here(endpoint: str, *, vendor_ids: tuple[str, ...] = (), **place: str) -> Wanted:
    """What this address asks for."""
    return Wanted(
        vendor_ids=vendor_ids,
        only_differences=request.args.get("only") == DIFFERENCES,
        opened=frozenset(request.args.getlist("open")),
        words=request.args.get("q", "")[:LONGEST_WORDS],
        endpoint=endpoint,
        place=place,
    )


def facts(made: Comparison, rules: Policy, *, only_differences: bool) -> Mapping[str, Any]:
    """What hospital/compare_table.html needs of a comparison."""
    reader = Reader(language=i18n.language(), translate=i18n.gettext)
    floor = reader.number(rules.coverage_floor)
    return {
        "made": made,
        "parts": list(words.shown_parts(made, only_differences=only_differences)),
        "equal": ", ".join(
            tables.numbered(tables.part_title(row.part), reader) for row in made.parts if not row.is_different
        ),
        "head": [line for line in words.head(made) if line.key not in {"grade", "coverage", "tier", "residual"}],
        "reader": reader,
        "gates": marks.GATES,
        "bases": marks.BASES,
        "part_title": lambda part: words.part_title(part, reader),
        "level_text": lambda cell: words.level_text(cell, reader),
        "answer_texts": lambda cell, side: words.answer_texts(cell, side, reader),
        "evidence_texts": lambda cell: words.evidence_texts(cell, reader),
        "check_text": lambda cell: words.check_text(cell, reader),
        "line_text": lambda line: words.line_text(line, reader),
        "limits": reader.text(words.NOT_A_RANKING, floor=floor),
        "uneven": reader.text(words.UNEVEN),
    }


def _offered(here: HospitalJourney, wanted: Wanted) -> Sequence[Vendor]:
    if not wanted.words and len(wanted.vendor_ids) >= FEWEST:
        return ()
    return comparisons.offered(here.session, here.actor, wanted.words, without=wanted.vendor_ids)


def _wish(here: HospitalJourney, kind: ExportKind) -> Wish | None:
    found = comparisons.chosen(here.session, here.actor, request.form.getlist("vendor"))
    if len(found) < FEWEST:
        return None
    return Wish(
        kind=kind,
        language=i18n.language(),
        vendor_ids=tuple(one.id for one in found),
        only_differences=request.form.get("only") == DIFFERENCES,
    )


def _too_few(here: HospitalJourney) -> Response:
    here.notice(_("Choose at least two vendors."), kind="warning")
    return pages.see_other("hospital.compare")
