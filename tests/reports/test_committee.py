"""The committee's paper: two pages whatever the register holds, its numbers, the same bytes for the same register."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from assessments import comparing, policy, register
from assessments.model import Register, RiskLevel, ShareFact, Treatment
from portal import i18n
from portal.services.registers import snapshots
from reports import committee, rendering
from reports.reader import Reader
from tests.reports import building

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '<script>alert(1)</script>"\'&amp;{{ 7*7 }}<img src="file:///etc/passwd">\u202e W' + "W" * 400


def reader(language: str = "de") -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


def a_register(*, count: int = 4, vendor: str = "Beispiel Medizintechnik GmbH", owner: str = "Radiologie") -> Register:
    assessed = [building.assessed(number, vendor=f"{vendor} {number}") for number in range(1, count + 1)]
    treatments = {
        (risk.vendor_key, risk.key): replace(
            building.treated(owner=owner, note=owner, by=owner),
            treatment=Treatment.MITIGATE,
            due_on=(building.NOW - timedelta(days=9)).date(),
            accepted_until=None,
        )
        for one in assessed
        for risk in one.risks[:5]
    }
    actions = [
        replace(building.action(number, title=vendor), vendor_key=assessed[0].dossier.vendor_key)
        for number in range(1, 7)
    ]
    return register.build(
        assessed,
        policy.current(),
        hospital=f"Klinikum {vendor}",
        at=building.NOW,
        treatments=treatments,
        actions=actions,
    )


def a_brief(built: Register, *, name: str = "Sitzung 12/2026") -> committee.Brief:
    document = json.loads(snapshots.canonical(snapshots.said_of(built, name=name)))
    del document["asked"]
    before = comparing.then(replace(built, vendors=built.vendors[1:], risks=built.risks[30:]))
    return committee.brief(document, sha256="ab" * 32, changes=comparing.between(before, comparing.then(built)))


@pytest.fixture(scope="module")
def found() -> committee.Brief:
    return a_brief(a_register())


def told(program: str, content: bytes, folder: Path, *more: str) -> str:
    (folder / "paper.pdf").write_bytes(content)
    call = [str(shutil.which(program)), *more[:1], str(folder / "paper.pdf"), *more[1:]]
    return subprocess.run(call, check=True, capture_output=True, timeout=60).stdout.decode()


def printed(content: bytes, folder: Path) -> str:
    return told("pdftotext", content, folder, "-layout", "-")


def made(found: committee.Brief, language: str = "de") -> bytes:
    return rendering.pdf(committee.html(found, reader=reader(language)), style=committee.style())


@pytest.mark.office
def test_two_pages_then_contents_then_a_page_each_with_the_registers_numbers(found: committee.Brief, tmp_path: Path):
    content = made(found)
    assert content == made(found)
    assert re.search(r"Tagged:\s+yes", told("pdfinfo", content, tmp_path))
    first, second, contents, *sheets = printed(content, tmp_path).rstrip("\f").split("\f")
    assert "Erbetene Entscheidungen" in first
    assert "Abbildung 1" in first
    assert "Die zehn höchsten Risiken" in second
    assert "Überfällig" in second
    assert "Anhang" in contents
    assert len(sheets) == len(committee.worth_a_page(found))
    assert str(len(found.vendors)) in first
    late = len(found.late())
    assert late
    assert re.search(rf"\b{late}\b", first)
    assert reader().number(len(found.risks)) in " ".join(first.split())
    for number, vendor in enumerate(committee.worth_a_page(found)):
        assert vendor.name in " ".join(sheets[number].split())
        assert reader().number(vendor.value, 1) in sheets[number]
        assert re.search(rf"{re.escape(vendor.name)}\s+{number + 4}\b", contents)


@pytest.mark.office
def test_hostile_and_endless_words_do_not_burst_a_page(tmp_path: Path):
    hostile = a_brief(a_register(count=2, vendor=HOSTILE, owner=HOSTILE), name=HOSTILE)
    text = committee.html(hostile, reader=reader())
    assert "<script" not in text
    assert "<img" not in text
    pages = printed(rendering.pdf(text, style=committee.style()), tmp_path).rstrip("\f").split("\f")
    assert "Die zehn höchsten Risiken" in pages[1]
    assert "Anhang" in pages[2]
    assert len(pages) == 3 + len(committee.worth_a_page(hostile))


def test_sums_are_those_of_the_register(found: committee.Brief):
    assert sum(committee.tally(found).values()) == len(found.vendors)
    assert sum(committee.heat(found).values()) == sum(risk.impact is not None for risk in found.risks)
    levels = [committee.WORST_FIRST.index(risk.level) for risk in found.risks if risk.level]
    assert levels == sorted(levels)


def test_what_exceeds_the_appetite_is_asked_for(found: committee.Brief):
    above = {one.key for one in found.vendors if one.level in {RiskLevel.HIGH, RiskLevel.CRITICAL}}
    assert above
    assert {one.vendor_key for one in found.asked} == above
    document = snapshots.said_of(a_register(count=1))
    assert committee.brief(document).asked == ()  # it says itself what is asked for


def test_an_old_snapshot_says_that_it_has_no_actions():
    document = snapshots.said_of(a_register(count=1), name="alt")
    del document["actions"]
    old = committee.brief(document, sha256="cd" * 32)
    assert old.actions is None
    assert "bevor Aufgaben dazugehörten" in committee.html(old, reader=reader())


def test_an_empty_register_has_a_paper_too():
    empty = register.build([], policy.current(), hospital="Klinikum", at=building.NOW)
    text = committee.html(committee.brief(snapshots.said_of(empty)), reader=reader("en"))
    assert "No vendor needs a page." in text
    assert "not frozen" in text


def test_short_ends_with_a_sign_and_never_grows():
    assert committee.short("a b\n c", 20) == "a b c"
    assert committee.short("x" * 50, 10) == "x" * 9 + "…"


def test_what_three_critical_vendors_share_is_one_line():
    built = a_register()
    few = ShareFact(key="mail:x", kind="Mail hosts", name="mx.example", critical=2, vendor_keys=("L-1", "L-2"))
    many = [replace(few, name=f"teil-{number}", kind="Components", critical=3 + number) for number in range(4)]
    html = committee.html(a_brief(replace(built, shared=(*many, few))), reader=reader())

    assert "teil-0 (Komponenten, 3)" in html
    assert "und 1 weitere" in html
    assert "mx.example" not in html
    assert "geteilt" not in committee.html(a_brief(built), reader=reader())
