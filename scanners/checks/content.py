"""What the page itself loads and where its forms lead: mixed content, integrity of foreign code, fixed versions."""

from collections.abc import Iterable
from dataclasses import replace

import re2

from scanners.checking import check, fail, info, not_applicable, ok, warn
from scanners.checks.documents import html_pages, on_html
from scanners.checks.wording import listing
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Response
from scanners.parsing import csp, html, urls
from scanners.parsing.html import Load
from scanners.targets import is_below, registrable

MIXED_REFS = Refs(
    measures=(8, 5),
    iso27001=("A.8.26",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2",),
    sources=("W3C Mixed Content", "MDN HTTP Observatory"),
)
SUPPLY_REFS = Refs(
    measures=(4, 5),
    iso27001=("A.5.21", "A.8.28"),
    owasp2021="A08",
    owasp2025="A08",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("W3C Subresource Integrity", "OWASP ASVS 5.0 V3.6.1"),
)
# Hosts from which pages load published libraries by name and version.
LIBRARY_HOSTS = (
    "cdn.jsdelivr.net",
    "unpkg.com",
    "cdnjs.cloudflare.com",
    "ajax.googleapis.com",
    "code.jquery.com",
    "ajax.aspnetcdn.com",
    "esm.sh",
    "cdn.skypack.dev",
    "stackpath.bootstrapcdn.com",
    "maxcdn.bootstrapcdn.com",
    "netdna.bootstrapcdn.com",
    "cdn.bootcdn.net",
    "rawcdn.githack.com",
)
_FIXED_VERSION = re2.compile(r"[0-9]+\.[0-9]+|@[0-9a-f]{7,40}\b|/[0-9a-f]{40}/")
_MOVING = re2.compile(r"(?i)@(?:latest|next|beta|master|main)\b|[/\-](?:latest)\b")
_STRONG = ("sha384-", "sha512-")
NO_FOREIGN = N_("No script or style sheet is loaded from elsewhere.")


def _loads(seen: Observations, document: Response) -> tuple[Load, ...]:
    """What the document and the log-in pages load."""
    pages = html_pages(seen, document)
    return tuple(load for page in pages for load in html.loads(html.read(page.body), page.url))


def _foreign_code(seen: Observations, document: Response) -> tuple[Load, ...]:
    own = registrable(seen.subject.name)
    return tuple(
        load
        for load in _loads(seen, document)
        if load.tag in {"script", "link"}
        and load.active
        and urls.is_web(load.url)
        and registrable(urls.host(load.url)) != own
    )


def _upgrades(document: Response) -> bool:
    metas = html.read(document.body).metas("content-security-policy")
    policies = csp.parse(document.values("content-security-policy"), metas=metas)
    return any({"upgrade-insecure-requests", "block-all-mixed-content"} & set(policy) for policy in policies)


def _places(some: Iterable[Load]) -> str:
    return listing(load.url for load in some)


@check(
    "web.mixed-content-active",
    title=N_("No code or frame is loaded without encryption"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=MIXED_REFS,
    why=N_(
        "Code that comes without encryption can be exchanged on the way and then rules the whole page. "
        "Browsers block it, so parts of the application are missing as well."
    ),
    fix=N_("Load everything over https://, and add upgrade-insecure-requests."),
    example='add_header Content-Security-Policy "upgrade-insecure-requests" always;',
)
@on_html
def no_code_without_encryption(seen: Observations, document: Response) -> Verdict:
    found = [load for load in _loads(seen, document) if load.active and urls.scheme(load.url) == "http"]
    if not found:
        return ok(N_("Nothing of the kind is loaded."))
    if _upgrades(document):
        return ok(
            N_("Written with http://, but raised to HTTPS or blocked by the policy: %(urls)s."), urls=_places(found)
        )
    return fail(N_("Loaded without encryption: %(urls)s."), urls=_places(found))


@check(
    "web.mixed-content-passive",
    title=N_("No image or media is loaded without encryption"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(MIXED_REFS, measures=(8,), mdr=()),
    why=N_(
        "Images without encryption can be exchanged, and show everyone on the way which page is open. "
        "The browser takes the mark of a secure page away."
    ),
    fix=N_("Load images, sound and video over https://."),
    example='add_header Content-Security-Policy "upgrade-insecure-requests" always;',
)
@on_html
def no_media_without_encryption(seen: Observations, document: Response) -> Verdict:
    found = [load for load in _loads(seen, document) if not load.active and urls.scheme(load.url) == "http"]
    if not found:
        return ok(N_("Nothing of the kind is loaded."))
    if _upgrades(document):
        return ok(
            N_("Written with http://, but raised to HTTPS or blocked by the policy: %(urls)s."), urls=_places(found)
        )
    return warn(N_("Loaded without encryption: %(urls)s."), urls=_places(found))


@check(
    "web.form-action-insecure",
    title=N_("No form sends its content without encryption"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=replace(MIXED_REFS, measures=(8,), iso27001=("A.8.24",), mdr=("17.2", "17.4")),
    why=N_(
        "Contact and booking forms often hold health data in free text. "
        "Sent to an http:// address, they cross the network openly, though the page looked secure."
    ),
    fix=N_("Let every form send to an https:// address."),
    example='<form method="post" action="https://portal.example/contact">',
)
@on_html
def no_form_sends_openly(seen: Observations, document: Response) -> Verdict:
    targets = [
        urls.join(html.read(page.body).base(page.url), form.action or "")
        for page in html_pages(seen, document)
        for form in html.read(page.body).forms
    ]
    if not targets:
        return ok(N_("The pages seen hold no form."))
    if insecure := [target for target in targets if urls.scheme(target) == "http"]:
        return fail(N_("Forms send without encryption to %(urls)s."), urls=listing(insecure))
    return ok(N_("Forms seen: %(count)d; all send over HTTPS."), count=len(targets))


@check(
    "js.sri-external",
    title=N_("Foreign code is pinned by a checksum"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=SUPPLY_REFS,
    why=N_(
        "Code from another host runs with all rights of the page, whatever that host delivers tomorrow. "
        "A checksum in the page makes the browser refuse anything that was changed."
    ),
    fix=N_("Serve the files from the own host, or add integrity and crossorigin."),
    example='<script src="https://cdn.example/lib-3.7.1.min.js" integrity="sha384-…" crossorigin="anonymous"></script>',
)
@on_html
def foreign_code_is_pinned(seen: Observations, document: Response) -> Verdict:
    foreign = _foreign_code(seen, document)
    if not foreign:
        return ok(NO_FOREIGN)
    unpinned = [load for load in foreign if not load.integrity.strip()]
    if insecure := [load for load in unpinned if urls.scheme(load.url) == "http" or load.written.startswith("//")]:
        return fail(N_("Without a checksum and not fixed to HTTPS: %(urls)s."), urls=_places(insecure))
    if unpinned:
        return warn(N_("Without a checksum: %(urls)s."), urls=_places(unpinned))
    return ok(N_("Foreign files: %(count)d; all pinned."), count=len(foreign))


@check(
    "js.sri-weak",
    title=N_("Checksums of foreign code are strong"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(SUPPLY_REFS, measures=(5,), iso27001=("A.8.24",), mdr=(), sources=("W3C Subresource Integrity",)),
    why=N_(
        "A browser ignores a checksum it cannot read, and loads the file unchecked. The page then only looks protected."
    ),
    fix=N_("Write integrity with sha384 or sha512."),
    example='integrity="sha384-…"',
)
@on_html
def checksums_are_strong(seen: Observations, document: Response) -> Verdict:
    pinned = [load for load in _loads(seen, document) if load.integrity.strip()]
    if not pinned:
        return not_applicable(N_("No file is pinned by a checksum."))
    hashes = {load: load.integrity.lower().split() for load in pinned}
    if ignored := [load for load, words in hashes.items() if not any(_is_hash(word) for word in words)]:
        return warn(N_("Browsers ignore the checksum of: %(urls)s."), urls=_places(ignored))
    if short := [load for load, words in hashes.items() if not any(word.startswith(_STRONG) for word in words)]:
        return info(N_("Pinned with SHA-256: %(urls)s."), urls=_places(short))
    return ok(N_("Checksums: %(count)d; all with SHA-384 or SHA-512."), count=len(pinned))


def _is_hash(word: str) -> bool:
    return word.startswith(("sha256-", *_STRONG))


@check(
    "js.unpinned-cdn",
    title=N_("Libraries are loaded in a fixed version"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(SUPPLY_REFS, iso27001=("A.5.21",), owasp2025="A03", sources=("OWASP ASVS 5.0 V3.6.1",)),
    why=N_(
        "An address without a version delivers whatever was published last, faulty or manipulated releases included. "
        "The vendor then puts code into operation that it has never tested."
    ),
    fix=N_("Name the full version in the address, or serve the library from the own host."),
    example="https://cdn.jsdelivr.net/npm/library@3.7.1/dist/library.min.js",
)
@on_html
def libraries_have_a_fixed_version(seen: Observations, document: Response) -> Verdict:
    from_libraries = [
        load
        for load in _foreign_code(seen, document)
        if any(is_below(urls.host(load.url), known) for known in LIBRARY_HOSTS)
    ]
    if not from_libraries:
        return ok(N_("No library is loaded from a public library host."))
    if moving := [load for load in from_libraries if _MOVING.search(load.url) or not _FIXED_VERSION.search(load.url)]:
        return warn(N_("Without a fixed version: %(urls)s."), urls=_places(moving))
    return ok(N_("Libraries: %(count)d; all in a fixed version."), count=len(from_libraries))
