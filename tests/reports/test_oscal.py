"""OSCAL assessment results keep the structural rules of version 1.1, name everything once and refer to nothing else.

The rules are written down here in our own words after the published model: which parts an assembly must have, which
it may have, which values are tokens, UUIDs, moments.
"""

import json
import re
import uuid
from dataclasses import replace
from datetime import datetime

import pytest

from assessments import policy, register
from assessments.model import ScanState, Treated, Treatment
from portal import i18n
from reports import oscal
from reports.reader import Reader
from tests.reports import building

TOKEN = re.compile(r"[^\W\d][\w.\-]*")
LINE = re.compile(r"\S(.*\S)?")
STATES = {"satisfied", "not-satisfied"}
METHODS = {"EXAMINE", "INTERVIEW", "TEST", "UNKNOWN"}
RISK_STATES = {"open", "investigating", "remediating", "deviation-requested", "deviation-approved", "closed"}

# assembly -> parts it must have, parts it may have
RULES = {
    "assessment-results": ("uuid metadata import-ap results", "local-definitions back-matter"),
    "metadata": ("title last-modified version oscal-version", "published revisions props links roles parties remarks"),
    "result": (
        "uuid title description start reviewed-controls",
        "end props links local-definitions attestations assessment-log observations risks findings remarks",
    ),
    "observation": (
        "uuid description methods collected",
        "title props links types origins subjects relevant-evidence expires remarks",
    ),
    "subject": ("subject-uuid type", "title props links remarks"),
    "finding": (
        "uuid title description target",
        "props links origins implementation-statement-uuid related-observations related-risks remarks",
    ),
    "target": ("type target-id status", "title description props links implementation-status remarks"),
    "risk": (
        "uuid title description statement status",
        "props links origins characterizations mitigating-factors deadline remediations related-observations",
    ),
    "characterization": ("origin facets", "props links"),
    "facet": ("name system value", "props links remarks"),
    "remediation": ("uuid lifecycle title description", "props links origins required-assets tasks remarks"),
    "prop": ("name value", "uuid ns class group remarks"),
    "resource": ("uuid", "title description props document-ids citation rlinks base64 remarks"),
    "party": ("uuid type", "name short-name external-ids props links email-addresses remarks"),
}


def holds(name, assembly):
    must, may = (set(words.split()) for words in RULES[name])
    assert must <= set(assembly), (name, must - set(assembly))
    assert set(assembly) <= must | may, (name, set(assembly) - must - may)
    for word, value in assembly.items():
        if word == "uuid" or word.endswith("-uuid"):
            assert uuid.UUID(value).version == 5
        if isinstance(value, list):
            assert value, f"{name}.{word}: an empty list is not allowed"
    for prop in assembly.get("props", []):
        holds("prop", prop)
        assert TOKEN.fullmatch(prop["name"])
        assert LINE.fullmatch(prop["value"])
        assert ":" in prop["ns"]


def is_moment(text):
    return datetime.fromisoformat(text).tzinfo is not None


def check(document):
    assert set(document) == {"assessment-results"}
    whole = document["assessment-results"]
    holds("assessment-results", whole)
    holds("metadata", whole["metadata"])
    assert is_moment(whole["metadata"]["last-modified"])
    assert whole["metadata"]["oscal-version"].startswith("1.1.")
    for party in whole["metadata"]["parties"]:
        holds("party", party)
        assert party["type"] in {"person", "organization"}
    resources = {one["uuid"] for one in whole["back-matter"]["resources"]}
    for one in whole["back-matter"]["resources"]:
        holds("resource", one)
    assert whole["import-ap"]["href"].removeprefix("#") in resources
    for result in whole["results"]:
        check_result(result)
    named = list(oscal.uuids(document))
    assert len(named) == len(set(named))


def check_result(result):
    holds("result", result)
    assert is_moment(result["start"])
    selections = result["reviewed-controls"]["control-selections"]
    controls = [one["control-id"] for each in selections for one in each["include-controls"]]
    assert controls
    assert all(map(TOKEN.fullmatch, controls))
    observations, risks = result.get("observations", []), result.get("risks", [])
    for one in observations:
        holds("observation", one)
        assert set(one["methods"]) <= METHODS
        assert all(map(TOKEN.fullmatch, one["types"]))
        assert is_moment(one["collected"])
        for subject in one.get("subjects", []):
            holds("subject", subject)
    for one in risks:
        holds("risk", one)
        assert one["status"] in RISK_STATES
        for each in one["characterizations"]:
            holds("characterization", each)
            for facet in each["facets"]:
                holds("facet", facet)
        for each in one.get("remediations", []):
            holds("remediation", each)
            assert each["lifecycle"] in {"recommendation", "planned", "completed"}
    seen, known = {one["uuid"] for one in observations}, {one["uuid"] for one in risks}
    for one in result.get("findings", []):
        holds("finding", one)
        holds("target", one["target"])
        assert one["target"]["type"] in {"statement-id", "objective-id"}
        assert one["target"]["target-id"] in controls
        assert one["target"]["status"]["state"] in STATES
        assert {each["observation-uuid"] for each in one.get("related-observations", [])} <= seen
        assert {each["risk-uuid"] for each in one.get("related-risks", [])} <= known
    for one in risks:
        assert {each["observation-uuid"] for each in one.get("related-observations", [])} <= seen


def written(assessed, language="de", **more):
    reader = Reader(language=language, translate=i18n.translator(language))
    return oscal.results(assessed, reader=reader, program="Kettenblick 1", now=building.NOW, **more)


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_keeps_the_rules_of_the_model(language):
    check(written(building.assessed(), language))


def test_of_a_vendor_of_whom_nothing_is_known_too():
    bare = replace(building.dossier(), answers=(), findings=(), evidence=(), scan_state=ScanState.NOT_ASKED)
    document = written(register.assess(bare, policy.current()))

    check(document)
    assert "findings" not in document["assessment-results"]["results"][0]


def test_the_same_facts_give_the_same_bytes():
    assert json.dumps(written(building.assessed())) == json.dumps(written(building.assessed()))


def test_what_lost_no_points_is_satisfied_and_the_rest_is_not():
    assessed = building.assessed()
    found = {
        one["target"]["target-id"]: one for one in written(assessed)["assessment-results"]["results"][0]["findings"]
    }

    for part in assessed.score.parts:
        if part.applicable and part.value is not None:
            state = found[oscal.control(part.part)]["target"]["status"]["state"]
            assert state == ("satisfied" if part.value == 100 else "not-satisfied")


def test_a_risk_that_is_accepted_says_so():
    assessed = building.assessed()
    key = assessed.risks[0].key
    document = written(assessed, treatments={key: Treated(treatment=Treatment.ACCEPT)})
    states = {one["props"][0]["value"]: one["status"] for one in document["assessment-results"]["results"][0]["risks"]}

    assert states[key] == "deviation-approved"
    check(document)


def test_what_a_vendor_wrote_is_no_markup():
    hostile = "<script>x</script> **[a](javascript:b)**\x00\x1b"
    document = written(building.assessed(vendor=hostile, comment=hostile, fact="seen"))

    check(document)
    del document["assessment-results"]["metadata"]["parties"]  # their names are plain strings, all else is markup
    text = json.dumps(document, ensure_ascii=False)
    assert "<script" not in text
    assert "[a](" not in text
    assert "\\u001b" not in text
