"""Which line-hauls run, when, with what: the trunk timetable of a province, and the plants it needs (P12 P44 P77-P82).

baseline(network, demand)        a timetable by rule, in seconds
seated(network)                  trains and flights beside the road, as far as the network opens their holds
timetable(network, demand)       the designed timetable between hubs, gateways and counties
design_trunk(network, demand)    tiers, timetables, promises and repairs, winter and peak, costs by leg
continuous                       service network design in continuous time, on its own
"""

from postroad.design.lines.baseline import baseline
from postroad.design.lines.designing import TrunkDesign, design_trunk
from postroad.design.lines.seated import seated
from postroad.design.lines.timetable import Timetable, timetable

__all__ = ["Timetable", "TrunkDesign", "baseline", "design_trunk", "seated", "timetable"]
