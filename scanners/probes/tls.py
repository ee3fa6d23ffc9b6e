"""What a server agrees to, learnt hello by hello with our own codec, and the chain it shows in a real handshake."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache
from pathlib import Path
from secrets import token_bytes

import certifi

from scanners.observations import CertificateChain, Observation, Reason, TlsHandshakes
from scanners.parsing import certificates, client_hello, preference, ssl2, tls_names
from scanners.parsing import suites as strength
from scanners.parsing.certificates import BadCertificate, RootStore
from scanners.parsing.client_hello import Answer, ClientHello, ServerHello
from scanners.parsing.tls_names import SSL3, TLS12, TLS13
from scanners.parsing.tls_vectors import Malformed
from scanners.probes.network import Connection, Unseen
from scanners.probes.visit import Visit
from scanners.records import record

HTTPS = 443
FINITE_FIELDS = 0x100  # groups from here on are no curves (RFC 7919)
HELLO_SECONDS = 8.0
MOST_HELLOS = 220  # of one look at one server
KEPT_FOR_OTHERS = 25  # connections to an address that are left to the other probes of each host behind it
FEWEST_HELLOS = 20
RETRIES = 1  # of a hello that got no answer, of a server that has answered others
PARTS = 8  # of the suites that are offered, asked for side by side; each costs a hello that is refused
USUAL_OF_TLS13 = 3  # the first of its suites are those that nearly every server takes
EMPTY_PLACES = 4  # of those at once: so many, and some of them would not be used otherwise
KEPT_HELLOS = 70  # never spent on being faster
HELLOS_FOR_PARTS = 120  # with fewer everything is asked one after the other, which needs the fewest
CHUNK = 60  # suites in a hello for servers that choke on long ones
SSL2_GRACE = 0.5  # seconds for an answer to the oldest hello after all others have come
DEFLATE = 1
SHA1_ONLY = (0x0203, 0x0201, 0x0202)
MD5_ONLY = (0x0101,)


async def tls_handshakes(visit: Visit, host: str) -> Observation:
    """Versions, suites, groups and the rest that a server gives away before keys are agreed."""
    return await _Questions(visit, host, most=await _fair_share(visit, host)).ask()


async def _fair_share(visit: Visit, host: str) -> int:
    """Hellos for this host, so that all hosts of the scan behind one address fit into that address's budget."""
    address = (await visit.door.vetted(host))[0]
    others = [other for other in visit.hosts if other != host]
    resolved = await asyncio.gather(*(visit.door.vetted(other) for other in others), return_exceptions=True)
    sharing = 1 + sum(isinstance(found, tuple) and address in found for found in resolved)
    share = visit.door.budget.connections // sharing - KEPT_FOR_OTHERS
    return min(MOST_HELLOS, max(FEWEST_HELLOS, share))


async def certificate_chain(visit: Visit, host: str) -> CertificateChain:
    """The chain that the server sends for this name, and how it relates to the root store."""
    return await visit.door.once(("chain", host), lambda: _chain(visit, host))


async def _chain(visit: Visit, host: str) -> CertificateChain:
    shown = await shown_chain(visit, host)
    roots = root_store(visit.door.settings.trust_roots_pem)
    try:
        path = certificates.judge_path(shown.chain, roots)
        read = tuple(certificates.read(der) for der in shown.chain)
    except BadCertificate as error:
        raise Unseen(Reason.GARBLED, "certificate") from error
    return CertificateChain(
        at=visit.at,
        address=shown.address,
        port=HTTPS,
        chain=read,
        trust=path.trust,
        ordered=path.ordered,
        superfluous=path.superfluous,
        name_matches=certificates.name_matches(read[0], host),
        stapled=shown.stapled,
        public_root=path.trust is certificates.judge_path(shown.chain, root_store("")).trust,
    )


@cache
def root_store(extra_pem: str) -> RootStore:
    """Certifi's roots and the operator's own."""
    return RootStore(Path(certifi.where()).read_bytes() + b"\n" + extra_pem.encode())


# --- the chain ---------------------------------------------------------------------------------


@record
class ShownChain:
    """The certificates as they were sent, leaf first."""

    address: str
    chain: tuple[bytes, ...]
    stapled: bool | None = None


