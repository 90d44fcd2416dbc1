"""Many days and many worlds on common random numbers.

trial(network, demand, days=..., worlds=...)    runs until the interval of a measure is narrow enough, or all worlds
compare(before, after, demand, ...)             the same worlds in two networks: paired differences
"""

from postroad.simulate.trial.cases import Case, Stretch
from postroad.simulate.trial.paired import Comparison, compare
from postroad.simulate.trial.runs import Measure, Trial, trial

__all__ = ["Case", "Comparison", "Measure", "Stretch", "Trial", "compare", "trial"]
