"""Makes flows and tables before the clock starts."""

from benchmarks.demand import ready

ready()
