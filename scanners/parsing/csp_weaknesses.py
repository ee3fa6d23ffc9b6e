"""What weakens one Content-Security-Policy, in the terms of Google's CSP Evaluator; nonces and strict-dynamic count."""

from collections.abc import Iterable, Iterator
from dataclasses import field
from enum import StrEnum

import re2

from scanners.parsing import csp, urls
from scanners.parsing.csp import Policy
from scanners.records import record

SHORTEST_NONCE = 8

SCRIPTS = ("script-src", "script-src-attr", "script-src-elem")
RUNNING = (*SCRIPTS, "object-src", "base-uri")
DIRECTIVES = csp.DIRECTIVES | {"disown-opener"}
DEPRECATED = ("reflected-xss", "referrer", "disown-opener", "prefetch-src")
KEYWORDS = frozenset(
    {
        "'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "'wasm-eval'", "'wasm-unsafe-eval'",
        "'strict-dynamic'", "'unsafe-hashed-attributes'", "'unsafe-hashes'", "'report-sample'", "'block'", "'allow'",
        "'inline-speculation-rules'", "'trusted-types-eval'", "'report-sha256'", "'report-sha384'", "'report-sha512'",
    }
)  # fmt: skip
BARE_KEYWORDS = frozenset(keyword.strip("'") for keyword in KEYWORDS)
OWN_KEYWORDS = {
    "require-trusted-types-for": frozenset({"'script'"}),
    "trusted-types": frozenset({"'allow-duplicates'", "'none'"}),
}

_SCHEME = re2.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*:$")
_NONCE = re2.compile(r"^'nonce-(.+)'$")
_NONCE_CHARSET = re2.compile(r"^'nonce-[A-Za-z0-9+/_\-]+={0,2}'$")
_HASH = re2.compile(r"^'sha(?:256|384|512)-[A-Za-z0-9+/_\-]+={0,2}'$")
_BARE_MARK = re2.compile(r"^(?:nonce-|sha(?:256|384|512)-)")
_PREFIX = re2.compile(r"^(?:\w[\w+.\-]*://)?(?://)?")
_IPV4 = re2.compile(r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$")


class Severity(StrEnum):
    """How bad, in the evaluator's words; MAYBE says that a person has to look."""

    HIGH = "HIGH"
    SYNTAX = "SYNTAX"
    MEDIUM = "MEDIUM"
    STRICT_CSP = "STRICT_CSP"
    MEDIUM_MAYBE = "MEDIUM_MAYBE"
    INFO = "INFO"
    NONE = "NONE"


@record
class Weakness:
    """One finding; value None where it is about the directive as a whole."""

    kind: str
    severity: Severity
    directive: str
    value: str | None = None


@record
class Bypasses:
    """Addresses on well-known hosts by which a list of hosts can be got round; "" for the scheme."""

    callbacks: tuple[str, ...] = ()  # answer with a callback of the caller's choice
    frameworks: tuple[str, ...] = ()  # script libraries that run what stands in the page
    plugins: tuple[str, ...] = ()
    needing_eval: frozenset[str] = field(default_factory=frozenset)  # hosts whose callbacks work only with eval


NO_BYPASSES = Bypasses()


def normalise(policy: Policy) -> dict[str, tuple[str, ...]]:
    """The policy with keywords and schemes in lower case, each source once."""
    return {name: tuple(dict.fromkeys(map(_normal, sources))) for name, sources in policy.items()}


def weaknesses(policy: Policy, bypasses: Bypasses = NO_BYPASSES) -> tuple[Weakness, ...]:
    """Everything that lets scripts in, or that a browser will not understand as it was meant."""
    ignored, read = effective(normalise(policy))
    return tuple(
        dict.fromkeys(
            (
                *ignored,
                *_inline(read),
                *_evaluation(read),
                *_everything(read),
                *_missing(read),
                *_allowed_hosts(read, bypasses),
                *_plugins(read, bypasses),
                *_addresses(read),
                *_nonces(read),
                *_cleartext(read),
                *_deprecated(read),
                *misspelt(read),
            )
        )
    )


def strictness(policy: Policy) -> tuple[Weakness, ...]:
    """How far a policy as it was written is from a strict one, and what old browsers make of it."""
    written = normalise(policy)
    name = _name(written, "script-src")
    sources = written.get(name, ())
    is_dynamic = "'strict-dynamic'" in sources
    is_marked = _is_marked(sources)
    found: list[Weakness] = []

    def note(kind: str, severity: Severity) -> None:
        found.append(Weakness(kind=kind, severity=severity, directive=name))

    if not is_dynamic and any(not source.startswith("'") for source in sources):
        note("STRICT_DYNAMIC", Severity.STRICT_CSP)
    if is_dynamic and not is_marked:
        note("STRICT_DYNAMIC_NOT_STANDALONE", Severity.INFO)
    if is_marked and "'unsafe-inline'" not in sources:
        note("UNSAFE_INLINE_FALLBACK", Severity.STRICT_CSP)
    if is_dynamic and not any(source in {"http:", "https:", "*"} or "." in source for source in sources):
        note("ALLOWLIST_FALLBACK", Severity.STRICT_CSP)
    if "'script'" not in written.get("require-trusted-types-for", ()):
        found.append(
            Weakness(
                kind="REQUIRE_TRUSTED_TYPES_FOR_SCRIPTS",
                severity=Severity.INFO,
                directive="require-trusted-types-for",
            )
        )
    return tuple(dict.fromkeys(found))


def _normal(source: str) -> str:
    lowered = source.lower()
    return lowered if lowered in KEYWORDS or _SCHEME.match(source) else source


def _name(policy: Policy, name: str) -> str:
    """The directive that speaks for this one."""
    if name in policy or name == "base-uri":
        return name
    if name in SCRIPTS and "script-src" in policy:
        return "script-src"
    return "default-src"


def _names(policy: Policy, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(policy, name) for name in names))


