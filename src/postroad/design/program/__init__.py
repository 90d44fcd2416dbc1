"""Linear and integer programs built from arrays and solved by HiGHS; explained when there is no answer.

Columns and rows come in named blocks, each a whole array at a time: no loop over variables anywhere. A block of rows
may carry labels, so that ``why`` can answer in the user's words: which rules cannot hold together, and the cheapest
way to relax them.
"""

from postroad.design.program.conflict import Conflict, Relief, Rule, why
from postroad.design.program.model import INFINITY, Columns, Program, Rows
from postroad.design.program.solving import Limits, Solution, solve, write_mps

__all__ = [
    "INFINITY",
    "Columns",
    "Conflict",
    "Limits",
    "Program",
    "Relief",
    "Rows",
    "Rule",
    "Solution",
    "solve",
    "why",
    "write_mps",
]
