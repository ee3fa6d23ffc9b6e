"""How a pure evaluator asks DNS: it yields a Question, is sent an Answer, and returns what it found."""

from collections.abc import Generator
from typing import Literal, TypeAlias, TypeVar

from scanners.records import record

Status: TypeAlias = Literal["found", "nodata", "nxdomain", "failure"]


@record
class Question:
    """One DNS question: a name without trailing dot and a record type ("TXT", "A", "AAAA", "MX", "PTR")."""

    name: str
    rdtype: str


@record
class Answer:
    """What DNS said; texts are TXT strings joined without a gap, addresses, or "10 mx.example.org"."""

    status: Status
    texts: tuple[str, ...] = ()


Result = TypeVar("Result")
Asking: TypeAlias = Generator[Question, Answer, Result]


def at_most(questions: int, evaluator: Asking[Result]) -> Asking[Result | None]:
    """The evaluator, or None where it would ask more often than that."""
    try:
        question = next(evaluator)
        for _asked in range(questions):
            question = evaluator.send((yield question))
    except StopIteration as end:
        result: Result = end.value
        return result
    evaluator.close()
    return None