def _is_marked(sources: Iterable[str]) -> bool:
    return any(_NONCE_CHARSET.match(source) or _HASH.match(source) for source in sources)


def effective(policy: Policy) -> tuple[list[Weakness], dict[str, tuple[str, ...]]]:
    """A normalised policy without what nonces, hashes and strict-dynamic switch off, and what that is."""
    kept = dict(policy)
    ignored: list[Weakness] = []
    for name in _names(policy, SCRIPTS):
        sources = policy.get(name, ())
        switched_off = set()
        if _is_marked(sources):
            switched_off |= {"'unsafe-inline'"} & set(sources)
        if "'strict-dynamic'" in sources:
            switched_off |= {one for one in sources if not one.startswith("'") or one in {"'self'", "'unsafe-inline'"}}
        if name in policy:
            kept[name] = tuple(one for one in sources if one not in switched_off)
        ignored += [
            Weakness(kind="IGNORED", severity=Severity.NONE, directive=name, value=one)
            for one in sources
            if one in switched_off
        ]
    return ignored, kept


def _inline(policy: Policy) -> Iterator[Weakness]:
    for name in _names(policy, SCRIPTS):
        for value, kind, severity in (
            ("'unsafe-inline'", "SCRIPT_UNSAFE_INLINE", Severity.HIGH),
            ("'unsafe-hashes'", "SCRIPT_UNSAFE_HASHES", Severity.MEDIUM_MAYBE),
        ):
            if value in policy.get(name, ()):
                yield Weakness(kind=kind, severity=severity, directive=name, value=value)


def _evaluation(policy: Policy) -> Iterator[Weakness]:
    for name in _names(policy, SCRIPTS):
        if "'unsafe-eval'" in policy.get(name, ()):
            yield Weakness(
                kind="SCRIPT_UNSAFE_EVAL", severity=Severity.MEDIUM_MAYBE, directive=name, value="'unsafe-eval'"
            )


def _everything(policy: Policy) -> Iterator[Weakness]:
    for name in _names(policy, RUNNING):
        for source in policy.get(name, ()):
            if source in {"data:", "http:", "https:"}:
                yield Weakness(kind="PLAIN_URL_SCHEMES", severity=Severity.HIGH, directive=name, value=source)
            if _bare(source) == "*":
                yield Weakness(kind="PLAIN_WILDCARD", severity=Severity.HIGH, directive=name, value=source)


def _missing(policy: Policy) -> Iterator[Weakness]:
    scripts = policy.get(_name(policy, "script-src"), ())
    needs_base = any(_NONCE_CHARSET.match(source) for source in scripts) or (
        "'strict-dynamic'" in scripts and any(_HASH.match(source) for source in scripts)
    )
    for name, is_missing in (
        ("object-src", not policy.get(_name(policy, "object-src"))),
        ("script-src", "script-src" not in policy and "default-src" not in policy),
        ("base-uri", needs_base and "base-uri" not in policy),
    ):
        if is_missing:
            yield Weakness(kind="MISSING_DIRECTIVES", severity=Severity.HIGH, directive=name)


def _allowed_hosts(policy: Policy, bypasses: Bypasses) -> Iterator[Weakness]:
    kind = "SCRIPT_ALLOWLIST_BYPASS"
    for name in _names(policy, ("script-src", "script-src-elem")):
        sources = policy.get(name, ())
        if "'none'" in sources:
            continue
        evaluates = "'unsafe-eval'" in sources
        for source in sources:
            is_host = not source.startswith("'") and "." in source and not _SCHEME.match(source)
            if not is_host and source != "'self'":
                continue
            is_open = is_host and _is_bypassed(source, bypasses, evaluates=evaluates)
            severity = Severity.HIGH if is_open else Severity.MEDIUM_MAYBE
            yield Weakness(kind=kind, severity=severity, directive=name, value=source)


