"""The one door to a vendor: resolve, vet every address, connect to the vetted literal, keep to the budget."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Self, TypeVar, cast

import certifi
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import httpcore

from scanners import targets
from scanners.data.ports import CLOSED_LIST
from scanners.jobs import Knock
from scanners.jobs import NetworkSettings as NetworkSettings  # noqa: PLC0414 - a door and its settings are imported together
from scanners.observations import Blind, Reason
from scanners.parsing import addresses

LONGEST_CNAME_CHAIN = 8
MOST_ADDRESSES = 32
MOST_CONNECT_TRIES = 3  # addresses of one host that are tried before it counts as not answering
MOST_DATAGRAMS = 64  # unread ones of one question
LARGEST_ANSWER = 16_384  # over TCP; nobody publishes more in good faith
UDP_PAYLOAD = 1232  # DNS flag day 2020: the size that is never fragmented
DNS_TRY_SECONDS = 1.5
QUESTIONS_AT_ONCE = 30  # about one domain
MOST_UNANSWERED = 30  # tries, of a domain of which nothing has been answered: it is not asked on
NEVER_SILENT = -1_000_000  # the count of one that has answered
DNS_TRIES = 2
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
READ_SIZE = 65_536
# The machine itself has no way there, as without IPv6: that says nothing about the vendor.
NO_WAY_OUT = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})

Value = TypeVar("Value")
# Asked once per address before the first connection to it; False: not today.
Doorman = Callable[[Knock], Coroutine[Any, Any, bool]]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one scan may spend on one address, and on one host name (DECISIONS: budgets of a scan)."""

    connections_at_once: int
    connections: int
    requests: int
    requests_per_second: float | None
    dns_queries: int
    ports: frozenset[int]


ORDINARY = Budget(
    connections_at_once=16,
    connections=320,
    requests=80,
    requests_per_second=None,
    dns_queries=200,
    ports=frozenset({25, 80, 443}),
)
ACTIVE = Budget(
    connections_at_once=2,
    connections=120,
    requests=80,
    requests_per_second=4.0,
    dns_queries=40,
    ports=frozenset({80, 443}) | CLOSED_LIST,
)


