"""The anchors of a question as a reader of one language cites them."""

from questionnaires.model import Language, Refs

# Citations are kept as German law cites itself; an English reader gets the words the EU uses.
_ENGLISH = (
    ("DSGVO", "GDPR"),
    ("Dokumentierte Einwilligung", "Documented consent"),
    ("(gesicherte Kommunikation)", "(secured communication)"),
    ("(Offenlegung)", "(disclosure)"),
    ("(Kunde KRITIS)", "(customer is a critical facility)"),
    ("(seit 11.09.2026, nicht für MDR-Produkte)", "(since 11 Sept 2026, not for MDR products)"),
    ("(seit 01.08.2025)", "(since 1 Aug 2025)"),
    ("Fernwartung", "remote maintenance"),
    ("Anhang", "Annex"),
    ("Teil", "Part"),
    ("Abs.", "para."),
    ("Nr.", "no."),
    ("Satz", "sentence"),
)
_GERMAN = (("Annex", "Anhang"), ("GDPR", "DSGVO"))


def citations(refs: Refs, *, language: str) -> tuple[str, ...]:
    """All anchors, in the order a hospital reads them."""
    lines = [
        *refs.bsig,
        *(f"NIS2 {ref}" for ref in refs.nis2),
        *(f"IR (EU) 2024/2690 {ref}" for ref in refs.ir_2024_2690),
        *(f"ISO/IEC 27001:2022 {ref}" for ref in refs.iso27001),
        *(ref if ref.startswith(("IVDR", "MDCG")) else f"MDR {ref}" for ref in refs.mdr),
        *(f"MDS2 {ref}" for ref in refs.mds2),
        *refs.other,
    ]
    swaps = _GERMAN if language == Language.DE else _ENGLISH
    return tuple(_swapped(line, swaps) for line in lines)


def _swapped(line: str, swaps: tuple[tuple[str, str], ...]) -> str:
    for old, new in swaps:
        line = line.replace(old, new)
    return line
