"""Two pages that show every mark and every control: for the eye, for axe-core and for the script; never served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, FileSystemLoader
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired

from assessments.model import PARTS, Basis, PartScore
from portal.web import forms, pages
from portal.web.journey import ANY_COMPANY_ROLE, ANY_HOSPITAL_ROLE, CompanyRoom, HospitalRoom, Rail
from portal.web.tables import Column, Sorting

if TYPE_CHECKING:
    from flask import Flask

NOW = datetime(2026, 11, 21, 13, 3, tzinfo=UTC)


class GuideForm(forms.Form):
    name = StringField("Name des Lieferanten", [InputRequired()])
    kind = SelectField("Produktgruppe", [InputRequired()], choices=forms.choices({"pacs": "PACS", "lab": "Labor"}))
    note = TextAreaField("Notiz", description="Sieht nur Ihr Haus.")
    role = RadioField("Rolle", [InputRequired()], choices=forms.choices({"a": "Bewertung", "b": "Entscheidung"}))
    sure = BooleanField("Ich habe das geprüft")
    day = DateField("Vertragsende")
    file = FileField("Nachweis")


def part(key: str, level: int | None, basis: Basis) -> PartScore:
    value = None if level is None else Decimal(level * 25)
    return PartScore(part=key, applicable=True, value=value, level=level, coverage=Decimal(80), basis=basis)


def parts(levels: str, bases: str) -> list[PartScore]:
    names = {"d": Basis.DECLARED, "p": Basis.PROVEN, "c": Basis.CONFIRMED, "x": Basis.CONTRADICTED, "u": Basis.UNSEEN}
    return [
        part(key, None if level == "?" else int(level), names[basis])
        for key, level, basis in zip(PARTS, levels, bases, strict=False)
    ]


def rows() -> list[SimpleNamespace]:
    def row(name, product, tier, grade, value, coverage, levels, bases, status, kind):
        trend = [40 + (index * 7 + len(name)) % 30 for index in range(12)]
        return SimpleNamespace(
            name=name, product=product, tier=tier, grade=grade, value=value, coverage=coverage, trend=trend,
            parts=parts(levels, bases), status=status, kind=kind, due=NOW + timedelta(days=21),
        )  # fmt: skip

    return [
        row("Bildarchiv Nord GmbH", "PACS Horizont", 1, "B", 83.4, 91, "4332434324", "pdppdcppdp", "geprüft", "done"),
        row(
            "Infusio Medizintechnik AG",
            "Infusionspumpen Serie 7",
            1,
            "D",
            61.2,
            78,
            "2213?02313",
            "dddxudpdpd",
            "Rückfrage",
            "active",
        ),
        row("Labordaten Cloud SE", "LIMS", 2, None, None, 41, "??2?1???2?", "uuduxuuudu", "überfällig", "attention"),
        row("Fernwartung Süd KG", "VPN-Zugang", 3, "F", 34.0, 88, "1001110120", "pcpdddpcdp", "gestoppt", "stopped"),
        row(
            "Müller & Söhne Medizinische Informationssysteme Entwicklungsgesellschaft mbH",
            "KIS-Schnittstelle",
            4,
            "A",
            94.9,
            97,
            "4444344444",
            "pppppppppp",
            "Entwurf",
            "neutral",
        ),
    ]


COLUMNS = (
    Column(key="name", title="Lieferant", heads=True, sortable=True),
    Column(key="product", title="Produkt"),
    Column(key="tier", title="Stufe", kind="mark", sortable=True),
    Column(key="grade", title="Note", kind="mark", sortable=True),
    Column(key="value", title="Wert", kind="number", sortable=True),
    Column(key="coverage", title="Gesehen", kind="mark"),
    Column(key="measures", title="Maßnahmen 1–10", kind="mark"),
    Column(key="trend", title="Verlauf", kind="mark"),
    Column(key="status", title="Stand"),
    Column(key="due", title="Frist", kind="date", sortable=True),
)
FINDING_COLUMNS = (
    Column(key="severity", title="Schwere"),
    Column(key="verdict", title="Urteil"),
    Column(key="fact", title="Beobachtung", heads=True),
    Column(key="at", title="Seit", kind="date"),
)


def add_to(app: Flask) -> None:
    """Put the guide into an application that a test serves."""
    app.jinja_env.loader = ChoiceLoader([app.jinja_env.loader, FileSystemLoader(Path(__file__).parent / "guide")])
    hospital = HospitalRoom("guide", __name__, url_prefix="/guide")
    company = CompanyRoom("company_guide", __name__, url_prefix="/guide")
    turns = {"progress": 0, "version": 0, "saves": []}

    @hospital.get("/hospital", roles=ANY_HOSPITAL_ROLE, rail=Rail.VENDORS)
    def guide_hospital(here):
        form = GuideForm.offered()
        form.name.errors = ["Geben Sie einen Namen an."]
        findings = [
            SimpleNamespace(severity=severity, verdict=verdict, fact=fact, at=NOW - timedelta(days=days))
            for severity, verdict, fact, days in (
                ("critical", "fail", "alt.bildarchiv.example zeigt auf einen gelöschten Speicher", 2),
                ("high", "fail", "portal.bildarchiv.example:443 nimmt TLS 1.0 an", 40),
                ("medium", "warn", "DMARC p=none", 3),
                ("low", "pass", "HSTS max-age=31536000", 1),
                ("info", "unknown", "mail.bildarchiv.example antwortete nicht", 0),
            )
        ]
        response = pages.page(
            "hospital.html", form=form, columns=COLUMNS, rows=rows(), sorting=Sorting(key="value", descending=True),
            finding_columns=FINDING_COLUMNS, findings=findings,
        )  # fmt: skip
        response.status_code = 200
        return response

    @company.get("/vendor", roles=ANY_COMPANY_ROLE)
    def guide_vendor(here):
        return pages.page("vendor.html")

    @company.get("/progress", roles=ANY_COMPANY_ROLE)
    def guide_progress(here):
        from flask import render_template_string

        turns["progress"] += 1
        if turns["progress"] < 3:
            return render_template_string(
                "{% from 'parts/marks.html' import poll %}<div id='progress' {{ poll('/guide/progress') }}>"
                f"<p>Läuft, {turns['progress']}</p></div>"
            )
        return "<div id='progress'><p>Fertig</p></div>"

    @company.post("/save", roles=ANY_COMPANY_ROLE)
    def guide_save(here):
        sent = pages.json_sent(names={"fields", "version"})
        if sent["version"] != turns["version"]:
            return pages.json_answer(status=409, theirs="Die andere Antwort", version=turns["version"])
        turns["version"] += 1
        turns["saves"].append(sent["fields"])
        return pages.json_answer(version=turns["version"], saved_at="14:03")

    app.register_blueprint(hospital)
    app.register_blueprint(company)
    app.extensions["guide"] = turns
