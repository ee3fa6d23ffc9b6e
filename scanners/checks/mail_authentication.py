"""SPF, DKIM and DMARC: can a stranger send mail in the vendor's name."""

from collections.abc import Mapping

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import DkimKey, DomainTexts, MailDns, MailTransport
from scanners.parsing import dkim, dmarc, spf

SPF_PRESENCE = Refs(
    measures=(7, 8),
    iso27001=("A.5.14", "A.8.21"),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 7208",),
)
SPF_RECORD = Refs(measures=(8,), iso27001=("A.5.14",), owasp2021="A07", owasp2025="A07", sources=("RFC 7208",))
SPF_ENDING = Refs(
    measures=(7, 8),
    iso27001=("A.5.14",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 7208",),
)
DKIM_PRESENCE = Refs(
    measures=(8, 7),
    iso27001=("A.5.14", "A.8.24"),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 6376", "RFC 8020"),
)
DKIM_SELECTOR = Refs(measures=(8,), iso27001=("A.5.14",), owasp2021="A07", owasp2025="A07", sources=("RFC 6376",))
DKIM_STRENGTH = Refs(
    measures=(8,), iso27001=("A.8.24",), owasp2021="A02", owasp2025="A04", sources=("RFC 6376", "RFC 8301", "RFC 8463")
)
DMARC_PRESENCE = Refs(
    measures=(7, 8),
    iso27001=("A.5.14", "A.8.21"),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 9989", "BSI TR-03182"),
)
DMARC_POLICY = Refs(
    measures=(7, 8),
    iso27001=("A.5.14",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 9989", "BSI TR-03182"),
)
DMARC_REPORTS = Refs(
    measures=(2,), iso27001=("A.5.14", "A.8.16"), owasp2021="A09", owasp2025="A09", sources=("RFC 9990",)
)
DMARC_RECORD = Refs(measures=(8,), iso27001=("A.5.14",), owasp2021="A07", owasp2025="A07", sources=("RFC 9989",))
SPF_BREADTH = Refs(
    measures=(4, 8), iso27001=("A.5.14",), owasp2021="A07", owasp2025="A07", sources=("RFC 7208 11.4", "own rule")
)
SPF_RETIRED = Refs(measures=(8,), iso27001=("A.5.14",), sources=("RFC 7208 3.1", "RFC 6686"))
DMARC_ALIGNMENT = Refs(measures=(8,), iso27001=("A.5.14",), owasp2021="A07", owasp2025="A07", sources=("RFC 9989 4.8",))
DMARC_READERS = Refs(measures=(7,), iso27001=("A.5.14",), sources=("RFC 9989 4.10", "RFC 7489"))
BIMI = Refs(measures=(7,), iso27001=("A.5.14",), sources=("BIMI draft",))
PARKED = Refs(
    measures=(7, 8),
    iso27001=("A.5.14",),
    owasp2021="A07",
    owasp2025="A07",
    sources=("RFC 7208", "RFC 7505", "RFC 9989"),
)

NO_SPF = N_("The domain has no single SPF record.")
NO_DMARC = N_("No DMARC record applies to the domain.")
DNS_SILENT = N_("DNS gave no usable answer for %(names)s.")
FORGERY = N_(
    "Forged invoices, service notices and password mails are the usual start of an attack on a hospital."
    " Receivers can only refuse them when the domain says which mail is real."
)
SPF_TROUBLE = N_(
    "Receivers treat a record that cannot be evaluated as if it did not exist."
    " Real mail from the vendor may then be refused, and forged mail accepted."
)

MANY_LOOKUPS = 9
GOOD_BITS = 2048
LEAST_BITS = 1024
MANY_ADDRESSES = 2**17


def greets_without_mx(seen: Observations) -> bool:
    """Whether a mail server answers at the address of a domain that names none (RFC 5321 section 5.1)."""
    mail, transport = seen.find(MailDns), seen.find(MailTransport)
    is_implicit = mail is not None and mail.implicit_mx and not mail.exchangers
    return is_implicit and transport is not None and bool(transport.sessions)


def sends_no_mail(mail: MailDns) -> bool:
    """Whether the domain says that it neither receives nor sends mail."""
    return (mail.null_mx or not mail.exchangers) and _spf_refuses_all(mail)


def _spf_refuses_all(mail: MailDns) -> bool:
    return len(mail.spf.records) == 1 and mail.spf.records[0].lower().split() == ["v=spf1", "-all"]


def _policy(mail: MailDns, domain: str) -> dmarc.Policy | None:
    """The policy that holds for mail from the domain, test mode taken into account; None without a record."""
    if mail.dmarc.record is None or mail.dmarc.policy_domain is None:
        return None
    record = dmarc.parse(mail.dmarc.record)
    policy, _tag = dmarc.effective(record, policy_domain=mail.dmarc.policy_domain, domain=domain)
    return dmarc.lowered(policy) if record.testing else policy


# --- SPF ---------------------------------------------------------------------------------------


@check(
    "mail.spf-present",
    title=N_("The domain has exactly one SPF record"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SPF_PRESENCE,
    why=FORGERY,
    fix=N_("Publish one TXT record that lists your sending servers and ends with -all."),
    example='example.org. IN TXT "v=spf1 mx include:_spf.example.net -all"',
)
def spf_is_present(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if seen.subject.name in mail.spf.failed:
        return unknown(DNS_SILENT, names=seen.subject.name)
    records = mail.spf.records
    if not records:
        return fail(N_("The domain has no SPF record."))
    if len(records) > 1:
        return fail(N_("The domain has %(count)s SPF records; receivers then ignore all of them."), count=len(records))
    return ok(N_("SPF record: %(record)s"), record=shortened(records[0]))


@check(
    "mail.spf-syntax",
    title=N_("The SPF record and everything it includes can be read"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SPF_RECORD,
    why=SPF_TROUBLE,
    fix=N_("Correct or remove the terms named; ask the provider about records that are included but missing."),
    example='example.org. IN TXT "v=spf1 ip4:192.0.2.0/24 include:_spf.example.net -all"',
)
def spf_can_be_read(seen: Observations) -> Verdict:
    trace = seen[MailDns].spf
    if len(trace.records) != 1:
        return not_applicable(NO_SPF)
    if trace.errors:
        return fail(N_("Terms that break the grammar of SPF: %(terms)s."), terms=listing(trace.errors))
    if trace.missing:
        return fail(N_("Included, but without an SPF record of their own: %(names)s."), names=listing(trace.missing))
    if trace.failed:
        return unknown(DNS_SILENT, names=listing(trace.failed))
    return ok(
        N_("The record and everything it includes follow the grammar (included: %(count)s)."), count=len(trace.included)
    )


@check(
    "mail.spf-lookups",
    title=N_("SPF stays within ten DNS lookups"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SPF_RECORD,
    why=SPF_TROUBLE,
    fix=N_("Remove includes of services you no longer use, and list fixed addresses with ip4 and ip6."),
    example='example.org. IN TXT "v=spf1 ip4:192.0.2.10 include:_spf.example.net -all"',
)
def spf_stays_within_limits(seen: Observations) -> Verdict:
    trace = seen[MailDns].spf
    if len(trace.records) != 1:
        return not_applicable(NO_SPF)
    if trace.lookups > spf.LOOKUP_LIMIT:
        return fail(N_("SPF needs %(count)s lookups; receivers stop after ten."), count=trace.lookups)
    if trace.failed:
        return unknown(DNS_SILENT, names=listing(trace.failed))
    if trace.void_lookups > spf.VOID_LIMIT:
        return fail(N_("%(count)s lookups of SPF lead to nothing; receivers stop after two."), count=trace.void_lookups)
    if trace.lookups >= MANY_LOOKUPS:
        return warn(N_("SPF needs %(count)s of the ten lookups that are allowed."), count=trace.lookups)
    return ok(N_("SPF needs %(count)s of the ten lookups that are allowed."), count=trace.lookups)


@check(
    "mail.spf-all",
    title=N_("SPF ends with a refusal of all other senders"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SPF_ENDING,
    why=FORGERY,
    fix=N_("End the record with -all, or with ~all together with a DMARC policy of quarantine or reject."),
    example='example.org. IN TXT "v=spf1 mx -all"',
)
def spf_ends_with_refusal(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if len(mail.spf.records) != 1:
        return not_applicable(NO_SPF)
    strict = _policy(mail, seen.subject.name) in {"quarantine", "reject"}
    ending = _ending(mail.spf.records[0], mail.spf.included, seen.subject.name)
    if mail.spf.stranger == "pass" and ending != "+":
        term = shortened(mail.spf.stranger_by)
        return fail(N_("Mail from an address that is nobody's passes, by the term %(term)s."), term=term)
    if not ending and mail.spf.failed:
        return unknown(DNS_SILENT, names=listing(mail.spf.failed))
    return _verdict_on_ending(ending, strict=strict)


def _verdict_on_ending(ending: str, *, strict: bool) -> Verdict:
    verdicts = {
        "-": ok(N_("SPF ends with -all.")),
        "~": ok(N_("SPF ends with ~all, and DMARC decides about the rest."))
        if strict
        else warn(N_("SPF ends with ~all, and no DMARC policy acts on it.")),
        "?": warn(N_("SPF ends with ?all: it takes no stand on other senders.")),
        "+": fail(N_("SPF ends with +all: it allows every sender in the world.")),
    }
    return verdicts.get(ending, fail(N_("SPF has no all at its end.")))


def _ending(text: str, included: Mapping[str, str], domain: str) -> str:
    """The qualifier of the `all` that decides, redirects followed; "" when there is none."""
    for _step in range(spf.LOOKUP_LIMIT):
        record = spf.parse(text)
        if record.ending is not None:
            return record.ending.qualifier
        name = spf.expand_for_domain(record.redirect, domain) if record.redirect else None
        if name is None or name not in included:
            return ""
        text, domain = included[name], name
    return ""


@check(
    "mail.spf-ptr",
    title=N_("SPF does not use the ptr mechanism"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SPF_RECORD,
    why=N_(
        "The ptr mechanism is slow and unreliable, and the standard advises against it."
        " Large receivers ignore it, so real mail may be refused."
    ),
    fix=N_("Replace ptr by ip4, ip6, a or include."),
    example='example.org. IN TXT "v=spf1 ip4:192.0.2.0/24 -all"',
)
def spf_uses_no_ptr(seen: Observations) -> Verdict:
    trace = seen[MailDns].spf
    if len(trace.records) != 1:
        return not_applicable(NO_SPF)
    records = {seen.subject.name: trace.records[0], **trace.included}
    users = [name for name, text in records.items() if any(one.name == "ptr" for one in spf.parse(text).directives)]
    if users:
        return warn(N_("ptr is used in the record of %(names)s."), names=listing(users))
    return ok(N_("ptr is not used."))


@check(
    "mail.spf-breadth",
    title=N_("SPF allows only few addresses to send"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SPF_BREADTH,
    why=N_(
        "Every address that SPF allows may send in the vendor's name, even one that a stranger rents there tomorrow."
        " Large providers make large sets unavoidable; DKIM and DMARC then carry the weight."
    ),
    fix=N_("Remove includes of services you no longer use, and narrow networks to the servers that really send."),
    example='example.org. IN TXT "v=spf1 ip4:192.0.2.10 include:_spf.example.net -all"',
)
def spf_is_narrow(seen: Observations) -> Verdict:
    trace = seen[MailDns].spf
    if len(trace.records) != 1:
        return not_applicable(NO_SPF)
    if trace.failed:
        return unknown(DNS_SILENT, names=listing(trace.failed))
    count = spf.addresses_allowed((trace.records[0], *trace.included.values()))
    if count >= MANY_ADDRESSES:
        return info(
            N_("SPF lists networks with %(count)s IPv4 addresses in all, with the records of %(names)s."),
            count=count,
            names=listing(trace.included) or seen.subject.name,
        )
    return ok(N_("SPF lists networks with %(count)s IPv4 addresses in all."), count=count)


@check(
    "mail.spf-type99",
    title=N_("No records of retired SPF variants are left"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(DomainTexts,),
    refs=SPF_RETIRED,
    why=N_(
        "Nobody evaluates Sender ID and records of type SPF any more, so they protect nobody."
        " They are often forgotten when the real record changes, and then mislead whoever reads them."
    ),
    fix=N_("Delete records of type SPF and TXT records that begin with spf2.0."),
    example='example.org. IN TXT "spf2.0/pra mx -all"   ; delete',
)
def spf_variants_are_gone(seen: Observations) -> Verdict:
    texts = seen[DomainTexts]
    left = [f"SPF {text}" for text in texts.spf_type99]
    left += [text for text in texts.texts if text.lower().startswith("spf2.0")]
    if left:
        return info(N_("Left over from retired standards: %(records)s"), records=listing(left))
    return ok(N_("Neither records of type SPF nor Sender ID were found."))


# --- DKIM --------------------------------------------------------------------------------------


@check(
    "mail.dkim-exists",
    title=N_("The domain can sign its mail with DKIM"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DKIM_PRESENCE,
    why=N_(
        "A DKIM signature shows that a mail is from the domain and was not changed on its way."
        " It survives forwarding, where SPF fails, so DMARC relies on it."
    ),
    fix=N_("Switch on DKIM at the mail provider and publish the keys it names."),
    example='s1._domainkey.example.org. IN TXT "v=DKIM1; k=rsa; p=MIIB…"',
)
def dkim_exists(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if any(not dkim.parse(key.record).revoked for key in mail.dkim_keys):
        return ok(N_("DKIM keys were found: %(selectors)s."), selectors=listing(key.selector for key in mail.dkim_keys))
    if sends_no_mail(mail):
        return not_applicable(N_("The domain says that it sends no mail."))
    match mail.domainkey_exists:
        case True:
            return ok(N_("DNS holds a place for DKIM keys; which ones are in use only a mail would show."))
        case False:
            return warn(N_("The name _domainkey does not exist in DNS, so no DKIM key can exist either."))
    return unknown(N_("DNS does not show whether DKIM keys exist."))


@check(
    "mail.dkim-selector",
    title=N_("A DKIM key was found under a usual selector"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DKIM_SELECTOR,
    why=N_(
        "A key that can be seen can also be judged."
        " Selectors are free to choose, so finding none proves nothing; ask the vendor for them."
    ),
    fix=N_("Name your DKIM selectors in the questionnaire."),
    example='s1._domainkey.example.org. IN TXT "v=DKIM1; k=rsa; p=MIIB…"',
)
def dkim_selector_is_found(seen: Observations) -> Verdict:
    keys = seen[MailDns].dkim_keys
    if not keys:
        return info(N_("None of the usual selectors holds a key; that proves nothing."))
    return ok(N_("Keys under these selectors: %(selectors)s."), selectors=listing(key.selector for key in keys))


@check(
    "mail.dkim-key",
    title=N_("The DKIM keys are long enough"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DKIM_STRENGTH,
    why=N_(
        "A short DKIM key can be computed from its public part, and then anyone signs in the vendor's name."
        " Receivers no longer accept keys below 1024 bits."
    ),
    fix=N_("Create a new key with 2048 bits under a new selector, then empty the p= of the old one."),
    example='s2._domainkey.example.org. IN TXT "v=DKIM1; k=rsa; p=MIIB…"',
)
def dkim_keys_are_strong(seen: Observations) -> Verdict:
    keys = [(key, dkim.parse(key.record)) for key in seen[MailDns].dkim_keys]
    if not keys:
        return not_applicable(N_("No DKIM key was found."))
    in_use = [(key, parsed) for key, parsed in keys if not parsed.revoked]
    if not in_use:
        return info(N_("All keys found have been withdrawn by an empty p=."))
    if weak := [key.selector for key, parsed in in_use if _is_weak(key, parsed)]:
        return fail(N_("Too weak or unreadable keys under: %(selectors)s."), selectors=listing(weak))
    if short := [key.selector for key, parsed in in_use if (_bits(key, parsed) or GOOD_BITS) < GOOD_BITS]:
        return warn(N_("Keys with fewer than 2048 bits under: %(selectors)s."), selectors=listing(short))
    if trying := [key.selector for key, parsed in in_use if parsed.testing]:
        return warn(
            N_("Keys in test mode (t=y), which receivers ignore, under: %(selectors)s."), selectors=listing(trying)
        )
    return ok(N_("Strong keys under: %(selectors)s."), selectors=listing(key.selector for key, _parsed in in_use))


def _bits(key: DkimKey, parsed: dkim.Key) -> int | None:
    return key.bits or parsed.bits


def _is_weak(key: DkimKey, parsed: dkim.Key) -> bool:
    bits = _bits(key, parsed)
    unreadable = not parsed.valid or (parsed.kind == "rsa" and bits is None)
    return unreadable or (bits is not None and bits < LEAST_BITS) or parsed.hashes == ("sha1",)


# --- DMARC -------------------------------------------------------------------------------------


@check(
    "mail.dmarc-present",
    title=N_("A DMARC record applies to the domain"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_PRESENCE,
    why=FORGERY,
    fix=N_("Publish one DMARC record, first with p=none and reports, then with p=reject."),
    example='_dmarc.example.org. IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
)
def dmarc_is_present(seen: Observations) -> Verdict:
    trace = seen[MailDns].dmarc
    for name, texts in trace.queries:
        count = sum(dmarc.is_record(text) for text in texts)
        if count > 1:
            return fail(
                N_("%(name)s holds %(count)s DMARC records; receivers ignore all of them."),
                name=shortened(name),
                count=count,
            )
    if trace.record is not None:
        return ok(
            N_("The record of %(name)s applies: %(record)s"),
            name=shortened(trace.policy_domain or ""),
            record=shortened(trace.record),
        )
    if trace.failed:
        return unknown(DNS_SILENT, names=listing(trace.failed))
    if near := [text for _name, texts in trace.queries for text in texts]:
        return fail(N_("A record is there, but it does not begin with v=DMARC1: %(record)s"), record=shortened(near[0]))
    return fail(NO_DMARC)


@check(
    "mail.dmarc-policy",
    title=N_("DMARC tells receivers to reject forged mail"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_POLICY,
    why=FORGERY,
    fix=N_("Read the reports until all real senders pass, then set p=quarantine and at last p=reject."),
    example='_dmarc.example.org. IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
)
def dmarc_rejects(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    policy = _policy(mail, seen.subject.name)
    if policy is None:
        return unknown(DNS_SILENT, names=listing(mail.dmarc.failed)) if mail.dmarc.failed else fail(NO_DMARC)
    testing = dmarc.parse(mail.dmarc.record or "").testing
    match policy:
        case "reject":
            return ok(N_("The policy is reject."))
        case "quarantine" if testing:
            return warn(N_("The policy is reject, but t=y lowers it to quarantine."))
        case "quarantine":
            return warn(N_("The policy is quarantine: forged mail lands in the spam folder."))
        case "none" if testing:
            return fail(N_("Test mode (t=y) lowers the policy to none: forged mail is delivered."))
    return fail(N_("The policy is none: forged mail is delivered."))


@check(
    "mail.dmarc-subdomain-policy",
    title=N_("DMARC protects the subdomains as well"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_POLICY,
    why=N_(
        "A weaker rule for subdomains lets anyone send in the name of the portal, even of portals that do not exist."
        " To the reader such a mail looks no less real."
    ),
    fix=N_("Remove sp and np, so that p holds everywhere, or set them to reject."),
    example='_dmarc.example.org. IN TXT "v=DMARC1; p=reject; sp=reject; np=reject"',
)
def dmarc_covers_subdomains(seen: Observations) -> Verdict:
    trace = seen[MailDns].dmarc
    if trace.record is None:
        return unknown(DNS_SILENT, names=listing(trace.failed)) if trace.failed else not_applicable(NO_DMARC)
    record = dmarc.parse(trace.record)
    written = [(tag, record.choice(tag)) for tag in ("sp", "np") if tag in record.tags]
    for weak, verdict in (("", fail), ("none", fail), ("quarantine", warn)):
        if tags := [f"{tag}={record.tags[tag]}" for tag, policy in written if policy == weak]:
            return verdict(N_("Subdomains are held to less: %(tags)s."), tags=listing(tags))
    return ok(N_("Subdomains are held to the same policy or to reject."))


@check(
    "mail.dmarc-reporting",
    title=N_("DMARC reports reach somebody"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_REPORTS,
    why=N_(
        "Reports show who sends in the vendor's name, and whether its own mail passes."
        " Without them an attack under its name goes unseen."
    ),
    fix=N_("Set rua to an address that is read; a foreign receiver must publish its consent."),
    example='example.org._report._dmarc.receiver.example. IN TXT "v=DMARC1"',
)
def dmarc_reports_arrive(seen: Observations) -> Verdict:
    trace = seen[MailDns].dmarc
    if trace.record is None:
        return unknown(DNS_SILENT, names=listing(trace.failed)) if trace.failed else not_applicable(NO_DMARC)
    record = dmarc.parse(trace.record)
    addresses = [uri.strip() for uri in record.tags.get("rua", "").split(",") if uri.strip()]
    if not addresses:
        # Of a domain without mail there is nothing to report but forgeries that are refused anyway.
        said = info if sends_no_mail(seen[MailDns]) else warn
        return said(N_("The record names no address for reports (rua)."))
    if poor := [uri for uri in addresses if not dmarc.is_report_uri(uri)]:
        return warn(N_("Reports cannot be sent to %(addresses)s."), addresses=listing(poor))
    if refused := [host for host, agreed in trace.external_receivers.items() if not agreed]:
        return warn(N_("These receivers have not agreed to get the reports: %(names)s."), names=listing(refused))
    return ok(N_("Reports go to %(addresses)s."), addresses=listing(addresses))


@check(
    "mail.dmarc-syntax",
    title=N_("The DMARC record is well-formed"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_RECORD,
    why=N_(
        "Receivers fall back to defaults where they cannot read a tag, and each does it differently."
        " A typing error can switch the protection off without anyone noticing."
    ),
    fix=N_("Correct the parts named; remove pct, rf and ri, which RFC 9989 took out; write p right after v."),
    example='_dmarc.example.org. IN TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"',
)
def dmarc_is_well_formed(seen: Observations) -> Verdict:
    trace = seen[MailDns].dmarc
    if trace.record is None:
        return unknown(DNS_SILENT, names=listing(trace.failed)) if trace.failed else not_applicable(NO_DMARC)
    record = dmarc.parse(trace.record)
    if record.malformed or record.repeated:
        return fail(
            N_("Parts that cannot be read or stand twice: %(parts)s."),
            parts=listing(record.malformed + record.repeated),
        )
    if record.removed:
        return warn(N_("Tags that the current standard has removed: %(tags)s."), tags=listing(record.removed))
    if record.unknown:
        return warn(N_("Tags that no standard knows: %(tags)s."), tags=listing(record.unknown))
    if record.order[1:2] != ("p",):
        return warn(N_("The policy p does not stand right after the version."))
    return ok(N_("The record follows the grammar."))


@check(
    "mail.dmarc-alignment",
    title=N_("DMARC asks for the exact domain"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_ALIGNMENT,
    why=N_(
        "By default mail passes that was signed for any subdomain, also for one that was lent to a newsletter service."
        " Strict alignment accepts only the domain the reader sees."
    ),
    fix=N_("Where all senders use the exact domain, set adkim=s and aspf=s."),
    example='_dmarc.example.org. IN TXT "v=DMARC1; p=reject; adkim=s; aspf=s; fo=1; rua=mailto:dmarc@example.org"',
)
def dmarc_alignment_is_strict(seen: Observations) -> Verdict:
    trace = seen[MailDns].dmarc
    if trace.record is None:
        return unknown(DNS_SILENT, names=listing(trace.failed)) if trace.failed else not_applicable(NO_DMARC)
    record = dmarc.parse(trace.record)
    written = {tag: record.tags[tag] for tag in ("adkim", "aspf", "fo") if tag in record.tags}
    wrong = [f"{tag}={value}" for tag, value in written.items() if f"{tag}={value}" in _refused(record)]
    if wrong:
        return info(N_("Not allowed, so that the default holds: %(tags)s."), tags=listing(wrong))
    if record.choice("adkim") == record.choice("aspf") == "s":
        return ok(N_("Both SPF and DKIM must match the exact domain."))
    return info(
        N_("Alignment: adkim=%(adkim)s, aspf=%(aspf)s (r accepts subdomains)."),
        adkim=record.choice("adkim") or "r",
        aspf=record.choice("aspf") or "r",
    )


def _refused(record: dmarc.Record) -> frozenset[str]:
    return frozenset("".join(part.split()) for part in record.malformed)


@check(
    "mail.dmarc-lookalike-psd",
    title=N_("Old and new readers of DMARC find the same policy"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=DMARC_READERS,
    why=N_(
        "The standard of 2026 looks for the policy by walking up DNS, the one before it by a list of public suffixes."
        " Where they differ, one receiver protects the domain and the next one does not."
    ),
    fix=N_("Publish a DMARC record of its own for the domain, and set psd=y only for a registry's domain."),
    example='_dmarc.example.org. IN TXT "v=DMARC1; p=reject"',
)
def dmarc_readers_agree(seen: Observations) -> Verdict:
    trace = seen[MailDns].dmarc
    if trace.record is None or trace.policy_domain is None:
        return unknown(DNS_SILENT, names=listing(trace.failed)) if trace.failed else not_applicable(NO_DMARC)
    if trace.policy_domain != seen.subject.name:
        return info(
            N_("New readers take the policy of %(name)s, above the registered domain; older ones find none."),
            name=shortened(trace.policy_domain),
        )
    if dmarc.parse(trace.record).choice("psd") == "y":
        return info(N_("psd=y calls the domain a public suffix; older readers do not know the tag."))
    return ok(N_("Both find the record of %(name)s."), name=shortened(trace.policy_domain))


@check(
    "mail.bimi",
    title=N_("The domain shows its logo beside its mail"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(DomainTexts,),
    refs=BIMI,
    why=N_(
        "Some mail programs show the sender's logo when DMARC is strict."
        " It is a sign that somebody looks after the domain; its absence is no fault."
    ),
    fix=N_("Nothing needs to be done; with p=reject in place, a BIMI record may be added."),
    example='default._bimi.example.org. IN TXT "v=BIMI1; l=https://example.org/logo.svg; a="',
)
def bimi_is_there(seen: Observations) -> Verdict:
    records = seen[DomainTexts].bimi
    if records:
        return ok(N_("BIMI record: %(record)s"), record=shortened(records[0]))
    return info(N_("The domain publishes no logo (BIMI)."))


# --- Domains without mail ----------------------------------------------------------------------


@check(
    "mail.parked-protection",
    title=N_("A domain without mail says so"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=PARKED,
    why=N_(
        "Domains that send no mail are good masks for forgers, because nobody watches them."
        " Three DNS records close them at no cost."
    ),
    fix=N_("Publish a null MX, an SPF record that refuses all, and DMARC with p=reject."),
    example="example.org. IN MX 0 .\n"
    'example.org. IN TXT "v=spf1 -all"\n'
    '_dmarc.example.org. IN TXT "v=DMARC1; p=reject"',
)
def parked_domain_is_closed(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if (mail.exchangers and not mail.null_mx) or greets_without_mx(seen):
        return not_applicable(N_("The domain receives mail."))
    if mail.spf.failed or mail.dmarc.failed:
        return unknown(DNS_SILENT, names=listing((*mail.spf.failed, *mail.dmarc.failed)))
    held = {
        "MX 0 .": mail.null_mx,
        "v=spf1 -all": _spf_refuses_all(mail),
        "v=DMARC1; p=reject": _policy(mail, seen.subject.name) == "reject",
    }
    if missing := [name for name, holds in held.items() if not holds]:
        return warn(N_("The domain receives no mail, but lacks: %(records)s."), records=listing(missing))
    return ok(N_("Null MX, SPF and DMARC say that the domain has no mail."))
