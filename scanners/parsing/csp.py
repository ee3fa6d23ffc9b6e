"""Content-Security-Policy as a browser reads and combines it (W3C CSP Level 3)."""

from collections.abc import Iterable, Mapping, Sequence

import re2

from scanners.parsing import urls
from scanners.records import record

LONGEST = 32_768
MOST_DIRECTIVES = 200
MOST_SOURCES = 500

Policy = Mapping[str, tuple[str, ...]]  # directive in lower case -> source expressions as written

DIRECTIVES = frozenset(
    {
        "default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem",
        "style-src-attr", "img-src", "font-src", "connect-src", "media-src", "object-src", "frame-src", "child-src",
        "worker-src", "manifest-src", "prefetch-src", "fenced-frame-src", "base-uri", "form-action",
        "frame-ancestors", "navigate-to", "sandbox", "report-uri", "report-to", "upgrade-insecure-requests",
        "block-all-mixed-content", "require-trusted-types-for", "trusted-types", "require-sri-for", "plugin-types",
        "referrer", "reflected-xss", "webrtc",
    }
)  # fmt: skip
# What a <meta> element may not set (CSP3 section 3.3).
_NOT_IN_META = frozenset({"frame-ancestors", "report-uri", "sandbox"})
_NONCE_OR_HASH = re2.compile(r"(?i)^'(?:nonce-[A-Za-z0-9+/_\-]+=*|sha(?:256|384|512)-[A-Za-z0-9+/_\-]+=*)'$")
_OPEN_SOURCES = frozenset({"*", "http:", "https:", "data:", "ftp:", "http://*", "https://*", "ws:", "wss:", "blob:"})
# Keywords that mean something only in quotes; bare they are read as host names.
_UNQUOTED = frozenset({"self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic"})
# Hosts that serve code of anybody or answer with a callback of the caller's choice: allowing them allows everyone.
_EVERYBODYS_HOSTS = (
    "cdnjs.cloudflare.com",
    "cdn.jsdelivr.net",
    "unpkg.com",
    "esm.sh",
    "cdn.skypack.dev",
    "ajax.googleapis.com",
    "ajax.aspnetcdn.com",
    "storage.googleapis.com",
    "raw.githubusercontent.com",
    "rawcdn.githack.com",
    "gist.githubusercontent.com",
    "www.google.com",
    "accounts.google.com",
    "maps.googleapis.com",
    "www.googleapis.com",
    "translate.googleapis.com",
    "www.youtube.com",
    "api.twitter.com",
    "graph.facebook.com",
    "s3.amazonaws.com",
    "cloudfront.net",
    "blob.core.windows.net",
    "azureedge.net",
    "github.io",
    "herokuapp.com",
    "netlify.app",
    "vercel.app",
    "pages.dev",
)


@record
class ScriptRules:
    """What one policy lets run; sources None: it says nothing about scripts."""

    sources: tuple[str, ...] | None
    has_nonce_or_hash: bool
    is_strict_dynamic: bool


def parse(values: Iterable[str], *, metas: Iterable[str] = ()) -> tuple[Policy, ...]:
    """Every policy of these headers and meta elements; a comma begins another policy."""
    texts = [part for value in values for part in value[:LONGEST].split(",")]
    policies = [_policy(text) for text in texts]
    for meta in metas:
        policy = _policy(meta[:LONGEST])
        policies.append({name: sources for name, sources in policy.items() if name not in _NOT_IN_META})
    return tuple(policy for policy in policies if policy)


def _policy(text: str) -> dict[str, tuple[str, ...]]:
    policy: dict[str, tuple[str, ...]] = {}
    for part in text.split(";")[:MOST_DIRECTIVES]:
        words = part.split()
        if words and words[0].isascii():
            policy.setdefault(words[0].lower(), tuple(words[1 : MOST_SOURCES + 1]))  # the first of two counts
    return policy


def duplicates(text: str) -> tuple[str, ...]:
    """Directives that stand twice in one policy; browsers ignore the later one."""
    names = [words[0].lower() for part in text[:LONGEST].split(";")[:MOST_DIRECTIVES] if (words := part.split())]
    return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))


