"""Where service points go: covering, p-median and the rest, with a proof of how good each answer is (P57, P63, P66)."""

from postroad.design.sites.covering import Covered, maximal_covering
from postroad.design.sites.demand import Question
from postroad.design.sites.lifting import Lift, lift
from postroad.design.sites.loss import cells_for, refusal, turnover
from postroad.design.sites.median import Located, p_median
from postroad.design.sites.merging import Groups, merge_lists, merge_points
from postroad.design.sites.rollout import NEVER, Rollout, rollout
from postroad.design.sites.standards import Standing, p_centre, set_covering
from postroad.design.sites.tree import Pace

__all__ = [
    "NEVER",
    "Covered",
    "Groups",
    "Lift",
    "Located",
    "Pace",
    "Question",
    "Rollout",
    "Standing",
    "cells_for",
    "lift",
    "maximal_covering",
    "merge_lists",
    "merge_points",
    "p_centre",
    "p_median",
    "refusal",
    "rollout",
    "set_covering",
    "turnover",
]
