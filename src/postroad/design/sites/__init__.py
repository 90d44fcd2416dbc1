"""Where service points go: covering, p-median and the rest, with a proof of how good each answer is (P57, P63, P66)."""

from postroad.design.sites.covering import Covered, maximal_covering
from postroad.design.sites.median import Located, p_median
from postroad.design.sites.merging import Groups, merge_lists, merge_points
from postroad.design.sites.tree import Pace

__all__ = ["Covered", "Groups", "Located", "Pace", "maximal_covering", "merge_lists", "merge_points", "p_median"]
