"""The parcel engine: one day or several, every parcel, exactly.

simulate_day(network, demand, day=...)   a ``Run``: parcels, facilities by half hour, trips, rounds, lockers
Options                                  what is assumed beyond the network's tables
Disruption                               a plant, line, road or round closed or slowed, parcels diverted
Given                                    parcels of one's own in place of a demand
"""

from postroad.simulate.day.disruption import Disruption
from postroad.simulate.day.options import Options
from postroad.simulate.day.parcels import Given
from postroad.simulate.day.run import Run, simulate_day

__all__ = ["Disruption", "Given", "Options", "Run", "simulate_day"]
