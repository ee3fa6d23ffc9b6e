"""Every act that the audit trail records has its words, so no page shows a reader its code."""

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from portal.db.models.responses import ConsentKind
from portal.services.actions.actions import Verdict
from portal.services.vendors.vendor_entries import KINDS
from portal.web.audit_words import ACTS
from tests.house import tree

VERB = 2  # record(session, actor, verb, …)
FORMED: Mapping[str, Callable[[], set[str]]] = {  # codes made of a word and what a closed set holds
    "action.{verdict.value}": lambda: {f"action.{verdict.value}" for verdict in Verdict},
    "consent.{kind.value}": lambda: {f"consent.{kind.value}" for kind in ConsentKind},
    "{kind.name}.added": lambda: {f"{name}.added" for name in KINDS},
    "{kind.name}.changed": lambda: {f"{name}.changed" for name in KINDS},
    "{kind}.removed": lambda: {f"{name}.removed" for name in KINDS},
}


class Place(NamedTuple):
    """A code as it is written in a call, and the function it is written in."""

    path: Path
    function: ast.FunctionDef
    code: ast.expr


def recorded(*folders: str) -> tuple[set[str], list[str]]:
    """Every code that reaches the trail, also through functions that hand one on; and what could not be told."""
    codes: set[str] = set()
    untold: list[str] = []
    waiting = list(_calls("record", VERB, "verb", home="audit", folders=folders))
    done: set[tuple[object, ...]] = set()
    while waiting:
        place = waiting.pop()
        if (key := (place.path, *_span(place.code))) in done:
            continue
        done.add(key)
        found, more = _resolve(place, folders)
        codes |= found
        waiting += more
        if not found and not more:
            untold.append(f"{tree.where(place.path)}:{place.code.lineno} {ast.unparse(place.code)}")
    return codes, untold


def _span(code: ast.expr) -> tuple[int | None, ...]:
    return code.lineno, code.col_offset, code.end_lineno, code.end_col_offset


def _resolve(place: Place, folders: tuple[str, ...]) -> tuple[set[str], list[Place]]:
    """What a code can be, or where it is handed in."""
    path, function, code = place
    codes: set[str] = set()
    written: list[ast.expr] = []
    match code:
        case ast.Constant(value=str(text)):
            codes = {text}
        case ast.IfExp(body=first, orelse=second):
            written = [first, second]
        case ast.JoinedStr():
            codes = FORMED.get(ast.unparse(code)[2:-1], set)()
        case ast.Subscript(value=ast.Name(id=name)):
            tables = [one for one in _named(tree.parsed(path), name) if isinstance(one, ast.Dict)]
            written = [value for table in tables for value in table.values]
        case ast.Name(id=name):
            names = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
            if name in names:
                return codes, list(_calls(function.name, names.index(name), name, home=path.stem, folders=folders))
            written = list(_named(function, name))
    return codes, [Place(path, function, one) for one in written]


def _calls(name: str, at: int, keyword: str, *, home: str, folders: tuple[str, ...]) -> Iterator[Place]:
    """Where a function is called, in its own module by its name and elsewhere by its module's; what stands there."""
    for path in tree.python_files(*folders):
        for function in ast.walk(tree.parsed(path)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                match call:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=attribute)):
                        is_it = (module, attribute) == (home, name)
                    case ast.Call(func=ast.Name(id=called)):
                        is_it = called == name and path.stem == home
                    case _:
                        continue
                if is_it:
                    given = {one.arg: one.value for one in call.keywords}
                    code = call.args[at] if at < len(call.args) else given.get(keyword)
                    if code is not None:
                        yield Place(path, function, code)


def _named(where: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is set under a name."""
    for node in ast.walk(where):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value) if target == name:
                yield value


def test_every_act_that_is_recorded_has_its_words():
    codes, untold = recorded("portal")

    assert untold == []
    assert sorted(codes - ACTS.keys()) == []


def test_a_code_is_found_where_it_is_written_chosen_or_handed_on():
    codes, _untold = recorded("portal")

    assert {
        "scan.released",  # written in the call
        "assessment.returned",  # chosen before it
        "tender.reminders-off",  # chosen in the call of a function that hands it on
        "register.exported",  # taken from a table
        "contact.removed",  # made of two words
    } <= codes
