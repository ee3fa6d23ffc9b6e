"""The header profile of Internet.nl: what its test asks of content security and referrer policies, by its codes."""

from collections.abc import Iterable, Mapping, Sequence

import re2

from scanners.records import record

LONGEST = 32_768
MOST_SOURCES = 500

# Sources by where they may stand; other words are passed over.
SOURCES = frozenset(
    {
        "child-src", "connect-src", "default-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src",
        "object-src", "prefetch-src", "script-src", "script-src-elem", "script-src-attr", "style-src",
        "style-src-elem", "style-src-attr", "worker-src", "base-uri", "form-action", "frame-ancestors", "navigate-to",
    }
)  # fmt: skip
FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "object-src": ("default-src",),
    "script-src": ("default-src",),
    "frame-src": ("child-src", "default-src"),
}
GOOD_REFERRERS = frozenset({"same-origin", "no-referrer"})
FAIR_REFERRERS = frozenset({"strict-origin", "strict-origin-when-cross-origin"})
BAD_REFERRERS = frozenset({"origin", "origin-when-cross-origin", "no-referrer-when-downgrade", "unsafe-url"})

_HOST = re2.compile(r"^(?:(.+)://)?([^:/']+|\[.+\])(?::([0-9]+|\*))?(?:/.*)?$")
_SCHEME = re2.compile(r"^(https?|data|mediastream|blob|filesystem):$")
_QUOTED = re2.compile(
    r"^'(self|none|unsafe-eval|unsafe-hashes|unsafe-inline|strict-dynamic|report-sample)'"
    r"|^'(?:nonce-[+A-Za-z0-9/]+=*|sha(?:256|384|512)-[+A-Za-z0-9/]+=*)'"
)


@record
class _Source:
    keyword: str = ""  # without quotes; "mark" for nonces and hashes
    scheme: str = ""
    host: str = ""  # "" where only a scheme stands


def policy_faults(value: str, domain: str) -> tuple[str, ...] | None:
    """What the profile holds against a policy; None where there is none."""
    if not value.strip():
        return None
    policy = _parsed(value)
    every = [source for sources in policy.values() for source in sources]
    faults = {
        "has-unsafe-inline": any(one.keyword == "unsafe-inline" for one in every),
        "has-unsafe-eval": any(one.keyword == "unsafe-eval" for one in every),
        "has-unsafe-hashes": any(one.keyword == "unsafe-hashes" for one in every),
        "has-http": any(one.scheme in {"http", "*"} for one in every),
        "has-bare-https": any(one.scheme == "https" and not one.host for one in every),
        "has-host-without-scheme": any(one.host and not one.scheme for one in every),
        "has-data": any(one.scheme == "data" for name in ("object-src", "script-src") for one in _for(policy, name)),
        "has-invalid-host": any(one.host in {"*", "127.0.0.1"} for one in every),
        "missing-invalid-base-uri": not _keeps_to_itself(policy.get("base-uri", ()), domain),
        "missing-invalid-default-src": not _keeps_to_itself(policy.get("default-src", ()), domain),
        "missing-invalid-form-action": not _names_somebody(policy.get("form-action", ())),
        "missing-invalid-frame-ancestors": not _names_somebody(policy.get("frame-ancestors", ()), hosts=False),
    }
    faults["missing-invalid-frame-src"] = faults["missing-invalid-default-src"] and not _names_somebody(
        _for(policy, "frame-src")
    )
    return tuple(sorted(fault for fault, holds in faults.items() if holds))


def _parsed(value: str) -> Mapping[str, tuple[_Source, ...]]:
    policy: dict[str, tuple[_Source, ...]] = {}
    for part in value[:LONGEST].replace(",", ";").split(";"):
        words = part.split()
        if words and words[0] in SOURCES:
            sources = (_source(word) for word in words[1:MOST_SOURCES])
            policy[words[0]] = (*policy.get(words[0], ()), *(one for one in sources if one is not None))
    return policy


def _source(word: str) -> _Source | None:
    if host := _HOST.match(word):
        return _Source(scheme=host.group(1) or "", host=host.group(2))
    if scheme := _SCHEME.match(word):
        return _Source(scheme=scheme.group(1))
    if quoted := _QUOTED.match(word):
        return _Source(keyword=quoted.group(1) or "mark")
    return None


def _for(policy: Mapping[str, tuple[_Source, ...]], name: str) -> tuple[_Source, ...]:
    names = (name, *FALLBACKS.get(name, ()))
    return next((policy[one] for one in names if one in policy), ())


def _names_somebody(sources: Iterable[_Source], *, hosts: bool = True) -> bool:
    return any(one.keyword in {"self", "none"} or (hosts and one.host) for one in sources)


def _keeps_to_itself(sources: Sequence[_Source], domain: str) -> bool:
    """'none' alone, or 'self' with nothing but hosts of the same domain."""
    words = [one.keyword for one in sources]
    own = [one for one in sources if one.keyword in {"self", "report-sample"} or one.host]
    if "none" in words and not own:
        return True
    hosts = {one.host.rstrip(".") for one in sources if one.host}
    return "self" in words and len(own) == len(sources) and _are_one_family(hosts, domain.rstrip("."))


def _are_one_family(hosts: set[str], domain: str) -> bool:
    for host in hosts:
        wide = host.removeprefix("*.")
        if not (domain.endswith(wide) if host.startswith("*.") else host.endswith(domain)):
            return False
    shortest = min(hosts, key=len, default="")
    return all(host.endswith(shortest) for host in hosts)


def referrer_faults(value: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Faults and recommendations; the last policy of a list counts."""
    if not value.strip():
        return (), ("no-policy",)
    last = value[:LONGEST].rpartition(",")[2].strip()
    if last in GOOD_REFERRERS:
        return (), ()
    if last in FAIR_REFERRERS:
        return (), (f"recommendation-{last}",)
    return (f"bad-{last}" if last in BAD_REFERRERS else "bad-invalid",), ()
