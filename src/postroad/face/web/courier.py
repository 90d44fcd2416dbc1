"""The server's courier: one thread that looks every second for subscriptions that are due, and serves them."""

from __future__ import annotations

import sys
import threading
import traceback
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from postroad.face.web import subscriptions

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from postroad.face.web.settings import Settings

TICK_S = 1.0


class Courier:
    """Serves subscriptions while the server runs."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="courier", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking; a call under way is broken off with the server, and made again at the next start."""
        self._end.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._end.wait(TICK_S):
            try:
                subscriptions.look(self.settings, self.engine, self._end.is_set)
            except SQLAlchemyError as closed:
                sys.stderr.write(f"courier: {str(closed).splitlines()[0]}\n")
            except Exception:  # a defect with one subscription must not end the service of the others
                traceback.print_exc()
