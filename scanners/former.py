"""Sentences of earlier versions: stored findings hold them with their values, and German goes on to know them."""

from scanners.model import N_

FORMER = (
    N_("%(count)s paths are named; none sounds like an inner area."),
    N_("%(count)s paths asked; none shows what was looked for."),
    N_("%(count)s scripts looked at; no library with a known hole. Data: %(data)s."),
    N_("%(count)s scripts and pages looked at; no secret was recognised."),
    N_("%(count)s answers of interfaces seen; none is open to every foreign page."),
    N_("%(count)s answers looked at; none shows an internal error."),
    N_("%(count)s foreign hosts looked at; all exist."),
    N_("The record and %(count)s included records follow the grammar."),
    N_("The client could renegotiate %(count)s times in one connection."),
)
