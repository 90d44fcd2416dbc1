"""Which places are hubs and who feeds them (P32 P69 P79): the field's standard problems, and the plan's three tiers.

choose_hubs(problem)     single or multiple allocation, a number of hubs or their cost, capacity, a latest arrival
why(problem)             what makes a problem impossible
standard_hubs(network, demand, Standard("USApHMP", p=5), limits)   the same problems on a province's own data
trunk_tiers(network, demand)   the plan's tiers against the best, what lies between, and the allocations as a table
"""

from postroad.design.hubs.answer import HubAnswer
from postroad.design.hubs.choosing import choose_hubs
from postroad.design.hubs.problem import HubProblem, euclidean
from postroad.design.hubs.reasons import why
from postroad.design.hubs.standard import Standard, standard_hubs, standard_problem
from postroad.design.hubs.trunk import TrunkTiers, trunk_tiers

__all__ = [
    "HubAnswer", "HubProblem", "Standard", "TrunkTiers", "choose_hubs", "euclidean", "standard_hubs",
    "standard_problem", "trunk_tiers", "why",
]  # fmt: skip
