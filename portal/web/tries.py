"""What outlives a refusal: the tries that limits count, though everything else of the request is undone."""

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from portal.db.models.accounts import Attempt

NOTED = "tries"


def watch(session: Session) -> None:
    """Note every try that this session writes down."""
    session.info[NOTED] = []
    event.listen(session, "before_flush", _note)
    event.listen(session, "after_commit", _keep)


def roll_back(session: Session, step: SessionTransaction | None = None) -> None:
    """Undo the step, or all of it, and write the tries down again."""
    _note(session)
    (step or session).rollback()
    noted: list[tuple[str, str, object]] = session.info.get(NOTED, [])
    session.info[NOTED] = []
    session.add_all(Attempt(kind=kind, key=key, at=at) for kind, key, at in noted)


def _keep(session: Session) -> None:
    """What was committed stands by itself."""
    session.info[NOTED] = []


def _note(session: Session, *_unused: object) -> None:
    noted = session.info.setdefault(NOTED, [])
    for row in session.new:
        if isinstance(row, Attempt) and (row.kind, row.key, row.at) not in noted:
            noted.append((row.kind, row.key, row.at))
