"""What the documents tell holds: commands, settings, pages, files, headings, numbers and words of the screens."""

import contextlib
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from portal import cli, i18n
from portal.files import guarding
from portal.jobs import scanning
from portal.services.evidence import evidence
from portal.services.jobs import JobKind
from portal.services.scans import scan_budgets
from questionnaires import shelf
from scanners.catalogue import CHECKS
from scanners.probes.network import ACTIVE, ORDINARY
from tests.house import tree

DOCUMENTS = tuple(path for path in tree.files() if path.suffix == ".md")
GUIDES = ("docs/hospital-guide.md", "docs/vendor-guide.md")
SWITCHED = re.compile(r'sys\.argv\[1:2\] (?:==|in) \(?(\["[\w", \[\]]+\])')
# What the guides quote and no page says: a moment that is an example, and a sentence with its gaps left open.
EXAMPLES = {"gespeichert 14:03", "saved 14:03"}
GAPS = re.compile(r"%\(\w+\)[sd]|…")


def typed(path: Path) -> Iterator[str]:
    """Every line of a block of commands and every piece of code within a sentence."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|bash|console|shell)?\n(.*?)```", text, re.DOTALL)
    for line in "\n".join(blocks).splitlines():
        yield line.partition("  #")[0]
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def flat(text: str) -> str:
    """Words alone: without the marks, gaps and blanks in which a page and a guide may differ."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>|\*\*", "", GAPS.sub("", text))).strip(" ,.")


@cache
def said() -> str:
    """All that the pages, papers and questionnaires say in either language, one sentence a line."""
    german = i18n.catalogue("de")
    sentences = [*german.singular, *german.singular.values()]
    sentences += [text for entry in german.plural.items() for form in entry for text in form]
    rooms = [path for path in tree.files("questionnaires") if path.suffix in {".yaml", ".py"}]
    return "\n".join(map(flat, [*sentences, *(path.read_text(encoding="utf-8") for path in rooms)]))


