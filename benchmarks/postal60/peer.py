"""postal-60 in SimPy, twice: a process for every parcel, and lists of parcel numbers moved by truck and hub processes.

Events at equal times come in the order they were scheduled, which is SimPy's own rule and the model's.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import simpy

from benchmarks.postal60 import model as postal60

US = 1000
DAYS = 6


class World:
    """The model as plain lists, since SimPy works on Python numbers."""

    def __init__(self, parcels: int, seed: int) -> None:
        made = postal60.network(parcels)
        docked, destination = postal60.accept(parcels, seed, made)
        table = postal60.timetable(made, seed, DAYS)
        self.count = parcels
        self.accepted = postal60.accepted_ms(parcels, seed).tolist()
        ready, origin = np.empty(parcels, np.int64), np.empty(parcels, np.int64)
        for lane in range(postal60.CENTRES):
            part = slice(docked.first[lane], docked.first[lane + 1])
            ready[docked.parcel[part]] = (docked.ready_us[part] + 1) // US
            origin[docked.parcel[part]] = lane
        self.ready, self.origin, self.destination = ready.tolist(), origin.tolist(), destination.tolist()
        self.hub_to, self.capacity = made.hub_to.tolist(), made.capacity_pieces
        self.headway, self.offset = made.headway_ms.tolist(), made.offset_ms.tolist()
        self.service, self.lane_out = made.service_us.tolist(), made.lane_out.tolist()
        spans = zip(table.first[:-1], table.first[1:], strict=True)
        self.travel = [(table.arrive_ms[a:b] - table.depart_ms[a:b]).tolist() for a, b in spans]
        self.arrived = [0] * parcels
        self.left, self.longest = 0, [0] * postal60.HUBS


def textbook(parcels: int, seed: int) -> dict[str, Any]:
    """Run one process for every parcel; hubs are resources; trucks wake the parcels they carry."""
    world, env = World(parcels, seed), simpy.Environment()
    hubs = [simpy.Resource(env, 1) for _ in range(postal60.HUBS)]
    docks: list[deque[Any]] = [deque() for _ in world.hub_to]
    remaining, end = [parcels], env.event()

    def travel_of(parcel: int) -> Any:
        yield env.timeout((world.ready[parcel] - world.accepted[parcel]) * US)
        lane = world.origin[parcel]
        while True:
            there = env.event()
            docks[lane].append(there)
            yield there
            at = world.hub_to[lane]
            if at < 0:
                break
            with hubs[at].request() as turn:
                world.longest[at] = max(world.longest[at], len(hubs[at].queue) + hubs[at].count)
                yield turn
                yield env.timeout(world.service[at])
            lane = world.lane_out[at][world.destination[parcel]]
        world.arrived[parcel] = env.now // US
        remaining[0] -= 1
        if remaining[0] == 0:
            end.succeed()

    def source() -> Any:
        for parcel in range(parcels):
            yield env.timeout(world.accepted[parcel] * US - env.now)
            env.process(travel_of(parcel))

    def truck(load: list[Any], minutes: int) -> Any:
        yield env.timeout(minutes)
        for there in load:
            there.succeed()

    _start(env, world, docks, lambda lane, load, k: env.process(truck(load, world.travel[lane][k] * US)), source)
    env.run(until=end)
    return _told(world)


def lean(parcels: int, seed: int) -> dict[str, Any]:
    """Run processes for the source, lanes and hubs only; parcels are numbers in lists."""
    world, env = World(parcels, seed), simpy.Environment()
    docks: list[deque[int]] = [deque() for _ in world.hub_to]
    queues: list[deque[int]] = [deque() for _ in range(postal60.HUBS)]
    busy, remaining, end = [0] * postal60.HUBS, [parcels], env.event()

    def after(wait: int, then: Any, value: Any) -> None:
        simpy.Timeout(env, wait, value).callbacks.append(then)

    def is_ready(event: Any) -> None:
        docks[world.origin[event._value]].append(event._value)

    def source() -> Any:
        for parcel in range(parcels):
            wait = world.accepted[parcel] * US - env.now
            if wait:
                yield env.timeout(wait)
            after((world.ready[parcel] - world.accepted[parcel]) * US, is_ready, parcel)

    def sorter(at: int) -> Any:
        while queues[at]:
            parcel = queues[at].popleft()
            yield env.timeout(world.service[at])
            docks[world.lane_out[at][world.destination[parcel]]].append(parcel)
        busy[at] = 0

    def unload(event: Any) -> None:
        lane, load = event._value
        at = world.hub_to[lane]
        if at < 0:
            for parcel in load:
                world.arrived[parcel] = env.now // US
            remaining[0] -= len(load)
            if remaining[0] == 0:
                end.succeed()
            return
        queues[at].extend(load)
        world.longest[at] = max(world.longest[at], len(queues[at]) + busy[at])
        if not busy[at]:
            busy[at] = 1
            env.process(sorter(at))

    _start(env, world, docks, lambda lane, load, k: after(world.travel[lane][k] * US, unload, (lane, load)), source)
    env.run(until=end)
    return _told(world)


def _start(env: Any, world: World, docks: list[deque[Any]], send: Any, source: Any) -> None:
    def lane_process(lane: int) -> Any:
        yield env.timeout(world.offset[lane] * US)
        k = 0
        while True:
            load = [docks[lane].popleft() for _ in range(min(len(docks[lane]), world.capacity))]
            world.left += len(docks[lane])
            if load:
                send(lane, load, k)
            k += 1
            yield env.timeout(world.headway[lane] * US)

    env.process(source())
    for lane in range(len(world.hub_to)):
        env.process(lane_process(lane))


def _told(world: World) -> dict[str, Any]:
    check = sum(value * (1 + k % 1000) for k, value in enumerate(world.arrived))
    return {"left": world.left, "longest": world.longest, "checksum": check}
