"""Find good networks and say how good they are (layer 3)."""
