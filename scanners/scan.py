"""Run every probe side by side and stream what they see; what cannot be seen in time is blind with a reason."""

import asyncio
import sys
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from scanners import attribution, targets
from scanners.jobs import Finished, Progress, ScanEvent, ScanJob, SubjectSeen
from scanners.model import CheckClass, Observations, Subject, SubjectKind
from scanners.observations import (
    AddressOrigins,
    Blind,
    CertificateChain,
    CleartextPage,
    ControlRecords,
    DomainTexts,
    HostDns,
    HostServices,
    LoggedNames,
    LoginPage,
    LookAlikes,
    MailDns,
    MailTransport,
    MtaStsPolicy,
    NameServerManners,
    Observation,
    OpenPorts,
    OtherName,
    Page,
    Reason,
    Registration,
    RelatedHosts,
    ReliedDomains,
    Reputation,
    Revocation,
    Scripts,
    TlsFlaws,
    TlsHandshakes,
    TlsSession,
    UnpublishedPaths,
    UnresolvedReferences,
    Vantage,
    WellKnown,
    ZoneDns,
)
from scanners.parsing import addresses
from scanners.probes import (
    control,
    dns,
    http,
    mail,
    name_servers,
    ports,
    registration,
    reputation,
    revocation,
    siblings,
    surroundings,
    tls,
    tls_flaws,
    tls_sessions,
    transparency,
    unpublished,
    vantage,
)
from scanners.probes.fetching import Fetcher
from scanners.probes.network import ACTIVE, ORDINARY, Door, Doorman, Unseen
from scanners.probes.visit import Probe, Visit
from scanners.records import record

PASSIVE, STANDARD, CONSENTED = CheckClass.PASSIVE, CheckClass.STANDARD, CheckClass.ACTIVE
HOST, DOMAIN = SubjectKind.HOST, SubjectKind.DOMAIN
HEAVY_REST = 4.0  # seconds between two sights that are long: who reads them reads those of other scans too
HEAVY = 500_000  # characters of a page
SECONDS_BETWEEN_SIGHTS = 0.4  # a subject's partial sight is sent again at most this often, of a scan of one host
FIRST_REST = 0.1
VANTAGE_SECONDS = 12.0


@record
class Look:
    """How one kind of observation is made."""

    probe: Probe
    check_class: CheckClass
    subject: SubjectKind
    seconds: float = 45.0


def spoilt_by(seen: Vantage) -> frozenset[type[Observation]]:
    """The kinds that this place bends or hides; what it merely makes slow is left to the probes."""
    kinds: set[type[Observation]] = set()
    if seen.rewrites_names:
        kinds |= {RelatedHosts, UnresolvedReferences, ReliedDomains, LookAlikes, Reputation}
    if seen.tls_intercepted:
        kinds |= {TlsHandshakes, TlsSession, TlsFlaws, CertificateChain, MtaStsPolicy, Revocation}
    if seen.smtp_blocked:
        kinds |= {MailTransport}
    return frozenset(kinds)


