"""A real PostgreSQL from Debian's packages, started for the tests in a folder of its own and stopped after them.

PostgreSQL refuses to run as root: as root the server runs as the user ``postgres``, which the package makes.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

REQUIRED = os.environ.get("POSTROAD_REQUIRE_POSTGRES") == "1"


def program(name):
    """Return the path of one of PostgreSQL's programs, or ``None``."""
    places = [Path(place) / name for place in os.environ.get("PATH", "").split(os.pathsep) if place]
    if config := shutil.which("pg_config"):
        bindir = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        places.append(Path(bindir) / name)
    places += sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return next((path for path in places if path.is_file() and os.access(path, os.X_OK)), None)


def missing():
    """Skip where there is no PostgreSQL, or fail where one is required."""
    if REQUIRED:
        pytest.fail("PostgreSQL is required and not installed: apt-get install postgresql")
    pytest.skip("no PostgreSQL here: apt-get install postgresql")


class Server:
    """A running server; ``database()`` makes a fresh database and returns its address."""

    def __init__(self, folder, port):
        self.folder, self.port, self._made = folder, port, []

    def address(self, name):
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def run(self, statement):
        import psycopg

        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres", autocommit=True) as link:
            link.execute(statement)

    def database(self, template="template0"):
        name = f"t{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        self._made.append(name)
        return self.address(name)


def _command(name, *words):
    line = [str(program(name)), *words]
    return ["runuser", "-u", "postgres", "--", *line] if os.geteuid() == 0 else line


@contextlib.contextmanager
def server():
    """Start a server on a free port and stop it afterwards."""
    if program("initdb") is None or program("pg_ctl") is None:
        missing()
    folder = Path(tempfile.mkdtemp(prefix="postroad-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    folder.chmod(0o700)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=60 -c fsync=off"
    try:
        make = _command("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        subprocess.run(make, check=True, capture_output=True, cwd="/tmp")
        start = _command("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", settings, "-w", "start")
        subprocess.run(start, check=True, cwd="/tmp", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield Server(folder, port)
    finally:
        subprocess.run(_command("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"),
                       check=False, capture_output=True, cwd="/tmp")  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
