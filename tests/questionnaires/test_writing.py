"""What is written is read again as the same, byte for byte, whatever ships."""

import pytest
import yaml

from questionnaires import loading, shelf, writing
from tests.questionnaires.test_loading import SOUND


@pytest.mark.parametrize("name", shelf.versions(), ids="@".join)
def test_what_ships_comes_back(name: tuple[str, str]):
    catalogue = shelf.get(*name)
    written = writing.dump(catalogue)

    assert loading.load(written) == catalogue
    assert writing.dump(loading.load(written)) == written


def test_a_catalogue_of_every_trick_of_the_format_comes_back():
    catalogue = loading.load(yaml.safe_dump(SOUND))

    assert loading.load(writing.dump(catalogue)) == catalogue


def test_nothing_is_written_as_an_anchor():
    twice = ["a", "b"]

    assert "&" not in writing.as_yaml({"one": twice, "two": twice})
