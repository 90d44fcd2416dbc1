"""postal-60: one express network any engine can run, all numbers from a stated hash, so engines must agree exactly."""