async def shown_chain(visit: Visit, host: str) -> ShownChain:
    """TLS 1.2 sends the chain in the clear and says whether it staples; for a server of TLS 1.3 alone OpenSSL asks."""
    hello = ClientHello(
        version=TLS12,
        suites=tls_names.suites_for(TLS12),
        server_name=host,
        random=token_bytes(32),
        status_request=True,
    )
    answer, address = await _exchange(visit, host, hello, lambda got: got.complete)
    if answer.certificates:
        return ShownChain(address=address, chain=answer.certificates, stapled=answer.stapled)
    connection = await visit.door.connect(host, HTTPS)
    async with connection:
        await connection.start_tls(visit.door.tls_context(verifying=False), host)
        return ShownChain(address=connection.address, chain=sent_certificates(connection))


def sent_certificates(connection: Connection) -> tuple[bytes, ...]:
    """The chain of a finished handshake, as it was sent."""
    tls = connection.tls
    if tls is None:
        return ()
    if hasattr(tls, "get_unverified_chain"):  # Python 3.13
        return tuple(tls.get_unverified_chain())
    # Python 3.11 and 3.12 keep the same function one attribute deeper.
    chain = tls._sslobj.get_unverified_chain()  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in chain or ())


# --- hello by hello ----------------------------------------------------------------------------


@record
class _Outcome:
    """What one hello came to: a ServerHello of the version that was offered, a refusal, or no readable answer."""

    answer: Answer = field(default_factory=Answer)
    hello: ServerHello | None = None
    reason: Reason | None = None  # of no answer


@record
class _OlderFacts:
    compression: bool | None = None
    secure_renegotiation: bool | None = None
    extended_master_secret: bool | None = None


@record
class _Details:
    older: _OlderFacts
    curves: tuple[int, ...]
    groups: tuple[int, ...]
    prime: int | None
    hashes: tuple[str, ...]


_Parts = Sequence[tuple[int, ...]]  # what was taken, in the order it was, of each part of what was offered


