"""The hostile servers as a process: where they stand comes on stdin, "ready" goes out, and the end of stdin ends it."""

import asyncio
import json
import logging
import sys
import threading

from tests.loopback import hostile_cases
from tests.loopback.hostile import HostileServers


def main() -> None:
    """Serve the table."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # that scans hang up on these servers is no news
    told = json.loads(sys.stdin.readline())
    servers = HostileServers(
        {case.host: case.does for case in hostile_cases.CASES},
        ports={int(public): real for public, real in told["ports"].items()},
        resolver=(told["resolver"], told["resolver_port"]),
        trusted={host: (chain.encode(), key.encode()) for host, (chain, key) in told["trusted"].items()},
    )

    async def live() -> None:
        loop, finish = asyncio.get_running_loop(), asyncio.Event()

        def wait() -> None:
            sys.stdin.read()
            loop.call_soon_threadsafe(finish.set)

        threading.Thread(target=wait, daemon=True).start()
        serving = asyncio.create_task(servers.serve(lambda: print("ready", flush=True)))
        ending = asyncio.create_task(finish.wait())
        await asyncio.wait({serving, ending}, return_when="FIRST_COMPLETED")
        if serving.done():
            serving.result()
        serving.cancel()

    asyncio.run(live())


if __name__ == "__main__":
    main()
