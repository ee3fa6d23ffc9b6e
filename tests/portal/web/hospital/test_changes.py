"""What people do on the hospital's pages: every form with what it takes, what it refuses, and what it keeps."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest
from sqlalchemy import select

from assessments import intake as intake_form
from portal.db.models.accounts import Hospital, HospitalMember, HospitalRole
from portal.db.models.assessments import Assessment, Review, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.registers import RiskRecord, RiskTreatment, ScoreRecord
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Host, Supply, Vendor
from portal.services.registers import scores
from questionnaires import shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

STRAHLWERK = "Strahlwerk Medizintechnik GmbH"
RECHENWERK = "Rechenwerk Hosting GmbH"
SEE_OTHER, UNPROCESSABLE, CONFLICT = 303, 422, 409


@pytest.fixture
def clerk(visit: Callable[..., Visitor], ward: Ward) -> Visitor:
    return visit(ward.assessor)


def text(answer) -> str:
    return answer.get_data(as_text=True)


def test_adding_a_vendor_leads_to_the_intake_and_back(clerk: Visitor, ward: Ward, sessions: Sessions):
    answer = clerk.post("/hospital/vendors/add", {"name": "Neu GmbH", "supply": "Monitoring", "product_group": "pacs"})

    assert answer.status_code == SEE_OTHER
    page = clerk.get(answer.location)
    assert "Neu GmbH ist angelegt" in text(page)
    given = {question.id: question.options[0].id for question in intake_form.current().questions}
    done = clerk.post(answer.location, given)
    assert done.status_code == SEE_OTHER
    assert "Monitoring hat die Kritikalität 1" in text(clerk.get(done.location))
    with sessions() as session:
        supply = session.scalars(select(Supply).where(Supply.name == "Monitoring")).one()
        assert (supply.hospital_id, len(supply.intakes)) == (ward.hospital_id, 1)


def test_a_refused_vendor_keeps_what_was_typed(clerk: Visitor, sessions: Sessions):
    typed = {"name": "Zweite <b>Firma</b>", "domain": "strahlwerk.example", "supply": "X", "contact_email": "kein"}
    answer = clerk.post("/hospital/vendors/add", typed)

    assert answer.status_code == UNPROCESSABLE
    assert "Zweite &lt;b&gt;Firma&lt;/b&gt;" in text(answer)
    assert "Geben Sie genau eine E-Mail-Adresse" in text(answer) or "E-Mail-Adresse" in text(answer)
    answer = clerk.post("/hospital/vendors/add", {**typed, "contact_email": ""})
    assert "Das gehört schon zu Strahlwerk Medizintechnik GmbH." in text(answer)
    with sessions() as session:
        assert session.scalars(select(Vendor).where(Vendor.name.like("Zweite%"))).all() == []


def test_a_record_somebody_else_changed_is_told_with_what_was_typed(clerk: Visitor, ward: Ward):
    path = f"/hospital/vendors/{ward.vendors[STRAHLWERK]}/edit"
    assert clerk.post(path, {"name": STRAHLWERK, "note": "erst", "version": "1"}).status_code == SEE_OTHER

    answer = clerk.post(path, {"name": STRAHLWERK, "note": "zweitens, lang getippt", "version": "1"})
    assert answer.status_code == UNPROCESSABLE
    assert "zweitens, lang getippt" in text(answer)


def test_an_intake_with_gaps_names_each_and_keeps_the_rest(clerk: Visitor, ward: Ward):
    path = f"/hospital/vendors/supplies/{ward.supplies['Papier & Büro Handels GmbH']}/intake"
    answer = clerk.post(path, {"clinical_process": "administration", "tier": "4"})

    assert answer.status_code == UNPROCESSABLE
    assert text(answer).count("Wählen Sie eine Antwort.") >= 9
    assert re.search(r'<input[^>]*checked[^>]*value="administration"', text(answer))


def test_an_invitation_is_one_mail_to_one_address(clerk: Visitor, ward: Ward, sessions: Sessions):
    vendor = ward.vendors[RECHENWERK]
    page = text(clerk.get(f"/hospital/vendors/{vendor}/invite"))
    sent = {
        "supplies": ward.supplies[RECHENWERK],
        "catalogue": "@".join(shelf.CURRENT),
        "question_set": "full",
        "due_on": (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
        "name": "Erika Muster",
        "email": "sicherheit@rechenwerk.example",
        "language": "de",
        "message": "Wir treffen uns am <Dienstag>.",
    }
    answer = clerk.post(f"/hospital/vendors/{vendor}/invite", sent)

    assert 'value="erika@rechenwerk.example"' in page
    assert answer.status_code == SEE_OTHER
    assert "Die Einladung an sicherheit@rechenwerk.example ist unterwegs" in text(clerk.get(answer.location))
    with sessions() as session:
        [mail] = session.scalars(select(OutboxMail).where(OutboxMail.to_address == sent["email"])).all()
        assert "Wir treffen uns am <Dienstag>." in mail.text
        assert "&lt;Dienstag&gt;" in mail.html
        for fact in ("Klinikum Lindenau", "Rechenzentrum", "§\u202f30 Abs.\u202f2 Nr.\u202f4 BSIG", "Jens Petermann"):
            assert fact in mail.text
        assert session.scalars(select(Job).where(Job.kind == "mail")).all()


def test_an_invitation_that_lacks_something_sends_nothing(clerk: Visitor, ward: Ward, sessions: Sessions):
    vendor = ward.vendors[RECHENWERK]
    sent = {
        "supplies": ward.supplies[RECHENWERK],
        "catalogue": "@".join(shelf.CURRENT),
        "question_set": "short",
        "due_on": "2020-01-01",
        "email": "a@b.de, c@d.de",
        "language": "de",
    }
    answer = clerk.post(f"/hospital/vendors/{vendor}/invite", sent)

    assert answer.status_code == UNPROCESSABLE
    for sentence in ("Wählen Sie einen Tag in der Zukunft.", "Begründen Sie, warum der Fragenumfang"):
        assert sentence in text(answer)
    with sessions() as session:
        assert session.scalars(select(Assessment).where(Assessment.vendor_id == vendor)).all() == []


def test_a_round_nobody_has_taken_can_be_sent_again_given_to_another_and_withdrawn(
    clerk: Visitor, ward: Ward, sessions: Sessions
):
    path = f"/hospital/assessments/{ward.assessments['Sterilgut Nord KG']}"
    for step, sent, words in (
        ("resend", {}, "Ein neuer Link ist unterwegs"),
        (
            "invite",
            {"email": "neu@sterilgut-nord.example", "language": "en"},
            "neu@sterilgut-nord.example ist unterwegs",
        ),
        ("withdraw", {}, "Die Runde wurde zurückgezogen"),
    ):
        answer = clerk.post(f"{path}/{step}", sent)
        assert answer.status_code == SEE_OTHER, step
        assert words in text(clerk.get(answer.location))

    assert clerk.post(f"{path}/resend").status_code == CONFLICT
    with sessions() as session:
        found = session.get_one(Assessment, ward.assessments["Sterilgut Nord KG"])
        assert found.stage is Stage.CLOSED
        assert all(one.revoked_at for one in found.invitations)


def test_a_taken_round_cannot_be_withdrawn(clerk: Visitor, ward: Ward):
    answer = clerk.post(f"/hospital/assessments/{ward.assessments[STRAHLWERK]}/withdraw")

    assert answer.status_code == CONFLICT


def test_reviewing_goes_from_answer_to_answer_and_ends(clerk: Visitor, ward: Ward, sessions: Sessions):
    path = f"/hospital/review/{ward.assessments[STRAHLWERK]}"
    first = text(clerk.get(path))
    action = re.search(rf'action="({path}/answers/[^"]+)"', first)[1].replace("&amp;", "&")
    refused = clerk.post(action, {"state": "returned", "remark": "", "version": "0"})
    accepted = clerk.post(action, {"state": "accepted", "note": "passt", "version": "0"})

    assert refused.status_code == UNPROCESSABLE
    assert "Sagen Sie in einem Satz, was fehlt" in text(refused)
    assert accepted.status_code == SEE_OTHER
    assert "answer=" in accepted.location
    assert "92 Antworten nicht durchgesehen" in text(clerk.get(accepted.location))
    second = clerk.post(action, {"state": "returned", "remark": "Zweite Worte", "version": "0"})
    assert second.status_code == UNPROCESSABLE
    for words in ("inzwischen", "Zweite Worte", "passt", 'name="version" type="hidden" value="1"'):
        assert words in text(second)
    done = clerk.post(f"{path}/finish")
    assert "Die Prüfung ist abgeschlossen." in text(clerk.get(done.location))
    with sessions() as session:
        assert session.get_one(Assessment, ward.assessments[STRAHLWERK]).stage is Stage.REVIEWED
        assert session.scalars(select(Review).where(Review.note == "passt")).one()


def test_a_review_in_which_nobody_looked_ends_only_when_that_is_said(clerk: Visitor, ward: Ward, sessions: Sessions):
    path = f"/hospital/review/{ward.assessments[STRAHLWERK]}"

    asked = clerk.post(f"{path}/finish")
    assert asked.status_code == UNPROCESSABLE
    assert "Noch hat niemand eine Antwort angenommen oder zurückgegeben." in text(asked)
    with sessions() as session:
        assert session.get_one(Assessment, ward.assessments[STRAHLWERK]).stage is Stage.SUBMITTED

    assert clerk.post(f"{path}/finish", {"unread": "anyway"}).status_code == SEE_OTHER
    with sessions() as session:
        assert session.get_one(Assessment, ward.assessments[STRAHLWERK]).stage is Stage.REVIEWED


def test_a_whole_group_is_asked_with_one_mark(clerk: Visitor):
    form = {"about": "Nirgends genannt", "text_de": "Haben Sie es?", "text_en": "Do you have it?", "go": "preview"}
    page = text(clerk.get("/hospital/incidents/flashes/new?words=Nirgends+genannt"))
    count = int(re.search(r"Alle (\d+) fragen", page)[1])

    asked = text(clerk.post("/hospital/incidents/flashes/new", {**form, "whole": "unknown"}))

    assert f"An {count} Lieferanten" in asked
    assert len(re.findall(r'name="vendors" value="[^"]+" checked', asked)) == count > 1
    assert clerk.post("/hospital/incidents/flashes/new", {**form, "whole": "everybody"}).status_code == UNPROCESSABLE


def test_a_form_beside_another_that_is_not_understood_is_not_taken_for_done(clerk: Visitor, ward: Ward):
    due = f"/hospital/assessments/{ward.assessments[STRAHLWERK]}/due"

    assert clerk.post(due, {"due_on": "bald"}).status_code == UNPROCESSABLE
    assert clerk.post("/hospital/settings/watching/own", {"rhythm": "nie"}).status_code == UNPROCESSABLE


def test_a_finding_of_ones_own_is_told_among_the_risks(
    clerk: Visitor, visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    round_id = ward.assessments[STRAHLWERK]
    sent = {"state": "finding", "remark": "Nur für Standort Nord belegt.", "note": "", "version": "0"}
    answer = clerk.post(f"/hospital/review/{round_id}/answers/GV-02?answer=GV-02", sent)
    assert answer.status_code == SEE_OTHER
    with sessions() as session:
        scores.refresh(session, ward.hospital_id, round_id, now=datetime.now(UTC))
        session.commit()
        risks = session.scalars(select(RiskRecord).where(RiskRecord.hospital_id == ward.hospital_id)).all()
        [risk] = [one for one in risks if one.document["source"] == "review"]

    page = text(visit(ward.auditor).get(f"/hospital/risks/{risk.id}"))
    assert "eigene Feststellung" in page
    assert "Bei der Prüfung festgestellt: Nur für Standort Nord belegt." in page
    assert "eigene Feststellung" in text(clerk.get(f"/hospital/vendors/{ward.vendors[STRAHLWERK]}/answers"))


def test_an_answer_about_one_product_is_reviewed_for_that_product(clerk: Visitor, ward: Ward, sessions: Sessions):
    path = f"/hospital/review/{ward.assessments['Infusia AG']}"
    page = text(clerk.get(path))
    link = re.search(rf'href="({path}\?answer=[A-Z]+-\d+\.S-\d)"', page)[1]
    action = re.search(rf'action="({path}/answers/[^"]+)"', text(clerk.get(link)))[1].replace("&amp;", "&")
    clerk.post(action, {"state": "finding", "remark": "Nur beim Server", "version": "0"})

    with sessions() as session:
        said = session.scalars(select(Review).where(Review.remark == "Nur beim Server")).one()
        assert said.supply_id == ward.supplies["Infusia AG"]


def test_a_treatment_is_written_down_and_an_acceptance_ends(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    with sessions() as session:
        risk = session.scalars(select(RiskRecord).where(RiskRecord.hospital_id == ward.hospital_id)).first()
        risk.residual = "moderate"
        session.commit()
    decider = visit(ward.decider)
    refused = decider.post(f"/hospital/risks/{risk.id}", {"treatment": "accept", "version": "0", "owner": "IT"})
    day = (datetime.now(UTC) + timedelta(days=90)).date()
    sent = {"treatment": "accept", "accepted_until": day.isoformat(), "note": "bis zum Tausch", "version": "0"}
    taken = decider.post(f"/hospital/risks/{risk.id}", sent)

    assert refused.status_code == UNPROCESSABLE
    assert "Eine Akzeptanz braucht einen Tag" in text(refused)
    assert 'value="IT"' in text(refused)
    assert taken.status_code == SEE_OTHER
    assert "bis zum Tausch" in text(visit(ward.auditor).get(f"/hospital/risks/{risk.id}"))
    with sessions() as session:
        assert session.get_one(RiskTreatment, (ward.hospital_id, risk.id)).accepted_until == day


def test_a_treatment_stands_in_the_workbook(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    with sessions() as session:
        risk = session.scalars(
            select(RiskRecord).where(RiskRecord.hospital_id == ward.hospital_id, RiskRecord.gone_at.is_(None))
        ).first()
    sent = {"treatment": "mitigate", "owner": "IT-Leitung", "note": "bis zum Tausch", "version": "0"}
    assert visit(ward.decider).post(f"/hospital/risks/{risk.id}", sent).status_code == SEE_OTHER

    answer = visit(ward.auditor).post("/hospital/reports/register", {"language": "de"})
    heads, *rows = openpyxl.load_workbook(io.BytesIO(answer.data))["Risiken"].values
    rows = [dict(zip(heads, row, strict=True)) for row in rows]
    names = ("Behandlung", "Zuständig", "Grund und Notiz", "Entschieden von")
    [row] = [row for row in rows if row["Risiko-ID"] == risk.key]
    assert [row[name] for name in names] == ["mindern", "IT-Leitung", "bis zum Tausch", ward.decider.name]
    assert row["Entschieden am"]
    assert {row["Behandlung"] for row in rows} == {"mindern", "offen"}


def test_a_contradiction_is_settled_with_a_reason_and_opened_again(
    clerk: Visitor, visit: Callable[..., Visitor], ward: Ward
):
    path = f"/hospital/vendors/{ward.vendors[STRAHLWERK]}/contradictions"
    page = text(clerk.get(path))
    key = re.search(r'name="key"[^>]*value="([^"]+)"', page)[1]
    count = page.count(">Geklärt<")
    ids = re.findall(r' id="([^"]+)"', page)
    assert count
    assert len(ids) == len(set(ids))
    assert page.count("Was gelten soll: ") == count

    refused = clerk.post(f"{path}/settle", {"key": key, "reason": " "})
    assert refused.status_code == UNPROCESSABLE
    assert "Schreiben Sie in einem Satz, warum beides zusammenpasst." in text(refused)
    reason = "Der Host gehört <seit Mai> einem anderen Betreiber."
    assert clerk.post(f"{path}/settle", {"key": key, "reason": reason}).status_code == SEE_OTHER
    assert clerk.post(f"{path}/settle", {"key": key, "reason": reason}).status_code == CONFLICT
    assert clerk.post(f"{path}/settle", {"key": "XX-1:a:b", "reason": reason}).status_code == 404

    settled = text(clerk.get(path))
    assert "Der Host gehört &lt;seit Mai&gt; einem anderen Betreiber." in settled
    assert "Geklärt von " in settled
    assert settled.count(">Geklärt<") == count - 1
    reading = text(visit(ward.auditor).get(path))
    assert "Geklärt von " in reading
    assert ">Geklärt<" not in reading
    assert ">Wieder öffnen<" not in reading
    assert visit(ward.auditor).post(f"{path}/reopen", {"key": key}).status_code == 403

    assert clerk.post(f"{path}/reopen", {"key": key}).status_code == SEE_OTHER
    assert text(clerk.get(path)).count(">Geklärt<") == count


def test_hosts_are_named_and_scans_asked_for(clerk: Visitor, ward: Ward, sessions: Sessions):
    vendor = ward.vendors["Gebäudetechnik Kern"]
    path = f"/hospital/vendors/{vendor}"
    host = {"host": "portal.kern-gebaeude.de", "role": "portal", "ground": "contract", "ground_note": "V 7"}
    assert clerk.post(f"{path}/scans/start").status_code == CONFLICT
    assert clerk.post(f"{path}/hosts/add", {**host, "host": "127.0.0.1"}).status_code == UNPROCESSABLE
    assert clerk.post(f"{path}/hosts/add", host).status_code == SEE_OTHER
    assert clerk.post(f"{path}/scans/start").status_code == SEE_OTHER

    page = text(clerk.get(f"{path}/scan"))
    assert "Ein Scan läuft" in page
    assert "hx-get=" in page
    assert clerk.post(f"{path}/scans/start").status_code == CONFLICT
    with sessions() as session:
        run = session.scalars(select(ScanRun).where(ScanRun.vendor_id == vendor)).one()
        assert (run.hosts, run.ground) == (["portal.kern-gebaeude.de"], "contract: V 7")
        host_id = session.scalars(select(Host.id).where(Host.vendor_id == vendor)).one()
    assert "hx-get=" in text(clerk.get(f"{path}/scans/{run.id}/progress"))
    assert clerk.post(f"{path}/scans/stop").status_code == SEE_OTHER
    assert "hx-get=" not in text(clerk.get(f"{path}/scans/{run.id}/progress"))
    assert clerk.post(f"{path}/hosts/{host_id}/remove").status_code == SEE_OTHER


def test_results_that_are_not_open_show_only_what_is_critical(clerk: Visitor, ward: Ward):
    page = text(clerk.get(f"/hospital/vendors/{ward.vendors[RECHENWERK]}/scan"))

    assert "Der Lieferant sieht sein Ergebnis zuerst." in page
    assert "spätestens am" in page
    severities = set(re.findall(r"severity-(\w+)", page))
    assert severities == {"critical"}
    assert "Alles andere, was betrachtet wurde" not in page


def test_the_record_and_the_people_are_the_admins(visit: Callable[..., Visitor], ward: Ward, sessions: Sessions):
    admin, clerk = visit(ward.admin), visit(ward.assessor)
    record = {"name": "Klinikum Lindenau gGmbH", "city": "Lindenau", "contact_email": "x@klinik.example"}
    assert clerk.post("/hospital/settings", record).status_code == 403
    assert admin.post("/hospital/settings", {**record, "contact_email": "x"}).status_code == UNPROCESSABLE
    assert admin.post("/hospital/settings", record).status_code == SEE_OTHER
    colleague = {"email": "neu@klinik.example", "role": "decider"}
    assert admin.post("/hospital/settings/members", colleague).status_code == SEE_OTHER
    assert admin.post("/hospital/settings/members", {"email": "a,b", "role": "decider"}).status_code == UNPROCESSABLE
    assert "neu@klinik.example" in text(admin.get("/hospital/settings"))
    end = f"/hospital/settings/members/{ward.auditor.person_id}/end"
    assert admin.post(end).status_code == SEE_OTHER
    with sessions() as session:
        assert session.get_one(Hospital, ward.hospital_id).name == "Klinikum Lindenau gGmbH"
        assert session.get_one(HospitalMember, (ward.hospital_id, ward.auditor.person_id)).ended_at


def test_an_administrator_gives_a_colleague_another_role_and_nobody_else_does(
    visit: Callable[..., Visitor], ward: Ward, neighbour: Ward, sessions: Sessions
):
    admin, clerk, working = visit(ward.admin), visit(ward.assessor), visit(ward.auditor)
    page = f"/hospital/settings/members/{ward.auditor.person_id}"
    assert f'href="{page}"' in admin.get("/hospital/settings").get_data(as_text=True)
    assert 'value="auditor" selected' in re.sub(
        r'selected value="(\w+)"', r'value="\1" selected', admin.get(page).get_data(as_text=True)
    )
    assert clerk.get(page).status_code == clerk.post(f"{page}/role", {"role": "admin"}).status_code == 403
    assert admin.get(f"/hospital/settings/members/{neighbour.auditor.person_id}").status_code == 404
    assert admin.post(f"{page}/role", {"role": "king"}).status_code == UNPROCESSABLE
    assert working.get("/hospital/vendors").status_code == 200

    changed = admin.post(f"{page}/role", {"role": "assessor"})

    assert changed.status_code == SEE_OTHER
    assert "hat jetzt die Rolle „Bewertung“" in text(admin.get("/hospital/settings"))
    assert working.get("/hospital/vendors").status_code == SEE_OTHER  # to sign in again
    with sessions() as session:
        member = session.get_one(HospitalMember, (ward.hospital_id, ward.auditor.person_id))
        assert member.role is HospitalRole.ASSESSOR
    last = admin.post(f"/hospital/settings/members/{ward.admin.person_id}/role", {"role": "auditor"})
    assert "mindestens eine" in text(last)


def test_the_register_is_a_workbook_with_the_numbers_of_the_list(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions
):
    answer = visit(ward.auditor).post("/hospital/reports/register", {"language": "de"})
    book = openpyxl.load_workbook(io.BytesIO(answer.data))

    assert answer.headers["Content-Disposition"].startswith("attachment;")
    heads = [cell.value for cell in book["Lieferanten"][1]]
    rows = {row[heads.index("Lieferant")]: dict(zip(heads, row, strict=True)) for row in book["Lieferanten"].values}
    with sessions() as session:
        for score, vendor in session.execute(
            select(ScoreRecord, Vendor)
            .join(Assessment, Assessment.id == ScoreRecord.assessment_id)
            .join(Vendor, Vendor.id == Assessment.vendor_id)
            .where(ScoreRecord.hospital_id == ward.hospital_id, ScoreRecord.is_current)
        ):
            assert rows[vendor.name]["Note"] == score.grade
            assert rows[vendor.name]["Punkte"] == pytest.approx(score.value)
        verbs = session.scalars(select(AuditEvent.verb).where(AuditEvent.actor.like("%Auditor%"))).all()
        assert verbs == ["register.exported"]


def test_the_report_is_a_pdf(visit: Callable[..., Visitor], ward: Ward):
    answer = visit(ward.auditor).get(f"/hospital/vendors/{ward.vendors['Speisewerk Catering']}/report.pdf")

    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]


def test_a_vendor_off_the_lists_keeps_its_page(clerk: Visitor, ward: Ward):
    vendor = ward.vendors["Speisewerk Catering"]
    ended = {"reason": "Ersetzt", "ends_on": "2026-01-01"}
    assert clerk.post(f"/hospital/vendors/{vendor}/end", ended).status_code == SEE_OTHER

    assert "Speisewerk" not in text(clerk.get("/hospital/vendors"))
    assert "nicht mehr auf den Listen" in text(clerk.get(f"/hospital/vendors/{vendor}"))


def test_words_filters_and_sorting_stand_in_the_address(clerk: Visitor):
    names = re.compile(r'class="row-link"[^>]*>([^<]+)<')

    assert names.findall(text(clerk.get("/hospital/vendors?q=Archiv"))) == [STRAHLWERK]
    critical = names.findall(text(clerk.get("/hospital/vendors?tier=1&sort=-name")))
    assert critical == sorted(critical, reverse=True, key=str.casefold)
    assert STRAHLWERK in critical
    assert names.findall(text(clerk.get("/hospital/vendors?tier=none"))) == [
        "Noch ohne Produkt GmbH",
        "Papier &amp; Büro Handels GmbH",
    ]
    assert "Kein Lieferant passt" in text(clerk.get("/hospital/vendors?q=gibtesnicht"))
    assert clerk.get("/hospital/search?q=Archiv").location.endswith("/hospital/vendors?q=Archiv")
    assert clerk.get("/hospital/vendors?from=-3&sort=nonsense&tier=x").status_code == 200


def test_a_cell_of_the_heat_map_filters_the_risks(clerk: Visitor):
    page = text(clerk.get("/hospital/risks"))
    cell = re.search(r'href="(/hospital/risks\?impact=\d&amp;likelihood=\d)"[^>]*>(\d+)<', page)
    shown = text(clerk.get(cell[1].replace("&amp;", "&")))

    assert f"{cell[2]} Risiken" in shown or f"{cell[2]} Risiko" in shown
    assert shown.count("row-link") == min(100, int(cell[2]))
