"""Name servers asked for more than a name: zone transfer, recursion, version."""

import re2

from scanners.checking import check, fail, info, ok, unknown, warn
from scanners.checks.wording import listing
from scanners.model import N_, CheckClass, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import NameServerManners

TRANSFER = Refs(
    measures=(9,),
    iso27001=("A.8.12", "A.8.20"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    sources=("Zonemaster Nameserver03", "RFC 5936"),
)
RECURSION = Refs(
    measures=(3,),
    iso27001=("A.8.20",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    sources=("Zonemaster Nameserver01", "RFC 5358"),
)
VERSION = Refs(
    measures=(5,), iso27001=("A.8.9",), owasp2021="A05", owasp2025="A02", sources=("Zonemaster Nameserver15",)
)

_VERSION = re2.compile(r"\d+\.\d+")


@check(
    "dns.axfr",
    title=N_("Name servers do not give out the whole zone"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.ACTIVE,
    needs=(NameServerManners,),
    refs=TRANSFER,
    why=N_(
        "The zone names every host, forgotten and internal ones included."
        " For an attacker it is the map on which the way into the vendor's network is drawn."
    ),
    fix=N_("Allow zone transfers only to your secondary servers, best with a key (TSIG)."),
    example='allow-transfer { key "secondary."; };   # BIND',
)
def zone_is_not_given_out(seen: Observations) -> Verdict:
    manners = seen[NameServerManners]
    if manners.transfers:
        return fail(
            N_("The whole zone is given to anyone who asks (AXFR): %(names)s. Nothing of it was kept."),
            names=listing(manners.transfers),
        )
    refusing = [name for name in manners.asked if name not in manners.transfers_unclear]
    if not refusing:
        return unknown(N_("No name server answered the question for the zone."))
    return ok(N_("Zone transfer is refused by %(names)s."), names=listing(refusing))


@check(
    "dns.open-recursion",
    title=N_("Name servers look up no foreign names for strangers"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.ACTIVE,
    needs=(NameServerManners,),
    refs=RECURSION,
    why=N_(
        "A name server that answers everyone for everything is used to flood others, and can be fed false answers."
        " Then the vendor's own names fail or lead astray."
    ),
    fix=N_("Switch recursion off on servers that answer for your zones, and keep resolvers apart from them."),
    example="recursion no;   # BIND",
)
def name_servers_do_not_recurse(seen: Observations) -> Verdict:
    manners = seen[NameServerManners]
    if manners.recursive:
        return warn(N_("Foreign names are looked up for anyone by %(names)s."), names=listing(manners.recursive))
    refusing = [name for name in manners.asked if name not in manners.recursion_unclear]
    if not refusing:
        return unknown(N_("No name server answered the question for a foreign name."))
    return ok(N_("Foreign names are not looked up by %(names)s."), names=listing(refusing))


@check(
    "dns.version-bind",
    title=N_("Name servers do not tell their version"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.ACTIVE,
    needs=(NameServerManners,),
    refs=VERSION,
    why=N_(
        "With the version an attacker knows at once which holes to try."
        " Hiding it closes none of them; it only costs the attacker time."
    ),
    fix=N_("Set the answer to version.bind to none, and keep the server up to date."),
    example="version none;   # BIND\nhide-version: yes   # Unbound, NSD",
)
def name_servers_hide_their_version(seen: Observations) -> Verdict:
    manners = seen[NameServerManners]
    told = {name: text for name, text in manners.versions.items() if _VERSION.search(text)}
    if told:
        return info(
            N_("Versions told: %(versions)s."), versions=listing(f"{name}: {text}" for name, text in told.items())
        )
    return ok(N_("No version is told by %(names)s."), names=listing(manners.asked))
