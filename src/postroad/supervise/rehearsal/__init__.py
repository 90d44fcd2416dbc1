"""A rehearsal month: operators' files through the ledger, then every act on the records. Always synthetic."""

from postroad.supervise.rehearsal.month import Rehearsal, ready, rehearse
from postroad.supervise.rehearsal.operators import Reported, reported

__all__ = ["Rehearsal", "Reported", "ready", "rehearse", "reported"]