class _Questions:
    """All hellos to one host within one budget of connections."""

    def __init__(self, visit: Visit, host: str, *, most: int) -> None:
        self._visit = visit
        self._host = host
        self._most = self._left = most
        self._under_way = 0
        self._complete = True
        self._chokes: set[int] = set()  # versions in which only a hello of ordinary length was answered
        self._answered = False
        self._address = ""

    async def ask(self) -> TlsHandshakes:
        heard: dict[int, _Outcome] = {}
        if len(await self._visit.door.vetted(self._host)) > 1:
            # The first connection finds an address that answers; all later hellos go to that one.
            heard[TLS12] = await self._try_version(TLS12)
        # What nearly every server speaks is asked for in parts at once, before it is known that this one does.
        early = {version: asyncio.create_task(self._parts(version)) for version in (TLS12, TLS13)}
        oldest = asyncio.create_task(self._speaks_ssl2())
        try:
            seen = await self._ask_all(heard, early)
            # What never spoke it often stays silent; that is no reason to wait.
            await asyncio.wait({oldest}, timeout=SSL2_GRACE)
            spoken = oldest.done() and oldest.result()
            return replace(seen, accepted=("SSLv2", *seen.accepted)) if spoken else seen
        finally:
            for task in (*early.values(), oldest):
                task.cancel()
            await asyncio.gather(*early.values(), oldest, return_exceptions=True)

    async def _speaks_ssl2(self) -> bool:
        if self._left <= KEPT_HELLOS:
            return False
        self._left -= 1
        received = b""
        try:
            async with await self._visit.door.connect(self._host, HTTPS, patient=True) as connection:
                await connection.write(ssl2.hello(token_bytes(16)))
                async with asyncio.timeout(HELLO_SECONDS):
                    while not ssl2.is_enough(received) and (data := await connection.read()):
                        received += data
        except (Unseen, TimeoutError):
            return False
        return ssl2.is_server_hello(received)

    async def _ask_all(self, heard: dict[int, _Outcome], early: Mapping[int, asyncio.Task[_Parts]]) -> TlsHandshakes:
        others = [version for version in tls_names.VERSIONS if version not in heard]
        heard |= dict(zip(others, await asyncio.gather(*map(self._try_version, others)), strict=True))
        tried = {version: heard[version] for version in tls_names.VERSIONS}
        accepted = tuple(version for version, outcome in tried.items() if outcome.hello)
        unclear = tuple(version for version, outcome in tried.items() if _is_unclear(outcome))
        if not accepted:
            self._refuse_to_judge(tried)
        older = max((version for version in accepted if version < TLS13), default=None)
        newer = early[TLS12] if TLS12 in accepted else None
        parts = {one: early.get(one) or asyncio.create_task(self._parts(one, newer)) for one in accepted}
        firsts = {one: _suite_of(tried[one]) for one in accepted}
        prefers_task = asyncio.create_task(self._prefers(older, parts, firsts))
        working = (*parts.values(), prefers_task)
        try:
            facts, orders = await asyncio.gather(
                self._details(accepted, older),
                asyncio.gather(*(self._order(one, parts[one], firsts[one], prefers_task) for one in accepted)),
            )
            suites, prefers = dict(zip(accepted, orders, strict=True)), await prefers_task
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
        found = tuple(dict.fromkeys((*facts.groups, *facts.curves)))
        return TlsHandshakes(
            at=self._visit.at,
            address=self._address,
            port=HTTPS,
            accepted=_version_names(accepted),
            refused=_version_names(version for version in tried if version not in {*accepted, *unclear}),
            unclear=_version_names(unclear),
            suites={tls_names.VERSIONS[version]: _suite_names(chosen) for version, chosen in suites.items()},
            compression=facts.older.compression,
            secure_renegotiation=facts.older.secure_renegotiation,
            extended_master_secret=facts.older.extended_master_secret,
            server_prefers=prefers,
            groups=tuple(tls_names.GROUPS.get(group, f"0x{group:04x}") for group in found),
            dh_bits=facts.prime.bit_length() if facts.prime else None,
            dh_prime_known=tls_names.known_prime(facts.prime) if facts.prime else None,
            key_exchange_hashes=facts.hashes,
            post_quantum=tls_names.X25519MLKEM768 in found if TLS13 in suites else False,
            suites_complete=self._complete,
        )

    def _refuse_to_judge(self, tried: dict[int, _Outcome]) -> None:
        reasons = [outcome.reason for outcome in tried.values() if outcome.reason]
        if len(reasons) == len(tried):
            raise Unseen(reasons[-1])

    async def _details(self, accepted: Iterable[int], older: int | None) -> _Details:
        """Everything but the suites. Offered is what there is: a server takes of it what it accepts."""
        offered = self._offered(older) if older else ()
        of_tls12 = self._offered(TLS12) if TLS12 in accepted else ()
        facts, curves, groups, prime, hashes = await asyncio.gather(
            self._older_facts(older, offered) if older else _nothing(),
            self._curves(older, offered) if older else _nothing(),
            self._groups() if TLS13 in accepted else _nothing(),
            self._finite_field(older, offered) if older else _nothing(),
            self._hashes(of_tls12),
        )
        return _Details(
            older=facts or _OlderFacts(), curves=curves or (), groups=groups or (), prime=prime, hashes=hashes
        )

    async def _try_version(self, version: int) -> _Outcome:
        outcome = await self._hear(self._hello(version, tls_names.suites_for(version)))
        if outcome.reason is None:
            return outcome
        # Some servers and boxes before them choke on a long list; a hello of ordinary length settles it.
        self._chokes.add(version)
        return await self._hear(self._hello(version, tls_names.suites_for(version)[:CHUNK]))

    def _offered(self, version: int) -> tuple[int, ...]:
        return tls_names.suites_for(version)[: CHUNK if version in self._chokes else None]

    async def _parts(self, version: int, newer: asyncio.Task[_Parts] | None = None) -> _Parts:
        """The suites of a version by parts, each in the server's order; what a newer one takes is likely taken too."""

        async def choose(offered: tuple[int, ...]) -> int | None:
            outcome = await self._hear(self._hello(version, offered))
            if outcome.reason not in {None, Reason.RESET}:
                self._complete = False
            return outcome.hello.suite if outcome.hello else None

        candidates = tls_names.suites_for(version)
        if version == TLS13:
            return await self._taken(preference.usual_first(candidates, candidates[:USUAL_OF_TLS13]), choose)
        if newer is None:
            return await self._taken(preference.parts_of(candidates, PARTS), choose)
        known = await newer
        # Where the newer one chose the worse of two, so may this one: asked together they show it.
        likely = dict.fromkeys((*preference.witness(known, _level), *(suite for part in known for suite in part)))
        return await self._taken(preference.usual_first(candidates, tuple(likely)), choose)

    async def _taken(
        self, parts: Sequence[tuple[int, ...]], choose: Callable[[tuple[int, ...]], Awaitable[int | None]]
    ) -> _Parts:
        """What is taken of each part: offer what is left of it until nothing is; where there is room, halve it."""

        async def part(left: tuple[int, ...], taken: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
            while left and (chosen := await choose(left)) in left:
                taken = (*taken, chosen)
                left = tuple(item for item in left if item != chosen)
                if len(left) > 1 and self._has_room():
                    halves = preference.parts_of(left, 2)
                    found = await asyncio.gather(*(part(half, taken) for half in halves))
                    return [one for half in found for one in half]
            return [taken]

        if self._most < HELLOS_FOR_PARTS:
            parts = (tuple(item for one in parts for item in one),)
        found = await asyncio.gather(*(part(one) for one in parts))
        return [one for paths in found for one in paths]

    def _has_room(self) -> bool:
        """Whether places stay empty, and there are hellos enough for some that cost more than they tell."""
        empty = self._visit.door.budget.connections_at_once - self._under_way
        return empty >= EMPTY_PLACES and self._left > KEPT_HELLOS

    async def _prefers(
        self, older: int | None, parts: Mapping[int, asyncio.Task[_Parts]], firsts: Mapping[int, int | None]
    ) -> bool | None:
        """Offered the other way round, a server with an order of its own still takes its first."""
        if older is None:
            return None
        suites = _offered_in_order(older, await parts[older])
        if len(suites) < 2:  # noqa: PLR2004 - one suite is no choice
            return None
        outcome = await self._hear(self._hello(older, suites[::-1]))
        return outcome.hello.suite == firsts[older] if outcome.hello else None

    async def _order(
        self, version: int, asked: asyncio.Task[_Parts], first: int | None, prefers: asyncio.Task[bool | None]
    ) -> tuple[int, ...]:
        """As the server chooses, as far as a check asks; where the client's order decides, as they were offered."""
        parts = await asked
        if version == TLS13 or not await prefers:
            return _offered_in_order(version, parts)
        questions: tuple[tuple[int, ...], ...] = ()
        if all(preference.is_sorted(part, _level) for part in parts):
            questions = preference.open_questions(parts, _level)
        outcomes = await asyncio.gather(*(self._hear(self._hello(version, one)) for one in questions))
        ahead = [
            (outcome.hello.suite, question[0])
            for question, outcome in zip(questions, outcomes, strict=True)
            if outcome.hello and outcome.hello.suite != question[0]
        ]
        return preference.merged(parts, level=_level, first=first, ahead=ahead)

    async def _older_facts(self, version: int, suites: tuple[int, ...]) -> _OlderFacts:
        outcome = await self._hear(replace(self._hello(version, suites), compressions=(DEFLATE, 0)))
        if outcome.hello is None:
            return _OlderFacts()
        compresses = outcome.hello.compression != 0
        if version == SSL3:
            return _OlderFacts(compression=compresses)
        return _OlderFacts(
            compression=compresses,
            secure_renegotiation=client_hello.RENEGOTIATION_INFO in outcome.hello.extensions,
            extended_master_secret=client_hello.EXTENDED_MASTER_SECRET in outcome.hello.extensions,
        )

    async def _groups(self) -> tuple[int, ...]:
        """Without a key share the server asks for the group it likes best; without that one, for the next."""

        async def choose(offered: tuple[int, ...]) -> int | None:
            outcome = await self._hear(replace(hello, groups=offered))
            return outcome.hello.group if outcome.hello else None

        hello = self._hello(TLS13, tls_names.suites_for(TLS13))
        candidates = [group for group in tls_names.GROUPS if group not in tls_names.NOT_TLS13]
        return _in_order_of(candidates, await self._taken(preference.usual_first(candidates, candidates), choose))

    async def _curves(self, version: int, suites: tuple[int, ...]) -> tuple[int, ...]:
        async def choose(offered: tuple[int, ...]) -> int | None:
            exchange = await self._key_exchange(replace(hello, groups=offered))
            return exchange.curve if exchange else None

        hello = self._hello(version, _of_kind(suites, "TLS_ECDHE_"))
        groups = (group for group in tls_names.GROUPS if group not in tls_names.ONLY_TLS13)
        candidates = [group for group in groups if group < FINITE_FIELDS]
        if version == SSL3 or not hello.suites:
            return ()
        usual = [group for group in candidates if group not in tls_names.NOT_TLS13]
        return _in_order_of(candidates, await self._taken(preference.usual_first(candidates, usual), choose))

    async def _finite_field(self, version: int, suites: tuple[int, ...]) -> int | None:
        offered = _of_kind(suites, "TLS_DHE_")
        exchange = await self._key_exchange(self._hello(version, offered)) if offered else None
        return exchange.prime if exchange else None

    async def _hashes(self, suites: tuple[int, ...]) -> tuple[str, ...]:
        offered = _of_kind(suites, "TLS_ECDHE_", "TLS_DHE_")
        if not offered:
            return ()
        plain = self._hello(TLS12, offered)
        exchanges = await asyncio.gather(
            self._key_exchange(plain),
            self._key_exchange(replace(plain, signature_schemes=SHA1_ONLY)),
            self._key_exchange(replace(plain, signature_schemes=MD5_ONLY)),
        )
        names = (tls_names.scheme_hash(one.scheme) for one in exchanges if one and one.scheme)
        return tuple(dict.fromkeys(name for name in names if name))

    async def _key_exchange(self, hello: ClientHello) -> client_hello.KeyExchange | None:
        outcome = await self._hear(hello, lambda got: got.key_exchange is not None)
        if outcome.hello is None or outcome.answer.key_exchange is None:
            return None
        try:
            return client_hello.read_key_exchange(
                outcome.answer.key_exchange, suite=outcome.hello.suite, version=hello.version
            )
        except Malformed:
            return None

    def _hello(self, version: int, suites: Sequence[int]) -> ClientHello:
        groups = [
            group
            for group in tls_names.GROUPS
            if group not in (tls_names.NOT_TLS13 if version == TLS13 else tls_names.ONLY_TLS13)
        ]
        return ClientHello(
            version=version,
            suites=tuple(suites),
            server_name=self._host,
            random=token_bytes(32),
            groups=tuple(groups),
        )

    async def _hear(self, hello: ClientHello, enough: Callable[[Answer], bool] | None = None) -> _Outcome:
        outcome = _Outcome(reason=Reason.BUDGET)
        for _attempt in range(RETRIES + 1):
            if self._left <= 0:
                self._complete = False
                return _Outcome(reason=Reason.BUDGET)
            self._left -= 1
            self._under_way += 1
            try:
                answer, self._address = await _exchange(
                    self._visit, self._host, hello, enough or (lambda got: got.hello is not None), patient=True
                )
            except Unseen as unseen:
                if unseen.reason in {Reason.NOT_PUBLIC, Reason.NAME_NOT_FOUND, Reason.DNS_FAILURE, Reason.REFUSED}:
                    raise
                outcome = _Outcome(reason=unseen.reason)
                if unseen.reason is not Reason.TIMEOUT or not self._answered:
                    return outcome
                continue
            finally:
                self._under_way -= 1
            self._answered = True
            chosen = answer.hello if answer.hello and answer.hello.version == hello.version else None
            return _Outcome(answer=answer, hello=chosen)
        return outcome


async def _exchange(
    visit: Visit, host: str, hello: ClientHello, enough: Callable[[Answer], bool], *, patient: bool = False
) -> tuple[Answer, str]:
    """Send one hello and read until enough is known; a connection that is cut without a word is Unseen(RESET)."""
    connection = await visit.door.connect(host, HTTPS, patient=patient)
    async with connection:
        await connection.write(client_hello.write(hello))
        received = b""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                while True:
                    data = await connection.read()
                    received += data
                    answer = client_hello.read(received)
                    if answer.alert or answer.complete or enough(answer):
                        return answer, connection.address
                    if not data:
                        raise Unseen(Reason.RESET)
        except Malformed as error:
            raise Unseen(Reason.GARBLED, "tls") from error
        except TimeoutError as error:
            raise Unseen(Reason.TIMEOUT) from error


def _is_unclear(outcome: _Outcome) -> bool:
    return outcome.hello is None and outcome.reason not in {None, Reason.RESET}


def _of_kind(suites: Iterable[int], *prefixes: str) -> tuple[int, ...]:
    names = tls_names.suite_names()
    return tuple(suite for suite in suites if names.get(suite, "").startswith(prefixes))


def _suite_of(outcome: _Outcome) -> int | None:
    return outcome.hello.suite if outcome.hello else None


def _offered_in_order(version: int, parts: _Parts) -> tuple[int, ...]:
    return _in_order_of(tls_names.suites_for(version), parts)


def _in_order_of(candidates: Iterable[int], parts: _Parts) -> tuple[int, ...]:
    taken = {item for part in parts for item in part}
    return tuple(item for item in candidates if item in taken)


def _level(suite: int) -> int:
    return strength.level(tls_names.suite_names().get(suite, ""))


def _suite_names(suites: Iterable[int]) -> tuple[str, ...]:
    names = tls_names.suite_names()
    return tuple(names.get(suite, f"0x{suite:04x}") for suite in suites)


def _version_names(versions: Iterable[int]) -> tuple[str, ...]:
    return tuple(tls_names.VERSIONS[version] for version in versions)


async def _nothing() -> None:
    return None
