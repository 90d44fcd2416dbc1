"""The console's build: its interface description, and whether the committed files are fresh.

``python -m tools.console describe``  write console/openapi.json from the application
``python -m tools.console seal``      record in the built files what they were built from (run by ``make console``)
``python -m tools.console --check``   end with code 1 when description, types or built files are stale; needs no Node
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "console"
BUILT = ROOT / "src" / "postroad" / "face" / "console"
SEAL = BUILT / "build.json"
DESCRIPTION = SOURCES / "openapi.json"
PARTS = ("src", "index.html", "openapi.json", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


def described() -> str:
    """Return the description of the HTTP interface as JSON text with sorted keys."""
    from postroad.face.web import Settings, create_app

    with tempfile.TemporaryDirectory() as home:
        told = create_app(Settings(home=Path(home), workers=0, open_id=None)).openapi()
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def digest(paths: list[Path], base: Path) -> str:
    """Return the SHA-256 over names and contents of files."""
    made = hashlib.sha256()
    for path in sorted(paths):
        made.update(f"{path.relative_to(base).as_posix()}\n".encode())
        made.update(path.read_bytes())
    return made.hexdigest()


def source_digest() -> str:
    """Return the digest of everything the console is built from."""
    files = []
    for part in PARTS:
        place = SOURCES / part
        files += [f for f in place.rglob("*") if f.is_file()] if place.is_dir() else [place]
    return digest(files, SOURCES)


def built_digest() -> str:
    """Return the digest of the built files, the seal left out."""
    return digest([f for f in BUILT.rglob("*") if f.is_file() and f != SEAL], BUILT)


def stale() -> list[str]:
    """Return what is stale, in words."""
    found = []
    if DESCRIPTION.read_text("utf-8") != described():
        found.append("console/openapi.json is not the interface's description")
    seal = json.loads(SEAL.read_text("utf-8")) if SEAL.is_file() else {}
    if seal.get("sources") != source_digest():
        found.append("the built console is older than console/")
    if seal.get("built") != built_digest():
        found.append("the built console was changed by hand")
    return found


def main(words: list[str]) -> int:
    """Do what is asked and return the exit code."""
    if words == ["describe"]:
        DESCRIPTION.write_text(described(), "utf-8")
        return 0
    if words == ["seal"]:
        SEAL.write_text(json.dumps({"sources": source_digest(), "built": built_digest()}, indent=1) + "\n", "utf-8")
        return 0
    found = stale()
    sys.stdout.write("".join(f"{line}; run make console\n" for line in found) or "the console is fresh\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
