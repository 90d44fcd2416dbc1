"""Rounds between county centre, township and village, and the search for very large ones (P54 P55 P56 P57 P58 P83)."""
