"""Lists of parts as the formats write them: what tests read, in every format from the same components."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape

from scanners.parsing.parts_lists import Component

CREATED = "2026-11-02T10:00:00Z"
PRODUCT = ("PACS Archiv", "7.4.1")


def cyclonedx(components: Sequence[Component], *, version: str = "1.6", product=PRODUCT, **more) -> bytes:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "metadata": {
            "timestamp": CREATED,
            "tools": {"components": [{"type": "application", "name": "syft", "version": "1.20"}]},
            "authors": [{"name": "Strahlwerk Medizintechnik GmbH"}],
            "component": {"type": "application", "bom-ref": "root", "name": product[0], "version": product[1]},
        },
        "components": [_cyclonedx(one) for one in components],
        **more,
    }
    return json.dumps(document).encode()


def _cyclonedx(one: Component) -> dict[str, object]:
    told: dict[str, object] = {"type": "library", "name": one.name}
    if one.version:
        told["version"] = one.version
    if one.purl:
        told["purl"] = one.purl
    if one.cpe:
        told["cpe"] = one.cpe
    if one.supplier:
        told["supplier"] = {"name": one.supplier}
    if one.licence:
        told["licenses"] = [{"license": {"id": one.licence}}]
    if one.hashes:
        told["hashes"] = [{"alg": "SHA-256", "content": f"{number:064x}"} for number in range(one.hashes)]
    return told


def cyclonedx_xml(components: Sequence[Component], *, version: str = "1.5", head: str = "") -> bytes:
    made = "".join(_xml(one) for one in components)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<bom xmlns="http://cyclonedx.org/schema/bom/{version}"><metadata>'
        f"<timestamp>{CREATED}</timestamp><tools><tool><name>syft</name><version>1.20</version></tool></tools>"
        f'<component type="application"><name>{PRODUCT[0]}</name><version>{PRODUCT[1]}</version></component></metadata>'
        f"<components>{made}</components></bom>"
    ).encode()


def _xml(one: Component) -> str:
    def tag(name: str, text: str) -> str:
        return f"<{name}>{escape(text)}</{name}>" if text else ""

    hashes = "".join(f'<hash alg="SHA-256">{number:064x}</hash>' for number in range(one.hashes))
    return (
        '<component type="library">'
        + (f"<supplier>{tag('name', one.supplier)}</supplier>" if one.supplier else "")
        + tag("name", one.name)
        + tag("version", one.version)
        + (f"<hashes>{hashes}</hashes>" if hashes else "")
        + (f"<licenses><license>{tag('id', one.licence)}</license></licenses>" if one.licence else "")
        + tag("cpe", one.cpe)
        + tag("purl", one.purl)
        + "</component>"
    )


def spdx(components: Sequence[Component], *, version: str = "2.3") -> bytes:
    document = {
        "spdxVersion": f"SPDX-{version}",
        "SPDXID": "SPDXRef-DOCUMENT",
        "creationInfo": {"created": CREATED, "creators": ["Tool: syft-1.20", "Organization: Strahlwerk GmbH"]},
        "packages": [
            {"SPDXID": "SPDXRef-root", "name": PRODUCT[0], "versionInfo": PRODUCT[1]},
            *(_spdx(one, number) for number, one in enumerate(components)),
        ],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": "SPDXRef-root",
            }
        ],
    }
    return json.dumps(document).encode()


def _spdx(one: Component, number: int) -> dict[str, object]:
    references = [("purl", one.purl), ("cpe23Type", one.cpe)]
    return {
        "SPDXID": f"SPDXRef-{number}",
        "name": one.name,
        "versionInfo": one.version or "NOASSERTION",
        "supplier": f"Organization: {one.supplier}" if one.supplier else "NOASSERTION",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": one.licence or "NOASSERTION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": f"{one:064x}"} for one in range(one.hashes)],
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": kind, "referenceLocator": name}
            for kind, name in references
            if name
        ],
    }


def spdx_tags(components: Sequence[Component], *, version: str = "2.3") -> bytes:
    lines = [
        f"SPDXVersion: SPDX-{version}",
        "DataLicense: CC0-1.0",
        "SPDXID: SPDXRef-DOCUMENT",
        "Creator: Tool: syft-1.20",
        "Creator: Organization: Strahlwerk GmbH (info@strahlwerk.example)",
        f"Created: {CREATED}",
        "",
        f"PackageName: {PRODUCT[0]}",
        "SPDXID: SPDXRef-root",
        f"PackageVersion: {PRODUCT[1]}",
        "PackageComment: <text>several",
        "PackageName: lines",
        "of text</text>",
    ]
    for number, one in enumerate(components):
        lines += [f"PackageName: {one.name}", f"SPDXID: SPDXRef-{number}"]
        lines += [f"PackageVersion: {one.version}"] if one.version else []
        lines += [f"PackageSupplier: Organization: {one.supplier}" if one.supplier else "PackageSupplier: NOASSERTION"]
        lines += [f"PackageLicenseDeclared: {one.licence}"] if one.licence else []
        lines += [f"PackageChecksum: SHA256: {digest:064x}" for digest in range(one.hashes)]
        lines += [f"ExternalRef: PACKAGE-MANAGER purl {one.purl}"] if one.purl else []
        lines += [f"ExternalRef: SECURITY cpe23Type {one.cpe}"] if one.cpe else []
    lines.append("Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root")
    return "\n".join(lines).encode()


def spdx3(components: Sequence[Component]) -> bytes:
    graph: list[dict[str, object]] = [
        {"type": "CreationInfo", "specVersion": "3.0.1", "created": CREATED, "createdBy": ["urn:firm"]},
        {"type": "Organization", "spdxId": "urn:firm", "name": "Strahlwerk GmbH"},
        {"type": "SpdxDocument", "spdxId": "urn:document", "rootElement": ["urn:root"]},
        {
            "type": "software_Package", "spdxId": "urn:root",
            "name": PRODUCT[0], "software_packageVersion": PRODUCT[1],
        },
    ]  # fmt: skip
    for number, one in enumerate(components):
        graph.append({"type": "Organization", "spdxId": f"urn:s{number}", "name": one.supplier})
        graph.append(
            {
                "type": "software_Package",
                "spdxId": f"urn:p{number}",
                "name": one.name,
                "software_packageVersion": one.version,
                "software_packageUrl": one.purl,
                "externalIdentifier": [{"externalIdentifierType": "cpe23", "identifier": one.cpe}] if one.cpe else [],
                "suppliedBy": f"urn:s{number}",
                "verifiedUsing": [{"type": "Hash"}] * one.hashes,
            }
        )
    document = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}
    return json.dumps(document).encode()
