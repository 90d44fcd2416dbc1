"""Emergency plans as scripts run on the twin and graded (P20 P29 P75 P96).

script(province, name)        read and checked: trigger, events, actions with who and what they cost, relief
drill(network, demand, ...)   the day as it was, the day struck, and the day struck with each action: graded and ranked
"""

from postroad.simulate.drill.grading import GRADES, Grade
from postroad.simulate.drill.running import drill
from postroad.simulate.drill.script import Action, Relief, Script, Trip, names, script

__all__ = ["GRADES", "Action", "Grade", "Relief", "Script", "Trip", "drill", "names", "script"]
