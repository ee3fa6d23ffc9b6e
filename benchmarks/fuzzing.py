"""Fuzzing by coverage: `python -m benchmarks fuzzing TARGET --seconds N`; atheris is installed for the run alone."""

import argparse
import os
import site
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGE = "atheris>=3,<4"
ROOT = Path(__file__).resolve().parents[1]
SLOWEST = 5  # seconds for one input
MOST_MEMORY = 1024  # MB; the fuzzer's own tables count too
RUNNER = """
import sys
import atheris
with atheris.instrument_imports(include=["scanners"]):
    from benchmarks.fuzz_targets import TARGETS
target = TARGETS[sys.argv.pop(1)]
atheris.Setup(sys.argv, lambda data: target(data) and None)
atheris.Fuzz()
"""


def main(arguments: list[str]) -> int:
    """Fuzz one target or all; the input that broke one is left in the folder that is printed."""
    from benchmarks.fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m benchmarks fuzzing", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--corpus", type=Path, help="a folder that keeps what was learnt, one folder a target in it")
    chosen = parser.parse_args(arguments)
    names = list(TARGETS) if chosen.target == "all" else [chosen.target]
    with tempfile.TemporaryDirectory() as folder:
        python, trouble = install(Path(folder))
        if trouble:
            print(f"atheris does not install here: {trouble}")
            return 2
        corpus = chosen.corpus or Path(folder) / "corpus"
        broken = [name for name in names if not fuzz(python, name, corpus / name, seconds=chosen.seconds)]
    print(f"{len(names) - len(broken)} of {len(names)} held" + (f"; broken: {', '.join(broken)}" if broken else ""))
    return 1 if broken else 0


def install(folder: Path) -> tuple[Path, str]:
    """An interpreter that has atheris, or why there is none."""
    python = folder / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            return python, (ran.stderr.strip().splitlines() or ["no reason was given"])[-1]
    return python, ""


def fuzz(python: Path, name: str, corpus: Path, *, seconds: int) -> bool:
    """One target for so long; True when nothing broke it."""
    corpus.mkdir(parents=True, exist_ok=True)
    found = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    limits = [f"-max_total_time={seconds}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MOST_MEMORY}", "-max_len=20000"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *site.getsitepackages()])}
    ran = subprocess.run(
        [str(python), "-c", RUNNER, name, *limits, "-verbosity=0", f"-artifact_prefix={found}/", str(corpus)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        print(f"{name}: broken, see {found}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
        return False
    found.rmdir()
    print(f"{name}: held for {seconds} s", flush=True)
    return True
