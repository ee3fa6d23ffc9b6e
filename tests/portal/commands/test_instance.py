"""What a command tells is in the language of the terminal."""

import pytest

from portal.commands import instance

GERMAN = "Es gibt noch kein Krankenhaus. Dieser Link gilt einmal und legt das erste an:\n"
ENGLISH = "There is no hospital yet. This link works once and creates the first:\n"


@pytest.mark.parametrize(
    ("named", "told"), [("de_DE.UTF-8", GERMAN), ("en_US.UTF-8", ENGLISH), ("C.UTF-8", GERMAN + ENGLISH)]
)
def test_the_first_link_is_told_as_the_terminal_speaks(
    named: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("LC_ALL", named)

    instance.tell_in_words(ENGLISH.rstrip("\n"))

    assert capsys.readouterr().out == told
