"""The ledger: operators' records of every parcel, taken in, checked and balanced (P19 P22 P50 P86 P89).

take(root, file, ring)     one file into the ledger, once, whole or not at all
Counter(root, ring)        the same for many files under one lock, several under way at once
Ledger.open(root)          the ledger in a folder: commits, parts, log, queries
rules()                    the rules it works by, with legal source, dates and version
"""

from postroad.supervise.ledger.counter import Counter, take
from postroad.supervise.ledger.intake import Taken, now, quarantine
from postroad.supervise.ledger.rulebook import rules
from postroad.supervise.ledger.store import Ledger

__all__ = ["Counter", "Ledger", "Taken", "now", "quarantine", "rules", "take"]
