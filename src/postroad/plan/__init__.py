"""A postal plan as data: its targets and tasks, and the figures in its text (layer 2)."""