class Unseen(Exception):
    """Something could not be seen; the reason is one of a closed set, the detail is ours and never the target's."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Name the reason."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def blind(self, at: datetime) -> Blind:
        """The observation that stands for what was not seen."""
        return Blind(at=at, reason=self.reason, detail=self.detail)


class CertificateRefused(Exception):
    """A verifying handshake refused the server's certificate; only the fetcher hears of it."""


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """How a name resolved; addresses as text in the order of the answer, not yet vetted."""

    name: str
    addresses_v4: tuple[str, ...] = ()
    addresses_v6: tuple[str, ...] = ()
    cname_chain: tuple[str, ...] = ()
    exists: bool = True  # False: NXDOMAIN of the name itself
    dangling_target: str | None = None  # the last CNAME target when that does not exist

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses, IPv4 first: more vantages can reach it."""
        return self.addresses_v4 + self.addresses_v6


class Connection(httpcore.AsyncNetworkStream):
    """One TCP connection to a vetted address, in the clear or, after start_tls, not."""

    def __init__(self, sock: socket.socket, *, host: str, address: str, port: int, let_go: Callable[[], None]) -> None:
        """Wrap a connected, non-blocking socket."""
        self.host = host
        self.address = address
        self.port = port
        self.tls: ssl.SSLObject | None = None
        self.protocols: tuple[str, ...] = ()  # what `start_tls` offers by ALPN
        self.longest_prelude: int | None = None  # bytes that may be read between a request and `end_prelude`
        self._prelude: int | None = 0
        self._socket = sock
        self._let_go = let_go
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._sending = asyncio.Lock()  # one may read while another writes
        self._receiving = asyncio.Lock()
        self._open = True

    async def __aenter__(self) -> Self:
        """Close at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.aclose()

    async def read(self, max_bytes: int = READ_SIZE, timeout: float | None = ANSWER_SECONDS) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        """The next bytes; empty at the end of the stream."""
        async with _within(timeout):
            data = await (self._receive if self.tls is None else self._pump_read)(max_bytes)
        if self._prelude is not None and self.longest_prelude is not None:
            self._prelude += len(data)
            if self._prelude > self.longest_prelude:
                raise Unseen(Reason.TOO_LARGE, "headers")
        return data

    def end_prelude(self) -> None:
        """The head of the response is there; what follows is measured by who reads it."""
        self._prelude = None

    async def read_until(self, mark: bytes, *, at_most: int, seconds: float = ANSWER_SECONDS) -> bytes:
        """All bytes up to and with the mark; what comes after it in the same packet is kept in the result too."""
        received = bytearray()
        async with _within(seconds):
            while mark not in received:
                data = await self.read(READ_SIZE, None)
                if not data:
                    raise Unseen(Reason.RESET)
                received += data
                if len(received) > at_most:
                    raise Unseen(Reason.TOO_LARGE)
        return bytes(received)

    async def write(self, buffer: bytes, timeout: float | None = ANSWER_SECONDS) -> None:  # noqa: ASYNC109 - httpcore's signature
        """Send all the bytes."""
        self._prelude = 0
        async with _within(timeout):
            if self.tls is None:
                await self._send(buffer)
            else:
                await self._pump_write(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = ANSWER_SECONDS,  # noqa: ASYNC109 - httpcore's signature
    ) -> "Connection":
        """Shake hands on this connection; it then reads and writes plaintext."""
        ssl_context.set_alpn_protocols(list(self.protocols))  # contexts are shared; the connection takes a copy now
        self.tls = ssl_context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname or self.host)
        try:
            async with _within(timeout):
                await self._pump_handshake()
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a stream."""
        match info:
            case "ssl_object":
                return self.tls
            case "server_addr":
                return self.address, self.port
            case "socket":
                return self._socket
            case "is_readable":
                return _is_readable(self._socket) if self._open else True
            case _:
                return None

    async def aclose(self) -> None:
        """Close; once is enough, twice is harmless."""
        if self._open:
            self._open = False
            self._socket.close()
            self._let_go()

    async def _receive(self, max_bytes: int) -> bytes:
        # Bytes that are there already are handed over without a turn of the loop: a flood would keep every timeout,
        # its own included, from ever being heard.
        await asyncio.sleep(0)
        with _mapped_errors():
            return await asyncio.get_running_loop().sock_recv(self._socket, max_bytes)

    async def _send(self, data: bytes) -> None:
        with _mapped_errors():
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def _flush(self) -> None:
        async with self._sending:
            if data := self._outgoing.read():
                await self._send(data)

    async def _feed(self) -> None:
        if self._receiving.locked():  # what another receives is for both
            async with self._receiving:
                return
        async with self._receiving:
            data = await self._receive(READ_SIZE)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _pump_handshake(self) -> None:
        tls = cast("ssl.SSLObject", self.tls)
        while True:
            try:
                with _mapped_errors():
                    tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as error:
                raise Unseen(Reason.RESET) from error
            except (Unseen, CertificateRefused):
                # The alert that says why is owed to the other side; whether it arrives does not matter.
                with contextlib.suppress(Unseen):
                    await self._flush()
                raise
            else:
                return await self._flush()

    async def _pump_read(self, max_bytes: int) -> bytes:
        tls = cast("ssl.SSLObject", self.tls)
        while True:
            try:
                with _mapped_errors():
                    return tls.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                # A stream cut without close_notify is common; a body cut short shows in its own length.
                return b""

    async def _pump_write(self, data: bytes) -> None:
        tls = cast("ssl.SSLObject", self.tls)
        while data:
            try:
                with _mapped_errors():
                    data = data[tls.write(data) :]
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError) as error:
                raise Unseen(Reason.RESET) from error
            await self._flush()


class Places:
    """So many at once; who can wait lets those go first who cannot."""

    def __init__(self, count: int) -> None:
        """All are free."""
        self._free = count
        self._waiting: tuple[deque[asyncio.Future[None]], ...] = (deque(), deque())  # in a hurry, patient

    async def acquire(self, *, patient: bool = False) -> None:
        """Take a place, waiting for one where need be."""
        if self._free and not any(self._waiting):
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[patient].append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.release()  # it was ours when we had to leave
            turn.cancel()
            raise

    def release(self) -> None:
        """Give a place back: to whoever waits first."""
        for queue in self._waiting:
            while queue:
                if not (turn := queue.popleft()).done():
                    turn.set_result(None)
                    return
        self._free += 1

    def widen(self, count: int) -> None:
        """So many more from now on."""
        for _place in range(count):
            self.release()

    @contextlib.asynccontextmanager
    async def held(self, *, patient: bool = False) -> AsyncIterator[None]:
        """A place for the length of the block."""
        await self.acquire(patient=patient)
        try:
            yield
        finally:
            self.release()


class Gate:
    """Connections and requests of one address or host name: so many at once, so many in all."""

    def __init__(self, budget: Budget) -> None:
        """Start with the whole budget."""
        self.connections = 0
        self.requests = 0
        self.at_once = Places(budget.connections_at_once)
        self._budget = budget

    def spend_connection(self) -> None:
        """Count one connection; refuse the one too many."""
        if self.connections >= self._budget.connections:
            raise Unseen(Reason.BUDGET, "connections")
        self.connections += 1

    def spend_request(self) -> None:
        """Count one HTTP request; refuse the one too many."""
        if self.requests >= self._budget.requests:
            raise Unseen(Reason.BUDGET, "requests")
        self.requests += 1


class Door:
    """The way out of one scan. Everything that leaves goes through `query` and `connect`."""

    def __init__(self, settings: NetworkSettings, *, budget: Budget = ORDINARY, doorman: Doorman | None = None) -> None:
        """Open nothing yet."""
        self._doorman = doorman
        self.settings = settings
        self.budget = budget
        self._gates: dict[str, Gate] = {}
        self._dns_spent: Counter[str] = Counter()
        self._dns_turns: dict[str, asyncio.Semaphore] = {}
        self._dns_unanswered: Counter[str] = Counter()
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}
        self._working: dict[tuple[str, int], str] = {}
        self._resolvers = settings.resolver or _system_resolvers()
        self._next_request: dict[str, float] = {}

    async def aclose(self) -> None:
        """End what is still under way."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
        """What `make` gives, made once per scan however many ask at the same time."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(make())
            task.add_done_callback(_hear_out)
        return cast("Value", await asyncio.shield(task))

    # --- DNS ---

    async def query(
        self,
        name: str,
        kind: str,
        *,
        server: str | None = None,
        dnssec: bool = False,
        checking_disabled: bool = False,
        tcp: bool = False,
        recursion: bool | None = None,
        chaos: bool = False,
    ) -> dns.message.Message:
        """Ask the resolver, or a name server by its address; any rcode is an answer. The name is taken as absolute."""
        wanted = server is None if recursion is None else recursion
        key = ("query", name.lower(), kind, server, dnssec, checking_disabled, tcp, wanted, chaos)
        return await self.once(
            key,
            lambda: self._ask(
                _question(
                    name, kind, dnssec=dnssec, checking_disabled=checking_disabled, recursion=wanted, chaos=chaos
                ),
                server=server,
                tcp=tcp,
            ),
        )

    async def resolve(self, host: str) -> Resolution:
        """How the name resolves, aliases followed; what does not exist is a fact, what gets no answer is Unseen."""
        return await self.once(("resolve", host), lambda: self._resolve(host))

    async def vetted(self, host: str) -> tuple[str, ...]:
        """The addresses of the host if every single one may be connected to."""
        resolution = await self.resolve(host)
        if not resolution.addresses:
            raise Unseen(Reason.NAME_NOT_FOUND)
        if not all(self.permits(address) for address in resolution.addresses):
            raise Unseen(Reason.NOT_PUBLIC)
        return resolution.addresses

    def permits(self, address: str) -> bool:
        """Whether the address may be connected to at all."""
        if addresses.is_within(address, self.settings.denied_networks):
            return False
        return addresses.is_public(address) or addresses.is_within(address, self.settings.allowed_networks)

    # --- connections ---

    async def connect(
        self,
        host: str,
        port: int,
        *,
        address: str | None = None,
        seconds: float = CONNECT_SECONDS,
        patient: bool = False,
    ) -> Connection:
        """A connection to the host on its public port, to a vetted address of it, or to the one that is named.

        A patient one lets others go first where connections are waited for.
        """
        if port not in self.budget.ports:
            raise Unseen(Reason.NOT_CONSENTED, "port")
        vetted = await self.vetted(host)
        if address is not None and address not in vetted:
            raise Unseen(Reason.NOT_PUBLIC)
        known = address or self._working.get((host, port))
        if known:
            return await self._connect_to(host, known, port, seconds, patient=patient)
        return await self._connect_to_any(host, vetted[:MOST_CONNECT_TRIES], port, seconds, patient=patient)

    async def spend_request(self, host: str) -> None:
        """Count one HTTP request to the host, and keep the pace of this budget."""
        keys = (host, *(await self.vetted(host))[:1])
        for key in keys:
            self._gate(key).spend_request()
        if self.budget.requests_per_second:
            now = asyncio.get_running_loop().time()
            turn = max(now, *(self._next_request.get(key, now) for key in keys))
            self._next_request |= dict.fromkeys(keys, turn + 1 / self.budget.requests_per_second)
            await asyncio.sleep(turn - now)

    def spent(self) -> Mapping[str, Gate]:
        """What was spent, by address and by host name."""
        return dict(self._gates)

    def tls_context(self, *, verifying: bool) -> ssl.SSLContext:
        """A context that speaks whatever a server speaks: what is too old is for the checks to say."""
        if verifying:
            return verifying_context(self.settings.trust_roots_pem)
        context = _lenient_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def _gate(self, key: str) -> Gate:
        return self._gates.setdefault(key, Gate(self.budget))

    async def _connect_to_any(
        self, host: str, vetted: Iterable[str], port: int, seconds: float, *, patient: bool
    ) -> Connection:
        first: Unseen | None = None
        for address in vetted:
            try:
                connection = await self._connect_to(host, address, port, seconds, patient=patient)
            except Unseen as unseen:
                if unseen.reason is Reason.BUDGET:
                    raise
                first = first or unseen
            else:
                self._working[host, port] = address
                return connection
        raise first or Unseen(Reason.NAME_NOT_FOUND)

    async def _be_let_in(self, host: str, address: str, port: int) -> None:
        """Another scan, maybe another hospital's, may be at this address now, or the address had enough for today."""
        ask = self._doorman
        if ask is None:
            return
        knock = Knock(host=host, address=address, port=port, active=self.budget is ACTIVE)
        if not await self.once(("let in", address), lambda: ask(knock)):
            raise Unseen(Reason.BUDGET, "address")

    async def _connect_to(self, host: str, address: str, port: int, seconds: float, *, patient: bool) -> Connection:
        await self._be_let_in(host, address, port)
        gates = (self._gate(host), self._gate(address))
        with contextlib.ExitStack() as held:
            for gate in gates:
                await gate.at_once.acquire(patient=patient)
                held.callback(gate.at_once.release)
                gate.spend_connection()
            sock = await self._open_socket(address, self.settings.port_map.get(port, port), seconds)
            return Connection(sock, host=host, address=address, port=port, let_go=held.pop_all().close)

    async def _open_socket(self, address: str, port: int, seconds: float) -> socket.socket:
        # Vetted once more where it cannot be forgotten: this is the only line that opens a connection to a vendor.
        parsed = addresses.parse(address)
        if parsed is None or not self.permits(address):
            raise Unseen(Reason.NOT_PUBLIC)
        family = socket.AF_INET6 if parsed.version == 6 else socket.AF_INET  # noqa: PLR2004 - IP version
        sock = _new_socket(family)
        try:
            async with _within(seconds):
                with _mapped_errors():
                    await asyncio.get_running_loop().sock_connect(sock, (address, port))
                    _assert_peer(sock, address)
        except BaseException:
            sock.close()
            raise
        return sock

    async def _ask(self, question: dns.message.Message, *, server: str | None, tcp: bool) -> dns.message.Message:
        if server is not None and not self.permits(server):
            raise Unseen(Reason.NOT_PUBLIC)
        if server is not None:
            port = self.settings.port_map.get(53, 53)
            return await self._exchange_in_turn(question, (server,) * DNS_TRIES, port, tcp=tcp)
        turn = (self._resolvers * DNS_TRIES)[:DNS_TRIES]
        return await self._exchange_in_turn(question, turn, self.settings.resolver_port, tcp=tcp)

    async def _exchange_in_turn(
        self, question: dns.message.Message, servers: tuple[str, ...], port: int, *, tcp: bool
    ) -> dns.message.Message:
        last = Unseen(Reason.DNS_FAILURE, "no resolver")
        zone = targets.registrable(question.question[0].name.to_text(omit_final_dot=True).lower())
        # Each domain has turns of its own: one that answers nothing must not make the others wait.
        turns = self._dns_turns.setdefault(zone, asyncio.Semaphore(QUESTIONS_AT_ONCE))
        for server in servers:
            try:
                async with turns:
                    self._spend_query(zone)
                    reply = await _exchange(question, server, port, tcp=tcp)
            except Unseen as unseen:
                last = unseen
                self._dns_unanswered[zone] += unseen.reason is Reason.TIMEOUT
            else:
                self._dns_unanswered[zone] = NEVER_SILENT
                return reply
        raise last

    def _spend_query(self, key: str) -> None:
        if self._dns_unanswered[key] >= MOST_UNANSWERED:
            raise Unseen(Reason.TIMEOUT, "dns")
        if self._dns_spent[key] >= self.budget.dns_queries:
            raise Unseen(Reason.BUDGET, "dns")
        self._dns_spent[key] += 1

    async def _resolve(self, host: str) -> Resolution:
        v4, v6 = await asyncio.gather(
            self._follow(host, dns.rdatatype.A), self._follow(host, dns.rdatatype.AAAA), return_exceptions=True
        )
        if isinstance(v4, BaseException):
            raise v4
        if isinstance(v6, BaseException):
            # Some name servers fail on AAAA and serve A well; what they serve is what can be reached.
            if not isinstance(v6, Unseen):
                raise v6
            v6 = _Trail()
        longer = max(v4, v6, key=lambda trail: len(trail.chain))
        missing = v4.missing and v6.missing
        return Resolution(
            name=host,
            addresses_v4=v4.addresses,
            addresses_v6=v6.addresses,
            cname_chain=longer.chain,
            exists=not (missing and not longer.chain),
            dangling_target=longer.chain[-1] if missing and longer.chain else None,
        )

    async def _follow(self, host: str, kind: dns.rdatatype.RdataType) -> "_Trail":
        name, chain = host, list[str]()
        while True:
            reply = await self.query(name, kind.name)
            if reply.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                raise Unseen(Reason.DNS_FAILURE, dns.rcode.to_text(reply.rcode()))
            known = len(chain)
            name = _walk_aliases(reply, name, chain)
            found = _addresses(reply, name, kind)
            if found or len(chain) == known or reply.rcode() == dns.rcode.NXDOMAIN:
                missing = reply.rcode() == dns.rcode.NXDOMAIN
                return _Trail(addresses=found, chain=tuple(chain), missing=missing and not found)


