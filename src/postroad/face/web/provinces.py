"""The provinces a server knows: those in the package and those taken in from uploads."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from postroad.face.web.refusal import Refused
from postroad.network import Network, province, shipped_packs

if TYPE_CHECKING:
    from postroad.plan.plan import Plan

FOLDER = "provinces"
_lock = threading.Lock()


def names(home: Path) -> list[str]:
    """Return the names of all provinces, the shipped ones first."""
    own = home / FOLDER
    taken = sorted(entry.name for entry in own.iterdir() if entry.is_dir()) if own.is_dir() else []
    return [*shipped_packs(), *(name for name in taken if name not in shipped_packs())]


def opened(home: Path, name: str) -> Network:
    """Return a province by name; refused when there is none, as after it was taken away."""
    if name in shipped_packs():
        return province(name)
    folder = home / FOLDER / name
    if not name.replace("-", "").replace("_", "").isalnum() or not folder.is_dir():
        raise Refused(404, "console.no_province", asked=name[:80], known=", ".join(names(home)))
    with _lock:
        return _own(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _own(folder: Path, _: int) -> Network:
    return Network.load(folder)


def plan_of(home: Path, name: str) -> Path | str:
    """Return what ``plan`` takes for a province: its own plan where the pack has one, else the name."""
    if name in shipped_packs():
        return name
    return home / FOLDER / name / "plan.toml"


def plan(home: Path, name: str) -> Plan:
    """Return the plan of a province; refused when its pack has none."""
    from postroad.plan.plan import plan as read

    place = plan_of(home, name)
    if isinstance(place, Path) and not place.is_file():
        raise Refused(404, "console.no_plan", name=name)
    return read(place)
