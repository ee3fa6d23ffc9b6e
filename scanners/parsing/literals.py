"""What a text must contain for a pattern to match it: a look for that spares most patterns, and their compilation."""

import re

PART = re.compile(
    r"(?:\\(?P<escaped>.)|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<plain>[^\\\[\](){}.*+?^$|])|(?P<sign>.))"
    r"(?P<times>[*?+]|\{[^}]*\})?",
    re.DOTALL,
)
KINDS = frozenset("dDwWsSbBnrtfv")  # behind a backslash: one sign of a kind, or a place


def required(pattern: str) -> bytes:
    """The longest run of signs outside of groups that every match contains; b"" where none is sure."""
    if re.search(r"\(\?[^:]", pattern):  # flags and names change what stands for itself
        return b""
    runs, depth = [""], 0
    for part in PART.finditer(pattern):
        sign, escaped = part["sign"] or "", part["escaped"] or ""
        if (sign == "|" and not depth) or (escaped.isalnum() and escaped not in KINDS):
            return b""
        depth += (sign == "(") - (sign == ")")
        letter = part["plain"] or ("" if escaped.isalnum() else escaped)
        is_sure = letter and not depth and part["times"] in {None, "+"}
        runs[-1] += letter if is_sure else ""
        if not is_sure or part["times"]:
            runs.append("")
    return max(runs, key=len).encode("utf-8", "replace")
