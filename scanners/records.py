"""Frozen keyword-only dataclasses that are ready at once, because their methods are shared.

The standard decorator compiles six functions for each class; a scan from a terminal would wait longer for those of all
our classes than for its first answer.
"""

import operator
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from inspect import Parameter, Signature
from typing import Any, NoReturn, TypeVar, dataclass_transform

Kind = TypeVar("Kind", bound=type)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record(kind: Kind) -> Kind:
    """What @dataclass(frozen=True, kw_only=True) makes of a class; records inherit from records only."""
    kind.__doc__ = kind.__doc__ or kind.__name__  # or the decorator would make one of the signature
    dataclass(kw_only=True, init=False, repr=False, eq=False)(kind)
    values_of = _values_of(tuple(one.name for one in fields(kind)))

    def same(self: Any, other: object) -> bool:
        return values_of(self) == values_of(other) if type(self) is type(other) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values_of(self))

    for name, method in {
        "__init__": _making(kind),
        "__eq__": same,
        "__hash__": hashed,
        "__repr__": _told,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__signature__": _SIGNATURE,
    }.items():
        setattr(kind, name, method)
    return kind


def _making(kind: type) -> Callable[..., None]:
    its = fields(kind)
    names = frozenset(one.name for one in its)
    defaults = {one.name: one.default for one in its if one.default is not MISSING}
    makers = {one.name: one.default_factory for one in its if one.default_factory is not MISSING}

    def make(self: object, /, **given: Any) -> None:
        values = defaults | given
        for name, maker in makers.items():
            if values.get(name, maker) is maker:  # what the signature shows stands for what it makes
                values[name] = maker()
        if values.keys() != names:
            wrong = ", ".join(sorted(values.keys() ^ names))
            raise TypeError(f"{kind.__name__}: missing or unknown: {wrong}")
        self.__dict__.update(values)

    return make


def _values_of(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return operator.attrgetter(*names) if names else lambda _: ()


def _told(self: Any) -> str:
    inner = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self))
    return f"{type(self).__qualname__}({inner})"


def _refuse(_self: object, name: str, _value: object = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot change field {name!r}")


class _Signature:
    """The parameters of a record, made when somebody asks."""

    def __get__(self, _instance: object, kind: type) -> Signature:
        return Signature(
            [
                Parameter(one.name, Parameter.KEYWORD_ONLY, default=_default(one), annotation=one.type)
                for one in fields(kind)
            ]
        )


def _default(one: Any) -> Any:
    if one.default is not MISSING:
        return one.default
    return Parameter.empty if one.default_factory is MISSING else one.default_factory


_SIGNATURE = _Signature()
