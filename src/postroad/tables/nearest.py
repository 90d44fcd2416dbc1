"""The closest spelling among valid values, by edit distance, many candidates at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_CANDIDATES = 50_000
"""Above so many valid values no closest one is sought."""

MOST_ASKED = 200
"""So many different wrong values get a closest one; the rest get none."""


def closest(asked: Sequence[str | None], valid: Sequence[str]) -> list[str | None]:
    """Return for each text the valid value with the least edit distance, or ``None`` when nothing is near.

    Near means at most half of the longer text's letters differ. Ties go to the value first in order of code points.
    """
    if not valid or len(valid) > MOST_CANDIDATES:
        return [None] * len(asked)
    choices = sorted(set(valid))
    letters, lengths = _letters(choices)
    known: dict[str, str | None] = {}
    answers: list[str | None] = []
    for text in asked:
        if text is None or (text not in known and len(known) >= MOST_ASKED):
            answers.append(None)
            continue
        if text not in known:
            known[text] = _closest(text[:64], choices, letters, lengths)
        answers.append(known[text])
    return answers


def _letters(choices: Sequence[str]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    lengths = np.array([min(len(choice), 64) for choice in choices])
    letters = np.zeros((len(choices), int(lengths.max())), dtype=np.uint32)
    for row, choice in enumerate(choices):
        codes = np.frombuffer(choice[:64].casefold()[: lengths[row]].encode("utf-32-le", "replace"), "<u4")
        letters[row, : len(codes)] = codes
    return letters, lengths


def _closest(
    text: str, choices: Sequence[str], letters: np.ndarray[Any, Any], lengths: np.ndarray[Any, Any]
) -> str | None:
    """Levenshtein distance of one text to all candidates: one row of the table per letter, for all at once."""
    width = letters.shape[1]
    before = np.broadcast_to(np.arange(width + 1), (len(choices), width + 1)).astype(np.int32)
    steps = np.arange(width + 1, dtype=np.int32)
    for number, letter in enumerate(text.casefold(), start=1):
        row = np.empty_like(before)
        row[:, 0] = number
        row[:, 1:] = np.minimum(before[:, 1:] + 1, before[:, :-1] + (letters != ord(letter)))
        # Insertions run along the row: the least of (value - position) so far, plus position.
        before = np.minimum.accumulate(row - steps, axis=1) + steps
    distances = before[np.arange(len(choices)), lengths]
    best = int(distances.argmin())
    return choices[best] if 2 * distances[best] <= max(len(text), lengths[best]) else None
