"""Every act that the audit trail records and every detail of it has its words, so no page shows a reader its code."""

import ast
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from portal.db.models.responses import ConsentKind
from portal.services.actions.actions import Verdict
from portal.services.vendors.vendor_entries import KINDS
from portal.services.vendors.vendors import SupplyFields, VendorFields
from portal.web.audit_words import ACTS
from portal.web.hospital.audit_details import COLUMNS, FIELDS
from questionnaires.model import QuestionSet
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


@functools.cache
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
    for path, function, call in _written(*folders).get(name, ()):
        module = call.func.value if isinstance(call.func, ast.Attribute) else None
        if module.id == home if isinstance(module, ast.Name) else path.stem == home:
            given = {one.arg: one.value for one in call.keywords}
            code = call.args[at] if at < len(call.args) else given.get(keyword)
            if code is not None:
                yield Place(path, function, code)


@functools.cache
def _written(*folders: str) -> Mapping[str, Sequence[tuple[Path, ast.FunctionDef, ast.Call]]]:
    """Every call, `function(…)` or `module.function(…)`, by the name of the function."""
    found: dict[str, list[tuple[Path, ast.FunctionDef, ast.Call]]] = {}
    for path in tree.python_files(*folders):
        for function in ast.walk(tree.parsed(path)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                match call:
                    case ast.Call(func=ast.Attribute(value=ast.Name(), attr=name) | ast.Name(id=name)):
                        found.setdefault(name, []).append((path, function, call))
    return found


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


@functools.cache
def details(*folders: str) -> tuple[set[str], list[str]]:
    """The name of every detail that is handed to the trail by `detail=`; and what could not be told."""
    found: set[str] = set()
    untold: list[str] = []
    for path in tree.python_files(*folders):
        for function in ast.walk(tree.parsed(path)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                for given in (one.value for one in call.keywords if one.arg == "detail"):
                    names = set(_fields(given, function))
                    found |= names - {""}
                    if "" in names:
                        untold.append(f"{tree.where(path)}:{given.lineno} {ast.unparse(given)}")
    return found, untold


def _fields(given: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """The keys of a detail; "" for what cannot be read."""
    match given:
        case ast.Constant(value=None):
            return
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                match key:
                    case None:
                        yield from _fields(value, function)
                    case ast.Constant(value=str(name)):
                        yield name
                    case _:
                        yield ""
        case ast.BinOp(left=first, right=second) | ast.IfExp(body=first, orelse=second):
            yield from _fields(first, function)
            yield from _fields(second, function)
        case ast.DictComp(key=ast.Attribute(value=ast.Name(id="one"), attr="value")):
            yield from QuestionSet  # how many questions stand in each set
        case ast.Name(id=name):
            handed_in = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
            written = [*_named(function, name), *_paired(function, name)]
            if not written and name not in handed_in:
                yield ""
            for one in written:
                yield from _fields(one, function)
            yield from _set_later(function, name)
        case _:
            yield ""


def _paired(where: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is set under a name together with others: `scope, detail = a, b`."""
    for node in ast.walk(where):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                yield from (
                    value
                    for target, value in zip(targets, values, strict=True)
                    if isinstance(target, ast.Name) and target.id == name
                )


def _set_later(where: ast.AST, name: str) -> Iterator[str]:
    """The keys of `detail["key"] = …`."""
    for node in ast.walk(where):
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=target), slice=ast.Constant(value=str(key)))]):
                if target == name:
                    yield key


def test_every_detail_that_is_recorded_has_its_words():
    found, untold = details("portal")

    assert untold == []
    assert sorted(found - FIELDS.keys()) == []
    assert sorted(FIELDS.keys() - found) == []


def test_a_detail_is_found_where_it_is_written_named_or_added_later():
    found, _untold = details("portal")

    assert {
        "treatment",  # written in the call
        "due_on",  # in a name
        "standing",  # in a name that is set together with another
        "belonging",  # added where it is known
        "uninvited",  # unpacked from a choice
        "outcome",  # joined to others
    } <= found


def test_every_column_of_a_record_that_changes_has_its_words():
    records = (VendorFields, SupplyFields, *(kind.fields for kind in KINDS.values()))
    columns = {column.name for record in records for column in dataclasses.fields(record)}

    assert sorted(columns - COLUMNS.keys()) == []
    assert sorted(COLUMNS.keys() - columns) == []
