"""What a terminal shows: how far a scan is, and its findings by category, as wide as there is room."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TextIO

from scanners import categories
from scanners.catalogue import CHECKS
from scanners.jobs import Finished, Progress
from scanners.model import N_, Finding, Outcome, Severity, worst_first
from scanners.records import record

Translate = Callable[[str], str]

MARKS = {
    Outcome.PASS: "✓",
    Outcome.WARN: "!",
    Outcome.FAIL: "✕",
    Outcome.INFO: "○",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.UNKNOWN: "?",
    Outcome.ERROR: "⚠",
}
ORDER = (
    *(Outcome.FAIL, Outcome.WARN, Outcome.ERROR, Outcome.UNKNOWN),
    *(Outcome.INFO, Outcome.PASS, Outcome.NOT_APPLICABLE),
)
SEVERITY_WORDS: Mapping[Severity, str] = {
    Severity.CRITICAL: N_("critical"),
    Severity.HIGH: N_("high"),
    Severity.MEDIUM: N_("medium"),
    Severity.LOW: N_("low"),
    Severity.INFO: N_("note"),
}
OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.FAIL: N_("not met"),
    Outcome.WARN: N_("warning"),
    Outcome.ERROR: N_("our error"),
    Outcome.UNKNOWN: N_("could not be checked"),
    Outcome.INFO: N_("note"),
    Outcome.PASS: N_("met"),
    Outcome.NOT_APPLICABLE: N_("not applicable"),
}
NEEDING_A_LOOK = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.ERROR})
WIDE = 100  # columns where nobody says how many there are
NARROWEST = 40
BAR = 10


# ---- the table


@record
class Layout:
    """How findings are laid out: for whom, how wide, and what is written beside each category."""

    width: int = WIDE
    everything: bool = False  # also what was met, does not apply or could not be checked
    beside: Mapping[str, str] = field(default_factory=dict)  # category -> its outside grade
    translate: Translate = str


def table(findings: Iterable[Finding], layout: Layout | None = None) -> str:
    """The findings by category, the worst first; one check stands once, with every subject below it."""
    layout = layout or Layout()
    ordered = sorted(
        findings,
        key=lambda one: (
            categories.position(CHECKS[one.check_id].category),
            worst_first(one.outcome, one.severity),
            one.check_id,
            one.subject,
        ),
    )
    subjects = dict.fromkeys(f"{one.subject.name} ({one.subject.kind})" for one in sorted(ordered, key=_subject))
    lines = textwrap.wrap(" · ".join(subjects), layout.width, break_on_hyphens=False)
    for category, group in groupby(ordered, key=lambda one: CHECKS[one.check_id].category):
        lines += ["", *_category(category, tuple(group), layout)]
    return "\n".join(lines)


def _subject(finding: Finding) -> tuple[str, str]:
    return finding.subject.kind.value, finding.subject.name


def _category(category: str, findings: Sequence[Finding], layout: Layout) -> list[str]:
    title, beside = layout.translate(categories.title(category)), layout.beside.get(category, "")
    gap = layout.width - len(title) - len(beside)
    lines = [f"{title}{' ' * gap}{beside}"] if gap > 1 else [title, *([f"  {beside}"] if beside else [])]
    shown = [one for one in findings if layout.everything or one.outcome in NEEDING_A_LOOK]
    for _key, same in groupby(shown, key=lambda one: (one.outcome, one.severity, one.check_id)):
        lines += _check(tuple(same), layout)
    left_out = [one for one in findings if one not in shown]
    counts = [
        f"{MARKS[outcome]} {count} {layout.translate(OUTCOME_WORDS[outcome])}"
        for outcome in ORDER
        if (count := sum(one.outcome is outcome for one in left_out))
    ]
    return lines + (_wrapped(" · ".join(counts), layout, "  ") if counts else [])


def _check(findings: Sequence[Finding], layout: Layout) -> list[str]:
    first = findings[0]
    word = layout.translate(SEVERITY_WORDS[first.severity])
    title = layout.translate(CHECKS[first.check_id].title)
    lines = _wrapped(f"{MARKS[first.outcome]} {word:<8} {first.check_id}  {title}", layout, "  ", further="    ")
    for finding in findings:
        lines += _wrapped(f"{finding.subject.name}: {_fact(finding, layout.translate)}", layout, "      ")
    return lines


def _wrapped(text: str, layout: Layout, indent: str, *, further: str = "") -> list[str]:
    return textwrap.wrap(
        printable(text),
        max(layout.width, NARROWEST),
        initial_indent=indent,
        subsequent_indent=indent + further,
        break_on_hyphens=False,
    )


def _fact(finding: Finding, translate: Translate) -> str:
    text = finding.fact.render(translate)
    return f"{text} ({translate(N_('provisional'))})" if finding.provisional else text


def printable(text: str) -> str:
    """A target's words must not steer the terminal."""
    return "".join(sign if sign.isprintable() else "·" for sign in text)


# ---- progress


@dataclass(kw_only=True)
class Screen:
    """Progress on stderr: a block that is drawn anew on a terminal, a line for each step everywhere else."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    translate: Translate = str
    _lines: int = 0

    def show(self, event: Progress | Finished) -> None:
        """Show how far it is; whoever reads it may be gone, and the scan goes on."""
        with suppress(BrokenPipeError, ValueError):
            if isinstance(event, Finished):
                self._draw([])
                text = self.translate(N_("%(seconds)s s, %(connections)s connections, %(requests)s requests"))
                values = {
                    "seconds": f"{event.seconds:.1f}",
                    "connections": event.connections,
                    "requests": event.requests,
                }
                self.stream.write(text % values + "\n")
            elif self.stream.isatty():
                size = shutil.get_terminal_size()
                self._draw(block(event, width=size.columns, rows=size.lines - 2, translate=self.translate))
            else:
                self.stream.write(f"{event.done}/{event.total} {printable(event.stage)}\n")
            self.stream.flush()

    def _draw(self, lines: Sequence[str]) -> None:
        if self._lines:
            self.stream.write(f"\x1b[{self._lines}A\x1b[J")
        self.stream.write("".join(f"{line}\n" for line in lines))
        self._lines = len(lines)


def block(event: Progress, *, width: int, rows: int, translate: Translate = str) -> list[str]:
    """A line for each group of probes and one for each probe that still looks, cut to the room there is."""
    lines = [f"{bar(event.done, event.total)} {event.done}/{event.total}  {printable(event.stage)}"]
    for name, (done, total) in categories.grouped(event.counts).items():
        sign = MARKS[Outcome.PASS] if done == total else "…"
        lines.append(f"{sign} {translate(name):<14} {bar(done, total)} {done}/{total}")
        lines += [
            f"    {_words(kind)} {looked}/{wanted}"
            for kind, (looked, wanted) in event.counts.items()
            if looked < wanted and categories.group(kind) == name
        ]
    return [line[: max(1, width - 1)] for line in lines[: max(1, rows)]]


def bar(done: float, total: float) -> str:
    """Ten places, filled as far as it goes."""
    filled = round(BAR * done / total) if total else 0
    return "█" * filled + "░" * (BAR - filled)


def _words(kind: str) -> str:
    """TlsHandshakes -> Tls handshakes."""
    return "".join(f" {sign.lower()}" if place and sign.isupper() else sign for place, sign in enumerate(kind))
