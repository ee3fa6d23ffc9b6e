"""What every command shares: how it adds itself, and a refusal in one sentence."""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - no public name


class Refusal(Exception):
    """The command cannot do this; the sentence says why."""
