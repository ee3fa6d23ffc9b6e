"""check_host(): results, limits, macros and explanations over small zones of our own."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import check_host, spf
from scanners.parsing.asking import Answer, Question
from scanners.parsing.check_host import Result, Ruling, Sender

Zone = Mapping[tuple[str, str], tuple[str, ...] | None]

HOME = "clinic.example"


def ruling(
    record: str,
    zone: Zone | None = None,
    *,
    address: str = "192.0.2.7",
    helo: str = "mx.clinic.example",
    mail_from: str = f"nurse@{HOME}",
) -> Ruling:
    """What a receiver makes of the sender; None in the zone is DNS that gives no answer."""
    held: dict[tuple[str, str], tuple[str, ...] | None] = {(HOME, "TXT"): (record,), **(zone or {})}
    return run(Sender(address=address, helo=helo, mail_from=mail_from), held)[0]


def run(sender: Sender, zone: Zone) -> tuple[Ruling, list[Question]]:
    asked: list[Question] = []
    evaluator = check_host.check(sender)
    try:
        question = next(evaluator)
        while True:
            asked.append(question)
            texts = zone.get((question.name.lower(), question.rdtype), ())
            status = "failure" if texts is None else "found" if texts else "nxdomain"
            question = evaluator.send(Answer(status=status, texts=texts or ()))
    except StopIteration as end:
        return end.value, asked


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1", "192.0.2.7", Result.NEUTRAL),
        ("v=spf1 -all", "192.0.2.7", Result.FAIL),
        ("v=spf1 ~all", "192.0.2.7", Result.SOFTFAIL),
        ("v=spf1 ?all", "192.0.2.7", Result.NEUTRAL),
        ("v=spf1 all", "192.0.2.7", Result.PASS),
        ("v=spf1 ip4:192.0.2.0/29 -all", "192.0.2.7", Result.PASS),
        ("v=spf1 ip4:192.0.2.0/30 -all", "192.0.2.7", Result.FAIL),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::7", Result.PASS),
        ("v=spf1 ip4:192.0.2.0/24 -all", "::ffff:192.0.2.7", Result.PASS),
        ("v=spf1 ip6:::ffff:0:0/96 -all", "::ffff:192.0.2.7", Result.FAIL),
        ("v=spf1 ip4:192.0.2.7 -all nonsense", "192.0.2.7", Result.PERMERROR),
        ("v=spf1 all redirect=elsewhere.example", "192.0.2.7", Result.PASS),
    ],
)
def test_a_record_without_lookups(record: str, address: str, result: Result) -> None:
    assert ruling(record, address=address).result is result


@pytest.mark.parametrize("mail_from", ["a@no-dot", "a@empty..label", f"a@{'x' * 64}.example", "a@[192.0.2.7]"])
def test_a_domain_that_is_none_has_no_result(mail_from: str) -> None:
    assert ruling("v=spf1 -all", mail_from=mail_from).result is Result.NONE


def test_an_empty_sender_is_the_postmaster_of_its_greeting() -> None:
    zone = {("why.clinic.example", "TXT"): ("%{s} from %{c}",)}

    seen = ruling("v=spf1 -all exp=why.%{d}", zone, mail_from="", helo=HOME)

    assert seen.explanation == "postmaster@clinic.example from 192.0.2.7"


def test_two_records_are_a_permanent_error() -> None:
    seen, _asked = run(
        Sender(address="192.0.2.7", helo="x", mail_from=f"a@{HOME}"), {(HOME, "TXT"): ("v=spf1 all", "V=SPF1 -all")}
    )

    assert seen.result is Result.PERMERROR


def test_silence_is_a_passing_error_and_says_where() -> None:
    seen = ruling("v=spf1 a:quiet.example -all", {("quiet.example", "A"): None})

    assert (seen.result, seen.because) == (Result.TEMPERROR, "quiet.example")


@pytest.mark.parametrize(
    ("inner", "result"),
    [
        ("v=spf1 all", Result.PASS),
        ("v=spf1 -all", Result.SOFTFAIL),
        ("v=spf1 ?all", Result.SOFTFAIL),
        ("v=spf1 broken", Result.PERMERROR),
        ("no record", Result.PERMERROR),
    ],
)
def test_an_include_matches_only_when_it_passes(inner: str, result: Result) -> None:
    assert ruling("v=spf1 include:in.example ~all", {("in.example", "TXT"): (inner,)}).result is result


def test_a_redirect_takes_the_others_result_and_explanation() -> None:
    zone = {
        ("other.example", "TXT"): ("v=spf1 -all exp=why.example",),
        ("why.example", "TXT"): ("sent for %{d}",),
    }

    seen = ruling("v=spf1 redirect=other.example exp=own.example", zone)

    assert (seen.result, seen.explanation) == (Result.FAIL, "sent for other.example")


def test_a_redirect_to_nothing_is_a_permanent_error() -> None:
    assert ruling("v=spf1 redirect=other.example").result is Result.PERMERROR


def test_mail_exchangers_match_by_their_addresses() -> None:
    zone = {
        (HOME, "MX"): ("10 mx1.example", "20 mx2.example"),
        ("mx1.example", "A"): ("198.51.100.1",),
        ("mx2.example", "A"): ("192.0.2.1",),
    }

    assert ruling("v=spf1 mx/24 -all", zone).result is Result.PASS
    assert ruling("v=spf1 mx -all", zone).result is Result.FAIL


def test_eleven_mail_exchangers_are_too_many() -> None:
    zone = {(HOME, "MX"): tuple(f"{number} mx.example" for number in range(11)), ("mx.example", "A"): ("198.51.100.1",)}

    assert ruling("v=spf1 mx -all", zone).result is Result.PERMERROR


def test_pointers_count_only_when_they_point_back() -> None:
    zone = {
        ("7.2.0.192.in-addr.arpa", "PTR"): ("liar.clinic.example", "honest.clinic.example"),
        ("liar.clinic.example", "A"): ("198.51.100.1",),
        ("honest.clinic.example", "A"): ("192.0.2.7",),
    }

    assert ruling("v=spf1 ptr -all", zone).result is Result.PASS
    assert ruling("v=spf1 ptr:liar.clinic.example -all", zone).result is Result.FAIL


def test_exists_asks_for_an_ipv4_address_even_for_ipv6_senders() -> None:
    sender = Sender(address="2001:db8::7", helo="x", mail_from=f"a@{HOME}")

    _seen, asked = run(sender, {(HOME, "TXT"): ("v=spf1 exists:%{l}.list.example -all",)})

    assert asked[1] == Question(name="a.list.example", rdtype="A")


def test_ten_lookups_are_allowed_and_eleven_are_not() -> None:
    there = {(HOME, "A"): ("198.51.100.1",)}

    assert ruling("v=spf1" + " a" * 10 + " all", there).result is Result.PASS
    assert ruling("v=spf1" + " a" * 11 + " all", there).result is Result.PERMERROR


def test_two_empty_answers_are_allowed_and_three_are_not() -> None:
    assert ruling("v=spf1 a:a.example a:b.example all").result is Result.PASS
    assert ruling("v=spf1 a:a.example a:b.example a:c.example all").result is Result.PERMERROR


def test_a_loop_of_includes_ends_at_the_limit() -> None:
    assert ruling(f"v=spf1 include:{HOME} all").result is Result.PERMERROR


@pytest.mark.parametrize(
    ("macro", "text"),
    [
        ("%{s}", "first-last@clinic.example"),
        ("%{l}", "first-last"),
        ("%{lr-}", "last.first"),
        ("%{l1r-}", "first"),
        ("%{o}", "clinic.example"),
        ("%{d1}", "example"),
        ("%{dr}", "example.clinic"),
        ("%{d99}", "clinic.example"),
        ("%{i}", "192.0.2.7"),
        ("%{ir}.%{v}", "7.2.0.192.in-addr"),
        ("%{h}", "mx.clinic.example"),
        ("%{S}", "first-last%40clinic.example"),
        ("%{p}", "unknown"),
        ("100%% a%_b%-c", "100% a b%20c"),
    ],
)
def test_macros(macro: str, text: str) -> None:
    zone = {("why.example", "TXT"): (macro,)}

    assert ruling("v=spf1 -all exp=why.example", zone, mail_from=f"first-last@{HOME}").explanation == text


def test_an_ipv6_address_is_written_in_nibbles() -> None:
    zone = {("why.example", "TXT"): ("%{ir}.%{v}",)}

    seen = ruling("v=spf1 -all exp=why.example", zone, address="2001:db8::c")

    assert seen.explanation == "C" + ".0" * 23 + ".8.B.D.0.1.0.0.2.ip6"


def test_a_name_that_is_too_long_is_cut_from_the_left() -> None:
    sender = Sender(address="192.0.2.7", helo="x", mail_from=f"{'abcdefghi.' * 30}z@{HOME}")

    _seen, asked = run(sender, {(HOME, "TXT"): ("v=spf1 exists:%{l}.example -all",)})

    assert len(asked[1].name) <= 253
    assert asked[1].name.endswith("abcdefghi.z.example")


@pytest.mark.parametrize("texts", [(), ("one", "two"), ("%{x}",), ("für",), ("50%",)])
def test_a_broken_explanation_is_dropped(texts: tuple[str, ...]) -> None:
    seen = ruling("v=spf1 -all exp=why.example", {("why.example", "TXT"): texts})

    assert (seen.result, seen.explanation) == (Result.FAIL, "")


def test_names_that_dns_cannot_hold_are_not_asked_for() -> None:
    sender = Sender(address="192.0.2.7", helo="x", mail_from=f"zoë@{HOME}")

    seen, asked = run(sender, {(HOME, "TXT"): (f"v=spf1 a:{'x' * 64}.example a:%{{l}}.example -all",)})

    assert (seen.result, len(asked)) == (Result.FAIL, 1)


@given(
    st.lists(
        st.sampled_from(
            ["a", "mx", "ptr", f"include:{HOME}", f"redirect={HOME}", "exists:%{ir}.%{p}.example", "a:%{h}", "?all"]
        )
        | st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12),
        max_size=12,
    ),
    st.text(max_size=40),
)
def test_every_evaluation_ends_with_a_result_and_few_questions(terms: list[str], local: str) -> None:
    zone = {
        (HOME, "TXT"): ("v=spf1 " + " ".join(terms),),
        (HOME, "A"): ("198.51.100.1",),
        (HOME, "MX"): ("10 clinic.example",),
        ("7.2.0.192.in-addr.arpa", "PTR"): (HOME,) * 20,
    }

    seen, asked = run(Sender(address="192.0.2.7", helo=local, mail_from=f"{local}@{HOME}"), zone)

    assert isinstance(seen.result, Result)
    assert seen.lookups <= spf.LOOKUP_LIMIT + 1
    assert len(asked) <= 4 * spf.LOOKUP_LIMIT + check_host.MOST_POINTERS + 2