PROBES: Mapping[type[Observation], Look] = {
    HostDns: Look(probe=dns.host, check_class=PASSIVE, subject=HOST, seconds=20),
    CertificateChain: Look(probe=tls.certificate_chain, check_class=PASSIVE, subject=HOST, seconds=30),
    Page: Look(probe=http.page, check_class=PASSIVE, subject=HOST),
    CleartextPage: Look(probe=http.cleartext_page, check_class=PASSIVE, subject=HOST),
    TlsHandshakes: Look(probe=tls.tls_handshakes, check_class=STANDARD, subject=HOST, seconds=60),
    Scripts: Look(probe=http.scripts, check_class=PASSIVE, subject=HOST, seconds=60),
    LoginPage: Look(probe=http.login_page, check_class=PASSIVE, subject=HOST, seconds=60),
    WellKnown: Look(probe=http.well_known, check_class=STANDARD, subject=HOST, seconds=60),
    UnresolvedReferences: Look(probe=http.unresolved_references, check_class=PASSIVE, subject=HOST, seconds=60),
    UnpublishedPaths: Look(probe=unpublished.paths, check_class=CONSENTED, subject=HOST, seconds=110),
    ZoneDns: Look(probe=dns.zone, check_class=PASSIVE, subject=DOMAIN, seconds=30),
    MailDns: Look(probe=mail.records, check_class=PASSIVE, subject=DOMAIN, seconds=30),
    MtaStsPolicy: Look(probe=mail.mta_sts, check_class=STANDARD, subject=DOMAIN),
    MailTransport: Look(probe=mail.transport, check_class=STANDARD, subject=DOMAIN, seconds=60),
    RelatedHosts: Look(probe=dns.related, check_class=PASSIVE, subject=DOMAIN, seconds=60),
    HostServices: Look(probe=surroundings.host_services, check_class=PASSIVE, subject=HOST, seconds=20),
    DomainTexts: Look(probe=surroundings.domain_texts, check_class=PASSIVE, subject=DOMAIN, seconds=30),
    ReliedDomains: Look(probe=surroundings.relied_domains, check_class=PASSIVE, subject=DOMAIN, seconds=45),
    OtherName: Look(probe=siblings.other_name, check_class=PASSIVE, subject=HOST),
    Revocation: Look(probe=revocation.revocation, check_class=PASSIVE, subject=HOST, seconds=30),
    LoggedNames: Look(probe=transparency.logged_names, check_class=PASSIVE, subject=DOMAIN, seconds=50),
    Registration: Look(probe=registration.registration, check_class=PASSIVE, subject=DOMAIN, seconds=30),
    Reputation: Look(probe=reputation.reputation, check_class=PASSIVE, subject=DOMAIN, seconds=15),
    LookAlikes: Look(probe=reputation.look_alikes, check_class=PASSIVE, subject=DOMAIN, seconds=40),
    OpenPorts: Look(probe=ports.open_ports, check_class=CONSENTED, subject=HOST, seconds=200),
    NameServerManners: Look(probe=name_servers.manners, check_class=CONSENTED, subject=DOMAIN, seconds=45),
    TlsSession: Look(probe=tls_sessions.session, check_class=STANDARD, subject=HOST, seconds=30),
    TlsFlaws: Look(probe=tls_flaws.flaws, check_class=CONSENTED, subject=HOST, seconds=120),
    AddressOrigins: Look(probe=surroundings.origins, check_class=PASSIVE, subject=DOMAIN, seconds=30),
}


# Never part of a scan: only for a job that names them.
ON_REQUEST: Mapping[type[Observation], Look] = {
    ControlRecords: Look(probe=control.records, check_class=PASSIVE, subject=HOST, seconds=45),
}


async def observe(
    job: ScanJob,
    *,
    stop: asyncio.Event | None = None,
    probes: Mapping[type[Observation], Look] = PROBES,
    doorman: Doorman | None = None,
) -> AsyncIterator[ScanEvent]:
    """Everything of a job as it is seen. The last SubjectSeen of a subject is complete; Finished comes last."""
    if job.kinds:
        probes = {kind: look for kind, look in {**probes, **ON_REQUEST}.items() if kind.__name__ in job.kinds}
    hosts = tuple(
        dict.fromkeys(targets.normalise(host, permitted_suffixes=job.network.permitted_suffixes) for host in job.hosts)
    )
    mail_domains = tuple(
        targets.registrable(targets.normalise(name, permitted_suffixes=job.network.permitted_suffixes))
        for name in job.mail_domains
    )
    job = replace(job, mail_domains=mail_domains)
    async with AsyncExitStack() as stack:
        scan = _Scan(job, hosts, stop or asyncio.Event(), probes, doorman)
        await scan.open(stack)
        # Closed here and not by the garbage collector: who leaves early leaves nothing running.
        events = await stack.enter_async_context(aclosing(scan.events()))
        async for event in events:
            yield event


@dataclass(kw_only=True)
class _Sight:
    """What is known of one subject while the scan runs."""

    facts: dict[type[Observation], Observation] = field(default_factory=dict)
    wanted: int = 0
    sent_at: float = float("-inf")
    rest: float = FIRST_REST  # before the next sight; the first ones follow each other more quickly
    is_dirty: bool = False

    def is_heavy(self) -> bool:
        """Whether its page is so long that each further sight of it costs its reader more than it tells."""
        page = self.facts.get(Page)
        return isinstance(page, Page) and len(page.document.body) > HEAVY


Task = asyncio.Task[Observation]


