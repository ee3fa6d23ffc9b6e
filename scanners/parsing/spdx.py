"""SPDX, as JSON (2.2, 2.3), tag-value (2.2, 2.3) or JSON-LD (3.0), to the facts that we keep."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import re2

from scanners.model import N_
from scanners.parsing.parts_lists import (
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

FORMAT = "SPDX"
VERSIONS = ("2.1", "2.2", "2.3")
TOO_MANY = N_("The list has more than %(most)d components. Please divide it by product.")
OTHER_VERSION = N_("SPDX %(version)s is a version we do not read. Please export 2.2 or 2.3.")
DOCUMENT = "SPDXRef-DOCUMENT"
STRUCTURE = frozenset({"DESCRIBES", "DESCRIBED_BY"})  # what says which package is the product
PURL_TYPES, CPE_TYPES = frozenset({"purl"}), frozenset({"cpe23Type", "cpe22Type"})
HEAD = ("SPDXVersion", "Created", "Creator", "Relationship")  # what a tag-value document says as a whole
ELSEWHERE = frozenset({"FileName", "SnippetSPDXID", "LicenseID"})  # what follows is no package's
_ACTOR = re2.compile(r"(?:Person|Organization|Tool):\s*(?P<name>.*?)\s*(?:\([^()]*\))?\s*")
_TAG = re2.compile(r"(?P<tag>[A-Za-z][A-Za-z0-9]*):[ \t]*(?P<value>.*)")


def of_json(document: Mapping[str, Any]) -> PartsList:
    """The list in a JSON document of version 2, which is parsed already. Raises Unreadable."""
    version = word(document.get("spdxVersion")).removeprefix("SPDX-")
    if version not in VERSIONS:
        raise Unreadable(OTHER_VERSION, version=version or "?")
    packages = _objects(document.get("packages"))
    if len(packages) > MOST_COMPONENTS + 1:
        raise Unreadable(TOO_MANY, most=MOST_COMPONENTS)
    relations = [
        (word(one.get("spdxElementId")), word(one.get("relationshipType")), word(one.get("relatedSpdxElement")))
        for one in _objects(document.get("relationships"))
    ]
    described = [one for one in _list(document.get("documentDescribes")) if isinstance(one, str)]
    creation = _object(document.get("creationInfo"))
    return _parts_list(version, packages, relations, described, creation)


def _parts_list(
    version: str,
    packages: Sequence[Mapping[str, Any]],
    relations: Sequence[tuple[str, str, str]],
    described: Iterable[str],
    creation: Mapping[str, Any],
) -> PartsList:
    roots = set(described)
    roots |= {other for one, kind, other in relations if kind == "DESCRIBES" and one == DOCUMENT}
    roots |= {one for one, kind, other in relations if kind == "DESCRIBED_BY" and other == DOCUMENT}
    products = [one for one in packages if word(one.get("SPDXID")) in roots]
    product: Mapping[str, Any] = products[0] if len(products) == 1 else {}  # several: a list of parts without a whole
    components = [_component(one) for one in packages if one is not product]
    if len(components) > MOST_COMPONENTS:
        raise Unreadable(TOO_MANY, most=MOST_COMPONENTS)
    creators = [one for one in _list(creation.get("creators")) if isinstance(one, str)]
    return PartsList(
        format=FORMAT,
        version=version,
        product=word(product.get("name"), LONGEST_NAME),
        product_version=word(product.get("versionInfo")),
        product_supplier=_supplier(product),
        created_at=moment(creation.get("created")),
        author=listing(_actor(one) for one in creators if not one.startswith("Tool:")),
        tools=listing(_actor(one) for one in creators if one.startswith("Tool:")),
        relations=sum(kind not in STRUCTURE for _one, kind, _other in relations),
        components=tuple(components),
    )


def _component(package: Mapping[str, Any]) -> Component:
    names = [
        (word(one.get("referenceType")), word(one.get("referenceLocator"), LONGEST_IDENTIFIER))
        for one in _objects(package.get("externalRefs"))
    ]
    return Component(
        name=word(package.get("name"), LONGEST_NAME),
        version=word(package.get("versionInfo")),
        purl=first(*(name for kind, name in names if kind in PURL_TYPES)),
        cpe=first(*(name for kind, name in names if kind in CPE_TYPES)),
        supplier=_supplier(package),
        licence=first(word(package.get("licenseConcluded")), word(package.get("licenseDeclared"))),
        hashes=len(_list(package.get("checksums"))),
    )


def _supplier(package: Mapping[str, Any]) -> str:
    return first(_actor(package.get("supplier")), _actor(package.get("originator")))


def _actor(value: Any) -> str:
    text = word(value, LONGEST_NAME)
    match = _ACTOR.fullmatch(text)
    return (match.group("name") if match else text)[: LONGEST_NAME - 100]


# ---- tag-value


def of_tags(text: str) -> PartsList:
    """The list in a tag-value document. Raises Unreadable."""
    head: dict[str, list[str]] = {tag: [] for tag in HEAD}
    packages, is_elsewhere = list[dict[str, Any]](), True
    for tag, value in _tags(text):
        if tag in head:
            head[tag].append(value)
        elif tag == "PackageName":
            packages.append({"name": value, "externalRefs": [], "checksums": []})
            is_elsewhere = False
        elif tag in ELSEWHERE:
            is_elsewhere = True
        elif not is_elsewhere:
            _into(packages[-1], tag, value)
    version = first(*head["SPDXVersion"]).removeprefix("SPDX-")
    if version not in VERSIONS:
        raise Unreadable(OTHER_VERSION, version=word(version, 10) or "?")
    if len(packages) > MOST_COMPONENTS + 1:
        raise Unreadable(TOO_MANY, most=MOST_COMPONENTS)
    creation = {"created": first(*head["Created"]), "creators": head["Creator"]}
    return _parts_list(version, packages, [_relation(value) for value in head["Relationship"]], (), creation)


def _tags(text: str) -> Iterator[tuple[str, str]]:
    """Each tag with its value; a value in <text> may hold several lines."""
    lines = iter(text.splitlines())
    for line in lines:
        match = _TAG.match(line)
        if match is None:
            continue
        value = match.group("value").strip()
        if value.startswith("<text>"):
            value = value.removeprefix("<text>")
            pieces = [value]
            while "</text>" not in pieces[-1]:
                following = next(lines, None)
                if following is None:
                    break
                pieces.append(following)
            value = "\n".join(pieces).partition("</text>")[0]
        yield match.group("tag"), value


def _relation(value: str) -> tuple[str, str, str]:
    parts = value.split()
    one, kind, other = (*parts, "", "", "")[:3]
    return one, kind, other


NAMES = {
    "SPDXID": "SPDXID",
    "PackageVersion": "versionInfo",
    "PackageSupplier": "supplier",
    "PackageOriginator": "originator",
    "PackageLicenseConcluded": "licenseConcluded",
    "PackageLicenseDeclared": "licenseDeclared",
}


def _into(package: dict[str, Any], tag: str, value: str) -> None:
    if tag in NAMES:
        package.setdefault(NAMES[tag], value)
    elif tag == "PackageChecksum":
        package["checksums"].append(value)
    elif tag == "ExternalRef":
        _category, kind, locator = (*value.split(maxsplit=2), "", "", "")[:3]
        package["externalRefs"].append({"referenceType": kind, "referenceLocator": locator})


# ---- version 3


def of_graph(document: Mapping[str, Any]) -> PartsList:
    """The list in a JSON-LD document of version 3, as its JSON schema writes it. Raises Unreadable."""
    elements = _objects(document.get("@graph"))
    by_id = {word(one.get("spdxId") or one.get("@id"), LONGEST_IDENTIFIER): one for one in elements}

    def of_type(*types: str) -> list[Mapping[str, Any]]:
        return [one for one in elements if one.get("type") in types]

    def named(value: Any) -> str:
        return word(by_id.get(word(value, LONGEST_IDENTIFIER), {}).get("name")) if isinstance(value, str) else ""

    packages = of_type("software_Package")
    if len(packages) > MOST_COMPONENTS + 1:
        raise Unreadable(TOO_MANY, most=MOST_COMPONENTS)
    roots = {
        root for one in of_type("SpdxDocument", "software_Sbom") for root in _list(one.get("rootElement"))
        if isinstance(root, str)
    }  # fmt: skip
    products = [one for one in packages if one.get("spdxId") in roots]
    product: Mapping[str, Any] = products[0] if len(products) == 1 else {}
    components = [_package3(one, named) for one in packages if one is not product]
    if len(components) > MOST_COMPONENTS:
        raise Unreadable(TOO_MANY, most=MOST_COMPONENTS)
    creation = next(iter(of_type("CreationInfo")), {})
    return PartsList(
        format=FORMAT,
        version=word(creation.get("specVersion"), 10) or "3.0",
        product=word(product.get("name"), LONGEST_NAME),
        product_version=word(product.get("software_packageVersion")),
        product_supplier=named(product.get("suppliedBy")),
        created_at=moment(creation.get("created")),
        author=listing(named(one) for one in _list(creation.get("createdBy"))),
        tools=listing(named(one) for one in _list(creation.get("createdUsing"))),
        relations=sum(len(_list(one.get("to"))) for one in of_type("Relationship", "LifecycleScopedRelationship")),
        components=tuple(components),
    )


def _package3(one: Mapping[str, Any], named: Any) -> Component:
    names = [
        (word(each.get("externalIdentifierType")), word(each.get("identifier"), LONGEST_IDENTIFIER))
        for each in _objects(one.get("externalIdentifier"))
    ]
    return Component(
        name=word(one.get("name"), LONGEST_NAME),
        version=word(one.get("software_packageVersion")),
        purl=first(
            word(one.get("software_packageUrl"), LONGEST_IDENTIFIER),
            *(name for kind, name in names if kind == "packageUrl"),
        ),
        cpe=first(*(name for kind, name in names if kind in {"cpe23", "cpe22"})),
        supplier=named(one.get("suppliedBy")),
        hashes=len(_list(one.get("verifiedUsing"))),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]
