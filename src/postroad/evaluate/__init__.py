"""Where engines and measures meet: what a province with some levers in place scores, and what each lever buys.

Measures read tables and never call engines; engines know no targets. This room calls both: it puts levers into a
network, derives its trunk timetable, runs its parcels, and reads every measure off the result (P98 P100).

prepared(question, levers)    the network of a year with levers in it, ready to run
measured(case)                every measure of one bundle in one world
effects(question, ...)        shares, intervals, interactions, costs, frontier, gainers and losers
compare(question, bundles)    bundles side by side, paired by world
"""

from postroad.evaluate.case import Case, Choice, Question, measured
from postroad.evaluate.compare import compare
from postroad.evaluate.effects import Worlds, by_year, effects
from postroad.evaluate.ready import prepared

__all__ = ["Case", "Choice", "Question", "Worlds", "by_year", "compare", "effects", "measured", "prepared"]
