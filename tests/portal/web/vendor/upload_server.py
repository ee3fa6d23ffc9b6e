"""The web server of a test in a process of its own, so that its memory can be measured: DATABASE_URL FOLDER PORT."""

from __future__ import annotations

import sys
from pathlib import Path

from werkzeug.serving import make_server

from portal.app import create_app
from tests.portal.web.conftest import make_settings

if __name__ == "__main__":
    url, folder, port = sys.argv[1:]
    app = create_app(make_settings(url, Path(folder), f"http://127.0.0.1:{port}"))
    server = make_server("127.0.0.1", int(port), app, threaded=True)
    print("ready", flush=True)
    server.serve_forever()