def effective(policy: Policy, *names: str) -> tuple[str, ...] | None:
    """The sources of the first of these directives that is set."""
    return next((policy[name] for name in names if name in policy), None)


def script_rules(policy: Policy) -> ScriptRules:
    """What this policy says about scripts that stand in the page or are loaded."""
    sources = effective(policy, "script-src-elem", "script-src", "default-src")
    words = [source.lower() for source in sources or ()]
    return ScriptRules(
        sources=sources,
        has_nonce_or_hash=any(_NONCE_OR_HASH.match(source) for source in sources or ()),
        is_strict_dynamic="'strict-dynamic'" in words,
    )


def unsafe_scripts(policy: Policy) -> tuple[str, ...]:
    """The expressions by which one policy lets foreign or injected scripts run; () when it lets none."""
    rules = script_rules(policy)
    if rules.sources is None:
        return ("script-src",)  # nothing is said, so everything is allowed
    words = [source.lower() for source in rules.sources]
    unsafe = [word for word in words if word in _OPEN_SOURCES and not rules.is_strict_dynamic]
    handlers = effective(policy, "script-src-attr", "script-src", "default-src") or ()
    if _lets_inline_run(rules.sources) or _lets_inline_run(handlers):
        unsafe.append("'unsafe-inline'")
    return tuple(unsafe)


def _lets_inline_run(sources: Sequence[str]) -> bool:
    """A nonce, a hash or strict-dynamic beside it switches 'unsafe-inline' off."""
    words = [source.lower() for source in sources]
    neutral = "'strict-dynamic'" in words or any(_NONCE_OR_HASH.match(source) for source in sources)
    return "'unsafe-inline'" in words and not neutral


def allows_eval(policy: Policy) -> bool:
    """Whether one policy lets text become code."""
    directives = (
        effective(policy, "script-src", "default-src"),
        effective(policy, "style-src", "default-src"),
    )
    return any("'unsafe-eval'" in [source.lower() for source in sources or ()] for sources in directives)


def is_open(sources: Sequence[str]) -> bool:
    """Whether a list of sources lets practically everybody in."""
    return any(source.lower() in _OPEN_SOURCES for source in sources)


def unrestricted(policies: Iterable[Policy]) -> tuple[str, ...]:
    """Which of object-src, base-uri and form-action no policy restricts."""
    wanted = {"object-src": ("object-src", "default-src"), "base-uri": ("base-uri",), "form-action": ("form-action",)}
    policies = tuple(policies)
    return tuple(
        name
        for name, chain in wanted.items()
        if not any((sources := effective(policy, *chain)) is not None and not is_open(sources) for policy in policies)
    )


def everybodys_hosts(policy: Policy) -> tuple[str, ...]:
    """Allowed script hosts from which anybody's code can be loaded; strict-dynamic switches host lists off."""
    rules = script_rules(policy)
    if rules.sources is None or rules.is_strict_dynamic:
        return ()
    return tuple(source for source in rules.sources if _is_everybodys(source))


def _is_everybodys(source: str) -> bool:
    parts = urls.split(source.lower() if "://" in source else f"https://{source.lower()}")
    if source.startswith("'") or parts.path not in {"", "/"}:  # a path narrows it to one customer or package
        return False
    host = parts.netloc.rpartition(":")[0] if parts.netloc.rpartition(":")[2].isdigit() else parts.netloc
    name = host.removeprefix("*.")
    return any(name == known or (host.startswith("*.") and known.endswith("." + name)) for known in _EVERYBODYS_HOSTS)


def problems(policy: Policy) -> tuple[str, ...]:
    """Words a browser will not understand as they were meant."""
    found = [name for name in policy if name not in DIRECTIVES]
    for name, sources in policy.items():
        words = [source.lower() for source in sources]
        if "'none'" in words and len(words) > 1:
            found.append(f"{name} 'none' + …")
        found += [f"{name} {word}" for word in words if word in _UNQUOTED or word in DIRECTIVES]
    rules = script_rules(policy)
    if rules.is_strict_dynamic and not rules.has_nonce_or_hash:
        found.append("'strict-dynamic' without nonce")
    return tuple(found)
