"""The vulnerable versions of JavaScript libraries, and those that get no more repairs."""

import importlib.metadata
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from scanners.datasets import SHIPPED, DataSets

DATA_DATE = "2026-05-01"  # of unretiredjs 1.4.14
PACKAGE = "unretiredjs"  # Apache-2.0; the data descend from RetireJS
NOT_LIBRARIES = frozenset({"retire-example", "dont check"})

# Our name -> that of endoflife.date, whose fetched branches count before the table below.
SLUGS: Mapping[str, str] = {
    "angularjs": "angularjs",
    "bootstrap": "bootstrap",
    "ember": "emberjs",
    "jquery": "jquery",
    "jquery-ui": "jquery-ui",
    "next": "nextjs",
    "react": "react",
    "vue": "vue",
}

# Name -> beginning of the version -> day of the last repair. "" means every version. As of 2026-11-21.
ENDED: Mapping[str, Mapping[str, str]] = {
    "angularjs": {"": "2021-12-31"},
    "bootstrap": {"2.": "2013-08-19", "3.": "2019-07-24", "4.": "2023-01-01"},
    "jquery": {"1.": "2016-06-09", "2.": "2016-06-09"},
    "jquery-mobile": {"": "2021-10-07"},
    "prototypejs": {"": "2015-09-22"},
    "swfobject": {"": "2020-12-31"},
    "vue": {"0.": "2016-09-30", "1.": "2016-09-30", "2.": "2023-12-31"},
    "YUI": {"": "2014-08-29"},
}


def data_name(data: DataSets = SHIPPED) -> str:
    """The data set with its day, for every sentence that rests on it."""
    fetched = data.source("retire")
    if fetched is not None:
        return f"RetireJS ({fetched.day})"
    return f"{PACKAGE} {_version()} ({DATA_DATE})"


@cache
def _version() -> str:
    """Asking for it reads files; a list of parts asks a hundred thousand times."""
    return importlib.metadata.version(PACKAGE)


def definitions(data: DataSets = SHIPPED) -> Mapping[str, Any]:
    """The raw table: the fetched one, or the one that the code brings."""
    return data.libraries or _shipped()


@cache
def _shipped() -> Mapping[str, Any]:
    """Only the package's data module is run: the package itself imports an HTTP client we do not want here."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        return {}
    path = Path(package.origin).with_name("vulnerabilities.py")
    spec = importlib.util.spec_from_file_location(f"_{PACKAGE}_data", path)
    if spec is None or spec.loader is None:
        return {}
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table: Mapping[str, Any] = module.definitions
    return {name: entry for name, entry in table.items() if name not in NOT_LIBRARIES}


def end_of(name: str, version: str, data: DataSets = SHIPPED) -> str:
    """The day of the last repair for this branch; "" while there still are any."""
    fetched = data.lifecycles.get(SLUGS.get(name, ""), {})
    parts = version.split(".")
    for length in range(len(parts), 0, -1):
        if (end := fetched.get(".".join(parts[:length]))) is not None:
            return end.isoformat()
    return next((day for branch, day in ENDED.get(name, {}).items() if version.startswith(branch)), "")
