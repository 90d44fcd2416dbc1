"""Service network design in continuous time: which way every load goes and who shares which departure, with a bound.

Loads have a quantity, a release and a deadline; they wait for free and never split. Loads on the same departure of a
service share its vehicles. The answer is proven by a relaxation on ever finer time slots (dynamic discretisation
discovery: Boland, Hewitt, Marshall and Savelsbergh 2017; intervals: Marshall et al. 2021), here over all paths that
keep a load's window, and found by ruin and recreate over paths and departures.
"""

from postroad.design.lines.continuous.instance import Instance, read
from postroad.design.lines.continuous.plan import Dispatch, Plan
from postroad.design.lines.continuous.solving import design

__all__ = ["Dispatch", "Instance", "Plan", "design", "read"]
