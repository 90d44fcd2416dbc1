"""What each lever buys: shares that sum exactly to the bundle's effect, interactions, the frontier, a target's price.

shapley(game)              shares of every player, exact or sampled with an interval
interactions(game)         what pairs do together beyond what they do alone
frontier, cheapest         cost against targets over all bundles
"""

from postroad.measure.effect.bundle import Aim, Bundle, Choice, cheapest, frontier
from postroad.measure.effect.game import Game, Shares, interactions, shapley

__all__ = ["Aim", "Bundle", "Choice", "Game", "Shares", "cheapest", "frontier", "interactions", "shapley"]
