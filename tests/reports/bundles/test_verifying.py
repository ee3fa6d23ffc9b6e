"""Whatever was changed in a bundle is named; what follows from it is worked out again; hostile ones are refused."""

import hashlib
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import policy, register
from assessments import storing as dossiers
from reports import rendering
from reports.bundles import documents, index, packing, verifying, zips
from reports.bundles.verifying import Status
from tests.reports import papers
from tests.reports.bundles import bundling


@pytest.fixture(scope="module")
def packed():
    return bundling.packed()


def told(content, **more):
    found = verifying.verify(content, bundling.is_signed, **more)
    return found.status, "\n".join(one.text for one in found.notes)


def opened(content):
    found = zips.Opened(content)
    return {name: bytes(found.member(name)) for name in found.names()}


def places(content):
    """Where each member begins."""
    place, found = 0, {}
    for name, member in opened(content).items():
        found[name] = place + 30 + len(name)
        place = found[name] + len(member)
    return found


def test_an_unchanged_bundle_fits_in_every_respect(packed):
    status, text = told(packed, fingerprint=bundling.FINGERPRINT)

    assert status is Status.FITS, text
    assert "signed by the key you named" in text
    assert "findings worked out again from the raw observations" in text
    assert "the score worked out again" in text
    assert "the answers are those that Erika Muster signed off" in text


def test_the_same_facts_give_the_same_bytes(packed):
    assert bundling.packed() == packed


def test_without_a_key_its_fingerprint_is_shown_for_comparison(packed):
    status, text = told(packed)

    assert status is Status.FITS
    assert f"key unknown: compare the fingerprint with the one of the installation: {bundling.FINGERPRINT}" in text


def test_another_key_than_the_one_that_is_trusted_is_named(packed):
    status, text = told(packed, fingerprint="0" * 64)

    assert status is Status.CHANGED
    assert f"signed by another key: {bundling.FINGERPRINT}" in text


