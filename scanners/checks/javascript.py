"""JavaScript that the page runs: known holes, libraries past their end, secrets left in the code."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

import re2

from scanners.checking import check, fail, info, ok, warn
from scanners.checks.wording import listing, shortened
from scanners.data import javascript, sets
from scanners.datasets import DataSets
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Scripts
from scanners.parsing import urls
from scanners.parsing.libraries import RANKS, Definition, Library, Shelf, vulnerabilities

VULNERABLE = Refs(
    measures=(5, 4),
    iso27001=("A.8.8", "A.5.21"),
    owasp2021="A06",
    owasp2025="A03",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("RetireJS",),
)
ENDED = Refs(
    measures=(5,), iso27001=("A.8.8",), owasp2021="A06", owasp2025="A03", mdr=("17.2",), sources=("endoflife.date",)
)
INVENTORY = Refs(
    measures=(9, 5),
    iso27001=("A.5.9", "A.8.8"),
    owasp2021="A06",
    owasp2025="A03",
    mdr=("17.2",),
    sources=("RetireJS", "ASVS 5.0 V15.2.1"),
)
SECRETS = Refs(
    measures=(5,),
    iso27001=("A.8.12", "A.8.28"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("ASVS 5.0 V13",),
)

NONE_SEEN = N_("No known library was recognised.")
SEVERITIES = {"low": Severity.LOW, "medium": Severity.MEDIUM, "high": Severity.HIGH, "critical": Severity.CRITICAL}
MOST_IDENTIFIERS = 3


@lru_cache(maxsize=2)
def _shelf(data: DataSets) -> Shelf:
    """The definitions, compiled at first use."""
    return Shelf(
        Definition(
            name=name,
            uri=tuple(entry.get("extractors", {}).get("uri", ())),
            filename=tuple(entry.get("extractors", {}).get("filename", ())),
            content=tuple(entry.get("extractors", {}).get("filecontent", ())),
            hashes=dict(entry.get("extractors", {}).get("hashes", {})),
            vulnerabilities=vulnerabilities(entry),
        )
        for name, entry in javascript.definitions(data).items()
    )


@lru_cache(maxsize=2)  # three checks read the same megabytes
def libraries(scripts: Scripts, data: DataSets) -> tuple[Library, ...]:
    """The libraries of the page, each name and version once with the most signs that were seen."""
    found: dict[tuple[str, str], Library] = {}
    for script in scripts.scripts:
        for library in _shelf(data).find(script.url, script.body, script.sha1):
            earlier = found.get((library.name, library.version))
            if earlier is None or earlier.signals < library.signals:
                found[library.name, library.version] = library
    return tuple(found.values())


@check(
    "js.vulnerable-library",
    title=N_("The page loads no JavaScript library with known holes"),
    severity=Severity.HIGH,
    needs=(Scripts,),
    refs=VULNERABLE,
    why=N_(
        "A hole in a library is a hole in every page that uses it, and the way to use it is public."
        " On a portal it lets foreign code read what a patient or a clinician enters."
    ),
    fix=N_("Update the libraries named, and let the build warn of known holes."),
    example="npm audit --omit=dev",
)
def no_library_is_vulnerable(seen: Observations) -> Verdict:
    found = libraries(seen[Scripts], seen.data)
    weak = [(library, severity) for library in found if (severity := library.severity) is not None]
    if weak:
        worst = max((severity for _library, severity in weak), key=lambda severity: RANKS[severity])
        used = [name for library, _severity in weak for name in _names(library) if name in seen.data.exploited]
        text = N_("Libraries with known holes: %(libraries)s. Recognised by: %(evidence)s. Data: %(data)s.")
        if used:
            text = N_(
                "Libraries with known holes: %(libraries)s. Used in attacks, says CISA: %(used)s."
                " Recognised by: %(evidence)s. Data: %(data)s."
            )
        return fail(
            text,
            severity=SEVERITIES[worst],
            libraries=listing(f"{library.text} ({_holes(library)})" for library, _severity in weak),
            evidence=listing(f"{shortened(urls.split(one.url).path, 60)}: {one.evidence}" for one, _severity in weak),
            data=javascript.data_name(seen.data),
            **({"used": listing(used)} if used else {}),
        )
    return ok(
        N_("Scripts looked at: %(count)s; no library with a known hole. Data: %(data)s."),
        count=len(seen[Scripts].scripts),
        data=javascript.data_name(seen.data),
    )


def _names(library: Library) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in library.weaknesses for name in one.identifiers))


def _holes(library: Library) -> str:
    names = _names(library)
    more = f" +{len(names) - MOST_IDENTIFIERS}" if len(names) > MOST_IDENTIFIERS else ""
    return ", ".join(names[:MOST_IDENTIFIERS]) + more if names else str(len(library.weaknesses))


@check(
    "js.end-of-life",
    title=N_("The JavaScript libraries still get repairs"),
    severity=Severity.MEDIUM,
    needs=(Scripts,),
    refs=ENDED,
    why=N_(
        "For a library past its end, holes found tomorrow stay open."
        " Replacing it takes months, so it has to begin before that day."
    ),
    fix=N_("Plan the move to a maintained library or branch, and name the date in the questionnaire."),
    example="jQuery 1.x, 2.x → 4.x;  AngularJS → Angular;  Vue 2 → Vue 3;  Bootstrap 3, 4 → 5",
)
def libraries_are_supported(seen: Observations) -> Verdict:
    found = libraries(seen[Scripts], seen.data)
    ends = [(library, javascript.end_of(library.name, library.version, seen.data)) for library in found]
    # Some branches have an end that is still to come.
    ended = [(library, day) for library, day in ends if day and date.fromisoformat(day) < seen.at.date()]
    if ended:
        return warn(
            N_("Past their last repair: %(libraries)s. Data of %(day)s."),
            libraries=listing(f"{library.text} ({day})" for library, day in ended),
            day=sets.day(seen.data, sets.EOL),
        )
    return ok(N_("No library past its last repair was recognised. Data of %(day)s."), day=sets.day(seen.data, sets.EOL))


@check(
    "js.library-inventory",
    title=N_("The JavaScript libraries of the page are known"),
    severity=Severity.INFO,
    needs=(Scripts,),
    refs=INVENTORY,
    why=N_(
        "The list can be compared with the bill of materials (SBOM) the vendor hands in."
        " A library that runs in the page but is missing there shows that the list is incomplete."
    ),
    fix=N_("Compare the list with your SBOM."),
)
def libraries_are_listed(seen: Observations) -> Verdict:
    found = libraries(seen[Scripts], seen.data)
    if not found:
        return info(NONE_SEEN)
    return info(
        N_("Recognised: %(libraries)s. Data: %(data)s."),
        libraries=listing(library.text for library in found),
        data=javascript.data_name(seen.data),
    )


# (what it is, pattern, bits of entropy per character that a real one has)
SECRET_PATTERNS: tuple[tuple[str, str, float], ...] = (
    (
        "private key",
        r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----(?:\\n|\s)*([A-Za-z0-9+/=]{40,})",
        4.0,
    ),
    ("AWS access key", r"\b((?:AKIA|ASIA)[A-Z2-7]{16})\b", 3.0),
    ("GitHub token", r"\b(gh[pousr]_[A-Za-z0-9]{36})\b", 3.5),
    ("GitHub token", r"\b(github_pat_[A-Za-z0-9_]{60,100})\b", 3.5),
    ("GitLab token", r"\b(glpat-[A-Za-z0-9_\-]{20,})\b", 3.0),
    ("Slack token", r"\b(xox[baprs]-[0-9A-Za-z\-]{20,})\b", 3.0),
    ("Stripe key", r"\b([sr]k_live_[0-9A-Za-z]{20,})\b", 3.5),
    ("SendGrid key", r"\b(SG\.[A-Za-z0-9_\-]{22}\.[A-Za-z0-9_\-]{43})\b", 4.0),
    ("Azure storage key", r"AccountKey=([A-Za-z0-9+/]{86}==)", 4.5),
    ("npm token", r"\b(npm_[A-Za-z0-9]{36})\b", 3.5),
)
PUBLIC_PATTERNS: tuple[tuple[str, str, float], ...] = (
    ("Google API key", r"\b(AIza[0-9A-Za-z_\-]{35})\b", 3.5),
    ("Stripe key", r"\b(pk_live_[0-9A-Za-z]{20,})\b", 3.5),
)
_SECRETS = tuple((name, re2.compile(pattern), least) for name, pattern, least in SECRET_PATTERNS)
_PUBLIC = tuple((name, re2.compile(pattern), least) for name, pattern, least in PUBLIC_PATTERNS)
SHOWN = 4


@check(
    "js.secrets-in-bundle",
    title=N_("The code of the page holds no secrets"),
    severity=Severity.HIGH,
    needs=(Page, Scripts),
    refs=SECRETS,
    why=N_(
        "What the browser gets, everyone can read, and robots search for just such keys."
        " A cloud key can open storage with patient data within minutes."
    ),
    fix=N_(
        "Withdraw the key at once, issue a new one, and keep it on the server. Deleting it from the page is not enough."
    ),
    example="gitleaks detect --source .",
)
def code_holds_no_secrets(seen: Observations) -> Verdict:
    texts = list(_own_code(seen))
    if secrets := _matches(_SECRETS, texts):
        return fail(N_("Secrets in the code: %(secrets)s."), secrets=listing(secrets))
    if public := _matches(_PUBLIC, texts):
        return info(N_("Keys that are public by design; limit them to your own site: %(keys)s."), keys=listing(public))
    return ok(N_("Scripts and pages looked at: %(count)s; no secret was recognised."), count=len(texts))


def _own_code(seen: Observations) -> Iterator[tuple[str, str]]:
    for hop in seen[Page].hops[-1:]:
        yield hop.url, hop.body
    for script in seen[Scripts].scripts:
        if script.body and not script.cross_origin:
            yield script.url, script.body


def _matches(patterns: Iterable[tuple[str, Any, float]], texts: list[tuple[str, str]]) -> list[str]:
    """What was found and where, the secret itself cut: a report must not spread it."""
    return [
        f"{name} {match.group(1)[:SHOWN]}… ({shortened(urls.split(url).path or '/', 60)})"
        for name, pattern, least in patterns
        for url, text in texts
        for match in pattern.finditer(text)
        if _entropy(match.group(1)) >= least and "EXAMPLE" not in match.group(1)
    ]


def _entropy(text: str) -> float:
    """Bits per character (Shannon); placeholders have few."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
