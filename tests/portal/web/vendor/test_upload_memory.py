"""What a large upload costs the server in memory, measured at the process itself."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.db.models.responses import Evidence
from portal.files import guarding
from tests.portal.web.conftest import sign_in
from tests.portal.web.vendor import errand

ROOT = Path(__file__).resolve().parents[4]
MEGABYTE = 2**20
MOST_MORE = 50 * MEGABYTE
FIELDS = {"kind": "iso27001_cert", "confidentiality": "normal", "to": "GV-01", "issued_on": "2026-01-05"}
BOUNDARY = "----a-part-ends-here"

pytestmark = pytest.mark.loopback


class Server:
    """The process and somebody who is signed in there."""

    def __init__(self, pid: int, port: int, token: str) -> None:
        self.pid, self.port = pid, port
        self.cookie = f"kettenblick-session={token}"
        self.form_token = re.search('name="csrf-token" content="([^"]+)"', self.get("/about"))[1]

    def get(self, path: str) -> str:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        line.request("GET", path, headers={"Cookie": self.cookie})
        text = line.getresponse().read().decode()
        line.close()
        return text

    def upload(self, path: str, size: int) -> tuple[int, str]:
        """Send a PDF of that size, piece by piece."""
        said = {**FIELDS, "csrf_token": self.form_token}
        before = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in said.items()
        )
        before += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\n'
        after = f"%%EOF\n\r\n--{BOUNDARY}--\r\n"
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        line.putrequest("POST", path)
        for name, value in {
            "Cookie": self.cookie,
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(before) + size + len(after)),
        }.items():
            line.putheader(name, value)
        line.endheaders()
        try:
            line.send(before.encode())
            for start in range(0, size, 2**16):
                line.send(b"%" * min(2**16, size - start))
            line.send(after.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all there
        answer = line.getresponse()
        text = answer.read().decode(errors="replace")
        line.close()
        return answer.status, text

    def forget_peak(self) -> int:
        """Begin to measure; returns what the process takes now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")
        return self._status("VmRSS")

    def peak(self) -> int:
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        told = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{name}:\s+(\d+) kB$", told, re.MULTILINE)[1]) * 1024


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def server(engine, sessions, tmp_path, free_port, asked):
    command = [sys.executable, "-m", "tests.portal.web.vendor.upload_server", str(engine.url), str(tmp_path)]
    with subprocess.Popen(
        [*command, str(free_port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as one:
        try:
            assert one.stdout.readline() == b"ready\n"
            yield Server(one.pid, free_port, sign_in(sessions, asked.lead))
        finally:
            one.kill()


def test_a_large_upload_takes_less_than_fifty_megabytes_more(server, asked, session):
    path = f"{asked.path}/documents/add"
    assert server.upload(path, MEGABYTE)[0] == 303  # everything is loaded now
    before = server.forget_peak()

    status, _text = server.upload(path, guarding.LARGEST - 2048)
    taken = server.peak() - before
    assert status == 303
    assert 15 * MEGABYTE < taken < MOST_MORE  # the file itself is there once, and no second time

    before = server.forget_peak()
    status, text = server.upload(path, 25 * MEGABYTE)
    assert (status, server.peak() - before < MOST_MORE) == (413, True)
    assert "</html>" in text or not text
    assert len(session.scalars(select(Evidence)).all()) == 2
