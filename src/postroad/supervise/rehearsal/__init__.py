"""A rehearsal month: a made-up province worked through every act, so that all of it can be seen. Always synthetic."""

from postroad.supervise.rehearsal.month import Rehearsal, rehearse

__all__ = ["Rehearsal", "rehearse"]
