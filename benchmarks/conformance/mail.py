"""SPF, DMARC, MTA-STS and TLS-RPT: records, evaluation and discovery over made-up zones."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.conformance.cases import Case, Suite, numbered, read
from scanners.parsing import check_host, dmarc, mta_sts, spf
from scanners.parsing.asking import Answer, Asking, Question, Result
from scanners.parsing.check_host import Sender

ALIASES = 10


class Zone:
    """A made-up DNS; keeps the names it was asked for."""

    def __init__(self, records: Mapping[str, Mapping[str, tuple[str, ...]]], *, silent: Iterable[str] = ()) -> None:
        """Hold records by lower-case name and type; a silent name gives no answer for types it does not hold."""
        self._records = records
        self._silent = frozenset(silent)
        self.asked: list[str] = []

    def names(self, ending: str) -> tuple[str, ...]:
        """Every name it holds that ends so."""
        return tuple(name for name in self._records if name.endswith(ending))

    def run(self, evaluator: Asking[Result]) -> Result:
        """An evaluator to its end."""
        try:
            question = next(evaluator)
            while True:
                question = evaluator.send(self.answer(question))
        except StopIteration as end:
            result: Result = end.value
            return result

    def answer(self, question: Question) -> Answer:
        """What this DNS says."""
        name = question.name.lower().rstrip(".")
        self.asked.append(name)
        for _step in range(ALIASES):
            held = self._records.get(name)
            if held is not None and question.rdtype in held:
                texts = held[question.rdtype]
                return Answer(status="found" if texts else "nodata", texts=texts)
            if name in self._silent:
                return Answer(status="failure")
            alias = (held or {}).get("CNAME") or self._renamed(name)
            if not alias:
                return Answer(status="nxdomain" if held is None else "nodata")
            name = alias[0].lower().rstrip(".")
        return Answer(status="failure")

    def _renamed(self, name: str) -> tuple[str, ...]:
        """What a DNAME above makes of the name (RFC 6672)."""
        label, _dot, above = name.partition(".")
        while above:
            if target := self._records.get(above, {}).get("DNAME"):
                return (f"{label}.{target[0]}",)
            more, _dot, above = above.partition(".")
            label = f"{label}.{more}"
        return ()


def rfc7208(file: Path) -> Iterator[Case]:
    """The openspf suite: the result is one of those allowed, and the explanation is the one wanted."""
    for scenario in yaml.safe_load_all(file.read_text(encoding="utf-8")):
        zone = _openspf_zone(scenario["zonedata"])
        for name, test in scenario["tests"].items():
            sender = Sender(address=str(test["host"]), helo=test["helo"], mail_from=test["mailfrom"])
            ruling = zone.run(check_host.check(sender))
            allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
            wanted_text = test.get("explanation", ruling.explanation)
            yield Case(
                id=f"{scenario['description']}/{name}",
                wanted=(
                    str(ruling.result) if str(ruling.result) in allowed else " or ".join(allowed),
                    "" if wanted_text == "DEFAULT" else wanted_text,
                ),
                got=(str(ruling.result), ruling.explanation),
            )


def _openspf_zone(data: Mapping[str, list[Any]]) -> Zone:
    records: dict[str, dict[str, tuple[str, ...]]] = {}
    silent: list[str] = []
    for name, entries in data.items():
        held: dict[str, tuple[str, ...]] = {}
        for entry in entries:
            if entry == "TIMEOUT":
                silent.append(name.lower())
                continue
            ((rdtype, value),) = entry.items()
            if rdtype == "TXT" and value == "NONE":
                held["no TXT"] = ()
                continue
            held[rdtype] = (*held.get(rdtype, ()), _record_text(rdtype, value))
        if "no TXT" not in held and "TXT" not in held and "SPF" in held:
            held["TXT"] = held["SPF"]
        records[name.lower()] = held
    return Zone(records, silent=silent)


def _record_text(rdtype: str, value: Any) -> str:
    if rdtype == "MX":
        return f"{value[0]} {value[1]}"
    return "".join(value) if isinstance(value, list) else str(value)


def spf_syntax(file: Path) -> Iterator[Case]:
    """Records as written into a zone file: sound or not, the lookups they need, what their end says."""
    for case, item in numbered(read(file)["cases"]):
        record, domain = item["args"][0].strip('"'), item["args"][1]
        trace = Zone({domain: {"TXT": (record,)}}).run(spf.trace(domain))
        ending = spf.parse(record).ending
        sound = (trace.lookups, check_host.QUALIFIERS[ending.qualifier if ending else "?"].value)
        yield Case(
            id=case,
            wanted="unsound" if item["exception"] else (item["dns_lookups"], item["all"]),
            got="unsound" if trace.errors else sound,
        )


def tree_walk(file: Path) -> Iterator[Case]:
    """Policy discovery: every name asked, in order, and the policy found."""
    for item in read(file)["cases"]:
        zone = Zone({name.lower(): {"TXT": tuple(texts)} for name, texts in item["txt"].items()})
        domain, expected = item["author_domain"], item["expected"]
        trace = zone.run(dmarc.discover(domain))
        got: dict[str, object] = {"queries": zone.asked, "policy_domain": trace.policy_domain}
        got |= {"policy": None, "tag": None}
        if trace.record is not None and trace.policy_domain is not None:
            record = dmarc.parse(trace.record)
            policy, tag = dmarc.effective(
                record, policy_domain=trace.policy_domain, domain=domain, exists=item["author_domain_exists"]
            )
            got |= {"policy": policy, "tag": tag}
            if "effective_after_t" in expected:
                got["effective_after_t"] = dmarc.lowered(policy) if record.testing else policy
        yield Case(id=item["id"], wanted={key: value for key, value in expected.items() if key != "note"}, got=got)


def dmarc_records(file: Path) -> Iterator[Case]:
    """Records: sound or not, the tags with their defaults, and what stands in them without effect."""
    for case, item in numbered(read(file)["cases"]):
        text = item["args"][0]
        if item["fn"].endswith("parse_dmarc_report_uri"):
            yield Case(id=case, wanted=item["exception"] is None, got=dmarc.is_report_uri(text))
            continue
        wanted = "unsound"
        if item["exception"] is None:
            wanted = _readable(item["tags"]), _remarked(item["warnings"])
        yield Case(id=case, wanted=wanted, got=_our_reading(text))


def _readable(tags: Mapping[str, Any]) -> dict[str, str]:
    return {tag: ",".join(map(_uri, value)) if isinstance(value, list) else str(value) for tag, value in tags.items()}


def _uri(value: Any) -> str:
    return f"{value['scheme']}:{value['address']}" if isinstance(value, dict) else str(value)


def _remarked(warnings: Iterable[str]) -> list[str]:
    """Which of the remarks about the record itself were made; advice on policy is another's business."""
    found = [
        re.sub(pattern, remark, match.group(0))
        for warning in warnings
        for pattern, remark in REMARKS.items()
        if (match := re.match(pattern, warning))
    ]
    return sorted(found)


