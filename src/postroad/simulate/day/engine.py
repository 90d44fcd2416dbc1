"""The compiled heart of the day: batches move from event to event, parcels get their exact times inside a batch.

Events are the departures of trips and rounds, which the timetable knows, and the arrivals of batches, kept in a heap.
A sorter is first in, first out, so when a batch arrives the moment each of its parcels will be sorted is already
certain: whoever comes later waits behind it. A trip takes whoever was ready before it leaves, and everyone who will be
ready by then has arrived by then. So a few hundred thousand events give what an event for every parcel would give.

Everything stands in one file on purpose: the cache of compiled code looks at the file of the function it keeps.

Time is in milliseconds from the start of the horizon. The sorter's clock counts work: at ``rate`` thousandths of a
piece an hour, ``rate * ms`` units are done in ``ms``, and a parcel takes ``PIECE`` units. Whole numbers throughout.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from postroad.simulate.day.arrays import (
    ABROAD,
    AT_DOOR,
    AT_NODE,
    AT_OFFICE,
    AT_STATION,
    BATCH,
    CLOSED,
    CUSTOMS,
    DOCK,
    DONE,
    FETCHED,
    FILLING,
    FULL,
    HELD,
    HOME,
    IN_LOCKER,
    JOINED,
    LEAF,
    LEFT,
    LOCKER,
    LOCKER_FULL,
    NEVER,
    NEXT,
    NOT_HOME,
    ON_LINE,
    ON_ROUND,
    OUT,
    OUTSIDE,
    PASSED,
    PIECE,
    QUEUED,
    ROAD,
    ROUND_OUT,
    SENT_BACK,
    SLOT_MS,
    SLOW_ROAD,
    SORTER,
    STATUS,
    STORAGE,
    TRIES,
    TRIP,
    VAN,
    VISITED,
    VISITS,
    WHERE,
    WHY,
    WORST,
    YARD,
)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE, _S12, _S27, _S30, _S31 = np.uint64(1), np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)


@njit(cache=True, inline="always")
def _mix(z):  # type: ignore[no-untyped-def]
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@njit(cache=True, inline="always")
def _chance(key, parcel, nth):  # type: ignore[no-untyped-def]
    word = _mix(key + (np.uint64(parcel) * np.uint64(16) + np.uint64(nth) + _ONE) * _GOLDEN)
    return (np.float64(word >> _S12) + 0.5) * 2.0**-52


@njit(cache=True)
def _push(moving, time, kind, a, b):  # type: ignore[no-untyped-def]
    """Add an arrival; at equal times the one that was scheduled first comes first."""
    keys, what, counters = moving.heap_key, moving.heap_what, moving.counters
    n = counters[2]
    counters[1] += 1
    key = np.int64(time) << 32 | np.int64(counters[1])
    while n > 0:
        above = (n - 1) >> 1
        if keys[above] <= key:
            break
        keys[n] = keys[above]
        what[n] = what[above]
        n = above
    keys[n] = key
    what[n, 0], what[n, 1], what[n, 2] = kind, a, b
    counters[2] += 1


@njit(cache=True)
def _drop_first(moving):  # type: ignore[no-untyped-def]
    keys, what, counters = moving.heap_key, moving.heap_what, moving.counters
    counters[2] -= 1
    size = counters[2]
    key, kind, a, b = keys[size], what[size, 0], what[size, 1], what[size, 2]
    n = 0
    while True:
        child = 2 * n + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[n] = keys[child]
        what[n] = what[child]
        n = child
    keys[n] = key
    what[n, 0], what[n, 1], what[n, 2] = kind, a, b


@njit(cache=True, inline="always")
def _waited(row, cause, node, ms):  # type: ignore[no-untyped-def]
    if ms > row[WORST]:
        row[WORST] = ms
        row[WHY] = cause * 65536 + node


@njit(cache=True, inline="always")
def _join(state, moving, queue, p, ready):  # type: ignore[no-untyped-def]
    state[p, NEXT] = -1
    state[p, JOINED] = ready
    if moving.tail[queue] < 0:
        moving.head[queue] = p
    else:
        state[moving.tail[queue], NEXT] = p
    moving.tail[queue] = p


@njit(cache=True, inline="always")
def _next_queue(ways, node, leaf, operator, urgent, epoch):  # type: ignore[no-untyped-def]
    """Return the queue a parcel joins at a node, -1 where it has nowhere to go."""
    if ways.depot[leaf] == node:
        return ways.queue[leaf] + (operator if ways.per_operator[leaf] else 0)
    unit = ways.unit[leaf]
    lane = ways.to_depot[leaf] if ways.unit_node[unit] == node else ways.lane[epoch, node, unit]
    return -1 if lane < 0 else 2 * lane + (0 if urgent else 1)


@njit(cache=True)
def _at_dock(free, first, last, now, holds):  # type: ignore[no-untyped-def]
    """Return when a load gets one of the docks, and keep it so long: first come, first served."""
    if first == last:
        return now
    best = first
    for dock in range(first + 1, last):
        if free[dock] < free[best]:
            best = dock
    start = max(now, free[best])
    free[best] = start + holds
    return start


@njit(cache=True)
def _reached(steps, at, last, time):  # type: ignore[no-untyped-def]
    """Return the last step from ``at`` on that has begun by a time."""
    while at + 1 < last and steps[at + 1] <= time:
        at += 1
    return at


@njit(cache=True)
def _wave_of(cuts, at, last, time):  # type: ignore[no-untyped-def]
    """Return the first wave from ``at`` on that still takes an arrival."""
    while at + 1 < last and cuts[at] < time:
        at += 1
    return at


@njit(cache=True)
def arrive(world, node, head, now):  # type: ignore[no-untyped-def]
    """A batch reaches a node: dock, sorter, wave; every parcel joins its next queue at the moment it is ready."""
    nodes = world.nodes
    if nodes.outside[node] > 0:
        _hand_over(world, node, head, now)
        return
    if nodes.room[node] < NEVER:
        head = _admit(world, node, head, now)
    if head >= 0:
        _unload(world, node, head, now)


@njit(cache=True)
def _admit(world, node, head, now):  # type: ignore[no-untyped-def]
    """Let in as many as there is room for, the rest wait outside; return the first of those let in, or -1."""
    state, visit, moving, tally = world.parcels.state, world.parcels.visit, world.moving, world.tally
    free = world.nodes.room[node] - moving.inside[node] if moving.yard_head[node] < 0 else np.int64(0)
    slot = min(tally.stored.shape[1] - 1, now // SLOT_MS)
    p, last, let_in = head, np.int64(-1), np.int64(0)
    while p >= 0 and let_in < free:
        last, let_in = p, let_in + 1
        p = np.int64(state[p, NEXT])
    moving.inside[node] += let_in
    tally.stored[node, slot] += let_in
    if p < 0:
        return head
    if last >= 0:
        state[last, NEXT] = -1
    if moving.yard_head[node] < 0:
        moving.yard_head[node] = p
    else:
        state[moving.yard_tail[node], NEXT] = p
    while p >= 0:
        row = state[p]
        row[STATUS], row[WHERE], row[JOINED] = AT_NODE, node, now
        if row[VISITED] < VISITS:
            visit[p, row[VISITED], 0], visit[p, row[VISITED], 1] = node, now
        tally.kept_out[node, slot] += 1
        moving.yard_tail[node] = p
        p = np.int64(row[NEXT])
    return head if let_in > 0 else np.int64(-1)


@njit(cache=True)
def _freed(world, node, pieces, now):  # type: ignore[no-untyped-def]
    """Pieces have left a facility of limited room: whoever waits outside comes in when this moment is over."""
    moving, tally = world.moving, world.tally
    moving.inside[node] -= pieces
    tally.stored[node, min(tally.stored.shape[1] - 1, now // SLOT_MS)] -= pieces
    if moving.yard_head[node] >= 0:
        _push(moving, now, YARD, np.int64(node), np.int64(0))


@njit(cache=True)
def _from_yard(world, node, now):  # type: ignore[no-untyped-def]
    """Those who waited outside come in, in order, as far as there is room now."""
    state, moving, tally = world.parcels.state, world.moving, world.tally
    free = world.nodes.room[node] - moving.inside[node]
    head, p, last, let_in = np.int64(moving.yard_head[node]), np.int64(moving.yard_head[node]), np.int64(-1), 0
    while p >= 0 and let_in < free:
        row = state[p]
        row[QUEUED] += now - row[JOINED]
        _waited(row, STORAGE, node, now - row[JOINED])
        last, let_in = p, let_in + 1
        p = np.int64(row[NEXT])
    if let_in == 0:
        return
    state[last, NEXT] = -1
    moving.yard_head[node] = p
    if p < 0:
        moving.yard_tail[node] = -1
    moving.inside[node] += let_in
    tally.stored[node, min(tally.stored.shape[1] - 1, now // SLOT_MS)] += let_in
    _unload(world, node, head, now)


@njit(cache=True)
def _unload(world, node, head, now):  # type: ignore[no-untyped-def]
    """A batch at a facility's door gets a dock, passes the sorter and its wave."""
    nodes, tally = world.nodes, world.tally
    moving, pieces = world.moving, _count(world.parcels.state, head)
    last_slot = tally.arrived.shape[1] - 1
    start = min(
        np.int64(NEVER) - 1,
        _at_dock(
            moving.dock_free, nodes.dock_first[node], nodes.dock_first[node + 1], now, pieces * nodes.dock_ms_piece
        ),
    )
    tally.dock_wait[node, min(last_slot, now // SLOT_MS)] += (start - now) * pieces
    tally.arrived[node, min(last_slot, start // SLOT_MS)] += pieces
    begin, release, handling = start, start, nodes.handling[node]
    if nodes.wave_first[node] < nodes.wave_first[node + 1]:
        wave = _wave_of(nodes.wave_cut, moving.wave_at[node], nodes.wave_first[node + 1], start)
        moving.wave_at[node] = wave
        begin, release, handling = max(start, nodes.wave_open[wave]), nodes.wave_release[wave], np.int64(0)
    work, sorts = np.int64(0), nodes.segment_first[node] < nodes.segment_first[node + 1]
    if sorts:
        k = _reached(nodes.segment_start, moving.enter_segment[node], nodes.segment_first[node + 1], begin)
        moving.enter_segment[node] = k
        could = nodes.segment_work[k] + nodes.segment_rate[k] * (begin - nodes.segment_start[k])
        work = max(moving.work[node], could)
        moving.work[node] = work + pieces * PIECE
    cause = CUSTOMS if nodes.customs[node] else SORTER
    _sort(world, node, head, (now, start, begin, release, handling), work, sorts, cause)


@njit(cache=True)
def _count(state, head):  # type: ignore[no-untyped-def]
    pieces, p = np.int64(0), head
    while p >= 0:
        pieces += 1
        p = np.int64(state[p, NEXT])
    return pieces


@njit(cache=True)
def _sort(world, node, head, times, work, sorts, cause):  # type: ignore[no-untyped-def]
    """Give every parcel of a batch its moment: sorted, released, handled, and in the queue it waits in next."""
    state, visit, operators, urgent = (
        world.parcels.state,
        world.parcels.visit,
        world.parcels.operator,
        world.parcels.urgent,
    )
    nodes, ways, moving = world.nodes, world.ways, world.moving
    done_in = world.tally.sorted[node]
    now, start, begin, release, handling = times
    segment, last = moving.leave_segment[node], nodes.segment_first[node + 1] - 1
    epoch, epochs = 0, ways.epoch_start.size
    # Asked once for all: a call hands the whole world over, which costs more than a parcel does.
    opens, fetches = cause == CUSTOMS and world.doors.chances[4] > 0, nodes.fetch[node] > 0
    p = head
    while p >= 0:
        row = state[p]
        following = np.int64(row[NEXT])
        finish = begin
        if sorts:
            work += PIECE
            while segment < last and nodes.segment_work[segment + 1] < work:
                segment += 1
            rate = nodes.segment_rate[segment]
            finish = np.int64(NEVER)
            if rate > 0:
                more = (work - nodes.segment_work[segment] + rate - 1) // rate
                finish = min(finish, nodes.segment_start[segment] + more)
        ready = min(np.int64(NEVER), max(finish, release) + handling)
        done_in[min(done_in.size - 1, finish // SLOT_MS)] += 1
        if ready < NEVER:
            row[QUEUED] += (start - now) + (finish - begin)
        _waited(row, DOCK, node, start - now)
        _waited(row, cause, node, finish - begin)
        opened = opens and finish < NEVER and _opened(world, node, p)
        if opened:
            # Opened by customs: it passes the office a second time when they are done with it.
            ready = finish
            row[NEXT] = -1
            _push(moving, min(np.int64(NEVER) - 1, finish + nodes.inspect_ms), BATCH, np.int64(node), p)
        row[STATUS], row[WHERE] = AT_NODE, node
        if row[VISITED] < VISITS:
            visit[p, row[VISITED], 0] = node
            if visit[p, row[VISITED], 1] < 0:
                visit[p, row[VISITED], 1] = now
            visit[p, row[VISITED], 2] = ready
        row[VISITED] += 1
        while epoch + 1 < epochs and ways.epoch_start[epoch + 1] <= ready:
            epoch += 1
        if fetches and not opened:
            opened = _fetched(world, node, p, ready)
        queue = -1 if opened else _next_queue(ways, node, row[LEAF], operators[p], urgent[p], epoch)
        if queue >= 0 and ready < NEVER:
            _join(state, moving, queue, p, ready)
        p = following
    moving.leave_segment[node] = segment


@njit(cache=True)
def _fetched(world, node, p, ready):  # type: ignore[no-untyped-def]
    """Whether people fetch a piece here, by its own luck: handed over when ready, it keeps its room until fetched."""
    nodes, doors, row, number = world.nodes, world.doors, world.parcels.state[p], world.parcels.number[p]
    if nodes.fetch[node] == 0 or ready >= NEVER or world.ways.depot[row[LEAF]] != node or row[HOME] < 0 or row[TRIES]:
        return False
    if _chance(doors.keys[7], number, 0) >= nodes.fetch[node]:
        return False
    row[STATUS], row[OUT], row[DONE] = AT_OFFICE, ready, ready
    row[NEXT] = -1
    world.moving.counters[4] += 1
    if nodes.room[node] < NEVER:
        stay = min(-np.log(_chance(doors.keys[7], number, 1)) * doors.minutes[0], doors.minutes[1])
        _push(world.moving, min(np.int64(NEVER) - 1, ready + np.int64(stay)), FETCHED, np.int64(node), np.int64(0))
    return True


@njit(cache=True)
def _opened(world, node, p):  # type: ignore[no-untyped-def]
    """Whether customs open a piece, by its own luck, once: a piece that was here just before has been looked at."""
    visits = world.parcels.state[p, VISITED]
    if visits >= VISITS or (visits > 0 and world.parcels.visit[p, visits - 1, 0] == node):
        return False
    return _chance(world.doors.keys[6], world.parcels.number[p], 0) < world.doors.chances[4]


@njit(cache=True)
def _hand_over(world, node, head, now):  # type: ignore[no-untyped-def]
    """A place outside: domestic parcels take the mean stages there, by their own luck; abroad they are handed over."""
    parcels, doors = world.parcels, world.doors
    p = head
    while p >= 0:
        row = parcels.state[p]
        following = np.int64(row[NEXT])
        row[WHERE], row[NEXT] = node, -1
        if row[VISITED] < VISITS:
            parcels.visit[p, row[VISITED], 0] = node
            parcels.visit[p, row[VISITED], 1] = now
        row[VISITED] += 1
        if world.nodes.outside[node] == 2:
            row[STATUS], row[DONE] = ABROAD, now
        else:
            row[STATUS] = SENT_BACK if row[HOME] < 0 else OUTSIDE
            out = now + gamma(doors.keys[4], parcels.number[p], doors.minutes[2])
            row[OUT] = out
            row[DONE] = min(np.int64(NEVER), out + gamma(doors.keys[5], parcels.number[p], doors.minutes[3]))
        world.moving.counters[4] += 1
        p = following


@njit(cache=True)
def gamma(key, number, mean):  # type: ignore[no-untyped-def]
    """Return a time with this mean, four exponential steps of it (Erlang 4)."""
    product = _chance(key, number, 0) * _chance(key, number, 1) * _chance(key, number, 2) * _chance(key, number, 3)
    return np.int64(-np.log(product) / 4.0 * mean)


@njit(cache=True)
def leave(world, trip, now):  # type: ignore[no-untyped-def]
    """A trip takes who is ready, urgent ones first and then in order of readiness, up to its capacity."""
    lanes, moving = world.lanes, world.moving
    room, van = np.int64(lanes.capacity[trip]), lanes.van[trip]
    if room < 0:
        return
    if lanes.least[trip] > 0 and not _fills(world, trip, now):
        lanes.capacity[trip] = HELD
        for later in range(trip + 1, lanes.first[lanes.lane_of[trip] + 1]):
            lanes.number[later] -= 1
        return
    if van >= 0:
        # A leg back: what was brought here has left the van.
        room = moving.van_room[van] + world.tally.trip_loaded[lanes.frees[trip]]
    count = _load(world, trip, now, room, room)
    if van >= 0:
        moving.van_room[van] = room - count
    _left(world, trip, now, count == room)


@njit(cache=True)
def _fills(world, trip, now):  # type: ignore[no-untyped-def]
    """Whether a trip that consolidates runs: enough pieces are ready, or the first of them has waited long enough."""
    lanes, moving, state = world.lanes, world.moving, world.parcels.state
    lane, ready, since = np.int64(lanes.lane_of[trip]), np.int64(0), np.int64(now)
    for queue in range(2 * lane, 2 * lane + 2):
        waiting = _ready_by(moving, state, queue, now)
        if waiting:
            ready += waiting
            since = min(since, np.int64(state[moving.head[queue], JOINED]))
    return ready > 0 and (ready >= min(lanes.least[trip], lanes.capacity[trip]) or now - since >= lanes.hold[trip])


@njit(cache=True)
def leave_van(world, van, now):  # type: ignore[no-untyped-def]
    """A van takes parcels for all its stops together, urgent ones first, then in order of readiness."""
    lanes, moving, state = world.lanes, world.moving, world.parcels.state
    trips = lanes.van_trip[lanes.van_first[van] : lanes.van_first[van + 1]]
    room, size = np.int64(-1), trips.size
    at, take = np.full(2 * size, np.int64(-1)), np.zeros(2 * size, np.int64)
    for k in range(size):
        if lanes.capacity[trips[k]] >= 0:
            room = max(room, np.int64(lanes.capacity[trips[k]]))
            for urgency in range(2):
                at[urgency * size + k] = moving.head[2 * np.int64(lanes.lane_of[trips[k]]) + urgency]
    total = np.int64(0)
    for urgency in range(2):
        while total < room:
            best, ready = -1, now
            for k in range(urgency * size, (urgency + 1) * size):
                if at[k] >= 0 and state[at[k], JOINED] < ready:
                    best, ready = k, np.int64(state[at[k], JOINED])
            if best < 0:
                break
            at[best] = state[at[best], NEXT]
            take[best] += 1
            total += 1
    moving.van_room[van] = max(room, np.int64(0)) - total
    for k in range(size):
        if lanes.capacity[trips[k]] >= 0:
            _load(world, trips[k], now, take[k], take[k] + take[size + k])
            _left(world, trips[k], now, total == room)


@njit(cache=True)
def _load(world, trip, now, urgent, room):  # type: ignore[no-untyped-def]
    """Load at most so many urgent parcels and so many in all; return how many went."""
    lanes, moving, tally = world.lanes, world.moving, world.tally
    lane = np.int64(lanes.lane_of[trip])
    load, end, count = np.int64(-1), np.int64(-1), np.int64(0)
    for urgency in range(2):
        first, last, taken = _board(world, 2 * lane + urgency, trip, now, room - count if urgency else urgent)
        if taken:
            if count:
                world.parcels.state[end, NEXT] = first
            else:
                load = first
            end = last
            count += taken
    if count:
        tally.trip_loaded[trip] = count
        tally.boarded[lanes.source[lane], min(tally.left.shape[1] - 1, now // SLOT_MS)] += count
        _push(moving, lanes.arrive[trip], BATCH, np.int64(lanes.target[lane]), load)
    return count


@njit(cache=True)
def _left(world, trip, now, full):  # type: ignore[no-untyped-def]
    """Count whoever was ready and did not fit; among trips of one moment the last one counts."""
    lanes, moving, tally, state = world.lanes, world.moving, world.tally, world.parcels.state
    if full and lanes.last_of_moment[trip]:
        lane = np.int64(lanes.lane_of[trip])
        left = _ready_by(moving, state, 2 * lane, now) + _ready_by(moving, state, 2 * lane + 1, now)
        tally.trip_left[trip] = left
        tally.left[lanes.source[lane], min(tally.left.shape[1] - 1, now // SLOT_MS)] += left


@njit(cache=True)
def _board(world, queue, trip, now, room):  # type: ignore[no-untyped-def]
    """Take from the front of one queue; return the first and last parcel taken and how many, unlinked from the rest."""
    lanes, moving, state, visit = world.lanes, world.moving, world.parcels.state, world.parcels.visit
    lane = lanes.lane_of[trip]
    node, slower = lanes.source[lane], max(0, lanes.arrive[trip] - now - lanes.planned[trip])
    in_time = moving.eligible[queue]
    first, end, taken = np.int64(moving.head[queue]), np.int64(-1), np.int64(0)
    p = first
    while p >= 0 and taken < room and state[p, JOINED] < now:
        row = state[p]
        # Nobody is ready before whoever stands in front, so the first trip in time is found by going forward.
        while lanes.depart[in_time] <= row[JOINED]:
            in_time += 1
        running = in_time
        while lanes.capacity[running] < 0:
            running += 1
        if running > in_time:
            missed = lanes.depart[running] - lanes.depart[in_time]
            if lanes.capacity[in_time] == HELD:
                row[LEFT] += missed
                _waited(row, FILLING, node, missed)
            else:
                _waited(row, CLOSED, node, missed)
        missed = now - lanes.depart[running]
        if missed > 0:
            row[LEFT] += missed
            row[PASSED] += lanes.number[trip] - lanes.number[running]
            _waited(row, FULL, node, missed)
        row[ROAD] += slower
        _waited(row, SLOW_ROAD, node, slower)
        row[STATUS], row[WHERE] = ON_LINE, lane
        if 0 < row[VISITED] <= VISITS:
            visit[p, row[VISITED] - 1, 3] = now
        end = p
        taken += 1
        p = np.int64(row[NEXT])
    if taken:
        moving.eligible[queue] = in_time
        moving.head[queue] = p
        if p < 0:
            moving.tail[queue] = -1
        moving.front_count[queue] += taken
        state[end, NEXT] = -1
        if world.nodes.room[node] < NEVER:
            _freed(world, node, taken, now)
    return first, end, taken


@njit(cache=True)
def _ready_by(moving, state, queue, now):  # type: ignore[no-untyped-def]
    """Return how many still waiting in a queue were ready before now; each parcel is looked at once in all."""
    if moving.seen_count[queue] <= moving.front_count[queue]:
        moving.seen_count[queue] = moving.front_count[queue]
        moving.seen[queue] = -1
    at = moving.head[queue] if moving.seen[queue] < 0 else state[moving.seen[queue], NEXT]
    while at >= 0 and state[at, JOINED] < now:
        moving.seen[queue] = at
        moving.seen_count[queue] += 1
        at = state[at, NEXT]
    return moving.seen_count[queue] - moving.front_count[queue]


@njit(cache=True)
def round_out(world, run, now):  # type: ignore[no-untyped-def]
    """A round leaves its depot: stop by stop it takes what is ready, and every parcel meets its luck at the door."""
    rounds, moving, state = world.rounds, world.moving, world.parcels.state
    number = rounds.run_round[run]
    room, back, left = rounds.run_capacity[run], np.int64(-1), 0
    at_stop = rounds.run_stop_first[run] - rounds.stop_first[number]
    for stop in range(rounds.stop_first[number], rounds.stop_first[number + 1]):
        queue = rounds.stop_queue[stop]
        there = now + np.int64(rounds.stop_offset[stop]) * rounds.run_stretch[run] // 1000
        locker, locker_end, taken = np.int64(-1), np.int64(-1), 0
        p = np.int64(moving.head[queue])
        while p >= 0 and taken < room and state[p, JOINED] < now:
            following = np.int64(state[p, NEXT])
            state[p, NEXT] = -1
            taken += 1
            fate = _attempt(
                world, p, rounds.stop_leaf[stop], now, there, rounds.stop_spread[stop], rounds.run_fetched[run]
            )
            moving.dropped[at_stop + stop] += fate != AT_NODE
            if fate == IN_LOCKER:
                if locker_end >= 0:
                    state[locker_end, NEXT] = p
                else:
                    locker = p
                locker_end = p
            elif fate == AT_NODE:
                state[p, NEXT] = back
                back = p
            p = following
        room -= taken
        if taken:
            moving.head[queue] = p
            if p < 0:
                moving.tail[queue] = -1
        world.tally.run_loaded[run] += taken
        while room == 0 and p >= 0 and state[p, JOINED] < now:
            left += 1
            p = np.int64(state[p, NEXT])
        if locker >= 0:
            _push(moving, there + rounds.stop_spread[stop], LOCKER, run, locker)
    world.tally.run_left[run] = left
    if world.tally.run_loaded[run] and world.nodes.room[rounds.depot[number]] < NEVER:
        _freed(world, rounds.depot[number], world.tally.run_loaded[run], now)
    if back >= 0:
        _push(moving, rounds.run_end[run], BATCH, np.int64(rounds.depot[number]), back)


@njit(cache=True)
def _attempt(world, p, leaf, now, there, spread, fetched):  # type: ignore[no-untyped-def]
    """Deliver at station or door, or say that it goes to a locker (IN_LOCKER) or back to the depot (AT_NODE)."""
    doors, row, number = world.doors, world.parcels.state[p], world.parcels.number[p]
    keys, chances, tries = doors.keys, doors.chances, row[TRIES] & 15
    if row[OUT] < 0:
        row[OUT] = now
    if 0 < row[VISITED] <= VISITS:
        world.parcels.visit[p, row[VISITED] - 1, 3] = now
    row[STATUS] = ON_ROUND
    row[TRIES] += 1
    at = there + np.int64(_chance(keys[0], number, tries) * spread)
    if row[HOME] < 0:
        return _done(world, row, SENT_BACK, at)
    if fetched:
        return _done(world, row, AT_STATION, at)
    if _chance(keys[1], number, 0) < chances[0]:
        if doors.cell_first[leaf + 1] > doors.cell_first[leaf] and _chance(keys[1], number, 1) < chances[1]:
            return IN_LOCKER
        if doors.station[leaf]:
            return _done(world, row, AT_STATION, at)
    if _chance(keys[2], number, tries) < chances[2]:
        _failed(world, row)
        return AT_NODE
    return _done(world, row, AT_DOOR, at)


@njit(cache=True, inline="always")
def _failed(world, row):  # type: ignore[no-untyped-def]
    """Nobody there: another try from the depot, or back to the sender after the last."""
    if row[TRIES] & 15 >= world.doors.chances[3]:
        row[LEAF], row[HOME] = row[HOME], -1


@njit(cache=True, inline="always")
def _done(world, row, status, at):  # type: ignore[no-untyped-def]
    if row[TRIES] & 15 > 1:
        _waited(row, LOCKER_FULL if row[TRIES] > 15 else NOT_HOME, world.ways.depot[row[LEAF]], at - row[OUT])
    row[STATUS], row[DONE], row[WHERE] = status, at, row[LEAF]
    world.moving.counters[4] += 1
    return status


@njit(cache=True)
def at_locker(world, run, head, now):  # type: ignore[no-untyped-def]
    """Parcels meet a locker, one after another: a free cell takes it; a full one sends it to the station or back."""
    doors, moving, parcels = world.doors, world.moving, world.parcels
    back, p = np.int64(-1), head
    leaf = parcels.state[p, LEAF]
    first, cells = doors.cell_first[leaf], doors.cell_first[leaf + 1] - doors.cell_first[leaf]
    until = moving.cell_until
    used, refused = moving.cells_used[leaf], 0
    k = 0
    while k < used:
        if until[first + k] <= now:
            used -= 1
            until[first + k] = until[first + used]
        else:
            k += 1
    while p >= 0:
        row = parcels.state[p]
        following = np.int64(row[NEXT])
        row[NEXT] = -1
        if used < cells:
            stay = -np.log(_chance(doors.keys[3], parcels.number[p], row[TRIES])) * doors.minutes[0]
            until[first + used] = now + np.int64(min(stay, doors.minutes[1]))
            used += 1
            world.tally.locker_taken[leaf] += 1
            _done(world, row, IN_LOCKER, now)
        else:
            world.tally.locker_refused[leaf] += 1
            row[TRIES] += 16
            if doors.station[leaf]:
                _done(world, row, AT_STATION, now + 600_000)
            else:
                _failed(world, row)
                row[NEXT] = back
                back = p
                refused += 1
        p = following
    moving.cells_used[leaf] = used
    if refused:
        _stays_aboard(world, run, leaf, refused)
    if back >= 0:
        end = max(now, world.rounds.run_end[run])
        _push(moving, end, BATCH, np.int64(world.rounds.depot[world.rounds.run_round[run]]), back)


@njit(cache=True)
def _stays_aboard(world, run, leaf, refused):  # type: ignore[no-untyped-def]
    """Parcels a locker refused ride on with the round."""
    rounds = world.rounds
    number = rounds.run_round[run]
    for stop in range(rounds.stop_first[number], rounds.stop_first[number + 1]):
        if rounds.stop_leaf[stop] == leaf:
            world.moving.dropped[rounds.run_stop_first[run] + stop - rounds.stop_first[number]] -= refused
            return


@njit(cache=True)
def round_back(world, run, now):  # type: ignore[no-untyped-def]
    """A round comes back with what it collected: at each stop whatever was ready when it passed and found room."""
    rounds, parcels, moving, state = world.rounds, world.parcels, world.moving, world.parcels.state
    number = rounds.run_round[run]
    head, end = np.int64(-1), np.int64(-1)
    room = np.int64(rounds.run_capacity[run]) - world.tally.run_loaded[run]
    at_stop = rounds.run_stop_first[run] - rounds.stop_first[number]
    for stop in range(rounds.stop_first[number], rounds.stop_first[number + 1]):
        room += moving.dropped[at_stop + stop]
        queue = rounds.stop_queue[stop]
        passed = rounds.run_depart[run] + np.int64(rounds.stop_offset[stop]) * rounds.run_stretch[run] // 1000
        passed += rounds.stop_spread[stop]
        at, last = moving.start_at[queue], parcels.start_first[queue + 1]
        while at < last and room > 0 and state[parcels.start_order[at], JOINED] < passed:
            room -= 1
            p = np.int64(parcels.start_order[at])
            state[p, NEXT] = -1
            parcels.collected[p] = passed
            if end >= 0:
                state[end, NEXT] = p
            else:
                head = p
            end = p
            at += 1
        moving.start_at[queue] = at
    if head >= 0:
        arrive(world, np.int64(rounds.depot[number]), head, now)


@njit(cache=True)
def start_outside(world, leaf):  # type: ignore[no-untyped-def]
    """Parcels of a place outside join their lanes in order of readiness before anything else happens."""
    parcels, ways, state = world.parcels, world.ways, world.parcels.state
    node, queue, epoch = ways.unit_node[ways.unit[leaf]], ways.queue[leaf], 0
    for at in range(parcels.start_first[queue], parcels.start_first[queue + 1]):
        p = parcels.start_order[at]
        ready = np.int64(state[p, JOINED])
        while epoch + 1 < ways.epoch_start.size and ways.epoch_start[epoch + 1] <= ready:
            epoch += 1
        parcels.visit[p, 0, 0] = node
        parcels.visit[p, 0, 2] = ready
        state[p, VISITED], state[p, STATUS], state[p, WHERE] = 1, AT_NODE, node
        lane = _next_queue(ways, node, state[p, LEAF], parcels.operator[p], parcels.urgent[p], epoch)
        if lane >= 0:
            _join(state, world.moving, lane, p, ready)


@njit(cache=True, nogil=True)
def advance(world, until):  # type: ignore[no-untyped-def]
    """Take every event before a moment; departures come before arrivals of the same millisecond."""
    moving, counters = world.moving, world.moving.counters
    while True:
        at = counters[3]
        departs = world.departure_time[at] if at < world.departure_time.size else np.int64(NEVER)
        comes = moving.heap_key[0] >> 32 if counters[2] > 0 else np.int64(NEVER)
        if min(departs, comes) >= until:
            return
        counters[0] += 1
        if departs <= comes:
            what, kind = world.departure_what[at], world.departure_kind[at]
            counters[3] += 1
            if kind == TRIP:
                leave(world, what, departs)
            elif kind == VAN:
                leave_van(world, what, departs)
            elif kind == ROUND_OUT:
                round_out(world, what, departs)
            else:
                round_back(world, what, departs)
        else:
            kind, a, b = moving.heap_what[0, 0], moving.heap_what[0, 1], moving.heap_what[0, 2]
            _drop_first(moving)
            if kind == BATCH:
                arrive(world, a, b, comes)
            elif kind == YARD:
                _from_yard(world, a, comes)
            elif kind == FETCHED:
                _freed(world, a, 1, comes)
            else:
                at_locker(world, a, b, comes)
