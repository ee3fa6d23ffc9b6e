"""The documents that demonstration companies hand in: PDF files of one page of plain text, and lists of parts."""

import json
from collections.abc import Sequence
from datetime import date

PAGE = "/MediaBox [0 0 595 842]"  # A4 in points
TITLE_SIZE, TEXT_SIZE, LEADING = 18, 11, 18


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """A PDF 1.4 file with a title and some lines; letters of Western Europe only (WinAnsi)."""
    shown = [f"BT /F1 {TITLE_SIZE} Tf 60 770 Td ({_escaped(title)}) Tj ET"]
    for number, line in enumerate(lines):
        shown.append(f"BT /F1 {TEXT_SIZE} Tf 60 {730 - number * LEADING} Td ({_escaped(line)}) Tj ET")
    content = "\n".join(shown).encode("cp1252", "replace")
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R {PAGE} /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        ]
    )


def parts_list(product: str, parts: Sequence[str], *, maker: str, at: date) -> bytes:
    """A CycloneDX 1.5 file: the product as "name version", its parts as package URLs."""
    name, _, version = product.rpartition(" ")
    components = []
    for one in parts:
        path, _, number = one.partition("@")
        components.append(
            {"type": "library", "bom-ref": one, "name": path.rpartition("/")[2], "version": number, "purl": one}
        )
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": f"{at.isoformat()}T08:00:00Z",
            "component": {"type": "application", "bom-ref": "product", "name": name, "version": version},
            "supplier": {"name": maker},
        },
        "components": components,
        "dependencies": [{"ref": "product", "dependsOn": list(parts)}],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _file(objects: Sequence[bytes]) -> bytes:
    """Objects with the table that says where each begins (PDF 32000-1, 7.5)."""
    body, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(body))
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
