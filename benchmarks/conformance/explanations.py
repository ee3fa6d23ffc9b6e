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

FIRST_FLIGHT = (
    "RFC 5246 section 7.4.4: the server asks for a client's certificate after its own hello and certificate, so"
    " versions, suites and chain are seen without one; there is no check of the name tls.scan"
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
    "badssl/hosts.json": {
        "cert/1000-sans": (
            "criterion of cert.wildcard-scope: many names of one registrable domain say nothing; a wildcard is worth"
            " knowing, names of strangers are a warning"
        ),
        "cert/10000-sans": (
            "the certificate is larger than the 200,000 bytes of a handshake message that we read; browsers refuse it"
            " as well, so the verdict is unknown, not good or bad"
        ),
        "client/client-cert-missing": FIRST_FLIGHT,
        "client/client": FIRST_FLIGHT,
        "key-exchange/dh2048": (
            "NCSC-NL TLS guidelines 2025 section 3.3.3.1: of finite fields only ffdhe3072 and longer are left, and only"
            " to be phased out; a prime of 2048 bits that RFC 7919 does not name fails"
        ),
        "mixed/mixed-favicon": (
            "W3C Mixed Content section 4: browsers upgrade pictures by themselves; the page names no icon, and we ask"
            " for no address that a page does not name"
        ),
        "upgrade/hsts": (
            "OWASP ASVS 5.0 V3.4.1 and Internet.nl ask for a year; half a year is a warning, and only MDN is content"
        ),
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
