"""The 24-hour certificate: the share on time of each promised pair and class, its interval, and why not (P13 P44).

certificate(facts, network)   from parcels of many simulated days and worlds
interval(...)                 of a share whose parcels share their day's luck
stability(facts, network)     days served of those asked for, and the spread of arrival, village by village (P71)
"""

from postroad.measure.promise.certificate import Certificate, certificate, of_pairs
from postroad.measure.promise.shares import Interval, interval
from postroad.measure.promise.villages import stability

__all__ = ["Certificate", "Interval", "certificate", "interval", "of_pairs", "stability"]
