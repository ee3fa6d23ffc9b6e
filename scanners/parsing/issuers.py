"""Which CAA issuer names belong to which certificate authority (RFC 8659; each authority's own statement)."""

from collections.abc import Iterable

from scanners.observations import CaaRecord

# The start of the issuer's organisation in lower case, and the names by which its CAA statement is known.
_BY_ORGANISATION: tuple[tuple[str, frozenset[str]], ...] = (
    ("let's encrypt", frozenset({"letsencrypt.org"})),
    ("internet security research", frozenset({"letsencrypt.org"})),
    (
        "digicert",
        frozenset({"digicert.com", "geotrust.com", "rapidssl.com", "thawte.com", "symantec.com", "www.digicert.com"}),
    ),
    ("geotrust", frozenset({"digicert.com", "geotrust.com"})),
    ("thawte", frozenset({"digicert.com", "thawte.com"})),
    (
        "sectigo",
        frozenset(
            {
                "sectigo.com",
                "comodo.com",
                "comodoca.com",
                "usertrust.com",
                "trust-provider.com",
                "zerossl.com",
                "entrust.net",
            }
        ),
    ),
    ("comodo", frozenset({"sectigo.com", "comodo.com", "comodoca.com", "usertrust.com"})),
    ("zerossl", frozenset({"sectigo.com", "zerossl.com"})),
    ("gehirn", frozenset({"sectigo.com"})),
    ("google trust services", frozenset({"pki.goog", "google.com"})),
    ("amazon", frozenset({"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"})),
    ("globalsign", frozenset({"globalsign.com"})),
    ("d-trust", frozenset({"d-trust.net", "dtrust.de", "d-trust.de"})),
    ("deutsche telekom", frozenset({"telesec.de", "pki.dfn.de", "dfn.de"})),
    ("t-systems", frozenset({"telesec.de"})),
    ("verein zur foerderung", frozenset({"dfn.de", "pki.dfn.de"})),
    ("hellenic academic", frozenset({"harica.gr"})),
    ("geant", frozenset({"harica.gr", "sectigo.com"})),
    ("swisssign", frozenset({"swisssign.com"})),
    ("quovadis", frozenset({"quovadisglobal.com", "digicert.com"})),
    ("entrust", frozenset({"entrust.net", "affirmtrust.com"})),
    ("actalis", frozenset({"actalis.it"})),
    ("buypass", frozenset({"buypass.com", "buypass.no"})),
    ("ssl corp", frozenset({"ssl.com"})),
    ("godaddy", frozenset({"godaddy.com", "starfieldtech.com"})),
    ("starfield", frozenset({"godaddy.com", "starfieldtech.com"})),
    ("microsoft", frozenset({"microsoft.com"})),
    ("identrust", frozenset({"identrust.com"})),
    ("asseco", frozenset({"certum.pl", "certum.eu"})),
    ("unizeto", frozenset({"certum.pl", "certum.eu"})),
    ("certigna", frozenset({"certigna.fr"})),
    ("dhimyotis", frozenset({"certigna.fr"})),
)


def identifiers(organisation: str) -> frozenset[str]:
    """The CAA names of an authority; empty when we do not know it."""
    name = organisation.lower().strip()
    return next((names for start, names in _BY_ORGANISATION if name.startswith(start)), frozenset())


def allowed(records: Iterable[CaaRecord], *, wildcard: bool) -> tuple[str, ...] | None:
    """The issuers a CAA set allows; None when it restricts nobody, () when it forbids all."""
    by_tag: dict[str, list[str]] = {}
    for record in records:
        by_tag.setdefault(record.tag.lower(), []).append(record.value.partition(";")[0].strip().lower().rstrip("."))
    values = by_tag.get("issuewild") if wildcard else None
    values = by_tag.get("issue") if values is None else values
    return None if values is None else tuple(value for value in values if value)
