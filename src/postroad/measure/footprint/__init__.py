"""Energy, CO2e and packaging per piece, by stage and leg, one allocation rule throughout (P22 P41 P87 P88).

footprint(network, loads, ...)   by ISO 14083: line-hauls, hubs, rounds and city delivery, well-to-wheel, empty runs in
bag_fleet, reusable_bag_rate     how many transit bags a day's pieces need, and what share a fleet covers
factors(network)                 every factor with its range and source
packaging(...)                   mass of packaging used, and what is used again
"""

from postroad.measure.footprint.chain import Footprint, city, footprint
from postroad.measure.footprint.factors import factors
from postroad.measure.footprint.packaging import bag_fleet, packaging, reusable_bag_rate

__all__ = ["Footprint", "bag_fleet", "city", "factors", "footprint", "packaging", "reusable_bag_rate"]
