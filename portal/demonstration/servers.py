"""Real DNS, web and mail servers on loopback, built from a plan; one context manager starts and ends them all."""

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
import tempfile
import threading
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import cast

from portal.demonstration import http2, names
from portal.demonstration.authority import Authority, Places
from portal.demonstration.links import Link
from portal.demonstration.names import RESOLVER_ADDRESS, Names
from portal.demonstration.plans import (
    Behaviour,
    CertificateKind,
    Cleartext,
    Exchanger,
    KeyKind,
    Plan,
    Reply,
    Site,
    Tls,
    redirect,
)
from scanners.jobs import NetworkSettings

LONGEST_REQUEST_BODY = 1_000_000
ATTEMPTS = 20
BACKLOG = 256
MODERN_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
# OpenSSL's ordinary security level refuses to load so short a key.
RSA_1024_NEEDS_IT: frozenset[str] = frozenset({KeyKind.RSA_1024, CertificateKind.WEAK_KEY})
NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

Serve = Callable[[Link], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Something that reached a server: a question, a request or a mail command."""

    kind: str  # "dns", "http", "https", "smtp"
    host: str  # the name asked, or the site or exchanger
    what: str  # record type, request line, command
    address: str  # of ours


@dataclass(frozen=True, kw_only=True)
class Running:
    """The servers as they run: everything a scanner's network settings need to reach them."""

    resolver: tuple[str, ...]
    resolver_port: int
    port_map: Mapping[int, int]
    allowed_networks: tuple[str, ...]
    permitted_suffixes: tuple[str, ...]
    trust_roots_pem: str
    addresses: Mapping[str, str]  # whole name without trailing dot -> address
    contacts: list[Contact] = field(default_factory=list)

    def network(self, *, contact_url: str = "https://scan.test/") -> NetworkSettings:
        """The settings with which a scanner reaches these servers and nothing else on this machine's networks."""
        return NetworkSettings(
            resolver=self.resolver,
            resolver_port=self.resolver_port,
            port_map=self.port_map,
            allowed_networks=self.allowed_networks,
            trust_roots_pem=self.trust_roots_pem,
            permitted_suffixes=self.permitted_suffixes,
            contact_url=contact_url,
        )

    def contacts_of(self, host: str, *, kind: str = "") -> tuple[Contact, ...]:
        """What reached one host so far."""
        return tuple(item for item in self.contacts if item.host == host and kind in {"", item.kind})


class NoFreePort(Exception):
    """No port was free on all addresses of the plan."""


class Servers:
    """All servers of a plan: `async with` runs them in this loop, `with` in a thread of their own."""

    def __init__(
        self,
        plan: Plan,
        *,
        at: dt.datetime,
        ports: Mapping[int, int] | None = None,
        authority: Authority | None = None,
    ) -> None:
        """Prepare keys, certificates and zones as of `at`; `ports` wishes fixed ports in place of free ones."""
        self._plan = plan
        self._wished = dict(ports or {})
        self._addresses = names.nearby_addresses(plan)
        self._authority = authority or Authority(at=at)
        self._key_digests: dict[str, str] = {}
        self._contexts = self._make_contexts()
        pins = {item.host: self._key_digests[item.host] for item in plan.exchangers if item.pinned and item.tls}
        self._names = Names(plan, addresses=self._addresses, pins=pins, at=at)
        self._contacts: list[Contact] = []
        self._closing = contextlib.AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None

    # --- life ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Running:
        """Bind and listen; returns when every server answers."""
        self._closing = contextlib.AsyncExitStack()
        try:
            ports = {
                443: await self._listen(443, self._listen_https),
                80: await self._listen(80, self._listen_http),
                25: await self._listen(25, self._listen_smtp),
                53: await self._listen(53, self._listen_dns),  # last: who is told an address finds somebody there
            }
        except BaseException:
            await self._closing.aclose()
            raise
        return Running(
            resolver=(RESOLVER_ADDRESS,),
            resolver_port=ports[53],
            port_map=ports,
            allowed_networks=("127.0.0.0/8",),
            permitted_suffixes=(".test",),
            trust_roots_pem=self._authority.root_pem,
            addresses={name.rstrip("."): address for name, address in self._addresses.items()},
            contacts=self._contacts,
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every listener and every connection, and wait for both."""
        await self._closing.aclose()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.01)  # aborted transports close their sockets in the next turns of the loop

    def __enter__(self) -> Running:
        """Run in a thread of their own; returns when every server answers."""
        started = threading.Event()
        outcome: list[Running | BaseException] = []

        async def live() -> None:
            finish = asyncio.Event()
            loop = asyncio.get_running_loop()

            def stop() -> None:
                loop.call_soon_threadsafe(finish.set)

            self._stop = stop
            try:
                async with self as running:
                    outcome.append(running)
                    started.set()
                    await finish.wait()
            except BaseException as error:  # the starter raises it
                outcome.append(error)
                raise
            finally:
                started.set()

        def run() -> None:
            with contextlib.suppress(OSError, NoFreePort):  # already handed over
                asyncio.run(live())

        self._thread = threading.Thread(target=run, name="demonstration-servers", daemon=True)
        self._thread.start()
        started.wait()
        if isinstance(outcome[0], BaseException):
            self._thread.join()
            raise outcome[0]
        return outcome[0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread with its servers."""
        self._stop()
        if self._thread is not None:
            self._thread.join()

    # --- listening ----------------------------------------------------------------------------

    async def _listen(self, port: int, listen: Callable[[contextlib.AsyncExitStack, int], Awaitable[None]]) -> int:
        """Listen on one port number on all addresses concerned; the kernel proposes it, the others must agree."""
        for _attempt in range(1 if port in self._wished else ATTEMPTS):
            number = self._wished.get(port) or _free_port()
            stack = contextlib.AsyncExitStack()
            try:
                await listen(stack, number)
            except OSError:
                await stack.aclose()
                continue
            self._closing.push_async_callback(stack.aclose)
            return number
        raise NoFreePort(port)

    async def _listen_dns(self, stack: contextlib.AsyncExitStack, port: int) -> None:
        loop = asyncio.get_running_loop()
        for address in sorted(self._names.server_addresses()):
            await self._accept(stack, address, port, self._dns_over_tcp(address))
            transport, _protocol = await loop.create_datagram_endpoint(
                partial(_DnsOverUdp, self._answer, address),
                local_addr=(address, port),
            )
            stack.callback(transport.close)

    async def _listen_https(self, stack: contextlib.AsyncExitStack, port: int) -> None:
        for site in self._plan.sites:
            if site.tls is not None:
                serve = self._web(site, tls=True)
                await self._accept(stack, self._address(site.host), port, serve, self._contexts[site.host])

    async def _listen_http(self, stack: contextlib.AsyncExitStack, port: int) -> None:
        for site in self._plan.sites:
            if site.cleartext is not Cleartext.CLOSED:
                await self._accept(stack, self._address(site.host), port, self._web(site, tls=False))

    async def _listen_smtp(self, stack: contextlib.AsyncExitStack, port: int) -> None:
        for exchanger in self._plan.exchangers:
            await self._accept(stack, self._address(exchanger.host), port, self._mail(exchanger))

    async def _accept(
        self,
        stack: contextlib.AsyncExitStack,
        address: str,
        port: int,
        serve: Serve,
        context: ssl.SSLContext | None = None,
    ) -> None:
        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            link = Link(reader, writer)
            try:
                if context is not None:
                    await link.start_tls(context)
                await serve(link)
            except (OSError, EOFError, ValueError, asyncio.CancelledError):
                pass  # the other side went away or broke its protocol, or we are closing
            finally:
                await link.hang_up()
                self._tasks.discard(task)

        server = await asyncio.start_server(serve_one, address, port, backlog=BACKLOG)
        stack.callback(server.close)

    def _address(self, host: str) -> str:
        return self._addresses[f"{host.rstrip('.')}.".lower()]

    # --- DNS ----------------------------------------------------------------------------------

    def _answer(self, wire: bytes, server: str, over_udp: bool) -> bytes | None:  # noqa: FBT001 - a callback
        return self._names.answer(wire, server=server, over_udp=over_udp, note=self._note)

    def _note(self, contact_kind: str, host: str, what: str, address: str) -> None:
        self._contacts.append(Contact(kind=contact_kind, host=host, what=what, address=address))

    def _dns_over_tcp(self, address: str) -> Serve:
        async def serve(link: Link) -> None:
            while True:
                length = int.from_bytes(await link.read_exactly(2), "big")
                reply = self._answer(await link.read_exactly(length), address, False)
                if reply is None:
                    await link.wait_for_end()
                    return
                await link.write(len(reply).to_bytes(2, "big") + reply)

        return serve

    # --- web ----------------------------------------------------------------------------------

    def _web(self, site: Site, *, tls: bool) -> Serve:
        async def serve(link: Link) -> None:
            if site.behaviour is Behaviour.SILENT:
                await link.wait_for_end()
                return
            if link.protocol == "h2":
                await http2.serve(link, answer)
                return
            while True:
                method, target, headers = await _read_request(link)
                self._note("https" if tls else "http", site.host, f"{method} {target}", self._address(site.host))
                if site.behaviour is Behaviour.RESETS:
                    link.abort()
                    return
                if site.behaviour is not Behaviour.ORDINARY:
                    await _misbehave(link, site.behaviour)
                    return
                host = headers.get("host", site.host)
                reply = _reply_to(site, target, host=host, tls=tls)
                keep = headers.get("connection", "").lower() != "close"
                origin = headers.get("origin", "")
                await link.write(_written(site, reply, head_only=method == "HEAD", keep=keep, origin=origin))
                if not keep:
                    return

        def answer(method: str, target: str, headers: dict[str, str]) -> http2.Answer:
            self._note("https", site.host, f"{method} {target}", self._address(site.host))
            reply = _reply_to(site, target, host=headers["host"], tls=tls)
            body = b"" if method == "HEAD" or reply.status in NO_BODY else _body(reply)
            lines = _headers(site, reply, origin=headers.get("origin", ""))
            return http2.Answer(status=reply.status, headers=tuple(lines), body=body)

        return serve

    # --- mail ---------------------------------------------------------------------------------

    def _mail(self, exchanger: Exchanger) -> Serve:
        async def serve(link: Link) -> None:
            if exchanger.silent:
                await link.wait_for_end()
                return
            greeting = exchanger.greeting or f"220 {exchanger.host} ESMTP"
            await _say(link, greeting)
            if not greeting.startswith("220"):
                return
            encrypted = False
            while True:
                line = (await link.read_until(b"\n")).decode("latin-1").strip()
                command = line.partition(" ")[0].upper()
                self._note("smtp", exchanger.host, command, self._address(exchanger.host))
                if command == "STARTTLS" and exchanger.tls is not None and not encrypted:
                    await _say(link, exchanger.starttls_reply or "220 2.0.0 Ready to start TLS")
                    if exchanger.starttls_reply and not exchanger.starttls_reply.startswith("220"):
                        continue
                    await link.start_tls(self._contexts[exchanger.host])
                    encrypted = True
                    continue
                await _say(link, *_mail_reply(exchanger, command, encrypted=encrypted))
                if command == "QUIT":
                    return

        return serve

    # --- TLS ----------------------------------------------------------------------------------

    def _make_contexts(self) -> dict[str, ssl.SSLContext]:
        contexts = {}
        with tempfile.TemporaryDirectory() as folder:
            for site in self._plan.sites:
                if site.tls is not None:
                    contexts[site.host] = self._context(site.tls, (site.host, *site.aliases), Path(folder))
                    if site.http2:
                        contexts[site.host].set_alpn_protocols(["h2", "http/1.1"])
            for exchanger in self._plan.exchangers:
                if exchanger.tls is not None:
                    contexts[exchanger.host] = self._context(exchanger.tls, (exchanger.host,), Path(folder))
        return contexts

    def _context(self, tls: Tls, host_names: tuple[str, ...], folder: Path) -> ssl.SSLContext:
        places = Places(crl_urls=tls.crl_urls, ocsp_urls=tls.ocsp_urls, issuer_urls=tls.issuer_urls)
        issued = self._authority.issue(
            (*host_names, *tls.extra_names), kind=tls.certificate, key_kind=tls.key, places=places
        )
        self._key_digests[host_names[0]] = issued.key_sha256
        chain, key = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(issued.chain_pem)
        key.write_bytes(issued.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        old = tls.lowest < ssl.TLSVersion.TLSv1_2 or RSA_1024_NEEDS_IT & {tls.key, tls.certificate}
        ciphers = tls.ciphers or ("DEFAULT" if tls.lowest < ssl.TLSVersion.TLSv1_2 else MODERN_CIPHERS)
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0" if old else ciphers)
        context.load_cert_chain(chain, key)
        with warnings.catch_warnings():  # retired versions are what a demonstration of them needs
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = tls.lowest
            context.maximum_version = tls.highest
        context.set_alpn_protocols(["http/1.1"])
        return context


class _DnsOverUdp(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes, str, bool], bytes | None], address: str) -> None:
        self._answer = answer
        self._address = address
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._answer(data, self._address, True)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((RESOLVER_ADDRESS, 0))
        number: int = probe.getsockname()[1]
        return number


async def _read_request(link: Link) -> tuple[str, str, dict[str, str]]:
    head = (await link.read_until(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if 0 < length <= LONGEST_REQUEST_BODY:
        await link.read_exactly(length)
    return method, target, headers


def _reply_to(site: Site, target: str, *, host: str, tls: bool) -> Reply:
    path = target.partition("?")[0]
    if host in site.by_host:
        return site.by_host[host]
    if not tls:
        for key in (target, path):
            if key in site.cleartext_pages:
                return site.cleartext_pages[key]
        if site.cleartext is Cleartext.REDIRECTS:
            return redirect(f"https://{host}{target}")
    return site.pages.get(target) or site.pages.get(path) or site.missing


def _body(reply: Reply) -> bytes:
    return reply.body.encode() if isinstance(reply.body, str) else reply.body


def _headers(site: Site, reply: Reply, *, origin: str) -> list[tuple[str, str]]:
    headers = [*(site.headers if reply.site_headers else ()), *reply.headers]
    headers = [(name, value.replace("{origin}", origin)) for name, value in headers]
    if reply.status not in NO_BODY:
        length = str(len(_body(reply)))
        headers.append(("content-type", reply.content_type))
        headers.append(("transfer-encoding", "chunked") if reply.chunked else ("content-length", length))
    return headers


def _written(site: Site, reply: Reply, *, head_only: bool, keep: bool, origin: str) -> bytes:
    body = _body(reply)
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    headers = [*_headers(site, reply, origin=origin), ("connection", "keep-alive" if keep else "close")]
    head = f"HTTP/1.1 {reply.status} {phrase}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    if head_only or reply.status in NO_BODY:
        return head.encode("latin-1")
    return head.encode("latin-1") + (_chunked(body) if reply.chunked else body)


def _chunked(body: bytes) -> bytes:
    return (f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b"") + b"0\r\n\r\n"


async def _misbehave(link: Link, behaviour: Behaviour) -> None:
    match behaviour:
        case Behaviour.GARBLED:
            await link.write(b"\x16\x03\x01 this is not the protocol you are looking for\r\n\r\n")
        case Behaviour.ENDLESS:
            await link.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
            while True:
                await link.write(b"<p>und weiter</p>" * 1000)
        case Behaviour.DRIPS:
            await link.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 100000\r\n\r\n")
            while True:
                await link.write(b".")
                await asyncio.sleep(1)
        case Behaviour.HEADER_FLOOD:
            await link.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                await link.write(b"x-flood: und weiter und weiter\r\n" * 100)


async def _say(link: Link, *lines: str) -> None:
    await link.write("".join(f"{line}\r\n" for line in lines).encode())


def _mail_reply(exchanger: Exchanger, command: str, *, encrypted: bool) -> tuple[str, ...]:
    match command:
        case "EHLO" if exchanger.ehlo_reply:
            return (exchanger.ehlo_reply,)
        case "EHLO":
            offers = ["SIZE 20480000", "8BITMIME"]
            if exchanger.tls is not None and not encrypted:
                offers.append("STARTTLS")
            return (f"250-{exchanger.host}", *(f"250-{offer}" for offer in offers), "250 ENHANCEDSTATUSCODES")
        case "HELO" | "RSET" | "NOOP":
            return (f"250 {exchanger.host}",)
        case "QUIT":
            return ("221 2.0.0 Bye",)
        case "STARTTLS":
            return ("502 5.5.1 Command not implemented",)
        case _:
            return ("550 5.7.1 This server takes no mail",)
