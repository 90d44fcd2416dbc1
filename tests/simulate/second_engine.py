"""The day once more, event by event in SimPy: a process for every truck, dock, sorter, round and waiting parcel.

It reads the same tables, dated trips and luck as the engine, and nothing of how the engine carries them: sorters serve
one parcel after another, docks are resources, parcels become ready one by one.
"""

import math
from collections import deque

import simpy

from postroad.simulate.day import arrays as a
from postroad.simulate.day.engine import _chance, gamma


class Parcel:
    def __init__(self, number, index, leaf, home, urgent, operator):
        self.number, self.index, self.leaf, self.home = number, index, leaf, home
        self.urgent, self.operator = urgent, operator
        self.joined = self.collected = self.out = self.done = -1
        self.status, self.tries, self.refused, self.returning, self.visits = 0, 0, 0, False, []


class Day:
    def __init__(self, made):
        self.w, self.env = made.world, simpy.Environment()
        self.end = made.end_ms
        w = self.w
        state = w.parcels.state
        self.parcels = [
            Parcel(int(w.parcels.number[p]), p, int(made.batch.destination[p]), int(made.batch.origin[p]),
                   bool(w.parcels.urgent[p]), int(w.parcels.operator[p]))
            for p in range(len(state))
        ]  # fmt: skip
        self.ready_at = [int(m) for m in made.ready_ms]
        nodes = len(w.nodes.handling)
        self.queues = {}
        self.outlets = {}
        self.sorter_line = [deque() for _ in range(nodes)]
        self.sorter_wakes = [None] * nodes
        docks = [int(w.nodes.dock_first[n + 1] - w.nodes.dock_first[n]) for n in range(nodes)]
        self.docks = [simpy.Resource(self.env, n) if n else None for n in docks]
        self.inside, self.yard = [0] * nodes, [deque() for _ in range(nodes)]
        self.cells, self.aboard, self.carried, self.room_of, self.riding = {}, {}, {}, {}, {}

    def run(self):
        w = self.w
        for parcel in sorted(self.parcels, key=lambda p: (self.ready_at[p.index], p.index)):
            node = int(w.ways.unit_node[w.ways.unit[parcel.home]])
            ready = self.ready_at[parcel.index]
            if w.nodes.outside[node]:
                parcel.visits.append([node, -1, ready, -1])
                parcel.status = a.AT_NODE
                self.env.process(self.waits(parcel, node, ready))
            else:
                parcel.joined = ready
                self.outlets.setdefault(self.own_queue(parcel, parcel.home), []).append(parcel)
        for node in range(len(w.nodes.handling)):
            self.env.process(self.sorter(node))
        acts = {a.TRIP: self.trip, a.ROUND_OUT: self.round_out, a.ROUND_BACK: self.round_back, a.VAN: self.van}
        for time, kind, what in zip(w.departure_time, w.departure_kind, w.departure_what, strict=True):
            act = acts[int(kind)]
            self.env.process(self.at(int(time), act, int(what)))
        self.env.run(until=self.end)
        for parcel in (parcel for outside in self.yard for parcel in outside):
            parcel.visits.pop()  # who stands outside has not come in
        return self.parcels

    def at(self, time, act, what):
        yield self.env.timeout(time - self.env.now)
        act(what)

    def own_queue(self, parcel, leaf):
        ways = self.w.ways
        return int(ways.queue[leaf]) + (parcel.operator if ways.per_operator[leaf] else 0)

    def next_queue(self, parcel, node):
        ways = self.w.ways
        if ways.depot[parcel.leaf] == node:
            return self.own_queue(parcel, parcel.leaf)
        unit = ways.unit[parcel.leaf]
        epoch = max(e for e in range(len(ways.epoch_start)) if ways.epoch_start[e] <= self.env.now)
        lane = ways.to_depot[parcel.leaf] if ways.unit_node[unit] == node else ways.lane[epoch, node, unit]
        return None if lane < 0 else 2 * int(lane) + (0 if parcel.urgent else 1)

    def waits(self, parcel, node, ready):
        """Until it is ready; then it stands in its next queue."""
        yield self.env.timeout(ready - self.env.now)
        parcel.joined = ready
        queue = self.next_queue(parcel, node)
        if queue is not None:
            self.queues.setdefault(queue, deque()).append(parcel)

    def take(self, queue, room):
        waiting, load = self.queues.get(queue, deque()), []
        while waiting and len(load) < room and waiting[0].joined < self.env.now:
            load.append(waiting.popleft())
        return load

    def trip(self, what):
        lanes = self.w.lanes
        lane, room = int(lanes.lane_of[what]), int(lanes.capacity[what])
        if room < 0:
            return
        van, frees = int(lanes.van[what]), int(lanes.frees[what])
        if not self.fills(what, lane, room):
            return
        if van >= 0:
            self.aboard[van] -= self.carried.get(frees, 0)
            room = self.room_of[van] - self.aboard[van]
        load = self.take(2 * lane, room)
        load += self.take(2 * lane + 1, room - len(load))
        if van >= 0:
            self.aboard[van] += len(load)
        self.sets_out(what, load)

    def fills(self, what, lane, room):
        """A train that consolidates goes when enough stand ready, or when somebody has stood there too long."""
        lanes = self.w.lanes
        if not lanes.least[what]:
            return True
        waiting = [p for queue in (2 * lane, 2 * lane + 1) for p in self.queues.get(queue, ())]
        ready = [p.joined for p in waiting if p.joined < self.env.now]
        if not ready:
            return False
        return len(ready) >= min(int(lanes.least[what]), room) or self.env.now - min(ready) >= int(lanes.hold[what])

    def van(self, what):
        """All who are ready stand in one line for the van, urgent ones in front, and each rides to his own stop."""
        lanes = self.w.lanes
        legs = [int(t) for t in lanes.van_trip[lanes.van_first[what] : lanes.van_first[what + 1]]]
        legs = [t for t in legs if lanes.capacity[t] >= 0]
        room = int(lanes.capacity[legs[0]]) if legs else 0
        line = []
        for n, leg in enumerate(legs):
            for urgency in range(2):
                waiting = self.queues.get(2 * int(lanes.lane_of[leg]) + urgency, ())
                ready = [p for p in waiting if p.joined < self.env.now]
                line += [(urgency, p.joined, n, k, p) for k, p in enumerate(ready)]
        loads = {leg: [] for leg in legs}
        for urgency, _, n, _, parcel in sorted(line, key=lambda who: who[:4])[:room]:
            self.queues[2 * int(lanes.lane_of[legs[n]]) + urgency].remove(parcel)
            loads[legs[n]].append(parcel)
        self.room_of[what], self.aboard[what] = room, sum(map(len, loads.values()))
        for leg, load in loads.items():
            self.carried[leg] = len(load)
            self.sets_out(leg, load)

    def sets_out(self, what, load):
        lanes = self.w.lanes
        lane = int(lanes.lane_of[what])
        for parcel in load:
            parcel.status = a.ON_LINE
            if parcel.visits:
                parcel.visits[-1][3] = self.env.now
        self.leaves_house(int(lanes.source[lane]), len(load))
        if load:
            self.env.process(self.drive(load, int(lanes.arrive[what]), int(lanes.target[lane])))

    def drive(self, load, arrives, node):
        yield self.env.timeout(arrives - self.env.now)
        self.arrive(load, node)

    def arrive(self, load, node):
        if self.w.nodes.outside[node]:
            for parcel in load:
                self.hand_over(parcel, node)
        elif self.w.nodes.room[node] < a.NEVER:
            self.at_door(load, node)
        else:
            self.unloads(load, node, self.env.now)

    def at_door(self, load, node):
        """A house of limited room: first come, first in; the others stand outside."""
        for parcel in load:
            parcel.status = a.AT_NODE
            parcel.visits.append([node, self.env.now, None, -1])
        free = int(self.w.nodes.room[node]) - self.inside[node] if not self.yard[node] else 0
        self.yard[node].extend(load[free:])
        self.inside[node] += len(load[:free])
        if load[:free]:
            self.to_sorter(load[:free], node, None)

    def leaves_house(self, node, count):
        if self.w.nodes.room[node] < a.NEVER and count:
            self.inside[node] -= count
            if self.yard[node]:
                self.env.process(self.from_yard(node))

    def from_yard(self, node):
        yield self.env.timeout(0)
        load = []
        while self.yard[node] and self.inside[node] < self.w.nodes.room[node]:
            load.append(self.yard[node].popleft())
            self.inside[node] += 1
        if load:
            self.to_sorter(load, node, None)

    def fetched(self, parcel, node, ready):
        """People come for a piece: it is theirs when ready, and its room is free when they have come."""
        n, doors = self.w.nodes, self.w.doors
        mine = int(self.w.ways.depot[parcel.leaf]) == node and not parcel.returning and not parcel.tries
        if not mine or parcel.refused or self.chance(7, parcel, 0) >= float(n.fetch[node]):
            return False
        parcel.status, parcel.out, parcel.done = a.AT_OFFICE, ready, ready
        stay = min(-math.log(self.chance(7, parcel, 1)) * float(doors.minutes[0]), float(doors.minutes[1]))
        self.env.process(self.frees(node, ready + int(stay)))
        return True

    def frees(self, node, time):
        yield self.env.timeout(time - self.env.now)
        self.leaves_house(node, 1)

    def unloads(self, load, node, now):
        if self.docks[node] is None:
            self.to_sorter(load, node, now)
        else:
            for parcel in load:
                parcel.status = a.AT_NODE
                parcel.visits.append([node, self.env.now, None, -1])
            self.env.process(self.unload(load, node))

    def unload(self, load, node):
        with self.docks[node].request() as dock:
            yield dock
            self.to_sorter(load, node, None)
            yield self.env.timeout(len(load) * int(self.w.nodes.dock_ms_piece))

    def to_sorter(self, load, node, arrived):
        for parcel in load:
            parcel.status = a.AT_NODE
            if arrived is not None:
                parcel.visits.append([node, arrived, None, -1])
            self.sorter_line[node].append((parcel, self.env.now))
        if self.sorter_wakes[node] is not None:
            self.sorter_wakes[node].succeed()
            self.sorter_wakes[node] = None

    def work_by(self, node, time):
        """Work the sorter could have done by a time, added up stretch by stretch."""
        n = self.w.nodes
        first, last = int(n.segment_first[node]), int(n.segment_first[node + 1])
        total = 0
        for k in range(first, last):
            until = int(n.segment_start[k + 1]) if k + 1 < last else time
            total += int(n.segment_rate[k]) * max(0, min(time, until) - int(n.segment_start[k]))
        return total

    def when_done(self, node, work):
        """The first millisecond by which so much is done, by halving."""
        low, high = 0, self.end + 1
        if self.work_by(node, high) < work:
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.work_by(node, middle) >= work else (middle + 1, high)
        return low

    def sorter(self, node):
        n = self.w.nodes
        sorts = n.segment_first[node] < n.segment_first[node + 1]
        done = 0
        while True:
            while not self.sorter_line[node]:
                self.sorter_wakes[node] = self.env.event()
                yield self.sorter_wakes[node]
            parcel, came = self.sorter_line[node].popleft()
            begin, release, handling = came, came, int(n.handling[node])
            waves = [k for k in range(int(n.wave_first[node]), int(n.wave_first[node + 1])) if n.wave_cut[k] >= came]
            if waves:
                begin, release, handling = max(came, int(n.wave_open[waves[0]])), int(n.wave_release[waves[0]]), 0
            finish = begin
            if sorts:
                done = max(done, self.work_by(node, begin)) + a.PIECE
                finish = self.when_done(node, done)
            if finish is None:
                return
            # Without a sorter nobody holds up whoever comes behind.
            if sorts and finish > self.env.now:
                yield self.env.timeout(finish - self.env.now)
            if n.customs[node] and self.opened(parcel, node):
                parcel.visits[-1][2] = self.env.now
                self.env.process(self.drive([parcel], self.env.now + int(n.inspect_ms), node))
                continue
            ready = max(finish, release) + handling
            parcel.visits[-1][2] = ready
            if not self.fetched(parcel, node, ready):
                self.env.process(self.waits(parcel, node, ready))

    def opened(self, parcel, node):
        """Customs open a piece at most once, and none of which the engine could not tell."""
        seen = [visit[0] for visit in parcel.visits]
        again = len(seen) > 1 and seen[-2] == node
        return len(seen) <= a.VISITS and not again and self.chance(6, parcel, 0) < float(self.w.doors.chances[4])

    def chance(self, key, parcel, nth):
        return _chance(self.w.doors.keys[key], parcel.number, nth)

    def hand_over(self, parcel, node):
        doors, now = self.w.doors, self.env.now
        parcel.visits.append([node, now, -1, -1])
        if self.w.nodes.outside[node] == 2:
            parcel.status, parcel.done = a.ABROAD, now
            return
        parcel.status = a.SENT_BACK if parcel.returning else a.OUTSIDE
        parcel.out = now + int(gamma(doors.keys[4], parcel.number, doors.minutes[2]))
        parcel.done = parcel.out + int(gamma(doors.keys[5], parcel.number, doors.minutes[3]))

    def stops(self, run):
        rounds = self.w.rounds
        number = int(rounds.run_round[run])
        for stop in range(int(rounds.stop_first[number]), int(rounds.stop_first[number + 1])):
            offset = int(rounds.stop_offset[stop]) * int(rounds.run_stretch[run]) // 1000
            yield int(rounds.stop_queue[stop]), int(rounds.run_depart[run]) + offset, int(rounds.stop_spread[stop])

    def round_out(self, run):
        rounds = self.w.rounds
        room, failed = int(rounds.run_capacity[run]), []
        for queue, there, spread in self.stops(run):
            load = self.take(queue, room)
            room -= len(load)
            self.riding.setdefault(run, []).extend(load)
            to_locker = []
            for parcel in load:
                parcel.leaves_at = there + spread
                fate = self.attempt(parcel, there, spread, bool(rounds.run_fetched[run]))
                if fate == "failed":
                    parcel.leaves_at = None
                if fate == "locker":
                    to_locker.append(parcel)
                elif fate == "failed":
                    failed.append(parcel)
            if to_locker:
                self.env.process(self.locker(run, to_locker, there + spread))
        self.leaves_house(int(rounds.depot[rounds.run_round[run]]), int(rounds.run_capacity[run]) - room)
        if failed:
            # The engine puts whoever failed last on top of the load.
            self.env.process(self.brought_back(run, failed[::-1]))

    def brought_back(self, run, load):
        rounds = self.w.rounds
        end = max(self.env.now, int(rounds.run_end[run]))
        yield self.env.timeout(end - self.env.now)
        self.arrive(load, int(rounds.depot[rounds.run_round[run]]))

    def attempt(self, parcel, there, spread, fetched):
        doors, now = self.w.doors, self.env.now
        consent, locker_share, not_home = (float(c) for c in doors.chances[:3])
        if parcel.out < 0:
            parcel.out = now
        if parcel.visits:
            parcel.visits[-1][3] = now
        parcel.status = a.ON_ROUND
        at = there + int(self.chance(0, parcel, parcel.tries) * spread)
        nth, parcel.tries = parcel.tries, parcel.tries + 1
        if parcel.returning:
            parcel.status, parcel.done = a.SENT_BACK, at
            return "done"
        if fetched:
            parcel.status, parcel.done = a.AT_STATION, at
            return "done"
        if self.chance(1, parcel, 0) < consent:
            if doors.cell_first[parcel.leaf + 1] > doors.cell_first[parcel.leaf] and (
                self.chance(1, parcel, 1) < locker_share
            ):
                return "locker"
            if doors.station[parcel.leaf]:
                parcel.status, parcel.done = a.AT_STATION, at
                return "done"
        if self.chance(2, parcel, nth) < not_home:
            self.fail(parcel)
            return "failed"
        parcel.status, parcel.done = a.AT_DOOR, at
        return "done"

    def fail(self, parcel):
        if parcel.tries >= self.w.doors.chances[3]:
            parcel.leaf, parcel.returning = parcel.home, True

    def locker(self, run, load, time):
        yield self.env.timeout(time - self.env.now)
        doors, leaf, refused = self.w.doors, load[0].leaf, []
        cells = int(doors.cell_first[leaf + 1] - doors.cell_first[leaf])
        taken = [until for until in self.cells.get(leaf, []) if until > time]
        for parcel in load:
            if len(taken) < cells:
                nth = parcel.tries + 16 * parcel.refused
                stay = -math.log(self.chance(3, parcel, nth)) * float(doors.minutes[0])
                taken.append(time + int(min(stay, float(doors.minutes[1]))))
                parcel.status, parcel.done = a.IN_LOCKER, time
                continue
            parcel.refused += 1
            if doors.station[leaf]:
                parcel.status, parcel.done = a.AT_STATION, time + 600_000
            else:
                self.fail(parcel)
                parcel.leaves_at = None
                refused.append(parcel)
        self.cells[leaf] = taken
        if refused:
            self.env.process(self.brought_back(run, refused[::-1]))

    def round_back(self, run):
        load, rode = [], self.riding.get(run, [])
        for queue, there, spread in self.stops(run):
            waiting = self.outlets.get(queue, [])
            # Aboard are those collected so far and those who have not been handed over by now.
            riding = [p for p in rode if p.leaves_at is None or p.leaves_at > there + spread]
            room = int(self.w.rounds.run_capacity[run]) - len(riding)
            while waiting and len(load) < room and waiting[0].joined < there + spread:
                parcel = waiting.pop(0)
                parcel.collected = there + spread
                load.append(parcel)
        if load:
            self.arrive(load, int(self.w.rounds.depot[self.w.rounds.run_round[run]]))
