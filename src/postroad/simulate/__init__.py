"""Run a network parcel by parcel (layer 3)."""
