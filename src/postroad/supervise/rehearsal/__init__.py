"""A rehearsal month: operators' files through the ledger, then every act on the records. Always synthetic."""

from postroad.supervise.rehearsal.month import Rehearsal, possible, ready, rehearse
from postroad.supervise.rehearsal.operators import Reported, reported

__all__ = ["Rehearsal", "Reported", "possible", "ready", "rehearse", "reported"]
