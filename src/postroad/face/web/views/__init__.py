"""What the routes answer with: functions of a network and a few values, returning plain values."""
