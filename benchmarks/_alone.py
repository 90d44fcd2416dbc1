"""The process in which ``benchmarks.alone`` measures one function."""

import json
import sys

from benchmarks import call

if __name__ == "__main__":  # workers it spawns import it again
    print(json.dumps(call(sys.argv[1])))
