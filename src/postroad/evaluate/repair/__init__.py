"""Repairs of broken promises, tried in simulation: what each brings, with its interval, and what it costs a day (P44).

mend(network, demand, ...)   candidates for the pairs that fail, each put into the network and run on the same worlds
"""

from postroad.evaluate.repair.candidates import Candidate, candidates
from postroad.evaluate.repair.trying import mend

__all__ = ["Candidate", "candidates", "mend"]
