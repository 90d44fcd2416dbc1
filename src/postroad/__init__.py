"""Postroad (驿道): a postal plan made executable.

Public names are loaded when first used, so that ``import postroad`` stays quick.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Network": "postroad.network",
    "province": "postroad.network",
}

__all__ = ["Network", "__version__", "province"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"postroad has no public name {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
