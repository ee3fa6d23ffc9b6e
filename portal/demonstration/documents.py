"""The documents that demonstration companies hand in: small PDF files, written by hand, of one page of plain text."""

from collections.abc import Sequence

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