def _is_bypassed(source: str, bypasses: Bypasses, *, evaluates: bool) -> bool:
    if _first_match(source, bypasses.frameworks):
        return True
    callback = _first_match(source, bypasses.callbacks)
    return bool(callback) and (evaluates or urls.host(callback) not in bypasses.needing_eval)


def _plugins(policy: Policy, bypasses: Bypasses) -> Iterator[Weakness]:
    kinds = policy.get("plugin-types")
    if kinds is not None and "application/x-shockwave-flash" not in kinds:
        return
    name = _name(policy, "object-src")
    sources = policy.get(name, ())
    # What stands before 'none' was always reported; browsers ignore 'none' beside other sources.
    for source in sources[: sources.index("'none'")] if "'none'" in sources else sources:
        is_open = bool(_first_match(source, bypasses.plugins))
        if is_open or name == "object-src":
            severity = Severity.HIGH if is_open else Severity.MEDIUM_MAYBE
            yield Weakness(kind="OBJECT_ALLOWLIST_BYPASS", severity=severity, directive=name, value=source)


def _first_match(source: str, addresses: Iterable[str]) -> str:
    """The first of these addresses that a source lets in; "" for none."""
    host, path = _host(source), _path(source)
    wildcard = host.startswith("*.")
    for address in addresses:
        other = urls.host(address)
        if not (other.endswith(host[1:]) if wildcard else other == host):
            continue
        if path in {"", "/"} or urls.split(address).path == path:
            return address
        if path.endswith("/") and urls.split(address).path.startswith(path):
            return address
    return ""


def _bare(source: str) -> str:
    """The source without its scheme."""
    return source[_PREFIX.match(source).end() :]


def _host(source: str) -> str:
    text = _bare(source).replace(":*", "", 1)
    for sign in "/?#":
        text = text.partition(sign)[0]
    text = text.rpartition("@")[2].lower()
    return text.partition("]")[0] + "]" if text.startswith("[") and "]" in text else text.partition(":")[0]


def _path(source: str) -> str:
    _host_part, slash, path = _bare(source).partition("/")
    return slash + path.partition("?")[0].partition("#")[0]


def _addresses(policy: Policy) -> Iterator[Weakness]:
    for name, source in _all(policy):
        host = _host(source)
        if _IPV4.match(host) or (host.startswith("[") and host.endswith("]")):
            yield Weakness(kind="IP_SOURCE", severity=Severity.INFO, directive=name, value=source)


def _nonces(policy: Policy) -> Iterator[Weakness]:
    for name, source in _all(policy):
        nonce = _NONCE.match(source)
        if nonce is None:
            continue
        if len(nonce.group(1)) < SHORTEST_NONCE:
            yield Weakness(kind="NONCE_LENGTH", severity=Severity.MEDIUM, directive=name, value=source)
        if _NONCE_CHARSET.match(source) is None:
            yield Weakness(kind="NONCE_CHARSET", severity=Severity.INFO, directive=name, value=source)


def _cleartext(policy: Policy) -> Iterator[Weakness]:
    for name, source in _all(policy):
        if source.startswith("http://"):
            yield Weakness(kind="SRC_HTTP", severity=Severity.MEDIUM, directive=name, value=source)


def _deprecated(policy: Policy) -> Iterator[Weakness]:
    for name in DEPRECATED:
        if name in policy:
            yield Weakness(kind="DEPRECATED_DIRECTIVE", severity=Severity.INFO, directive=name)


def misspelt(policy: Policy) -> Iterator[Weakness]:
    """Words of a normalised policy that browsers do not take as they were meant."""
    for name in policy:
        if name not in DIRECTIVES:
            yield Weakness(kind="UNKNOWN_DIRECTIVE", severity=Severity.SYNTAX, directive=name)
    for name, source in _all(policy):
        if source in DIRECTIVES:
            yield Weakness(kind="MISSING_SEMICOLON", severity=Severity.SYNTAX, directive=name, value=source)
        if _is_misspelt(name, source):
            yield Weakness(kind="INVALID_KEYWORD", severity=Severity.SYNTAX, directive=name, value=source)


def _is_misspelt(name: str, source: str) -> bool:
    if source in BARE_KEYWORDS or _BARE_MARK.match(source):
        return True
    if not source.startswith("'"):
        return False
    if name in OWN_KEYWORDS:
        return source not in OWN_KEYWORDS[name]
    return not (source in KEYWORDS or _is_marked((source,)))


def _all(policy: Policy) -> Iterator[tuple[str, str]]:
    return ((name, source) for name, sources in policy.items() for source in sources)
