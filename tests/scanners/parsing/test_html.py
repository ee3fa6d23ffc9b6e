"""HTML in one linear pass."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import html


def test_forms_keep_their_fields():
    page = html.read('<input id=a><form action="/x" METHOD=Post><INPUT Type=PassWord name="p"></form><input id=b>')

    assert [(form.action, form.method, len(form.fields)) for form in page.forms] == [("/x", "Post", 1)]
    assert page.forms[0].asks_password


def test_a_form_without_action_or_method_says_so():
    assert (html.read("<form>").forms[0].action, html.read("<form>").forms[0].method) == (None, None)


def test_markup_in_comments_and_scripts_is_no_markup():
    page = html.read("<!-- <img src=a> --><script>'<img src=b>'</script><noscript><img src=c></noscript><img src=d>")

    assert [element.get("src") for element in page.all("img")] == ["d"]
    assert page.all("script")[0].text == "'<img src=b>'"


def test_a_comment_that_does_not_end_hides_the_rest_as_in_a_browser():
    assert [element.tag for element in html.read("<a><!-- <b>").elements] == ["a"]
    assert [element.tag for element in html.read("<a><!--><b><!--x--><i>").elements] == ["a", "b", "i"]


def test_a_stray_quote_does_not_swallow_what_follows():
    page = html.read("<p don't><a href=/x class= ><b y=><i disabled/><input value=it's type=password>")

    assert [element.tag for element in page.elements] == ["p", "a", "b", "i", "input"]
    assert page.all("a")[0].get("href") == "/x"
    assert page.asks_password


def test_a_greater_than_sign_in_quotes_does_not_end_a_tag():
    assert html.read("<a title='a > b' href=\"/x?a=1&amp;b=2\">").all("a")[0].get("href") == "/x?a=1&b=2"


def test_the_first_of_two_equal_attributes_counts():
    assert html.read("<a href=/1 HREF=/2>").all("a")[0].get("href") == "/1"


def test_a_base_moves_what_is_loaded():
    page = html.read("<base href='https://cdn.test/lib/'><script src=a.js></script>")

    assert [load.url for load in html.loads(page, "https://host.test/")] == ["https://cdn.test/lib/a.js"]


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<script src=/a>", [("/a", True)]),
        ("<script>x</script>", []),
        ("<link rel='preload stylesheet' href=/a>", [("/a", True)]),
        ("<link rel=canonical href=/a>", []),
        ("<link rel='shortcut icon' href=/a>", [("/a", False)]),
        ("<object data=/a>", [("/a", True)]),
        ("<video src=/a poster=/b>", [("/a", False), ("/b", False)]),
        ("<img src=/a srcset='/b 1x, /c 2x'>", [("/a", False), ("/b", False), ("/c", False)]),
        ("<input type=image src=/a>", [("/a", False)]),
        ("<a href=/a>", []),
    ],
)
def test_what_a_browser_fetches_by_itself_is_known(markup, expected):
    loads = html.loads(html.read(markup), "https://host.test/")

    assert [(load.written, load.active) for load in loads] == expected


def test_metas_are_found_by_either_name():
    page = html.read("<meta name=referrer content=a><meta http-equiv=Referrer content=b>")

    assert page.metas("referrer") == ("a", "b")


@given(st.text(alphabet="<>/!-\"'= abscriptformnx\x00\n&;", max_size=400))
def test_no_text_makes_it_raise(text):
    page = html.read(text)

    assert len(html.loads(page, "https://host.test/")) <= 4 * len(text)


@pytest.mark.parametrize(
    "unit",
    [
        *("<a ", '<a"', "<a'<b\"", "<!--", "<!--<!", '<a x="1" ', "<script>", "<", "<a>", '<a"><b>', "<form><input>"),
        *("<!--<b>", '<a "<b>"', '<a c="<b>"', "</a>", "<!---->", "<a b='", "<a =", "<a a b c d e f g h i j k l>"),
    ],
)
@pytest.mark.parametrize("end", ["", "'"])
def test_hostile_pages_stay_cheap(unit, end):
    text = unit * (250_000 // len(unit)) + end
    began = time.process_time()

    page = html.read(text)

    assert len(page.elements) <= html.MOST_ELEMENTS
    assert time.process_time() - began < 5  # a quadratic reader needs far longer
