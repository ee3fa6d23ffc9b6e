"""Text from a target never breaks a check, and every sentence can be printed."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from scanners import checking
from scanners.catalogue import CHECKS
from scanners.data import unpublished as listed
from scanners.model import Outcome, SubjectKind
from scanners.observations import (
    CaaRecord,
    DkimKey,
    MailExchanger,
    MtaStsPolicy,
    Observation,
    Response,
    Script,
    Scripts,
    UnpublishedPaths,
    UnresolvedReferences,
    WellKnown,
)
from tests.scanners.building import AT, DOMAIN, HOST, page, response, seen, seen_of_domain
from tests.scanners.building_domain import MX, dmarc, host_dns, mail, related, session, spf, transport

NAMES = ("server", "x-powered-by", "set-cookie", "content-security-policy", "strict-transport-security", "location")
SEEDS = st.sampled_from(
    [
        "",
        "<title>",
        "<script src=//x>",
        "{",
        '{"openapi":1,"paths":{"a":{"get":{}}}}',
        "v=DMARC1; p=",
        "v=spf1 a:%{",
        "%s %(x)s %",
    ]
)
TEXT = st.builds(str.__add__, SEEDS, st.text(max_size=60))
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), TEXT), max_size=4)
PATHS = ("/.well-known/security.txt", "/.well-known/openid-configuration", "/fhir/metadata")


def is_one_line(text: str) -> bool:
    return not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in text)


def on_a_host(text: str, headers: list[tuple[str, str]], kind: str) -> list[Observation]:
    pairs = [("content-type", kind), *headers]
    answer = response(text, headers=pairs)
    served = {path: response(text, url=f"https://{HOST}{path}", headers=pairs) for path in PATHS}
    return [
        page(answer),
        Scripts(at=AT, scripts=(Script(url=f"https://{HOST}/{text[:20]}.js", body=text),)),
        WellKnown(at=AT, documents=served),
        *unpublished(text, answer),
        UnresolvedReferences(at=AT, asked=(text,), missing=(text,)),
        host_dns(dangling_target=text or None, caa=(CaaRecord(flags=0, tag=text[:5], value=text),), caa_at=text),
    ]


def unpublished(text: str, answer: Response) -> list[Observation]:
    """Paths that a page named, with every sign there is: what the page chose stands in path and answer."""
    asked = {f"/{purpose.value}/{text}": purpose.value for purpose in listed.Purpose}
    signs = tuple(sign.name for one in listed.PATHS for sign in one.signs)
    return [
        UnpublishedPaths(
            at=AT,
            answers=dict.fromkeys(asked, answer),
            controls=(response("", status=404),),
            purposes=asked,
            signs=dict.fromkeys(asked, (*signs, f"engine-version:{text}", f"debug:{text}", f"panel:{text}")),
        )
    ]


@given(TEXT, HEADERS, st.sampled_from(["text/html", "text/plain", "application/json"]))
@settings(max_examples=60)
def test_no_page_breaks_a_check(text: str, headers: list[tuple[str, str]], kind: str):
    observed = seen(*on_a_host(text, headers, kind))
    findings = [checking.run(check, observed) for check in CHECKS.values() if check.subject is SubjectKind.HOST]

    assert [finding.check_id for finding in findings if finding.outcome is Outcome.ERROR] == []
    assert [finding.check_id for finding in findings if not is_one_line(finding.fact.render())] == []


@given(TEXT, TEXT)
@settings(max_examples=60)
def test_no_dns_record_breaks_a_check(text: str, other: str):
    facts = (
        mail(
            exchangers=(
                MailExchanger(preference=1, host=text, addresses=("192.0.2.1",)),
                MailExchanger(preference=2, host=MX),
            ),
            spf=spf(text, included={other: text}, errors=(text,), missing=(other,)),
            dmarc=dmarc(text, queries=((other, (text, other)),)),
            dkim_keys=(DkimKey(selector=other, record=text),),
            mta_sts_txt=(text,),
            tls_rpt_txt=(other,),
            tlsa={MX: (text,)},
        ),
        MtaStsPolicy(at=AT, url=other, status=200, body=text, tls_verified=True),
        transport(session(host=text, tls_version=other)),
        related(names={text: ()}, dangling={text: other}, answering={f"test.{text}": 200}),
    )
    observed = seen_of_domain(*facts, domain=DOMAIN)
    findings = [checking.run(check, observed) for check in CHECKS.values() if check.subject is SubjectKind.DOMAIN]

    assert [finding.check_id for finding in findings if finding.outcome is Outcome.ERROR] == []
    assert [finding.check_id for finding in findings if not is_one_line(finding.fact.render())] == []
