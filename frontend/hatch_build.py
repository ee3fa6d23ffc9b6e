"""Puts the front-end files into built wheels; an editable install leaves them to ./run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendHook(BuildHookInterface):  # type: ignore[type-arg]  # a hook needs no configuration of its own type
    """Builds the front-end files before a wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and name the files: they are ignored by git and would be left out."""
        if version == "editable":
            return
        recipe = Path(self.root) / "frontend" / "build.py"
        spec = importlib.util.spec_from_file_location("frontend_build", recipe)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(recipe)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.build()
        build_data["artifacts"].append("portal/web/static/vendor/**")
