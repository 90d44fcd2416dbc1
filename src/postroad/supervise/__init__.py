"""Supervise the industry: the ledger of parcels, the public draw, and the cases (layer 5)."""