# Reading the public roots takes longer than several handshakes: a starter of scans reads them ahead, a scan but once.
_read_ahead: list[ssl.SSLContext] = []


def read_roots_ahead() -> None:
    """Have a context with the public roots ready for whoever asks first."""
    _read_ahead.append(_public_context())


@cache
def verifying_context(trust_roots_pem: str) -> ssl.SSLContext:
    """The public roots and these."""
    context = _read_ahead.pop() if _read_ahead else _public_context()
    if trust_roots_pem:
        context.load_verify_locations(cadata=trust_roots_pem)
    return context


def _public_context() -> ssl.SSLContext:
    context = _lenient_context()
    context.load_verify_locations(cafile=certifi.where())
    return context


def _lenient_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context


@dataclass(frozen=True, kw_only=True)
class _Trail:
    addresses: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    missing: bool = True


def _walk_aliases(reply: dns.message.Message, name: str, chain: list[str]) -> str:
    while rrset := _rrset(reply, name, dns.rdatatype.CNAME):
        if len(chain) == LONGEST_CNAME_CHAIN:
            raise Unseen(Reason.DNS_FAILURE, "aliases")
        name = rrset[0].target.to_text(omit_final_dot=True).lower()
        chain.append(name)
    return name


def _addresses(reply: dns.message.Message, name: str, kind: dns.rdatatype.RdataType) -> tuple[str, ...]:
    rrset = _rrset(reply, name, kind) or ()
    if len(rrset) > MOST_ADDRESSES:
        raise Unseen(Reason.TOO_LARGE, "addresses")
    return tuple(record.address for record in rrset)


