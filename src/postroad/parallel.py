"""One map over many cases: here, in processes, or on a Dask cluster; with progress, stop and a cache.

The contract: a case is a small picklable value, the function is a module-level function of one case, and a case lasts
long enough (about a second) to be worth sending. Results come back in the order of the cases, so the number of workers
never shows in the answer. With a cache folder, a finished case is written down under its key and never run twice; a
killed run resumes where it stopped.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from postroad import __version__
from postroad.errors import Stopped, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Case = TypeVar("Case")
Answer = TypeVar("Answer")

TICK_S = 0.5
"""How often a waiting map looks whether it should stop or speak."""


@dataclass(frozen=True)
class Progress:
    """How far a long job is: ``done`` of ``total`` steps, with a short note in the user's language."""

    done: int
    total: int
    note: str = ""


@dataclass
class Shares:
    """One bar for several parts of a job, each with a share alike; when fewer are needed it ends early."""

    progress: Callable[[Progress], None] | None
    of: int
    begun: int = 0

    def told(self, step: Progress) -> None:
        """Take a report of the part in hand."""
        if self.progress:
            share = step.done / step.total if step.total else 0.0
            self.progress(Progress(round(1000 * (self.begun + share) / self.of), 1000, step.note))


@dataclass(frozen=True)
class Work:
    """How to run a map: workers, cluster, cache, and whom to tell.

    ``workers`` 0 means in this process; ``cluster`` is the address of a Dask scheduler and wins over ``workers``.
    ``stop`` is asked at least twice a second and ends the map with ``Stopped`` when it answers true.
    """

    workers: int = 0
    cluster: str | None = None
    cache: Path | None = None
    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None


def map_cases(
    function: Callable[[Case], Answer],
    cases: Iterable[Case],
    *,
    work: Work | None = None,
    key: Callable[[Case], str] | None = None,
) -> list[Answer]:
    """Return the function's answer for every case, in the order of the cases.

    ``key`` names a case for the cache (by default the SHA-256 of its pickle). Raises ``Stopped`` when asked to stop;
    an exception in a case is raised here after running cases have been cancelled, and finished cases stay cached.
    """
    work = work or Work()
    cases = list(cases)
    shelf = _Shelf(work.cache, function, key) if work.cache else None
    answers: list[Any] = [None] * len(cases)
    todo: deque[int] = deque()
    for index, case in enumerate(cases):
        found, answer = shelf.find(case) if shelf else (False, None)
        if found:
            answers[index] = answer
        else:
            todo.append(index)
    bench = _Bench(work, total=len(cases), done=len(cases) - len(todo))
    for index, answer in _runner(work)(function, cases, todo, bench):
        answers[index] = answer
        if shelf:
            shelf.keep(cases[index], answer)
        bench.step()
    return answers


def watched(
    work: Callable[[], Answer],
    percent: Callable[[], float],
    interrupt: Callable[[], None],
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Answer:
    """Return what ``work`` gives, done in a thread so that somebody can watch a library that does not call back.

    Twice a second the listener hears the ``percent`` done; when asked to stop, the work is interrupted and ``Stopped``
    raised once it has ended.
    """
    if progress is None and stop is None:
        return work()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(work)
        while True:
            finished, _ = wait([asked], timeout=TICK_S)
            if finished:
                return asked.result()
            done = max(0, int(percent()))
            if progress:
                progress(Progress(done, 100))
            if stop and stop():
                interrupt()
                asked.exception()
                raise Stopped.of("errors.stopped", done=done, total=100)


class _Bench:
    """Counts finished cases, tells the listener at least every two seconds, and stops when asked."""

    def __init__(self, work: Work, total: int, done: int) -> None:
        self.work, self.total, self.done = work, total, done
        self._told = 0.0
        self.tell(force=True)

    def step(self) -> None:
        self.done += 1
        self.tell(force=self.done == self.total)
        self.check()

    def tell(self, force: bool = False) -> None:
        now = time.monotonic()
        if self.work.progress and (force or now - self._told >= TICK_S):
            self._told = now
            self.work.progress(Progress(self.done, self.total))

    def check(self) -> None:
        if self.work.stop and self.done < self.total and self.work.stop():
            raise Stopped.of("errors.stopped", done=self.done, total=self.total)


def _runner(work: Work) -> Callable[..., Iterator[tuple[int, Any]]]:
    if work.cluster:
        return _on_cluster
    return _in_processes if work.workers > 0 else _here


def _here(
    function: Callable[[Any], Any], cases: Sequence[Any], todo: Iterable[int], bench: _Bench
) -> Iterator[tuple[int, Any]]:
    for index in todo:
        bench.check()
        yield index, function(cases[index])


def _in_processes(
    function: Callable[[Any], Any], cases: Sequence[Any], todo: deque[int], bench: _Bench
) -> Iterator[tuple[int, Any]]:
    # Spawned, not forked: compiled kernels and polars keep threads that do not survive a fork.
    pool = ProcessPoolExecutor(bench.work.workers, get_context("spawn"), initializer=_end_with_parent)
    running: dict[Future[Any], int] = {}
    try:
        while todo or running:
            while todo and len(running) < 2 * bench.work.workers:
                index = todo.popleft()
                running[pool.submit(function, cases[index])] = index
            finished, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
            bench.check()
            bench.tell()
            for future in sorted(finished, key=running.__getitem__):
                yield running.pop(future), future.result()
    except BaseException:
        _end_now(pool)
        raise
    pool.shutdown()


def _end_with_parent() -> None:
    """Let a worker end as soon as the process that started it is gone, however that ended."""
    parent = parent_process()
    if parent is not None:
        Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait_for([sentinel])
    os._exit(1)


def _end_now(pool: ProcessPoolExecutor) -> None:
    workers = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for worker in workers:
        worker.terminate()


def _on_cluster(
    function: Callable[[Any], Any], cases: Sequence[Any], todo: deque[int], bench: _Bench
) -> Iterator[tuple[int, Any]]:
    try:
        from distributed import Client
    except ImportError as missing:
        raise UsageError.of("errors.extra_missing", extra="cluster", what="Dask") from missing
    with Client(bench.work.cluster, set_as_default=False) as client:
        running = {client.submit(function, cases[index], pure=False): index for index in todo}
        while running:
            finished = [future for future in running if future.done()]
            if not finished:
                time.sleep(TICK_S / 10)
            bench.tell()
            bench.check()
            for future in finished:
                yield running.pop(future), future.result()


class _Shelf:
    """Finished answers on disk, one file per case, written whole or not at all."""

    def __init__(self, folder: Path, function: Callable[..., Any], key: Callable[[Any], str] | None) -> None:
        self.folder = folder
        self.name = f"{function.__module__}.{function.__qualname__} {__version__}"
        self.key = key or (lambda case: hashlib.sha256(pickle.dumps(case, protocol=5)).hexdigest())
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, case: Any) -> Path:
        digest = hashlib.sha256(f"{self.name}\x1f{self.key(case)}".encode()).hexdigest()
        return self.folder / f"{digest}.pickle"

    def find(self, case: Any) -> tuple[bool, Any]:
        path = self._path(case)
        if not path.exists():
            return False, None
        return True, pickle.loads(path.read_bytes())  # noqa: S301 - our own cache folder

    def keep(self, case: Any, answer: Any) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            pickle.dump(answer, file, protocol=5)
        Path(name).replace(self._path(case))
