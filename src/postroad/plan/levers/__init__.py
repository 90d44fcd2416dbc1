"""Levers: each task of the plan as a named, dated, costed change to the network's tables (P10 P11 P54 P98 P99).

levers(name, plan)           read and checked against schema and plan
apply(network, levers, on)   the network with the levers as far as they work on a day; order cannot matter
without(network, base)       the base that levers are measured from
yearly_costs(...)            capital and running cost, year by year, with the payer
"""

from postroad.plan.levers.composing import Applied, apply, without
from postroad.plan.levers.lever import Change, Cost, Lever, Levers, NoLever
from postroad.plan.levers.money import yearly_costs
from postroad.plan.levers.reading import levers

__all__ = [
    "Applied",
    "Change",
    "Cost",
    "Lever",
    "Levers",
    "NoLever",
    "apply",
    "levers",
    "without",
    "yearly_costs",
]
