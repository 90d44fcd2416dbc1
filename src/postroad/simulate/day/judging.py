"""Compiled passes over finished parcels: late or not and why, and the four stages of the national time test."""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.simulate.day.arrays import (
    AT_DOOR,
    DONE,
    LEFT,
    OUT,
    QUEUED,
    ROAD,
    STATUS,
    TRIES,
    VISITED,
    VISITS,
    WHY,
)

TIMETABLE = 9
"""Reason of lateness where no wait that a better day would spare explains it: the plan itself takes that long."""


@njit(cache=True, nogil=True)
def judge(state, accepted, promise, end):  # type: ignore[no-untyped-def]
    """Return elapsed and late ms of each parcel, the reason (0 where not late) and the node it points at (-1: none)."""
    count = accepted.size
    elapsed, late = np.empty(count, np.int64), np.zeros(count, np.int64)
    reason, node = np.zeros(count, np.int8), np.full(count, np.int32(-1))
    for p in range(count):
        row = state[p]
        delivered = row[STATUS] >= AT_DOOR and row[DONE] <= end
        elapsed[p] = (row[DONE] if delivered else end) - accepted[p]
        late[p] = max(0, elapsed[p] - promise[p])
        if late[p] > 0:
            spared = np.int64(row[QUEUED]) + row[LEFT] + row[ROAD]
            if row[TRIES] & 15 > 1 and delivered:
                spared += row[DONE] - row[OUT]
            if row[WHY] > 0 and spared >= late[p]:
                reason[p], node[p] = row[WHY] >> 16, row[WHY] & 65535
            else:
                reason[p] = TIMETABLE
    return elapsed, late, reason, node


@njit(cache=True, nogil=True)
def stages(state, visit, accepted, origin_city, destination_city, node_city, end):  # type: ignore[no-untyped-def]
    """Return seconds of each parcel in its city of origin, between cities, in the other city, and out for delivery.

    A stage that did not happen, or does not end within the horizon, is -1.
    """
    found = np.full((accepted.size, 4), np.int32(-1))
    for p in range(accepted.size):
        row = state[p]
        if origin_city[p] == destination_city[p]:
            continue
        left, came = np.int64(-1), np.int64(-1)
        for k in range(min(VISITS, row[VISITED])):
            city = node_city[visit[p, k, 0]]
            if city == origin_city[p] and came < 0 and visit[p, k, 3] >= 0:
                left = visit[p, k, 3]
            if city == destination_city[p] and came < 0:
                came = visit[p, k, 1]
        if left < 0:
            continue
        found[p, 0] = (left - accepted[p]) // 1000
        if came < 0 or came > end:
            continue
        found[p, 1] = (came - left) // 1000
        if row[OUT] < 0 or row[OUT] > end:
            continue
        found[p, 2] = (row[OUT] - came) // 1000
        if row[STATUS] >= AT_DOOR and row[DONE] <= end:
            found[p, 3] = (row[DONE] - row[OUT]) // 1000
    return found
