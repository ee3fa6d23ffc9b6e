"""One word for one thing, in German and English: what another word once stood for does not come back."""

import re
from collections.abc import Iterator, Mapping

from tests.house import tree
from tests.house.test_translations import FRAGMENTS, pairs

ONE_WORD: Mapping[str, str] = {  # what nobody says any more: what is said
    r"Bewertungsmaßst[aä]b": "Bewertungsregeln",
    r"Regelwerk": "Bewertungsregeln",
    r"Risikoappetit": "Risikobereitschaft",
    r"Risiko annehmen|hingenommen|hinnimmt": "akzeptieren",
    r"\bBefund(e|en|s|es)?\b": "Feststellung",
    r"\bWerktag": "Arbeitstag",
    r"Fragens[aä]tz": "Fragenumfang",
    r"Ersterfassung": "Einstufung",
    r"Ersatzcode": "Wiederherstellungscode",
    r"Einspruch": "Einwand",
    r"Mailadresse": "E-Mail-Adresse",
    r"Dienstleistung": "Leistung",
    r"\b(Entscheider|Verwalter|Administratoren|Bewertende)\b": "die Rolle: Entscheidung, Administration, Bewertung",
    r"[Yy]ardstick": "policy",
}
PUBLISHED = ("checks_", "observatory")  # what servers publish and hospitals write has words of its own


def _said() -> Iterator[tuple[str, str]]:
    """Every sentence of the portal in both languages, and every line of the guides, with where it stands."""
    for path in FRAGMENTS:
        for english, german in pairs(path):
            if not path.name.startswith(PUBLISHED):
                yield path.name, english
                yield path.name, german
    for path in sorted(tree.ROOT.glob("docs/*.md")):
        yield from ((path.name, line) for line in path.read_text(encoding="utf-8").splitlines())


def test_one_thing_has_one_word():
    other = [
        f"{where}: {word} (say {said}): {sentence}"
        for where, sentence in _said()
        for word, said in ONE_WORD.items()
        if re.search(word, sentence)
    ]

    assert other == []


def test_the_policy_of_a_score_is_bewertungsregeln():
    """A Richtlinie is a directive, a guideline, or what a server publishes."""
    wrong = [
        f"{path.name}: {german}"
        for path in FRAGMENTS
        if not path.name.startswith(PUBLISHED)
        for english, german in pairs(path)
        if "olicy" in english and "Richtlinie" in german
    ]

    assert wrong == []
