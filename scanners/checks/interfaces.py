"""Interfaces on paths that nobody published: what they tell, what they let foreign pages read, how they fail."""

import json
from dataclasses import replace

import re2

from scanners.checking import check, fail, info, not_applicable, ok, unknown, unseen, warn
from scanners.checks import unpublished
from scanners.checks.wording import listing
from scanners.data.unpublished import Purpose
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import Response, UnpublishedPaths

INNER = Refs(
    measures=(5, 9),
    iso27001=("A.8.9",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("ASVS 5.0 V13.4.5",),
)
SHARING = Refs(
    measures=(9, 5),
    iso27001=("A.8.26",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("ASVS 5.0 V3.4.2", "MDN HTTP Observatory", "Fetch Standard"),
)

# Where an operation that asks for no log-in would touch people or devices.
_TOUCHING = re2.compile(
    r"(?i)(?:^|[/_\-{])(?:patients?|patienten|persons?|users?|accounts?|devices?|observations?|orders?|reports?|results?"
    r"|appointments?|documents?|medications?|encounters?|befunde?|faelle|fall|termine?|auftraege|benutzer)(?:$|[/_\-}])"
)
NO_GRAPHQL = N_("No GraphQL interface was found.")


def operations(description: Response) -> tuple[str, ...]:
    """The operations of a description that name nothing that guards them."""
    try:
        document = json.loads(description.body)
    except (ValueError, RecursionError):
        return ()
    listed = document.get("paths") if isinstance(document, dict) else None
    return tuple(
        f"{method.upper()} {path}"
        for path, methods in (listed.items() if isinstance(listed, dict) else ())
        if isinstance(methods, dict)
        for method, operation in methods.items()
        if isinstance(operation, dict) and not operation.get("security")
    )


@check(
    "api.openapi-exposed",
    title=N_("No description of an interface lies open at the usual paths"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(INNER, iso27001=("A.8.9", "A.8.26"), sources=("ASVS 5.0 V13.4.5", "OWASP API9")),
    why=N_(
        "A description lists every operation and parameter, also the ones no page uses."
        " For an attacker it is a map to functions that may miss a check of rights."
    ),
    fix=N_("Serve the description only after log-in, or tell the hospital that it is public on purpose."),
    example="location /openapi.json { deny all; }   # nginx",
)
def no_description_is_exposed(seen: Observations) -> Verdict:
    if signs := unpublished.found(seen, Purpose.DESCRIPTION):
        return warn(N_("%(path)s describes the interface for everyone."), path=unpublished.shown(signs))
    return unpublished.nothing_found(seen, Purpose.DESCRIPTION)


@check(
    "api.unauthenticated-operations",
    title=N_("Described operations on people and devices ask for a log-in"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(
        INNER,
        measures=(9, 5),
        iso27001=("A.8.3", "A.8.26"),
        owasp2021="A01",
        owasp2025="A01",
        sources=("OWASP API1", "OWASP API5"),
    ),
    why=N_(
        "Where the description names no log-in for an operation on patients or devices, often none is asked for."
        " This is what the description says; nothing was called."
    ),
    fix=N_("Guard every such operation, check rights on each record, and write both into the description."),
    example="security:\n  - oauth: [patient.read]   # OpenAPI, at the top: for every operation",
)
def described_operations_are_guarded(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.DESCRIPTION)
    if not signs:
        nothing = unpublished.nothing_found(seen, Purpose.DESCRIPTION)
        is_clear = nothing.fact.text == unpublished.NOTHING
        return not_applicable(N_("No description of an interface was found.")) if is_clear else nothing
    answers = seen[UnpublishedPaths].answers
    described = [answers[path] for path in signs if path in answers and answers[path].body]
    if not described:
        return unknown(N_("The description could not be read."))
    bare = [one for answer in described for one in operations(answer) if _TOUCHING.search(one.partition(" ")[2])]
    if bare:
        return warn(
            N_("By its description these ask for no log-in: %(operations)s. None was called."),
            operations=listing(bare),
        )
    return ok(N_("By its description no operation on people or devices goes without a log-in."))


@check(
    "api.graphql-introspection",
    title=N_("GraphQL does not describe itself to strangers"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(INNER, iso27001=("A.8.9", "A.8.26"), sources=("ASVS 5.0 V4.3.2", "OWASP API9")),
    why=N_(
        "One question returns every type, field and operation, also those that no page uses."
        " With them an attacker writes queries that fetch more than a page would."
    ),
    fix=N_("Switch introspection off in production, or answer it only after a log-in."),
    example="introspection: process.env.NODE_ENV !== 'production'   // Apollo Server",
)
def graphql_keeps_its_description(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.GRAPHQL)
    if told := unpublished.bearing(signs, "introspection"):
        return fail(N_("Describes itself to everyone: %(paths)s."), paths=unpublished.shown(told))
    if signs:
        return ok(N_("GraphQL answers at %(paths)s and does not describe itself."), paths=unpublished.shown(signs))
    nothing = unpublished.nothing_found(seen, Purpose.GRAPHQL)
    return not_applicable(NO_GRAPHQL) if nothing.fact.text == unpublished.NOTHING else nothing


@check(
    "api.graphql-ide",
    title=N_("No page for trying out GraphQL is public"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(INNER, measures=(5,)),
    why=N_(
        "Such a page is a tool for developers and invites everyone to try out the interface."
        " It often loads its scripts from foreign hosts."
    ),
    fix=N_("Switch the page off in production."),
    example="graphiql: false   // also playground: false",
)
def graphql_has_no_workbench(seen: Observations) -> Verdict:
    if signs := unpublished.found(seen, Purpose.GRAPHQL_IDE):
        return warn(N_("A page for trying out the interface is public: %(paths)s."), paths=unpublished.shown(signs))
    if not unpublished.found(seen, Purpose.GRAPHQL):
        nothing = unpublished.nothing_found(seen, Purpose.GRAPHQL)
        return not_applicable(NO_GRAPHQL) if nothing.fact.text == unpublished.NOTHING else nothing
    return unpublished.nothing_found(seen, Purpose.GRAPHQL_IDE)


@check(
    "api.actuator-metrics",
    title=N_("Measurements and inner settings are not public"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(INNER, sources=("ASVS 5.0 V13.4.5", "Spring Boot Actuator")),
    why=N_(
        "Inner endpoints show settings, memory and load, and some hold passwords and sessions."
        " They are made for the operator's monitoring, not for the internet."
    ),
    fix=N_("Serve them on a port of their own inside the network, and expose nothing but a bare health status."),
    example=(
        "management.server.port=9090\nmanagement.endpoints.web.exposure.include=health   # Spring Boot\n"
        "location /actuator { deny all; }                              # nginx"
    ),
)
def inner_endpoints_are_not_public(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.ACTUATOR)
    if opened := unpublished.bearing(signs, "actuator-open", "metrics", "variables"):
        return fail(N_("Open to everyone: %(paths)s. What is in it was not kept."), paths=unpublished.shown(opened))
    if signs:
        return warn(N_("Only the health or a list of endpoints is open: %(paths)s."), paths=unpublished.shown(signs))
    return unpublished.nothing_found(seen, Purpose.ACTUATOR)


@check(
    "api.error-verbosity",
    title=N_("An unknown address of the interface shows nothing of the inside"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(
        INNER,
        measures=(5,),
        iso27001=("A.8.28",),
        owasp2025="A10",
        mdr=("17.2",),
        sources=("ASVS 5.0 V16.5.1",),
    ),
    why=N_(
        "Error details show file names, queries and components, the plan for an attack."
        " An interface is asked by machines, so nobody at the vendor notices them."
    ),
    fix=N_("Answer errors with a number and a neutral sentence, and write the details to the log."),
    example="server.error.include-stacktrace=never   # Spring Boot",
)
def errors_show_nothing_inside(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.ERROR)
    if told := (*unpublished.named(signs, "trace:"), *unpublished.named(signs, "debug:")):
        return warn(N_("An address that does not exist shows inner details: %(kinds)s."), kinds=listing(told))
    paths = seen[UnpublishedPaths]
    asked = [path for path, purpose in paths.purposes.items() if purpose == Purpose.ERROR]
    if reasons := [paths.unclear[path] for path in asked if path in paths.unclear]:
        return unseen(reasons[0])
    if not asked:
        return unknown(unpublished.NOT_ASKED)
    return ok(N_("An address that does not exist shows no inner details."))


@check(
    "api.trace-method",
    title=N_("The server does not offer the method TRACE"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(INNER, measures=(5,), mdr=(), sources=("ASVS 5.0 V13.4.4", "RFC 9110")),
    why=N_(
        "TRACE sends a request back with everything that proxies added to it, at times tokens and inner addresses."
        " Nobody needs it in operation."
    ),
    fix=N_("Switch TRACE off."),
    example=(
        "TraceEnable off                                          # Apache\n"
        '<verbs><add verb="TRACE" allowed="false"/></verbs>       # IIS, request filtering'
    ),
)
def trace_is_not_offered(seen: Observations) -> Verdict:
    paths = seen[UnpublishedPaths]
    path = next((path for path, purpose in paths.purposes.items() if purpose == Purpose.METHODS), None)
    if path is None:
        return unknown(unpublished.NOT_ASKED)
    answer = paths.answers.get(path)
    if answer is None:
        return unseen(paths.unclear[path]) if path in paths.unclear else unknown(unpublished.NOT_ASKED)
    methods = [
        method.strip().upper() for value in answer.values("allow") for method in value.split(",") if method.strip()
    ]
    if not methods:
        return unknown(N_("The server does not say which methods it takes; TRACE itself was not tried."))
    if "TRACE" not in methods:
        return ok(N_("The server takes: %(methods)s."), methods=listing(methods))
    if any("iis" in value.lower() for value in answer.values("server")):
        # It lists TRACE by default and refuses it all the same.
        return info(N_("The server lists TRACE, as this product does also where it refuses it."))
    return warn(N_("The server says that it takes TRACE; it was not tried."))


@check(
    "cors.reflect-origin",
    title=N_("Foreign pages may not read with the user's log-in"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=SHARING,
    why=N_(
        "If a server lets any origin read with cookies, every page a clinician visits can fetch what they may see."
        " Nothing shows on the screen while it happens."
    ),
    fix=N_("Compare the origin with a list of your own, and never repeat it unread."),
    example=(
        'map $http_origin $allowed { default ""; "https://portal.example.org" $http_origin; }   # nginx\n'
        "add_header Access-Control-Allow-Origin $allowed;"
    ),
)
def origins_are_not_reflected(seen: Observations) -> Verdict:
    paths = seen[UnpublishedPaths]
    if paths.purposes.get("/") != Purpose.FRONT:
        return unknown(unpublished.NOT_ASKED)
    if "/" in paths.unclear:
        return unseen(paths.unclear["/"])
    signs = set(paths.signs.get("/", ()))
    if signs & {"origin-reflected", "origin-null"}:
        if "origin-credentials" in signs:
            return fail(N_("Any foreign page may read the answers together with the user's cookies."))
        return warn(N_("The origin of any foreign page is allowed, without the user's cookies."))
    if "origin-any" in signs:
        return info(N_("Every page may read the answers, without the user's cookies."))
    return ok(N_("A foreign origin was not allowed to read."))


@check(
    "cors.legacy-policies",
    title=N_("No old policy file lets every domain in"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(SHARING, measures=(9,), mdr=(), sources=("OWASP Secure Headers", "Adobe cross-domain policy")),
    why=N_(
        "These files were made for Flash and Silverlight; readers of documents still follow them."
        " A star in them lets foreign content read with the user's cookies."
    ),
    fix=N_("Remove crossdomain.xml and clientaccesspolicy.xml."),
    example="location ~ ^/(?:crossdomain|clientaccesspolicy)\\.xml$ { return 404; }   # nginx",
)
def old_policies_let_nobody_in(seen: Observations) -> Verdict:
    if signs := unpublished.found(seen, Purpose.POLICY):
        return warn(N_("Lets every domain in: %(paths)s."), paths=unpublished.shown(signs))
    return unpublished.nothing_found(seen, Purpose.POLICY)
