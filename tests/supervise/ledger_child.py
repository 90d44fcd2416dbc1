"""The process that the tests kill while it takes files in."""

from __future__ import annotations

import os
from pathlib import Path

from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger, plain, take
from postroad.supervise.ledger.extract import write
from tests.supervise.ledger_world import KNOWN


def take_all(root: str, files: list[str], told: str, together: bool = False) -> None:
    """Take files in, one by one or together, and write each name to ``told`` once it is acknowledged."""
    ring = KeyRing.open(Path(root).parent / "keys")
    handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    plain.warm()  # else most are killed while they load what is compiled, before they have begun
    os.write(handle, b"ready\n")
    if together:
        with Counter(root, ring) as counter:
            for path, _ in counter.take_all(files, known_at=KNOWN):
                os.write(handle, f"{path.name}\n".encode())
        return
    for file in files:
        take(root, file, ring, known_at=KNOWN)
        os.write(handle, f"{Path(file).name}\n".encode())


def extract_all(root: str, database: str, told: str) -> None:
    """Write the ledger's extract, and say so once it is acknowledged."""
    handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, b"ready\n")
    write(Ledger.open(root), database)
    os.write(handle, b"done\n")
