"""What the page's Content-Security-Policy lets run."""

from dataclasses import replace

from scanners.checking import check, fail, not_applicable, ok, warn
from scanners.checks.documents import on_html
from scanners.checks.wording import listing
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Response
from scanners.parsing import csp, csp_weaknesses, html
from scanners.parsing.csp import Policy

REFS = Refs(
    measures=(5,),
    iso27001=("A.8.26", "A.8.28"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("W3C CSP Level 3", "OWASP ASVS 5.0 V3.4.3"),
)
INJECTION_REFS = replace(REFS, owasp2021="A03", owasp2025="A05")
NO_POLICY = N_("There is no content security policy to judge.")
EXAMPLE = (
    "add_header Content-Security-Policy "
    "\"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'\" always;"
)


def _policies(document: Response) -> tuple[Policy, ...]:
    metas = html.read(document.body).metas("content-security-policy")
    return csp.parse(document.values("content-security-policy"), metas=metas)


@check(
    "web.csp-present",
    title=N_("A content security policy is in force"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=REFS,
    why=N_(
        "The policy tells the browser which code belongs to the application, so that injected code does not run. "
        "In a portal with patient data it is the second line when a gap in the application is found."
    ),
    fix=N_("Introduce a policy, first in report-only mode, then in force."),
    example=EXAMPLE,
)
@on_html
def a_policy_is_in_force(_seen: Observations, document: Response) -> Verdict:
    if policies := _policies(document):
        names = listing(name for policy in policies for name in policy)
        return ok(N_("In force, with: %(directives)s."), directives=names)
    if document.values("content-security-policy-report-only"):
        return warn(N_("The policy only reports and forbids nothing."))
    return fail(N_("There is no policy."))


@check(
    "web.csp-script-unsafe",
    title=N_("The policy lets only the application's own scripts run"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=replace(INJECTION_REFS, sources=("W3C CSP Level 3", "CSP Evaluator", "MDN HTTP Observatory")),
    why=N_(
        "A policy with unsafe-inline or open sources lets injected code run as if there were none. "
        "The attacker then acts in the portal as the person who is signed in."
    ),
    fix=N_("Give scripts a nonce or hash and remove unsafe-inline, data:, https: and *."),
    example="script-src 'nonce-{random}' 'strict-dynamic'; object-src 'none'; base-uri 'none'",
)
@on_html
def only_own_scripts_run(_seen: Observations, document: Response) -> Verdict:
    policies = _policies(document)
    if not policies:
        return not_applicable(NO_POLICY)
    # A script runs only if every policy lets it, so one strict policy is enough.
    unsafe = [csp.unsafe_scripts(policy) for policy in policies]
    if not all(unsafe):
        return ok(N_("Injected and foreign scripts are blocked."))
    if all(csp.script_rules(policy).sources is None for policy in policies):
        return fail(N_("The policy says nothing about scripts."))
    return fail(N_("Scripts are allowed by: %(sources)s."), sources=listing(word for words in unsafe for word in words))


@check(
    "web.csp-unsafe-eval",
    title=N_("The policy does not let text become code"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(INJECTION_REFS, iso27001=("A.8.28",), sources=("W3C CSP Level 3", "CSP Evaluator")),
    why=N_(
        "With unsafe-eval, data that reach a function like eval become code. "
        "Old libraries need it, which makes it a hint at outdated components too."
    ),
    fix=N_("Replace libraries that need eval, and remove unsafe-eval."),
    example="script-src 'self'",
)
@on_html
def text_does_not_become_code(_seen: Observations, document: Response) -> Verdict:
    policies = _policies(document)
    if not policies:
        return not_applicable(NO_POLICY)
    if all(csp.allows_eval(policy) for policy in policies):
        return warn(N_("The policy allows unsafe-eval."))
    return ok(N_("The policy does not allow unsafe-eval."))


@check(
    "web.csp-object-base-form",
    title=N_("The policy closes plug-ins, base address and form targets"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(REFS, iso27001=("A.8.26",), sources=("W3C CSP Level 3", "CSP Evaluator", "OWASP ASVS 5.0 V3.4.3")),
    why=N_(
        "Three directives are easily forgotten: with them open, injected markup redirects scripts or log-in forms. "
        "No script is needed for that, so the rest of the policy does not help."
    ),
    fix=N_("Add the missing directives."),
    example="object-src 'none'; base-uri 'none'; form-action 'self'",
)
@on_html
def plugins_base_and_forms_are_closed(_seen: Observations, document: Response) -> Verdict:
    policies = _policies(document)
    if not policies:
        return not_applicable(NO_POLICY)
    if missing := csp.unrestricted(policies):
        return warn(N_("Not restricted: %(directives)s."), directives=listing(missing))
    return ok(N_("object-src, base-uri and form-action are restricted."))


@check(
    "web.csp-bypass-hosts",
    title=N_("The policy trusts no host that serves everybody's code"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=replace(INJECTION_REFS, iso27001=("A.8.28",), sources=("CSP Evaluator", "own list of hosts")),
    why=N_(
        "Large public hosts also serve libraries and answers with which the policy is circumvented. "
        "Whoever allows the whole host allows these as well."
    ),
    fix=N_("Serve libraries from the application's own host, or allow single scripts by nonce or hash."),
    example="script-src 'self' 'nonce-{random}'",
)
@on_html
def no_host_with_everybodys_code(_seen: Observations, document: Response) -> Verdict:
    policies = _policies(document)
    if not policies:
        return not_applicable(NO_POLICY)
    hosts = [csp.everybodys_hosts(policy) for policy in policies]
    if all(hosts):
        return warn(N_("Allowed: %(hosts)s."), hosts=listing(host for group in hosts for host in group))
    return ok(N_("No such host is allowed."))


@check(
    "web.csp-syntax",
    title=N_("Browsers understand the whole policy"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=replace(REFS, iso27001=("A.8.26",), mdr=(), sources=("W3C CSP Level 3",)),
    why=N_(
        "Browsers skip what they do not understand, and the protection is missing just there. "
        "A forgotten semicolon or quotation mark is enough."
    ),
    fix=N_("Correct the words named; keywords such as 'self' stand in single quotation marks."),
    example="default-src 'self'; img-src 'self' data:",
)
@on_html
def browsers_understand_the_policy(_seen: Observations, document: Response) -> Verdict:
    policies = _policies(document)
    if not policies:
        return not_applicable(NO_POLICY)
    problems = [problem for policy in policies for problem in csp.problems(policy)]
    texts = [part for value in document.values("content-security-policy") for part in value.split(",")]
    problems += [f"{name} × 2" for text in texts for name in csp.duplicates(text)]
    misspelt = (one for policy in policies for one in csp_weaknesses.misspelt(csp_weaknesses.normalise(policy)))
    problems += [f"{one.directive} {one.value}" if one.value else one.directive for one in misspelt]
    if problems:
        return warn(N_("Not understood as meant: %(words)s."), words=listing(problems))
    return ok(N_("All directives are known."))
