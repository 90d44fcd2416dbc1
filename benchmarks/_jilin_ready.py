"""Import this to have the tables read, the timetable made and the compiled code of the province's day loaded."""

from benchmarks.day import jilin

jilin(0.001, 1)
