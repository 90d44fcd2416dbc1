"""How the cost of doing things together is split so that nobody would leave (P33 P55 P61 P63)."""

from postroad.design.sharing.data import Level, least_data, least_each
from postroad.design.sharing.fen import to_fen
from postroad.design.sharing.game import Game
from postroad.design.sharing.splits import Split, core_excess, equal_profit, nucleolus, shapley, split

__all__ = [
    "Game",
    "Level",
    "Split",
    "core_excess",
    "equal_profit",
    "least_data",
    "least_each",
    "nucleolus",
    "shapley",
    "split",
    "to_fen",
]
