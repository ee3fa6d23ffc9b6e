"""Facts as JSON say what page and workbook say, in both languages, and can be written as JSON at all."""

import json

from assessments import policy, register
from portal import i18n
from reports import facts
from reports.reader import Reader
from tests.reports import building

READERS = tuple(Reader(language=name, translate=i18n.translator(name)) for name in ("de", "en"))


def test_a_vendor_holds_its_score_with_lines_that_add_up():
    assessed = building.assessed()
    document = json.loads(json.dumps(facts.vendor(assessed, READERS, now=building.NOW)))

    lost = sum(float(points) for points in document["score"]["points"].values())
    assert round(100 - lost, 1) == document["score"]["value"] == float(assessed.score.value)
    assert len(document["answers"]) == len(assessed.answers)
    assert len(document["findings"]) == len(assessed.findings)


def test_every_sentence_stands_in_both_languages():
    document = facts.vendor(building.assessed(), READERS, now=building.NOW, actions=(building.action(),))

    for one in document["findings"]:
        assert set(one["fact"]) == {"de", "en"}
    assert document["actions"][0]["standing"] == {"de": "als erledigt gemeldet", "en": "reported as done"}


def test_a_register_has_a_row_for_each_vendor_and_their_risks():
    found = register.build(
        [building.dossier(1), building.dossier(2, vendor="Zweite GmbH")],
        policy.current(),
        hospital="Klinikum",
        at=building.NOW,
        actions=(building.action(),),
    )
    document = json.loads(json.dumps(facts.register(found, READERS, now=building.NOW)))

    assert [one["key"] for one in document["vendors"]] == ["V-0001", "V-0002"]
    assert {one["vendor"] for one in document["risks"]} == {"V-0001", "V-0002"}
    assert all("treatment" in one for one in document["risks"])
