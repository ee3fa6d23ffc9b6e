"""Where we decide otherwise than a suite: file -> case id -> the clause that makes us right."""

from collections.abc import Mapping

EXPLANATIONS: Mapping[str, Mapping[str, str]] = {}
