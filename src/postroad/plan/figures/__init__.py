"""The figures in a plan's text: candidates for lost decimals, arithmetic links, verdicts and contradictions.

Serves feature rows of the whole plan (its printed numbers) by general rules: nothing here knows one text. A text goes
through `reading` (normalise, keep the place), `finding` (numbers with unit, subject, role and concept), `linking`
(which figures bind each other), `resolving` (which candidates survive, and the verdict) and `coherence`.
"""

from postroad.plan.figures.ledger import Ledger, ledger_of_text, printed_ledger, read_ledger
from postroad.plan.figures.resolving import VERDICTS, Figure, Link
from postroad.plan.figures.signing import signed_off

__all__ = ["VERDICTS", "Figure", "Ledger", "Link", "ledger_of_text", "printed_ledger", "read_ledger", "signed_off"]
