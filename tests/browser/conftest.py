"""A server in a process of its own and Debian's Chromium, shared by the tests of the console."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest


class Server:
    """``postroad serve`` on a free port, with the address that signs in."""

    def __init__(self, home, *words):
        self.home, self.words = home, words
        self.start()

    def start(self):
        self.log = (self.home / "serve.log").open("w+")
        command = [sys.executable, "-c", "from postroad.face.cli import main; main()", "-l", "en", "serve", "jilin"]
        options = ["--port", "0", "--home", str(self.home), "--runs", str(self.home / "none"), *self.words]
        environment = {**os.environ, "COLUMNS": "400"}
        self.process = subprocess.Popen([*command, *options], stdout=self.log, stderr=self.log, env=environment)
        self.key_address = self._told(r"(http://\S+/api/session/key\?key=\S+)")
        self.base = self.key_address.split("/api/")[0]

    def _told(self, pattern):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            found = re.search(pattern, Path(self.log.name).read_text())
            if found:
                return found[1]
            assert self.process.poll() is None, Path(self.log.name).read_text()
            time.sleep(0.1)
        raise AssertionError("the server did not start")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def shots():
    """Where the screenshots are kept: out/screens in the working folder."""
    folder = Path(os.environ.get("POSTROAD_SCREENS", "out/screens"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
