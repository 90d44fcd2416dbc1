"""What moves: parcels by origin, destination, product, operator and minute (P03 P06 P13 P16 P17 P31 P39 P74 P75).

demand(network, year)        yearly flows that reproduce every control total
Demand.parcels(day, seed)    the parcels of a day, streamed in blocks at constant memory
"""

from postroad.demand.flows import Demand, demand
from postroad.demand.parcels import Block, digest

__all__ = ["Block", "Demand", "demand", "digest"]
