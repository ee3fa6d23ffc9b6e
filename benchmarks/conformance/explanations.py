"""Where we decide otherwise than a suite: file -> case id -> the clause that makes us right."""

from collections.abc import Mapping

SHARED_TEXT = (
    "guard F4 of the catalogue of checks: the service answers with a text or status that ordinary sites use too,"
    " so it proves nothing; the alias still shows as possible when its target does not exist"
)
NO_ALIAS = "RFC 1035 section 3.3.1: an alias names a host, an address is no target of a CNAME"
FEW_RESOLVERS = (
    "RFC 4035 section 5.2: a zone signed only with algorithms that a resolver does not know is unsigned for it, and the"
    " IANA registry of RFC 9904 asks no validator to know this one; we warn"
)

EXPLANATIONS: Mapping[str, Mapping[str, str]] = {
    "mta-sts/checkdmarc-mta-sts-cases.json": {
        "11": "RFC 8461 section 3.2: unknown fields of a policy MUST be ignored",
    },
    "caa/caatestsuite-zones.json": {
        "cname-loop.basic.caatestsuite.com": (
            "RFC 8659 section 3: the climb goes on from the name asked for, not from the target of its alias, so there"
            " is no loop and no set; the name dates from RFC 6844"
        ),
    },
    "dns/dnssec-algorithms.json": {
        "17 SM2SM3": FEW_RESOLVERS,
        "23 ECC-GOST12": FEW_RESOLVERS,
    },
    "takeover/can-i-take-over-xyz.json": {
        "Anima animaapp.io": SHARED_TEXT,
        "Gemfury furyns.com": SHARED_TEXT,
        "Helprace helprace.com": SHARED_TEXT,
        "LaunchRock launchrock.com": SHARED_TEXT,
        "SmartJobBoard 52.16.160.97": NO_ALIAS,
        "Strikingly s.strikinglydns.com": SHARED_TEXT,
        "Uptimerobot stats.uptimerobot.com": SHARED_TEXT,
        "Worksites 69.164.223.206": NO_ALIAS,
    },
}
