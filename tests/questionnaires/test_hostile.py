"""Files that nobody should be able to use: each is refused, with the line and a sentence that says what is wrong."""

import re
from pathlib import Path

import pytest

from questionnaires import loading, owning
from questionnaires.reading import LARGEST, BadFile

FILES = sorted((Path(__file__).parents[1] / "fixtures" / "catalogues").glob("*.yaml"))
HOSTILE = [file for file in FILES if file.stem != "sound"]
SOUND = next(file for file in FILES if file.stem == "sound")


def test_the_file_that_all_of_them_are_made_from_is_sound():
    assert owning.load(SOUND.read_bytes()).id == "own-1"
    assert len(HOSTILE) > 50


@pytest.mark.parametrize("file", HOSTILE, ids=lambda file: file.stem)
def test_each_is_refused_with_its_line(file: Path):
    """The last line of each says what is expected; where a line can be named, it is that of the fault."""
    source = file.read_text(encoding="utf-8")
    told = re.search(r"# refused in line (\d+): (.+)\n\Z", source)
    assert told is not None

    with pytest.raises(BadFile) as refused:
        owning.load(source)
    assert (refused.value.line, str(refused.value)) == (int(told[1]), told[2])


def test_ten_megabytes_are_not_even_begun():
    with pytest.raises(BadFile, match="larger than 4 MB"):
        owning.load(SOUND.read_bytes() + b"#" * 10_000_000)
    with pytest.raises(BadFile, match="larger"):
        loading.load("x" * (LARGEST + 1))


def test_too_many_questions_are_refused():
    source = SOUND.read_text(encoding="utf-8")
    begin = source.index("      - id: H-02")
    more = "".join(source[begin:].replace("H-02", f"H-{number}") for number in range(3, 600))

    with pytest.raises(BadFile, match="more than 500"):
        owning.load(source + more)


def test_bytes_that_are_no_text_are_refused():
    for source in (b"\xff\xfe\x00", b"\x00", bytes(range(256))):
        with pytest.raises(BadFile):
            owning.load(source)
