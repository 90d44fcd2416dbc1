"""The process in which ``benchmarks.alone`` measures one function."""

import json
import sys

from benchmarks import call

print(json.dumps(call(sys.argv[1])))
