"""Every parser of text from outside: no text makes it raise, and twice the text costs about twice the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.observations import CaaRecord, Response
from scanners.observatory import policies
from scanners.observatory.policies import BadPolicy
from scanners.observatory.site import Answer, Site
from scanners.observatory.view import TESTS, equivalents
from scanners.parsing import (
    addresses,
    banners,
    caa,
    challenges,
    check_host,
    cookies,
    csp,
    csp_weaknesses,
    dkim,
    dmarc,
    greetings,
    hsts,
    html,
    internetnl,
    issuers,
    likeness,
    mta_sts,
    preload,
    sectxt,
    security_txt,
    spf,
    suites,
    tlsa,
    tokens,
    transparency,
    urls,
)
from scanners.parsing.asking import Answer as Told
from scanners.parsing.asking import Asking
from scanners.parsing.check_host import Sender
from tests.scanners.building import certificate

Parser = Callable[[str], object]

AT = datetime(2026, 11, 22, tzinfo=UTC)
URL = "https://host.test/"
LONG = 50_000
SECONDS = 4.0  # a quadratic reader needs far longer for LONG, a linear one a tenth of it


def response(text: str) -> Response:
    headers = (("server", text[:8000]), ("set-cookie", text), ("content-security-policy", text))
    return Response(url=URL, status=200, headers=headers, body=text)


def told(evaluator: Asking[object], text: str) -> object:
    """An evaluator that hears the same text for every question."""
    try:
        next(evaluator)
        while True:
            evaluator.send(Told(status="found", texts=(text,)))
    except StopIteration as end:
        return end.value


def policy_lists(text: str) -> object:
    try:
        return policies.combine(policies.split([text, text[::-1]]))
    except BadPolicy:
        return None


def weaknesses(text: str) -> object:
    return [
        (csp_weaknesses.weaknesses(policy), csp_weaknesses.strictness(policy), csp.problems(policy))
        for policy in csp.parse([text], metas=[text])
    ]


def csp_rest(text: str) -> object:
    read = csp.parse([text])
    judged = [(csp.unsafe_scripts(one), csp.allows_eval(one), csp.everybodys_hosts(one)) for one in read]
    return csp.duplicates(text), csp.unrestricted(read), judged


def observatory(text: str) -> object:
    names = ("content-security-policy", "referrer-policy", "strict-transport-security", "set-cookie", "x-frame-options")
    more = ("cross-origin-opener-policy", "cross-origin-resource-policy", "access-control-allow-origin")
    answer = Answer(status=200, headers=tuple((name, text) for name in (*names, *more)), equivalents=equivalents(text))
    site = Site(
        host="host.test", url=URL, document=answer, https=answer, http=answer, cross_origin=answer,
        html=text, http_route=((text[:500], 200), (URL, 200)),
    )  # fmt: skip
    return [judge(site) for judge in TESTS]


PARSERS: dict[str, Parser] = {
    "addresses.parse": addresses.parse,
    "addresses.is_public": lambda text: addresses.parse(text) and addresses.is_public(text),
    "addresses.network": addresses.network,
    "banners.named_in": banners.named_in,
    "banners.products": lambda text: banners.products([("server", text), ("x-powered-by", text)]),
    "caa.climb": lambda text: told(caa.climb("portal.host.test"), text),
    "caa.is_valid": lambda text: [caa.is_valid(CaaRecord(flags=0, tag=tag, value=text)) for tag in (*caa.KNOWN, text)],
    "caa.permits": lambda text: caa.permits([CaaRecord(flags=0, tag="issue", value=text)], "ca.test"),
    "challenges": lambda text: (challenges.is_challenge(response(text)), challenges.is_throttled(response(text))),
    "check_host record": lambda text: told(check_host.check(Sender(address="192.0.2.1", helo="x")), text),
    "check_host sender": lambda text: told(
        check_host.check(Sender(address="2001:db8::1", helo=text, mail_from=f"{text}@host.test")),
        "v=spf1 exists:%{l9r-+}.%{s}.%{h}.%{p} -all exp=%{l}.test",
    ),
    "check_host explanation": lambda text: told(
        check_host.check(Sender(address="192.0.2.1", helo="host.test")), f"v=spf1 -all exp=a.test {text[:100]}"
    ),
    "cookies.parse": cookies.parse,
    "csp": csp_rest,
    "csp_weaknesses": weaknesses,
    "dkim.parse": dkim.parse,
    "dmarc.discover": lambda text: told(dmarc.trace("a.b.host.test"), text),
    "dmarc.parse": lambda text: dmarc.receivers(dmarc.parse(f"v=DMARC1;rua={text};{text}")),
    "dmarc.walked_names": lambda text: dmarc.walked_names(text[:300]),
    "greetings.printable": lambda text: greetings.printable(text.encode("utf-8", "replace")),
    "hsts.parse": hsts.parse,
    "html": lambda text: html.loads(html.read(text), URL),
    "internetnl": lambda text: (internetnl.policy_faults(text, "host.test"), internetnl.referrer_faults(text)),
    "issuers": lambda text: issuers.allowed([CaaRecord(flags=0, tag="issue", value=text)], wildcard=True),
    "likeness": lambda text: likeness.alike(response(text), f"/{text[:200]}", response(text + "x"), "/other"),
    "mta_sts.covers": lambda text: mta_sts.covers(mta_sts.parse_policy(f"mx: {text}\n{text}"), text),
    "mta_sts.records": lambda text: (mta_sts.is_record(text), mta_sts.is_report_record(f"v=TLSRPTv1;{text}")),
    "observatory": observatory,
    "observatory policies": policy_lists,
    "preload": lambda text: preload.judge(preload.parse(text)),
    "sectxt": lambda text: sectxt.read(text, AT),
    "security_txt": lambda text: security_txt.parse(text).broken,
    "spf.parse": lambda text: spf.parse(f"v=spf1 {text}"),
    "spf.trace": lambda text: told(spf.trace("host.test"), f"v=spf1 {text}"),
    "suites": lambda text: (suites.level(text), suites.is_finite_field(text)),
    "tlsa": lambda text: tlsa.match(f"3 1 1 {text}", [certificate()]),
    "tokens": lambda text: (tokens.jwts(text), tokens.in_url(text)),
    "transparency": lambda text: transparency.internal_words(text, "host.test"),
    "urls": lambda text: (urls.host(text), urls.join(URL, text), urls.parameters(text), urls.is_web(text)),
}

TEXTS = st.text(max_size=200) | st.text(
    alphabet=" \t\r\n;:=,.'\"<>/\\%{}()[]*!-_@#?&0129abcdefilmnoprstuvx\x00\ud800ÿ€", max_size=300
).map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


@pytest.mark.parametrize("name", PARSERS)
@given(text=TEXTS)
def test_no_text_makes_it_raise(name: str, text: str):
    PARSERS[name](text)


SIGNS = "a ;,=.%'\"<>\n\t/:@-*(\\é\x00"
UNITS = (
    *("a ", "a;", "a,", "a=", "a.", "a=a;", "a:a ", "a.a.", "../", "<a ", "<a b='", "<!--", "</", "<script>", "%{l}"),
    *("a:b\n", "'self' ", "https://a ", "max-age=1;", "v=spf1 ", "include:a ", "mx: a\n", "1.", "0", "eyJ.", "&amp;"),
)


@pytest.mark.parametrize("name", PARSERS)
def test_no_bait_costs_more_than_its_length(name: str):
    slow: list[tuple[str, float]] = []
    for unit in (*SIGNS, *UNITS):
        text = unit * (LONG // len(unit))
        began = time.process_time()
        PARSERS[name](text)
        spent = time.process_time() - began
        if spent > SECONDS:
            slow.append((unit, spent))

    assert slow == []
