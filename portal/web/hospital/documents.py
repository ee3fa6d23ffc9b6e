"""A vendor's documents in the hospital's hands: only what was handed in, and its owner sees who opened it."""

import base64

from flask import Response, request, url_for

from portal.files.blobs import Blobs
from portal.jobs import viewing
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.evidence import evidence
from portal.web import filters, journey, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney

LONGEST_NUMBER = 5  # digits


@hospital.post("/assessments/<assessment_id>/evidence/<evidence_id>", roles=EVERY_HOSPITAL_ROLE)
def open_evidence(here: HospitalJourney, assessment_id: str, evidence_id: str) -> Response:
    """Save a document, or read a page of one that is only to be read; a POST, because opening it leaves a trace."""
    wanted = request.form.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) <= LONGEST_NUMBER else 1
    opened = evidence.open_for_hospital(
        here.session, here.actor, assessment_id, evidence_id, page=max(number, 1), now=here.now
    )
    shelf = Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)
    content = shelf.get(opened.owner, opened.blob_id, opened.sha256)
    if opened.is_view_only:
        drawn = viewing.page(content, number, words=f"{opened.reader} · {filters.moment(here.now)}")
        return pages.page(
            "hospital/read_evidence.html",
            url=url_for("hospital.open_evidence", assessment_id=assessment_id, evidence_id=evidence_id),
            name=opened.called,
            is_confidential=bool(evidence.confidential(here.session, [evidence_id])),
            drawn=drawn,
            picture=f"data:image/png;base64,{base64.b64encode(drawn.png).decode()}",
        )
    return pages.download(content, name=opened.file_name, media_type=opened.media_type)
