"""Clinical systems that answer on the open internet."""

from scanners.checking import check, fail, info, ok, warn
from scanners.checks import documents
from scanners.data import panels
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Response
from scanners.parsing import html

CLINICAL = Refs(
    measures=(9, 10),
    iso27001=("A.8.3", "A.8.20"),
    owasp2021="A01",
    owasp2025="A01",
    gdpr=("Art. 9", "Art. 32 (1) b"),
    mdr=("17.2", "17.4"),
    sources=("MDCG 2019-16",),
)
LOGIN_WORDS = ("login", "log in", "sign in", "anmelden", "anmeldung", "kennwort", "passwort", "password")


def _guarded(found: Response) -> bool:
    """Whether the page asks who one is before it shows anything."""
    page = html.read(found.body)
    titles = page.all("title")
    title = titles[0].text.lower() if titles else ""
    return found.status in {401, 403} or page.asks_password or any(word in title for word in LOGIN_WORDS)


@check(
    "health.medical-panel",
    title=N_("No clinical system stands on the open internet"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=CLINICAL,
    why=N_(
        "Archives, practice and laboratory systems were built for the network of a house, not for the internet."
        " Open ones have shown millions of findings and images to everyone."
    ),
    fix=N_("Let such systems be reached only through a VPN or a gateway with a second factor."),
)
@documents.on_html
def no_clinical_system_is_open(_seen: Observations, found: Response) -> Verdict:
    sign = panels.recognised_in(panels.CLINICAL, found.body, found.headers)
    if sign is None:
        return ok(N_("The start page is no clinical system that we know."))
    if _guarded(found):
        return warn(N_("The log-in of %(product)s is open to the internet."), product=sign.product)
    return fail(N_("%(product)s is open to the internet without a log-in."), product=sign.product)


@check(
    "health.ohif-viewer",
    title=N_("No viewer for medical images stands open"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=CLINICAL,
    why=N_(
        "A viewer that loads without a log-in often leads straight to the archive behind it."
        " Its settings tell the addresses of that archive."
    ),
    fix=N_("Put the viewer and the archive behind the same log-in."),
    example="oidc: [{ authority: 'https://login.example.org' }]   // OHIF",
)
@documents.on_html
def no_viewer_is_open(_seen: Observations, found: Response) -> Verdict:
    sign = panels.recognised_in(panels.VIEWERS, found.body, found.headers)
    if sign is None:
        return ok(N_("The start page is no viewer for medical images that we know."))
    if _guarded(found):
        return info(N_("The viewer %(product)s asks for a log-in."), product=sign.product)
    return warn(N_("The viewer %(product)s loads without a log-in."), product=sign.product)