def _rrset(reply: dns.message.Message, name: str, kind: dns.rdatatype.RdataType) -> Any:
    return reply.get_rrset(reply.answer, _absolute(name), dns.rdataclass.IN, kind)


def _absolute(name: str) -> dns.name.Name:
    try:
        return dns.name.from_text(name if name.endswith(".") else name + ".")
    except dns.exception.DNSException as error:
        raise Unseen(Reason.DNS_FAILURE, "name") from error


def _question(
    name: str, kind: str, *, dnssec: bool, checking_disabled: bool, recursion: bool, chaos: bool
) -> dns.message.Message:
    flags = dns.flags.AD
    flags |= dns.flags.RD if recursion else 0
    flags |= dns.flags.CD if checking_disabled else 0
    return dns.message.make_query(
        _absolute(name),
        kind,
        rdclass=dns.rdataclass.CH if chaos else dns.rdataclass.IN,
        use_edns=0,
        want_dnssec=dnssec,
        payload=UDP_PAYLOAD,
        flags=flags,
    )


async def _exchange(question: dns.message.Message, server: str, port: int, *, tcp: bool) -> dns.message.Message:
    try:
        if not tcp:
            reply = await _over_udp(question, server, port)
            if not reply.flags & dns.flags.TC:
                return reply
        async with asyncio.timeout(DNS_TRY_SECONDS * 2 if tcp else DNS_TRY_SECONDS):
            return await _over_tcp(question, server, port)
    except TimeoutError as error:
        raise Unseen(Reason.TIMEOUT, "dns") from error
    except ConnectionRefusedError as error:
        raise Unseen(Reason.REFUSED, "dns") from error
    except (dns.exception.DNSException, EOFError, ValueError) as error:
        raise Unseen(Reason.GARBLED, "dns") from error
    except OSError as error:
        raise Unseen(Reason.UNREACHABLE, "dns") from error


