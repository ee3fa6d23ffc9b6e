"""Which catalogues ship, and whether a released one is still what was released."""

import functools
import hashlib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from questionnaires import loading
from questionnaires.model import Catalogue

CURRENT = ("hospital-vendor", "2026.1")
WITHOUT_IT_ACCESS = ("short-without-it-access", "2026.1")
DELTA = ("delta", "2026.1")


class NoSuchCatalogue(LookupError):
    """No catalogue of that id and version ships."""


def current() -> Catalogue:
    """The catalogue that new assessments use."""
    return get(*CURRENT)


@functools.cache
def get(catalogue_id: str, version: str) -> Catalogue:
    """A catalogue by id and version, read once; raises NoSuchCatalogue."""
    if (catalogue_id, version) not in versions():
        raise NoSuchCatalogue(f"{catalogue_id} {version}")
    return loading.load(source(catalogue_id, version))


def source(catalogue_id: str, version: str) -> bytes:
    """The file of a catalogue that ships, as it was released."""
    return _folder().joinpath(catalogue_id, f"{version}.yaml").read_bytes()


@functools.cache
def versions() -> tuple[tuple[str, str], ...]:
    """Id and version of every catalogue that ships; they are looked up for every dossier."""
    return tuple(
        sorted(
            (folder.name, file.name.removesuffix(".yaml"))
            for folder in _folder().iterdir()
            if folder.is_dir()
            for file in folder.iterdir()
            if file.name.endswith(".yaml")
        )
    )


def released() -> Mapping[tuple[str, str], str]:
    """The SHA-256 that each released version must keep for ever, from the file RELEASED."""
    lines = _folder().joinpath("RELEASED").read_text(encoding="utf-8").splitlines()
    pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {(name.split("/")[0], name.split("/")[1].removesuffix(".yaml")): digest for digest, name in pairs}


def digest(catalogue_id: str, version: str) -> str:
    """The SHA-256 of the file as it is."""
    return digest_of(source(catalogue_id, version))


def digest_of(source: bytes) -> str:
    """The SHA-256 by which a released catalogue is known."""
    return hashlib.sha256(source).hexdigest()


def _folder() -> Traversable:
    return resources.files("questionnaires").joinpath("catalogues")