@cache
def help_of(*words: str) -> str:
    """What a command says of itself; empty where there is no such command."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as end:
        cli.main([*words, "--help"])
    return "" if end.value.code else told.getvalue()


def test_every_command_and_option_exists():
    broken: list[str] = []
    for path in DOCUMENTS:
        for line in typed(path):
            match = re.search(r"(?:^|\s|/)kettenblick ([a-z][a-z-]*)(?: ([a-z][a-z-]*)(?=\s|$))?(.*)", line)
            if match is None:
                continue
            told = help_of(match[1])
            if match[2] and told.partition("\n\n")[0].endswith("..."):  # a command that wants another word
                told = help_of(match[1], match[2])
            options = re.findall(r"(?<!\S)(--[a-z-]+)", match[3])
            if not told or any(option not in told for option in options):
                broken.append(f"{tree.where(path)}: {line}")

    assert broken == []


def test_every_benchmark_exists():
    known = set(re.findall(r'"(\w+)"', " ".join(SWITCHED.findall(source("benchmarks/__main__.py")))))
    named = {
        match
        for path in DOCUMENTS
        for line in typed(path)
        for match in re.findall(r"python -m benchmarks ([a-z]+)", line)
    }

    assert known >= named >= {"scanning", "portfolio"}


def test_what_the_documents_tell_to_run_exists():
    broken = [
        f"{tree.where(path)}: {name}"
        for path in DOCUMENTS
        for line in typed(path)
        for name in re.findall(
            r"^\s*(?:\$ )?(?:python |sh )?(\./[\w./-]+|frontend/[\w.-]+|benchmarks/[\w.-]+\.py)", line
        )
        if not (tree.ROOT / name).exists()
    ]

    assert broken == []


def test_every_file_that_is_named_exists():
    """Files by their whole path from the root; modules also by their name alone, as in sentences about their room."""
    modules = {path.name for path in tree.python_files(*tree.PACKAGES, "benchmarks", "tests", "frontend")}
    broken: list[str] = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        named = re.findall(
            r"(?<![\w/])((?:tests|portal|reports|assessments|questionnaires|scanners|benchmarks)/[\w/.-]+\.\w+)\b", text
        )
        broken += [f"{tree.where(path)}: {name}" for name in named if not (tree.ROOT / name).exists()]
        alone = re.findall(r"`(?:[\w/]+/)?(\w*[a-z]\.py)`", text)
        broken += [f"{tree.where(path)}: {name}" for name in alone if name not in modules]
        folders = re.findall(r"`((?:tests|portal|reports|assessments|questionnaires|scanners)/[\w/]*/)`", text)
        broken += [f"{tree.where(path)}: {name}" for name in folders if not (tree.ROOT / name).is_dir()]

    assert broken == []


def test_every_link_leads_to_a_file_and_to_its_heading():
    broken: list[str] = []
    for path in DOCUMENTS:
        for link, heading in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)", path.read_text(encoding="utf-8")):
            target = path.parent / link if link else path
            if not target.exists() or (heading and heading not in headings(target)):
                broken.append(f"{tree.where(path)}: {link}#{heading}")

    assert broken == []


@pytest.mark.parametrize("guide", GUIDES)
def test_words_that_a_guide_quotes_stand_on_the_pages(guide: str):
    """Who looks for a button finds it under the name that the guide gives it."""
    text = re.sub(r"\s+", " ", source(guide))
    quoted = [*re.findall(r"„([^“”]+)“", text), *re.findall(r'"([^"]{3,90})"', text)]

    assert [words for words in quoted if words not in EXAMPLES and flat(words) not in said() and "…" not in words] == []


def test_every_page_that_is_named_exists():
    routes = "\n".join(path.read_text(encoding="utf-8") for path in tree.python_files("portal/web"))
    people = [path for path in DOCUMENTS if not tree.where(path).startswith(("CONTRIBUTING", "docs/method"))]
    named = {
        (tree.where(path), route)
        for path in people
        for route in re.findall(r"`(/(?:[a-z-]+/)?[a-z-]+/?)`", path.read_text(encoding="utf-8"))
    }

    assert [pair for pair in sorted(named) if f'"{pair[1]}' not in routes] == []
    assert ("docs/vendor-guide.md", "/method") in named


def test_settings_that_any_document_names_are_read():
    code = source("portal/settings.py")
    read = set(re.findall(r"\"([A-Z][A-Z_]+)\"", code))
    named = {
        (tree.where(path), name)
        for path in DOCUMENTS
        for name in re.findall(
            r"`((?:SCAN|SMTP|IMAP|MAIL|PUBLIC|TENDER|KNOWN|BIND|WORKER|KETTENBLICK)_[A-Z_]+)(?:=|`)",
            path.read_text(encoding="utf-8"),
        )
    }

    shell = source("install/environment.sh")  # what ./run and ./test read by themselves
    assert [pair for pair in sorted(named) if pair[1] not in read and f"${{{pair[1]}" not in shell] == []


def test_the_readme_counts_as_the_code_does():
    text = source("README.md")
    questionnaire = shelf.current()

    assert int(re.findall(r"(\d+) checks over", text)[0]) == len(CHECKS)
    assert re.findall(r"(\d+) questions in (\d+) sections", text) == [
        (str(len(questionnaire.questions)), str(len(questionnaire.sections)))
    ]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_vendors_guide_name_the_limits_that_hold(language: str):
    """A company signs these numbers: whoever changes a budget changes what was promised."""
    text = source("docs/vendor-guide.md")
    german, english = text.split("\n# For vendors")
    told = " ".join((german if language == "de" else english).split())
    sets = {name.value: len(one.question_ids) for name, one in shelf.current().sets.items()}
    megabytes = 2**20
    promised = {
        "de": (
            f"höchstens {ORDINARY.connections_at_once} Verbindungen zugleich und {ORDINARY.connections} insgesamt",
            f"höchstens {ORDINARY.requests} HTTP-Anfragen",
            f"Ende nach {scanning.HARD_SECONDS:.0f} Sekunden",
            f"Aktiv: {ACTIVE.connections_at_once} Verbindungen zugleich und {ACTIVE.connections} insgesamt",
            f"{ACTIVE.requests} Anfragen mit vier in der Sekunde, {scanning.HARD_SECONDS_ACTIVE:.0f} Sekunden",
            f"der volle Katalog hat {sets['full']} Fragen, die Basis {sets['basic']}, der kurze {sets['short']}",
            f"je höchstens {guarding.LARGEST // megabytes} MB, zusammen {evidence.MOST_BYTES // megabytes} MB",
        ),
        "en": (
            f"at most {ORDINARY.connections_at_once} connections at once and {ORDINARY.connections} in all",
            f"at most {ORDINARY.requests} HTTP requests",
            f"end after {scanning.HARD_SECONDS:.0f} seconds",
            f"Active: {ACTIVE.connections_at_once} connections at once and {ACTIVE.connections} in all",
            f"{ACTIVE.requests} requests at four a second, {scanning.HARD_SECONDS_ACTIVE:.0f} seconds",
            f"the full set has {sets['full']} questions, basic {sets['basic']}, short {sets['short']}",
            f"at most {guarding.LARGEST // megabytes} MB each and {evidence.MOST_BYTES // megabytes} MB in all",
        ),
    }[language]

    assert [words for words in promised if words not in told] == []
    assert (ACTIVE.requests_per_second, scan_budgets.A_DAY_BY_HOSPITALS) == (4.0, 4)


def test_the_architecture_names_every_kind_of_job_and_no_other():
    named = set(re.findall(r"(?m)^\| `([a-z-]+)` \| ", source("docs/architecture.md")))

    assert named == {kind.value for kind in JobKind}


def source(name: str) -> str:
    return (tree.ROOT / name).read_text(encoding="utf-8")


def headings(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are made of their words."""
    found = re.findall(r"(?m)^#+ (.*)$", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}
