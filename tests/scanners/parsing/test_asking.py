"""How an evaluator is kept from asking without end."""

from scanners.parsing.asking import Answer, Asking, Question, at_most
from tests.scanners.building_domain import answered


def asks(often: int) -> Asking[str]:
    for number in range(often):
        yield Question(name=f"n{number}.test", rdtype="A")
    return "done"


def test_an_evaluator_within_its_limit_comes_to_its_end():
    result, asked = answered(at_most(3, asks(3)), {})

    assert (result, len(asked)) == ("done", 3)


def test_one_that_asks_more_often_comes_to_nothing():
    result, asked = answered(at_most(3, asks(4)), {})

    assert (result, len(asked)) == (None, 3)


def test_one_that_asks_nothing_is_done_at_once():
    assert answered(at_most(0, asks(0)), {}) == ("done", [])


def test_answers_are_handed_on():
    def repeats() -> Asking[tuple[str, ...]]:
        answer = yield Question(name="a.test", rdtype="A")
        return answer.texts

    told = {("a.test", "A"): Answer(status="found", texts=("192.0.2.1",))}

    assert answered(at_most(5, repeats()), told)[0] == ("192.0.2.1",)
