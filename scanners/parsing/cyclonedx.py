"""CycloneDX, as JSON or XML, to the facts that we keep (ECMA-424; versions 1.2 to 1.6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from scanners.model import N_
from scanners.parsing.parts_lists import (
    DEEPEST,
    LONGEST_IDENTIFIER,
    LONGEST_NAME,
    MOST_COMPONENTS,
    Component,
    PartsList,
    Unreadable,
    first,
    listing,
    moment,
    word,
)

FORMAT = "CycloneDX"
VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
FILE = "file"  # single files are no parts that a maker would mend
TOO_MANY = N_("The list has more than %(most)d components. Please divide it by product.")
OTHER_VERSION = N_("CycloneDX %(version)s is a version we do not read. Please export 1.4, 1.5 or 1.6.")


def of_json(document: Mapping[str, Any]) -> PartsList:
    """The list in a JSON document, which is parsed already. Raises Unreadable."""
    version = word(document.get("specVersion"), 10)
    if version not in VERSIONS:
        raise Unreadable(OTHER_VERSION, version=version or "?")
    metadata = _object(document.get("metadata"))
    product = _object(metadata.get("component"))
    # What the product consists of may lie within it.
    roots = [*_objects(document.get("components")), *_objects(product.get("components"))]
    return PartsList(
        format=FORMAT,
        version=version,
        product=word(product.get("name"), LONGEST_NAME),
        product_version=word(product.get("version")),
        product_supplier=first(_maker(product), _name(metadata.get("supplier")), _name(metadata.get("manufacturer"))),
        created_at=moment(metadata.get("timestamp")),
        author=listing(
            [
                *(word(one.get("name")) or word(one.get("email")) for one in _objects(metadata.get("authors"))),
                _name(metadata.get("manufacturer")) or _name(metadata.get("manufacture")),
                _name(metadata.get("supplier")),
            ]
        ),
        tools=listing(_tools(metadata.get("tools"))),
        relations=sum(len(_list(one.get("dependsOn"))) for one in _objects(document.get("dependencies"))),
        components=tuple(_components(roots)),
    )


def _components(roots: list[Mapping[str, Any]]) -> Iterator[Component]:
    """All of them, those within others as well, in the order of the document."""
    count = 0
    waiting = [(one, 1) for one in reversed(roots)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(N_("The list is nested too deeply."))
        if one.get("type") != FILE:
            count += 1
            if count > MOST_COMPONENTS:
                raise Unreadable(TOO_MANY, most=MOST_COMPONENTS)
            yield _component(one)
        waiting += [(inner, depth + 1) for inner in reversed(_objects(one.get("components")))]


def _component(one: Mapping[str, Any]) -> Component:
    group, name = word(one.get("group")), word(one.get("name"), LONGEST_NAME)
    return Component(
        name=f"{group}/{name}"[:LONGEST_NAME] if group else name,
        version=word(one.get("version")),
        purl=word(one.get("purl"), LONGEST_IDENTIFIER),
        cpe=word(one.get("cpe"), LONGEST_IDENTIFIER),
        supplier=_maker(one),
        licence=listing(_licences(one.get("licenses"))),
        hashes=len(_list(one.get("hashes"))),
    )


def _maker(one: Mapping[str, Any]) -> str:
    return first(_name(one.get("supplier")), _name(one.get("manufacturer")), word(one.get("publisher")))


def _licences(value: Any) -> Iterator[str]:
    for one in _objects(value):
        licence = _object(one.get("license"))
        yield first(word(one.get("expression")), word(licence.get("id")), word(licence.get("name")))


def _tools(value: Any) -> Iterator[str]:
    """A list up to 1.4; from 1.5 on an object with components and services as well."""
    tools = _objects(value)
    if isinstance(value, dict):
        tools = [*_objects(value.get("components")), *_objects(value.get("services"))]
    for one in tools:
        yield f"{word(one.get('name'))} {word(one.get('version'))}".strip()


def _name(value: Any) -> str:
    return word(_object(value).get("name"))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]
