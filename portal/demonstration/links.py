"""One connection as a server holds it, in the clear or under TLS; unlike asyncio's own TLS it sends its alerts."""

import asyncio
import contextlib
import ssl

READ_SIZE = 65536
LONGEST_HEAD = 65536
HANDSHAKE_SECONDS = 10
FAREWELL_SECONDS = 1


class Link:
    """Reads and writes plaintext; under TLS once start_tls is done."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over an accepted connection."""
        self._reader = reader
        self._writer = writer
        self._tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._read = b""  # plaintext that came with what was asked for

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Shake hands as a server; a refusal is sent as the alert that says why."""
        self._read = b""  # RFC 3207 section 6: what was said before TLS counts for nothing after it
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            while True:
                try:
                    tls.do_handshake()
                except ssl.SSLWantReadError:
                    await self._flush()
                    await self._feed()
                except ssl.SSLError:
                    await self._flush()
                    raise
                else:
                    break
        await self._flush()
        self._tls = tls

    @property
    def protocol(self) -> str:
        """What the two sides agreed on by ALPN; empty where they did not."""
        return (self._tls.selected_alpn_protocol() or "") if self._tls is not None else ""

    async def read(self) -> bytes:
        """The next bytes; empty at the end."""
        if self._read:
            kept, self._read = self._read, b""
            return kept
        if self._tls is None:
            return await self._reader.read(READ_SIZE)
        while True:
            try:
                return self._tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._feed()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def read_until(self, mark: bytes) -> bytes:
        """All up to and with the mark; what follows it stays for the next reader."""
        received = b""
        while mark not in received:
            part = await self.read()
            if not part or len(received) > LONGEST_HEAD:
                raise EOFError
            received += part
        end = received.index(mark) + len(mark)
        self._read = received[end:]
        return received[:end]

    async def read_exactly(self, length: int) -> bytes:
        """That many bytes."""
        received = b""
        while len(received) < length:
            part = await self.read()
            if not part:
                raise EOFError
            received += part
        self._read = received[length:]
        return received[:length]

    async def wait_for_end(self) -> None:
        """Hear everything and say nothing, until the other side has had enough."""
        while await self.read():
            pass

    async def write(self, data: bytes) -> None:
        """Send it all."""
        if self._tls is None:
            self._writer.write(data)
            await self._writer.drain()
            return
        while data:
            data = data[self._tls.write(data) :]
        await self._flush()

    def abort(self) -> None:
        """Cut it."""
        self._writer.transport.abort()

    async def hang_up(self) -> None:
        """Close politely where the other side plays along, else at once."""
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                if self._tls is not None:
                    with contextlib.suppress(ssl.SSLError):
                        self._tls.unwrap()
                    await self._flush()
                self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError, asyncio.CancelledError):
            self.abort()

    async def _feed(self) -> None:
        data = await self._reader.read(READ_SIZE)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            self._writer.write(data)
            await self._writer.drain()
