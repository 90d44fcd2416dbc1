"""Runs too long for those on board, cut into legs between posts on the way, at each of which another driver takes over.

The vehicle does not wait at a post. A post lies at an equal share of the way, so that both directions meet there and a
driver who has rested takes a vehicle home.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from postroad.design.lines.vehicles import drivers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_ABOARD = 2
"""A run that takes more drivers than this is relayed."""
Task = tuple[float, float, int, str, str]
"""When it leaves in the week, minutes, vehicles, from, to."""


@dataclass(frozen=True, order=True)
class Post:
    """A relay post: ``part`` of ``parts`` of the way from the one end to the other, ends in order of their names."""

    start: str
    end: str
    part: int
    parts: int

    @property
    def name(self) -> str:
        """What the roster calls it."""
        return f"{self.start}~{self.end}:{self.part}/{self.parts}"


class Posts:
    """All posts by name, and the minutes between posts and places."""

    def __init__(self, minutes: Callable[[str, str], float]) -> None:
        self._minutes, self._known = minutes, dict[str, Post]()

    def get(self, place: str) -> Post | None:
        """Return the post of this name, if it is one."""
        return self._known.get(place)

    def legs(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """Yield the runs, those too long for two as legs of one driver each."""
        for at, long, count, a, b in tasks:
            parts = drivers_for(long)
            if parts <= MOST_ABOARD:
                yield at, long, count, a, b
                continue
            stops = [a, *(self._post(a, b, k, parts) for k in range(1, parts)), b]
            for k in range(parts):
                yield at + k * long / parts, long / parts, count, stops[k], stops[k + 1]

    def _post(self, a: str, b: str, part: int, parts: int) -> str:
        post = Post(a, b, part, parts) if a < b else Post(b, a, parts - part, parts)
        self._known[post.name] = post
        return post.name

    def minutes(self, a: str, b: str) -> float:
        """Return the minutes by road between two places or posts, along the way of a post to one of its ends."""
        if a == b:
            return 0.0
        here, there = self._known.get(a), self._known.get(b)
        if here and there and (here.start, here.end) == (there.start, there.end):
            whole = self._minutes(here.start, here.end)
            return abs(here.part / here.parts - there.part / there.parts) * whole
        post, other = (here, b) if here else (there, a)
        if post is None:
            return self._minutes(a, b)
        whole = self._minutes(post.start, post.end)
        done = post.part / post.parts * whole
        return min(done + self.minutes(post.start, other), whole - done + self.minutes(post.end, other))