async def _over_udp(question: dns.message.Message, server: str, port: int) -> dns.message.Message:
    """The first datagram that answers the question; anybody can send the others."""
    transport, mailbox = await asyncio.get_running_loop().create_datagram_endpoint(_Mailbox, remote_addr=(server, port))
    try:
        transport.sendto(question.to_wire())
        try:
            async with asyncio.timeout(DNS_TRY_SECONDS):
                while (reply := mailbox.answer_to(question)) is None:
                    await mailbox.filled()
        except TimeoutError:
            reply = mailbox.answer_to(question)  # the loop may be late, and not the answer
            if reply is None:
                raise
        return reply
    finally:
        transport.close()


async def _over_tcp(question: dns.message.Message, server: str, port: int) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(server, port)
    try:
        wire = question.to_wire()
        writer.write(len(wire).to_bytes(2, "big") + wire)
        length = int.from_bytes(await reader.readexactly(2), "big")
        if length > LARGEST_ANSWER:
            raise Unseen(Reason.TOO_LARGE, "dns")
        # A thousand records take a while to read, and the loop has others to hear.
        reply = await asyncio.to_thread(dns.message.from_wire, await reader.readexactly(length))
    finally:
        writer.transport.abort()
    if not question.is_response(reply):
        raise ValueError
    return reply


