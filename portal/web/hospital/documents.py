"""A vendor's documents in the hospital's hands: only what was handed in, and its owner sees who opened it."""

from flask import Response

from portal.files.blobs import Blobs
from portal.services import evidence
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.web import journey, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney


@hospital.post("/assessments/<assessment_id>/evidence/<evidence_id>", roles=EVERY_HOSPITAL_ROLE)
def open_evidence(here: HospitalJourney, assessment_id: str, evidence_id: str) -> Response:
    """Save a document; a POST, because opening it leaves a trace."""
    opened = evidence.open_for_hospital(here.session, here.actor, assessment_id, evidence_id, now=here.now)
    shelf = Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)
    content = shelf.get(opened.owner, opened.blob_id, opened.sha256)
    return pages.download(content, name=opened.file_name, media_type=opened.media_type)
