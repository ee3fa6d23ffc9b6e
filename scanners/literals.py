"""What a text must contain for a pattern to match it: a look for that spares most patterns, and their compilation."""

import re

PART = re.compile(  # behind a backslash, a class, signs that stand for themselves, any other; and how often
    r"(?:\\(.)|(\[\^?\]?(?:\\.|[^\]\\])*\])|([^\\\[\](){}.*+?^$|]+)|(.))([*?+]|\{[^}]*\})?", re.DOTALL
)
KINDS = frozenset("dDwWsSbBnrtfv")  # behind a backslash: one sign of a kind, or a place


def required(pattern: str) -> str:
    """The longest run of signs outside of groups that every match contains; "" where none is sure."""
    if re.search(r"\(\?[^:]", pattern):  # flags and names change what stands for itself
        return ""
    runs, depth = [""], 0
    for escaped, _class, plain, sign, times in PART.findall(pattern):
        if (sign == "|" and not depth) or (escaped.isalnum() and escaped not in KINDS):
            return ""
        depth += (sign == "(") - (sign == ")")
        letters = plain or ("" if escaped.isalnum() else escaped)
        if letters and not depth:
            runs[-1] += letters if times in {"", "+"} else letters[:-1]  # the last may be missing
        if times or depth or not letters:
            runs.append("")
    return max(runs, key=len)
