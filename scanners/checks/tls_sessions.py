"""What only a whole handshake, or a message that no browser sends, shows of a TLS server."""

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import TlsFlaws, TlsSession

EARLY = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("RFC 8446 8", "RFC 8470", "Internet.nl"),
)
RENEGOTIATION = Refs(
    measures=(8, 3),
    iso27001=("A.8.24", "A.8.6"),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("Internet.nl", "CVE-2011-1473"),
)
FLAWS = Refs(
    measures=(5, 8),
    iso27001=("A.8.8",),
    owasp2021="A06",
    owasp2025="A03",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2",),
    sources=("CVE-2014-0160", "CVE-2014-0224", "CVE-2014-8730", "CVE-2016-9244", "RFC 5246 7.4.7.1"),
)

ON_EDGE = N_("The host's address belongs to %(edges)s; the servers behind it are a matter for the questionnaire.")
TOO_EARLY = 425
MANY_RENEGOTIATIONS = 10


@check(
    "tls.zero-rtt",
    title=N_("Requests cannot be replayed as early data"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(TlsSession,),
    refs=EARLY,
    why=N_(
        "Early data can be recorded and sent again by anyone on the line, and the server takes them twice."
        " An order or a booking may then be carried out twice."
    ),
    fix=N_("Switch early data (0-RTT) off, or answer requests that come as early data with 425 Too Early."),
    example="ssl_early_data off;   # nginx",
)
def early_data_is_refused(seen: Observations) -> Verdict:
    session = seen[TlsSession]
    if not session.tls13:
        return not_applicable(N_("The server does not speak TLS 1.3."))
    if not session.early_data:
        return ok(N_("Session tickets allow no early data (tickets seen: %(count)s)."), count=session.tickets)
    if session.early_status is None:
        return ok(
            N_("Tickets allow %(bytes)s bytes of early data, but a request sent early was not taken."),
            bytes=session.early_data,
        )
    if session.early_status == TOO_EARLY:
        return ok(N_("Early requests are answered with 425 Too Early."))
    return fail(
        N_("Tickets allow %(bytes)s bytes of early data, and a request sent early was answered with %(status)s."),
        bytes=session.early_data,
        status=session.early_status,
    )


@check(
    "tls.client-renegotiation",
    title=N_("A client cannot make the server renegotiate again and again"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(TlsFlaws,),
    refs=RENEGOTIATION,
    why=N_(
        "Each renegotiation costs the server far more than the client who asks for it."
        " One machine can so keep a portal busy that patients and staff no longer get through."
    ),
    fix=N_("Refuse renegotiation that the client starts, or offer only TLS 1.3, which has none."),
    example="SSLInsecureRenegotiation off   # Apache; nginx and current OpenSSL refuse it by themselves",
)
def renegotiation_is_limited(seen: Observations) -> Verdict:
    flaws = seen[TlsFlaws]
    if flaws.edges:
        return not_applicable(ON_EDGE, edges=listing(flaws.edges))
    if flaws.renegotiations is None:
        return unknown(N_("No connection came about in which renegotiation could be asked for."))
    if flaws.renegotiations == 0:
        return ok(N_("Renegotiation started by the client is refused."))
    if flaws.renegotiations <= MANY_RENEGOTIATIONS:
        return info(
            N_("Renegotiations that the client could start in one connection: %(count)s."), count=flaws.renegotiations
        )
    return warn(N_("The client could renegotiate more than ten times in one connection."))


@check(
    "tls.known-flaws",
    title=N_("The TLS library has none of the well-known flaws"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(TlsFlaws,),
    refs=FLAWS,
    why=N_(
        "Through these flaws strangers read memory with passwords in it, or the traffic itself."
        " They have been mended for years, so that a server with one is a server nobody looks after."
    ),
    fix=N_("Update the TLS library or the device at once, then change keys, certificates and passwords."),
    example="apt-get install --only-upgrade openssl libssl3",
)
def no_known_flaws(seen: Observations) -> Verdict:
    flaws = seen[TlsFlaws]
    if flaws.edges:
        return not_applicable(ON_EDGE, edges=listing(flaws.edges))
    if flaws.found:
        return fail(N_("Found: %(flaws)s. Each was tried with one harmless message."), flaws=listing(flaws.found))
    if flaws.unclear:
        return unknown(
            N_("Not to be told: %(flaws)s; absent: %(absent)s."),
            flaws=listing(flaws.unclear),
            absent=listing(flaws.absent) or "-",
        )
    return ok(N_("None of these: %(flaws)s."), flaws=listing(flaws.absent))
