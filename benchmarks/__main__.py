"""``python -m benchmarks NAME``: see the package."""

import sys

from benchmarks import main

sys.exit(main())
