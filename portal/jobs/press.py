"""What the press begins with: read once, in the process from which all that set documents are forked."""

import contextlib
import gc

from portal.jobs import printing
from reports import rendering

# Without Pango nothing can be set; whoever asks for a document is told so (printing.pdf), not whoever starts a process.
with contextlib.suppress(OSError):
    rendering.prepare(printing.FONTS)
gc.collect()
gc.freeze()  # what stands here stays: no process forked from this one looks through it for garbage
