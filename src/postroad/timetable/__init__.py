"""Scheduled trains, buses and flights, in and out as GTFS (P12 P80 P84 P85 P86).

read_gtfs, write_gtfs     a feed from and to a folder or zip, nothing lost
check                     every fault of a feed at once, by the GTFS rules
trains, buses, flights    feeds made from a network's tables
services                  capacity that leaves at a time, on a day
earliest                  when a parcel can be where, riding services
"""

from postroad.timetable.buses import buses
from postroad.timetable.feed import Feed, read_gtfs, write_gtfs
from postroad.timetable.flights import flights
from postroad.timetable.journeys import earliest
from postroad.timetable.rules import check, sound
from postroad.timetable.services import services
from postroad.timetable.trains import trains

__all__ = ["Feed", "buses", "check", "earliest", "flights", "read_gtfs", "services", "sound", "trains", "write_gtfs"]
