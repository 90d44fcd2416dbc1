"""The one who appends to a ledger: everything a commit names is flushed to disk before the commit is."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.supervise.ledger.durable import sync_folder, sync_path
from postroad.supervise.merkle import Growing, leaf_hash

if TYPE_CHECKING:
    from postroad.supervise.ledger.store import Ledger

FLUSHED_AT_ONCE = 4
BESIDE = ("superseded", "quarantine", "sealed")
"""What a commit may keep beside its parts: records replaced, rows set aside, numbers sealed."""
FOLDERS = ("parts", *BESIDE)


class Writer:
    """Appends commits to a ledger; made by ``Ledger.writing`` only."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._log = Growing.of(bytes.fromhex(commit["log"]["leaf"]) for commit in ledger.commits)
        self._settled: set[Path] = set()
        self._waiting: list[tuple[dict[str, Any], list[str]]] = []
        self.taken = {e["source"]["sha256"]: e["seq"] for e in ledger.entries("file")}

    @property
    def seq(self) -> int:
        """The number of the commit to come."""
        return self._log.size + 1

    def clear(self) -> None:
        """Remove files that no commit names: what a killed writer left behind."""
        named = {part["path"] for e in self.ledger.entries("file") for part in e["parts"]}
        named |= {e[k] for e in self.ledger.entries("file") for k in BESIDE if e[k]}
        for folder in FOLDERS:
            for file in (self.ledger.root / folder).rglob("*"):
                if file.is_file() and file.relative_to(self.ledger.root).as_posix() not in named:
                    file.unlink()
        for part in (self.ledger.root / "commits").glob("*.part"):
            part.unlink()

    def commit(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Append an entry and return the commit; when this returns, it survives a loss of power."""
        made = self.add(entry, [])
        self.flush()
        return made

    def add(self, entry: dict[str, Any], paths: list[str]) -> dict[str, Any]:
        """Append an entry that names these files and return the commit, which counts only after ``flush``."""
        entry = {**entry, "seq": self.seq}
        leaf = leaf_hash(canonical(entry))
        self._log.add(leaf)
        made = {"entry": entry, "log": {"size": entry["seq"], "leaf": leaf.hex(), "root": self._log.root.hex()}}
        self.ledger.commits.append(made)
        self._waiting.append((made, paths))
        if entry["what"] == "file":
            self.taken[entry["source"]["sha256"]] = entry["seq"]
        return made

    def flush(self) -> None:
        """Make what was added survive a loss of power: first all files it names, then the commits, in their order."""
        if not self._waiting:
            return
        try:
            root, folder = self.ledger.root, self.ledger.root / "commits"
            paths = [path for _, named in self._waiting for path in named]
            if not folder.is_dir():
                folder.mkdir(parents=True)
                sync_folder(root)
            written = []
            for made, _ in self._waiting:
                file = folder / f"{made['entry']['seq']:08d}.json"
                part = file.with_suffix(".json.part")
                part.write_bytes(json.dumps(made, ensure_ascii=False).encode())
                written.append((part, file))
            # Flushed beside one another, files share what the disk does for each.
            with ThreadPoolExecutor(FLUSHED_AT_ONCE) as pool:
                list(pool.map(sync_path, [*(root / path for path in paths), *(part for part, _ in written)]))
            self._sync_folders(paths)
            for part, file in written:
                part.replace(file)
            sync_folder(folder)
        except BaseException:
            self.drop()
            raise
        self._waiting = []

    def has(self, seq: int) -> bool:
        """Whether a commit is in its place."""
        return (self.ledger.root / "commits" / f"{seq:08d}.json").is_file()

    def _sync_folders(self, paths: list[str]) -> None:
        """Flush the folders in which these files stand, and every folder above one that may be new."""
        flush: set[Path] = set()
        for path in paths:
            folder = Path(path).parent
            flush.add(folder)
            while folder != Path() and folder not in self._settled:
                folder = folder.parent
                flush.add(folder)
        for folder in sorted(flush, reverse=True):
            sync_folder(self.ledger.root / folder)
        self._settled |= flush

    def drop(self) -> None:
        """Forget what was added and is not in its place: the log stands where it stood."""
        for made, _ in reversed(self._waiting):
            if self.has(made["entry"]["seq"]):
                break
            self.ledger.forget(made)
            if made["entry"]["what"] == "file":
                self.taken.pop(made["entry"]["source"]["sha256"], None)
        self._waiting = []
        self._log = Growing.of(bytes.fromhex(commit["log"]["leaf"]) for commit in self.ledger.commits)


def canonical(entry: dict[str, Any]) -> bytes:
    """Return an entry as the bytes that the log hashes."""
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