def test_a_flipped_byte_is_named_in_every_member(packed):
    members, begins = opened(packed), places(packed)
    for name, content in members.items():
        place = begins[name] + len(content) // 2
        flipped = bytearray(packed)
        flipped[place] ^= 1

        result = verifying.verify(bytes(flipped), bundling.is_signed)

        assert result.status in {Status.CHANGED, Status.REFUSED}, name
        said = "\n".join(one.text for one in result.notes)
        assert name in said, said
        if name not in verifying.NEEDED:
            assert hashlib.sha256(content).hexdigest() in said
            got = (
                content[: len(content) // 2]
                + bytes([content[len(content) // 2] ^ 1])
                + content[len(content) // 2 + 1 :]
            )
            assert hashlib.sha256(got).hexdigest() in said


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_any_change_of_any_byte_is_noticed(packed, place, flip):
    content = bytearray(packed)
    content[int(place * len(content))] ^= flip

    assert verifying.verify(bytes(content), bundling.is_signed).status in {Status.CHANGED, Status.REFUSED}


def test_every_byte_of_the_bookkeeping_is_looked_at(packed):
    members, begins = opened(packed), places(packed)
    outside, done = [], 0
    for name, start in begins.items():
        outside += range(done, start)
        done = start + len(members[name])
    outside += range(done, len(packed))
    for place in outside[::11]:
        content = bytearray(packed)
        content[place] ^= 0x10
        assert verifying.verify(bytes(content), bundling.is_signed).status in {Status.CHANGED, Status.REFUSED}, place


def resigned(changed):
    """A bundle that somebody with a key of their own has changed and signed again."""
    return bundling.packed(changed=changed)


def test_a_finding_made_kinder_does_not_follow_from_the_observations(packed):
    dossier = json.loads(opened(packed)[packing.DOSSIER])
    findings = json.loads(opened(packed)[packing.FINDINGS])
    fact = next(one for one in dossier["findings"] if one["finding"]["outcome"] == "fail")
    fact["finding"]["outcome"] = "pass"
    key = f"{dossier['vendor_key']}:{fact['finding']['check_id']}:{fact['finding']['subject']['name']}"
    next(one for one in findings if one["key"] == key)["outcome"] = "pass"

    status, text = told(
        resigned({packing.DOSSIER: documents.write(dossier), packing.FINDINGS: documents.write(findings)})
    )

    assert status is Status.CHANGED
    assert f"{key} does not follow from the raw observations" in text
    assert "score does not follow" in text


def test_a_finding_left_out_is_missed(packed):
    dossier = json.loads(opened(packed)[packing.DOSSIER])
    findings = json.loads(opened(packed)[packing.FINDINGS])
    gone = next(one for one in findings if one["outcome"] == "fail")
    findings.remove(gone)
    dossier["findings"] = [
        one
        for one in dossier["findings"]
        if (one["finding"]["check_id"], one["finding"]["subject"]["name"]) != (gone["check"], gone["subject"])
    ]

    status, text = told(
        resigned({packing.DOSSIER: documents.write(dossier), packing.FINDINGS: documents.write(findings)})
    )

    assert status is Status.CHANGED
    assert f"{gone['check']} on {gone['subject']}: judging finds it lacking" in text


def test_a_score_made_better_does_not_follow_from_the_dossier(packed):
    score = json.loads(opened(packed)[packing.SCORE])
    score["value"] += 1

    status, text = told(resigned({packing.SCORE: documents.write(score)}))

    assert status is Status.CHANGED
    assert f"value is {score['value']}, worked out again {score['value'] - 1}" in text


def test_another_policy_gives_another_score(packed):
    policy = json.loads(opened(packed)[packing.POLICY])
    policy["part_weights"]["8"] = 90.0

    status, text = told(resigned({packing.POLICY: documents.write(policy)}))

    assert status is Status.CHANGED
    assert "score does not follow" in text


def test_answers_that_were_not_signed_off_are_named(packed):
    edition = json.loads(opened(packed)[packing.EDITION])
    edition["manifest"]["answers"] = []

    assert "is not what was signed off" in told(resigned({packing.EDITION: documents.write(edition)}))[1]


def test_findings_of_earlier_checks_are_compared_as_far_as_that_goes():
    of = bundling.dossier()
    status, text = told(bundling.packed(bundling.bundle(replace(of, checks_version="1999.1"))))

    assert status is Status.IN_PART
    assert "The checks are of version 1999.1" in text
    assert "the score worked out again" in text


def test_a_critical_finding_told_before_its_scan_is_open_is_counted_apart():
    status, text = told(bundling.packed(bundling.bundle(scans=())))

    assert status is Status.IN_PART
    assert "findings rest on a raw result that is not in the bundle" in text


# ---- hostile ones


@pytest.mark.parametrize("name", [packing.MANIFEST, packing.SIGNATURE])
def test_without_manifest_or_signature_it_is_no_bundle(packed, name):
    members = opened(packed)
    del members[name]

    assert told(zips.write(members)) == (Status.REFUSED, f"The file is no evidence bundle: {name} is missing.")


def test_members_taken_out_and_put_in_are_named(packed):
    members = opened(packed)
    del members[packing.REPORT]
    members["extra.txt"] = b""

    status, text = told(zips.write(members))

    assert status is Status.CHANGED
    assert f"{packing.REPORT} is missing." in text
    assert "extra.txt was added" in text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (packing.SCORE, b"[" * 100_000 + b"]" * 100_000, "nested more deeply"),
        (packing.DOSSIER, b'{"a":1,"a":2}', "stands twice"),
        (packing.DOSSIER, b"\xff", "is no JSON"),
        (packing.DOSSIER, b"{}", "breaks its format at dossier.schema"),
        (packing.POLICY, b"[]", "breaks its format at policy.schema"),
        (packing.POLICY, b'{"schema": NaN}', "is no JSON"),
        (packing.CHECKS, b'{"schema": 1, "checks": [{}]}', "breaks its format at checks[0]"),
        (packing.CATALOGUE, b"a: &a [*a]", "cannot be read"),
        (packing.SCANS, b'[{"file": "../../etc/passwd"}]', "is missing"),
        (packing.SCANS, b"7", "not of the form"),
        (packing.FINDINGS, b"[7]", "not of the form"),
        (packing.EDITION, b"[]", "not of the form"),
    ],
)
def test_a_hostile_member_is_refused_with_its_name(name, content, said):
    status, text = told(resigned({name: content}))

    assert status is Status.REFUSED, text
    assert said in text


@pytest.mark.parametrize("document", [[], {"format": "other"}, {"format": packing.FORMAT, "version": 9}])
def test_a_manifest_of_something_else_is_refused(packed, document):
    members = {**opened(packed), packing.MANIFEST: documents.canonical(document)}

    assert told(zips.write(members))[0] is Status.REFUSED


def test_a_terminal_is_steered_by_nobody(packed):
    manifest = json.loads(opened(packed)[packing.MANIFEST])
    manifest["hospital"] = "\x1b[2J\x07"
    members = {**opened(packed), packing.MANIFEST: documents.canonical(manifest)}

    assert "\x1b" not in told(zips.write(members))[1]


# ---- what a reader finds in it


def test_the_index_names_seven_domains_and_what_was_left_out(packed):
    index = json.loads(opened(packed)["index.json"])
    page = opened(packed)["index.html"].decode()

    assert len(index["domains"]) == 7
    assert {one["reason"] for one in index["left_out"]} == {"view-only"}
    assert all(one["title"]["de"] in page for one in index["domains"])
    assert "cd" * 32 in page
    assert "<script" not in page
    assert "style=" not in page


def test_every_member_is_explained_in_the_index(packed):
    found = set(opened(packed))
    told = set(json.loads(opened(packed)["index.json"])["files"])

    own = {"README.txt", "index.html", "index.css", "index.json", packing.SCHEMA}
    assert {name for name in found - own if "/" not in name} == told


@pytest.mark.office
def test_the_index_stands_on_paper_too_with_domains_gaps_and_the_hash_of_every_other_member(tmp_path):
    of, set_ = bundling.bundle(), []
    whole = packing.members(
        of,
        bundling.READERS,
        bundling.READERS[0],
        report=b"%PDF-1.7",
        register=bundling.workbook(),
        fingerprint=bundling.FINGERPRINT,
        paper=lambda html: set_.append(html) or rendering.pdf(html, style=index.paper_style()),
    )
    content = whole.pop(packing.INDEX)
    printed = papers.flowing(papers.raw_of_pdf(content, tmp_path))

    assert content == rendering.pdf(*set_, style=index.paper_style())
    assert b"/StructTreeRoot" in content or b"/ObjStm" in content
    for name, member in whole.items():
        assert hashlib.sha256(member).hexdigest() in printed, name
    for domain in json.loads(whole["index.json"])["domains"]:
        count = sum(len(gap["keys"]) for gap in domain["gaps"])
        answered, found = domain["answers"], domain["findings"]
        row = f"{domain['title']['de']}{answered['answered']}/{answered['asked']}{found['lacking']}/{found['checked']}"
        assert papers.flowing(row) in printed
        assert papers.flowing(f"Lücken: {count}" if count else "keine Lücken") in printed


def test_a_flipped_byte_of_the_index_on_paper_is_named(packed):
    changed = bytearray(packed)
    changed[places(packed)[packing.INDEX] + 9] ^= 1

    status, text = told(bytes(changed))
    assert status is not Status.FITS
    assert packing.INDEX in text


def test_the_score_follows_from_a_policy_of_the_hospitals_own():
    # Its weights are told to no vendor, but travel in the bundle: a stranger works the score out by them.
    standard = policy.current()
    own = replace(standard, version="1 Klinikum 2", part_weights={**standard.part_weights, "8": 40.0})
    assessed = register.assess(bundling.dossier(), own)
    ours = register.assess(bundling.dossier(), standard)
    bundle = bundling.bundle(assessed=assessed, policy=own)

    assert assessed.score.value != ours.score.value
    assert told(bundling.packed(bundle))[0] is Status.FITS
    with_ours = {packing.POLICY: documents.write(dossiers.dump_policy(standard))}
    assert told(bundling.packed(bundle, with_ours))[0] is Status.CHANGED


def test_hostile_text_stays_text_in_the_index():
    of = replace(bundling.dossier(), vendor_name="<script>alert(1)</script>&", hospital='"><img src=x>')
    page = opened(bundling.packed(bundling.bundle(of)))["index.html"].decode()

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in page


def test_the_manifest_is_of_its_schema(packed):
    schema, manifest = json.loads(packing.schema()), json.loads(opened(packed)[packing.MANIFEST])

    assert breaks(schema, manifest, schema["$defs"]) == []
    assert breaks(schema, {**manifest, "more": 1}, schema["$defs"])
    assert breaks(schema, {**manifest, "round": 0}, schema["$defs"])


def breaks(schema, value, defs, where="$"):
    """The few rules that our schema uses; no other program is needed to hold it."""
    if "$ref" in schema:
        return breaks(defs[schema["$ref"].rpartition("/")[2]], value, defs, where)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}
    wanted = schema.get("type", [])
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if wanted and type(value) not in {kinds[one] for one in wanted}:
        return [where]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(where)
    if isinstance(value, int) and value < schema.get("minimum", value):
        found.append(where)
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(where)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{where}.{name}" for name in schema.get("required", []) if name not in value]
        found += [
            f"{where}.{name}" for name in value if name not in known and schema.get("additionalProperties") is False
        ]
        for name in known.keys() & value.keys():
            found += breaks(known[name], value[name], defs, f"{where}.{name}")
    if isinstance(value, list):
        for one in value:
            found += breaks(schema["items"], one, defs, f"{where}[]")
    return found