REMARKS = {
    r"Support for the (\w+) tag was removed.*": r"removed \1",
    r"Unknown DMARC tag '(\w+)' was ignored.*": r"unknown \1",
    r"rua tag .* not found.*": "no rua",
    r"A missing p tag.*": "no p",
}


def _our_reading(text: str) -> object:
    record = dmarc.parse(text)
    if not dmarc.is_record(text) or record.malformed or record.repeated:
        return "unsound"
    policies = {
        "p": dmarc.effective(record, policy_domain="x.test", domain="x.test")[0],
        "sp": dmarc.effective(record, policy_domain="x.test", domain="y.x.test")[0],
        "np": dmarc.effective(record, policy_domain="x.test", domain="y.x.test", exists=False)[0],
    }
    tags = {"v": "DMARC1", "adkim": "r", "aspf": "r", "fo": "0", "psd": "u", "t": "n"}
    tags |= {tag: record.choice(tag) or record.tags[tag] for tag in record.order if tag in dmarc.KNOWN_TAGS}
    remarks = [*(f"removed {tag}" for tag in record.removed), *(f"unknown {tag}" for tag in record.unknown)]
    remarks += [f"no {tag}" for tag in ("p", "rua") if tag not in record.tags]
    return tags | policies, sorted(remarks)


def mta_sts_documents(file: Path) -> Iterator[Case]:
    """Records and policy files."""
    for case, item in numbered(read(file)["cases"]):
        text = item["args"][0]
        if item["fn"].endswith("_record"):
            yield Case(id=case, wanted=item["exception"] is None, got=mta_sts.is_record(text))
            continue
        policy = mta_sts.parse_policy(text)
        sound = {"version": "STSv1", "mode": policy.mode, "max_age": policy.max_age, "mx": list(policy.mx)}
        yield Case(
            id=case,
            wanted="unsound" if item["exception"] else item["policy"],
            got="unsound" if policy.errors else sound,
        )


def tls_rpt_records(file: Path) -> Iterator[Case]:
    """Records of RFC 8460."""
    for case, item in numbered(read(file)["cases"]):
        yield Case(id=case, wanted=item["exception"] is None, got=mta_sts.is_report_record(item["args"][0]))


SUITES = (
    Suite(name="SPF evaluation (RFC 7208)", file="spf/rfc7208-tests.yml", feed=rfc7208),
    Suite(name="SPF records (checkdmarc)", file="spf/checkdmarc-syntax-cases.json", feed=spf_syntax),
    Suite(name="DMARC tree walk (RFC 9989)", file="dmarc/tree-walk.json", feed=tree_walk),
    Suite(name="DMARC records (checkdmarc)", file="dmarc/checkdmarc-parse-cases.json", feed=dmarc_records),
    Suite(name="MTA-STS (checkdmarc)", file="mta-sts/checkdmarc-mta-sts-cases.json", feed=mta_sts_documents),
    Suite(name="TLS-RPT (checkdmarc)", file="mta-sts/checkdmarc-tlsrpt-cases.json", feed=tls_rpt_records),
)