class _Scan:
    def __init__(
        self,
        job: ScanJob,
        hosts: tuple[str, ...],
        stop: asyncio.Event,
        probes: Mapping[type[Observation], Look],
        doorman: Doorman | None,
    ) -> None:
        self._job = job
        self._probes = probes
        self._hosts = hosts
        self._domains = tuple(dict.fromkeys((*attribution.own_domains(hosts), *job.mail_domains)))
        self._stop = stop
        self._doorman = doorman
        self._sights: dict[Subject, _Sight] = {}
        self._tasks: dict[Task, tuple[Subject, type[Observation]]] = {}
        self._done = 0
        self._counts: dict[str, tuple[int, int]] = {}  # kind -> looks done, of all

    async def open(self, stack: AsyncExitStack) -> None:
        self._visit = await self._enter(stack, Door(self._job.network, budget=ORDINARY, doorman=self._doorman))
        self._active_visit = await self._enter(stack, Door(self._job.network, budget=ACTIVE, doorman=self._doorman))

    async def _enter(self, stack: AsyncExitStack, door: Door) -> Visit:
        fetcher = Fetcher(door, hosts=len(self._hosts))
        stack.push_async_callback(fetcher.aclose)
        stack.push_async_callback(door.aclose)
        return Visit(door=door, fetcher=fetcher, at=self._job.at, hosts=self._hosts, known_mail=self._job.known_mail)

    async def events(self) -> AsyncGenerator[ScanEvent, None]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        stopping = asyncio.create_task(self._stop.wait())
        standing = asyncio.create_task(self._stand(stopping))
        try:
            # The looks begin while the vantage is still tested; nothing of them is told before.
            self._start()
            self._spoil(await standing)
            yield Progress(stage="vantage", done=self._done, total=len(self._tasks), counts=dict(self._counts))
            while self._tasks and not stopping.done() and (left := started + self._job.seconds - loop.time()) > 0:
                await asyncio.wait(
                    {*self._tasks, stopping}, timeout=min(left, FIRST_REST), return_when="FIRST_COMPLETED"
                )
                for event in self._take([task for task in self._tasks if task.done()], loop.time()):
                    yield event
            reason = self._reason(stopping)
            for event in await self._give_up(reason):
                yield event
        finally:
            await _end({*self._tasks, stopping, standing})
        yield self._finished(reason, loop.time() - started)

    async def _stand(self, stopping: asyncio.Task[bool]) -> frozenset[type[Observation]]:
        """Test where the scan stands; a stop must not wait for it."""
        if self._probes.keys() <= ON_REQUEST.keys():
            return frozenset()
        task = asyncio.create_task(_look(self._visit, _vantage, "", VANTAGE_SECONDS))
        await asyncio.wait({task, stopping}, return_when="FIRST_COMPLETED")
        if not task.done():
            await _end({task})
            return frozenset()
        self._vantage = task.result()
        return spoilt_by(self._vantage) if isinstance(self._vantage, Vantage) else frozenset()

    def _start(self) -> None:
        for kind, look in self._probes.items():
            if look.check_class not in self._job.classes:
                continue
            for subject in self._subjects(look):
                sight = self._sights.setdefault(subject, _Sight())
                sight.wanted += 1
                visit = self._active_visit if look.check_class is CONSENTED else self._visit
                task = asyncio.create_task(_look(visit, look.probe, subject.name, look.seconds))
                self._tasks[task] = (subject, kind)
                done, total = self._counts.get(kind.__name__, (0, 0))
                self._counts[kind.__name__] = done, total + 1

    def _spoil(self, kinds: frozenset[type[Observation]]) -> None:
        """End the looks that this place makes worthless, whatever they may have seen already."""
        for task, (subject, kind) in tuple(self._tasks.items()):
            if kind in kinds:
                task.cancel()
                del self._tasks[task]
                self._counts.pop(kind.__name__, None)
                self._sights[subject].facts[kind] = Blind(at=self._job.at, reason=Reason.VANTAGE)
                self._sights[subject].is_dirty = True

    def _subjects(self, look: Look) -> tuple[Subject, ...]:
        """What this look is at; the active class only where somebody has agreed to it."""
        job = self._job
        names, agreed = (self._hosts, job.active_hosts) if look.subject is HOST else (self._domains, job.active_domains)
        is_open = look.check_class is not CONSENTED or agreed is None
        return tuple(Subject(kind=look.subject, name=name) for name in names if is_open or name in (agreed or ()))

    def _take(self, finished: list[Task], now: float) -> list[ScanEvent]:
        events: list[ScanEvent] = []
        total = self._done + len(self._tasks)
        for task in finished:
            subject, kind = self._tasks.pop(task)
            self._done += 1
            sight = self._sights[subject]
            sight.facts[kind] = seen = task.result()
            # What cannot be seen waits for what can: the next sight is not to be put off for it.
            sight.is_dirty |= not isinstance(seen, Blind) or len(sight.facts) == sight.wanted
            done, wanted = self._counts.get(kind.__name__, (0, 1))
            self._counts[kind.__name__] = done + 1, wanted
            stage = f"{kind.__name__} {subject.name}"
            events.append(Progress(stage=stage, done=self._done, total=total, counts=dict(self._counts)))
        for subject, sight in self._sights.items():
            complete = len(sight.facts) == sight.wanted
            if sight.is_dirty and (complete or now - sight.sent_at >= sight.rest):
                sight.sent_at, sight.is_dirty = now, False
                # Each sight holds all of its subject again: of many subjects each is told more rarely.
                crowd = max(1, len(self._sights) // 2)
                light = min(SECONDS_BETWEEN_SIGHTS, sight.rest + FIRST_REST) * crowd
                sight.rest = HEAVY_REST if sight.is_heavy() else light
                events.append(self._seen(subject, complete=complete))
        return events

    async def _give_up(self, reason: Reason | None) -> list[ScanEvent]:
        """What is still under way is blind for the reason that ended the scan; every subject is told once complete."""
        left = {subject for subject, _kind in self._tasks.values()}
        untold = {subject for subject, sight in self._sights.items() if sight.is_dirty or sight.sent_at < 0}
        for subject, kind in self._tasks.values():
            self._sights[subject].facts[kind] = Blind(at=self._job.at, reason=reason or Reason.DEADLINE)
        await _end(set(self._tasks))
        self._tasks.clear()
        return [self._seen(subject, complete=True) for subject in self._sights if subject in left | untold]

    def _seen(self, subject: Subject, *, complete: bool) -> SubjectSeen:
        facts = dict(self._sights[subject].facts)
        if isinstance(self._vantage, Vantage):
            facts[Vantage] = self._vantage
        return SubjectSeen(observations=Observations(subject=subject, at=self._job.at, facts=facts), complete=complete)

    def _reason(self, stopping: asyncio.Task[bool]) -> Reason | None:
        if stopping.done():
            return Reason.STOPPED
        return Reason.DEADLINE if self._tasks else None

    def _finished(self, reason: Reason | None, seconds: float) -> Finished:
        gates = [
            gate
            for visit in (self._visit, self._active_visit)
            for key, gate in visit.door.spent().items()
            if addresses.parse(key) is None  # each connection counts once for its name and once for its address
        ]
        return Finished(
            reason=reason,
            seconds=round(seconds, 3),
            connections=sum(gate.connections for gate in gates),
            requests=sum(gate.requests for gate in gates),
        )

    _vantage: Observation | None = None


async def _vantage(visit: Visit, _name: str) -> Observation:
    settings = visit.door.settings
    references = vantage.References(tls_host=settings.reference_tls_host, smtp_host=settings.reference_smtp_host)
    return await vantage.look(visit, references=references)


async def _look(visit: Visit, probe: Probe, name: str, seconds: float) -> Observation:
    """One probe under its own time; whatever goes wrong in it blinds only what it was to see."""
    try:
        async with asyncio.timeout(seconds):
            return await probe(visit, name)
    except Unseen as unseen:
        return unseen.blind(visit.at)
    except TimeoutError:
        return Blind(at=visit.at, reason=Reason.TIMEOUT)
    except Exception as error:  # noqa: BLE001 - a broken probe must not take the others with it; CRASHED says whose fault it is
        return Blind(at=visit.at, reason=Reason.CRASHED, detail=_place(error))


def _place(error: Exception) -> str:
    """Where our own code failed; never the error's text, which may hold a target's words."""
    frames = traceback.extract_tb(error.__traceback__)
    last = next((frame for frame in reversed(frames) if "scanners" in frame.filename), frames[-1])
    place = f"{type(error).__name__} in {last.name}, line {last.lineno}"
    print(place, file=sys.stderr)  # noqa: T201 - the scan is a process of its own; its stderr is the worker's log
    return place


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
