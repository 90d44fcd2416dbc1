"""What the compiled engine works on: constants, and arrays grouped by what they describe.

Times are milliseconds from the start of the horizon, in 32 bits, so a horizon is at most 24 days.
"""

from __future__ import annotations

from typing import Any, NamedTuple

PIECE = 3_600_000_000
SLOT_MS = 1_800_000
NEVER = 2**31 - 1
VISITS = 8

NEXT, LEAF, JOINED, VISITED, TRIES, QUEUED, LEFT, ROAD, WORST, WHY, STATUS, WHERE, DONE, OUT, HOME, PASSED = range(16)
"""Columns of a parcel's state. ``WHY`` holds cause * 65536 + node of the longest single wait."""

DOCK, SORTER, FULL, SLOW_ROAD, NOT_HOME, LOCKER_FULL, CLOSED, CUSTOMS = range(1, 9)
FILLING, STORAGE = 10, 11
"""Causes of waiting that a better day would not have had; 9 is left for the timetable itself."""

(AT_OUTLET, AT_NODE, ON_LINE, ON_ROUND, AT_DOOR, AT_STATION, IN_LOCKER, OUTSIDE, ABROAD, SENT_BACK,
 AT_OFFICE) = range(11)  # fmt: skip
"""Where a parcel is; from ``AT_DOOR`` on it has been delivered."""

TRIP, ROUND_OUT, ROUND_BACK, VAN = 0, 1, 2, 3
BATCH, LOCKER, YARD, FETCHED = 0, 1, 2, 3
HELD = -2
"""Capacity of a trip that did not run because too few pieces waited for it."""


class Nodes(NamedTuple):
    """Facilities: docks, the sorter's work clock in segments, waves in order of cut-off, handling, kind."""

    dock_first: Any
    segment_first: Any
    segment_start: Any
    segment_work: Any
    segment_rate: Any
    wave_first: Any
    wave_open: Any
    wave_cut: Any
    wave_release: Any
    handling: Any
    outside: Any
    """0 inside, 1 a place outside, 2 a place abroad."""
    customs: Any
    inspect_ms: Any
    """How long a piece that customs open is kept before it passes the office again."""
    room: Any
    """Pieces a facility can hold, ``NEVER`` for no limit; who finds no room waits outside in order of arrival."""
    fetch: Any
    """Share of the pieces for its own rounds that people fetch at the facility."""
    dock_ms_piece: Any


class Lanes(NamedTuple):
    """Lanes between nodes; their trips ``first[l]:first[l+1]`` in order of departure.

    Capacity -1 does not run, -2 was held.
    """

    source: Any
    target: Any
    first: Any
    lane_of: Any
    depart: Any
    arrive: Any
    planned: Any
    capacity: Any
    number: Any
    """How many trips of the lane that run come before this one."""
    last_of_moment: Any
    van: Any
    """The van a trip is a leg of, -1 for none; ``frees``: the leg out whose pieces have left it, -1 for none."""
    frees: Any
    least: Any
    """Pieces that must be ready before a trip runs, 0 for none; ``hold``: it runs all the same once one waited so
    many ms."""
    hold: Any
    van_first: Any
    """Legs out of van ``v`` are ``van_trip[van_first[v]:van_first[v + 1]]``."""
    van_trip: Any


class Ways(NamedTuple):
    """Where a parcel goes next: lane by epoch, node and unit; the last mile by leaf."""

    epoch_start: Any
    lane: Any
    unit: Any
    unit_node: Any
    depot: Any
    to_depot: Any
    """Lane from the unit's node to the depot of a leaf, -1 where they are one."""
    queue: Any
    """First queue of a leaf at its depot."""
    per_operator: Any


class Rounds(NamedTuple):
    """Runs of rounds, and the stops of each round with the queues they serve."""

    stop_first: Any
    stop_leaf: Any
    stop_queue: Any
    stop_offset: Any
    stop_spread: Any
    depot: Any
    run_round: Any
    run_depart: Any
    run_end: Any
    run_stretch: Any
    run_capacity: Any
    run_delivers: Any
    run_collects: Any
    run_fetched: Any
    """Whether parcels are handed over at the stop, where people fetch them, as from a bus."""
    run_stop_first: Any
    """Where the stops of a run begin in ``Moving.dropped``."""


class Doors(NamedTuple):
    """The last hundred metres: station and locker cells by leaf, and the chances."""

    station: Any
    cell_first: Any
    chances: Any
    """Consent, share to lockers, not at home, most tries, share that customs open."""
    minutes: Any
    """Mean locker stay, its longest, mean processing and delivery outside, in ms."""
    keys: Any


class Parcels(NamedTuple):
    """State and visits of every parcel, and what is waiting at outlets: queue by queue in order of readiness."""

    state: Any
    visit: Any
    number: Any
    operator: Any
    urgent: Any
    collected: Any
    start_first: Any
    start_order: Any


class Moving(NamedTuple):
    """What changes: queues, pointers into sorted lists, docks, lockers, and the heap of arrivals."""

    head: Any
    tail: Any
    eligible: Any
    seen: Any
    seen_count: Any
    front_count: Any
    start_at: Any
    work: Any
    enter_segment: Any
    leave_segment: Any
    wave_at: Any
    dock_free: Any
    cell_until: Any
    cells_used: Any
    van_room: Any
    inside: Any
    yard_head: Any
    yard_tail: Any
    """Pieces in each facility, and those that wait outside for room."""
    dropped: Any
    """Parcels that have left a run's vehicle at each of its stops."""
    heap_key: Any
    heap_what: Any
    counters: Any
    """Events taken, sequence, heap size, departure pointer, parcels done."""


class Tally(NamedTuple):
    """Counts by facility and half hour, by trip, and by leaf."""

    arrived: Any
    sorted: Any
    left: Any
    boarded: Any
    dock_wait: Any
    stored: Any
    """Pieces that went into facilities of limited room, less those that left; ``kept_out``: who found none."""
    kept_out: Any
    trip_loaded: Any
    trip_left: Any
    locker_taken: Any
    locker_refused: Any
    run_loaded: Any
    run_left: Any


class World(NamedTuple):
    """Everything the engine needs."""

    nodes: Any
    lanes: Any
    ways: Any
    rounds: Any
    doors: Any
    parcels: Any
    moving: Any
    tally: Any
    departure_time: Any
    departure_kind: Any
    departure_what: Any
