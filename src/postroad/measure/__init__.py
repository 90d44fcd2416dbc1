"""Measure a network and its records against the plan (layer 4); reads tables of results, never engines."""
