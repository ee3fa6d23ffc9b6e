"""The vendor report: the score's numbers, page one with what was not examined, hostile words, nothing fetched."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markupsafe import escape

from assessments import policy
from assessments.model import EvidenceStanding
from portal import i18n
from reports import pages
from reports.reader import Reader
from tests.reports import building

if TYPE_CHECKING:
    from pathlib import Path

    from assessments.model import Assessed

HOSTILE = (
    '<script>alert(1)</script><img src="http://127.0.0.1:9/x.png"><img src="file:///etc/passwd">'
    '<style>@import url("http://127.0.0.1:9/a.css");</style>'
    '<link rel="attachment" href="file:///etc/hostname"><iframe src="file:///etc/passwd"></iframe>'
    "{{ 7*7 }} </section></body>"
)


def reader(language: str = "de") -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


def printed(content: bytes, folder: Path, *, last: int = 0) -> str:
    (folder / "report.pdf").write_bytes(content)
    limits = ["-l", str(last)] if last else []
    program = shutil.which("pdftotext")
    told = subprocess.run(
        [program, *limits, "-layout", str(folder / "report.pdf"), "-"], check=True, capture_output=True, timeout=60
    )
    return told.stdout.decode()


@pytest.fixture(scope="module")
def assessed() -> Assessed:
    return building.assessed(1)


@pytest.fixture(scope="module", params=["de", "en"])
def report(request: pytest.FixtureRequest, assessed: Assessed) -> tuple[str, bytes]:
    made = pages.vendor_report(assessed, policy.current(), reader=reader(request.param), now=building.NOW)
    return request.param, made


@pytest.mark.office
def test_page_one_has_the_score_and_says_what_was_not_examined(
    report: tuple[str, bytes], assessed: Assessed, tmp_path: Path
):
    language, content = report
    first = printed(content, tmp_path, last=1)
    say = reader(language)

    assert say.number(assessed.score.value, 1) in first
    assert str(assessed.score.grade) in first
    assert say.percent(assessed.score.coverage) in first or f"{assessed.score.coverage:.0f}" in first
    for words in {
        "de": ("Was nicht geprüft wurde", "Was dieser Bericht nicht ist", "weder ein Audit noch ein Zertifikat"),
        "en": ("What was not examined", "What this report is not", "neither an audit nor a certificate"),
    }[language]:
        assert " ".join(words.split()) in " ".join(first.split()), words


@pytest.mark.office
def test_every_part_stands_with_its_number(report: tuple[str, bytes], assessed: Assessed, tmp_path: Path):
    language, content = report
    whole = " ".join(printed(content, tmp_path).split())

    for part in assessed.score.parts:
        if part.applicable and part.value is not None:
            assert reader(language).number(part.value, 1) in whole, part.part
    for version in (assessed.score.policy_version, assessed.score.catalogue_version, assessed.score.checks_version):
        assert version.replace(" ", "") in whole.replace(" ", "")


def test_the_same_facts_make_the_same_bytes(assessed: Assessed, report: tuple[str, bytes]):
    language, content = report

    assert pages.vendor_report(assessed, policy.current(), reader=reader(language), now=building.NOW) == content


@pytest.mark.office
def test_hostile_words_are_words_and_nothing_is_fetched(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    # Sockets are closed in this test; a fetch of file: or http: would fail it by an error or show its content.
    hostile = building.assessed(1, vendor=HOSTILE, comment=HOSTILE, fact="%(oops " + HOSTILE)
    html = pages.vendor_report_html(hostile, policy.current(), reader=reader(), now=building.NOW)
    whole = printed(pages.vendor_report(hostile, policy.current(), reader=reader(), now=building.NOW), tmp_path)

    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert "alert(1)" in whole
    assert "{{ 7*7 }}" in whole
    assert "root:" not in whole
    assert "refused" not in caplog.text.lower()


def test_a_contradiction_names_its_check_and_says_that_it_is_settled():
    # Which verdicts meet which answers turns with every check that is added to the catalogue.
    assessed = next(found for number in range(1, 9) if (found := building.assessed(number)).contradictions)
    first, *others = assessed.contradictions
    told = replace(assessed, contradictions=(replace(first, settled=True), *others))
    german = reader("de")
    html = pages.vendor_report_html(told, policy.current(), reader=german, now=building.NOW)

    assert html.count("Was gelten soll: ") == len(told.contradictions)
    assert f"Was gelten soll: {escape(german.text(first.check_title))}" in html
    assert html.count(" · geklärt</caption>") == 1


def test_costly_lines_put_caps_first_and_then_the_dearest(assessed: Assessed):
    lines = pages.costly_lines(assessed.score.lines)
    plain = [line.points for line in lines if line.source.value != "cap"]

    assert lines
    assert plain == sorted(plain, reverse=True)
    assert all(line.points > 0 for line in lines)


def test_every_answer_stands_in_one_section(assessed: Assessed):
    groups = pages.answers_by_section(assessed)

    assert sorted(row.key for group in groups for row in group.rows) == sorted(row.key for row in assessed.answers)
    assert all(row.question.section == group.section.id for group in groups for row in group.rows)


def test_what_one_check_says_of_several_places_is_explained_once(assessed: Assessed):
    first, second, *others = pages.reported_findings(assessed.findings)
    elsewhere = replace(first.fact.finding.subject, name="zweiter.beispiel.test")
    twin = replace(first, key="twin", fact=replace(first.fact, finding=replace(first.fact.finding, subject=elsewhere)))
    groups = pages.findings_by_check((first, second, twin, *others))

    assert groups[0] == (first, twin)
    assert sum(map(len, groups)) == len(others) + 3
    told = replace(assessed, findings=(*assessed.findings, twin))
    html = pages.vendor_report_html(told, policy.current(), reader=reader(), now=building.NOW)
    assert first.check
    assert html.count(escape(reader().text(first.check.why))) == 1
    assert elsewhere.name in html


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_line_stands_once_with_its_points_or_among_those_that_cost_nothing(assessed: Assessed, language: str):
    say = reader(language)
    annex = pages.vendor_report_html(assessed, policy.current(), reader=say, now=building.NOW).split('id="c-lines"')[1]
    kept = {one.part: one for one in pages.whole_lines(assessed, say)}
    free = [line for line in assessed.score.lines if not line.points and line.share >= 1]

    assert annex.count("<td>") > len(assessed.score.lines) - len(free)
    assert sum(one.weight for one in kept.values()) == pytest.approx(sum(line.weight for line in free))
    for line in free:
        assert say.say(line.reason) in kept[str(line.part)].lines[say.say(line.title)]
        assert escape(say.say(line.title)) in annex
    for line in assessed.score.lines:
        if line.points:
            assert f"−{say.number(line.points, 2)}" in annex


def test_documents_that_are_missing_are_named_once_with_their_questions(assessed: Assessed):
    lacking = pages.lacking_documents(assessed.evidence, reader())
    missing = [one for one in assessed.evidence if one.standing is EvidenceStanding.MISSING]

    assert lacking
    assert {one for questions in lacking.values() for one in questions} == {
        one for row in missing for one in row.question_ids
    }


@pytest.mark.office
def test_the_contents_name_each_chapter_with_its_page(report: tuple[str, bytes], tmp_path: Path):
    language, content = report
    whole = printed(content, tmp_path).split("\f")
    title = {"de": "Jede Zeile der Bewertung", "en": "Every line of the score"}[language]
    entry = next(line for line in "\n".join(whole[:2]).splitlines() if title in line)
    number = int(re.search(rf"{title}\W*(\d+)", entry)[1])

    assert re.search(rf"^\s*\d+\s+{title}$", whole[number - 1], re.MULTILINE)
