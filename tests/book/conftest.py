"""The built book, a web server for it and a browser, each made once."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def html():
    """Build the book in its usual place, which costs little where it is up to date."""
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [jupyter_book, "build", ".", "-W", "-n", "--keep-going"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    built = ROOT / "_build" / "html"
    assert (built / "index.html").is_file(), "the build says that all is well but made no book"
    return built


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line in the log for each."""

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="session")
def address(html):
    """Serve the built book on localhost; the address ends without a slash."""
    handler = functools.partial(QuietHandler, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Start the machine's own Chromium; skip, or fail if it is required, where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        reason = "NO CHROMIUM HERE: how the pages look and what they load is NOT tested"
        if os.environ.get("COURSE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium refuses its own sandbox to root.
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        chromium = playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_FLAGS + sandbox
        )
        yield chromium
        chromium.close()