class _Mailbox(asyncio.DatagramProtocol):
    """Datagrams of one connected socket; a flood fills the box and no more."""

    def __init__(self) -> None:
        self._received = deque[bytes | Exception](maxlen=MOST_DATAGRAMS)
        self._filled = asyncio.Event()

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's signature
        self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    async def filled(self) -> None:
        self._filled.clear()
        await self._filled.wait()

    def answer_to(self, question: dns.message.Message) -> dns.message.Message | None:
        while self._received:
            received = self._received.popleft()
            if isinstance(received, Exception):
                raise received
            with contextlib.suppress(dns.exception.DNSException, ValueError):
                if question.is_response(reply := dns.message.from_wire(received)):
                    return reply
        return None

    def _put(self, item: bytes | Exception) -> None:
        self._received.append(item)
        self._filled.set()


def _system_resolvers() -> tuple[str, ...]:
    try:
        return tuple(str(server) for server in dns.resolver.Resolver().nameservers)
    except dns.resolver.NoResolverConfiguration:
        return ()


def _new_socket(family: socket.AddressFamily) -> socket.socket:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise Unseen(Reason.UNREACHABLE) from error
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _assert_peer(sock: socket.socket, address: str) -> None:
    if addresses.parse(sock.getpeername()[0]) != addresses.parse(address):
        raise Unseen(Reason.NOT_PUBLIC)


def _is_readable(sock: socket.socket) -> bool:
    try:
        return bool(sock.recv(1, socket.MSG_PEEK)) or True
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextlib.asynccontextmanager
async def _within(seconds: float | None) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Unseen(Reason.TIMEOUT) from error


@contextlib.contextmanager
def _mapped_errors() -> Iterator[None]:
    """An error of the target or the system becomes one of the closed set: no text of it is an oracle."""
    try:
        yield
    except (ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
        raise
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefused from error
    except ssl.SSLError as error:
        raise Unseen(Reason.GARBLED, "tls") from error
    except ConnectionRefusedError as error:
        raise Unseen(Reason.REFUSED) from error
    except (ConnectionResetError, BrokenPipeError, ConnectionAbortedError) as error:
        raise Unseen(Reason.RESET) from error
    except TimeoutError as error:
        raise Unseen(Reason.TIMEOUT) from error
    except OSError as error:
        raise Unseen(Reason.VANTAGE if error.errno in NO_WAY_OUT else Reason.UNREACHABLE) from error


def _hear_out(task: asyncio.Task[Any]) -> None:
    """Read the exception of a task that nobody waits for any more, so that the loop does not complain of it."""
    if not task.cancelled():
        task.exception()
