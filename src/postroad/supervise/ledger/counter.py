"""The counter at which files are taken in, under one lock, with the work of several under way at once.

Pieces of a file and of those after it are read, judged and written by a few threads; files are settled and committed in
their order. The same file again is known by its SHA-256.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postroad.errors import DataError, PostroadError, Stopped, UsageError
from postroad.parallel import Progress
from postroad.supervise.ledger import epcis, intake, reading
from postroad.supervise.ledger.durable import sync_path
from postroad.supervise.ledger.intake import Judged, Taken
from postroad.supervise.ledger.kinds import kind_of, kinds
from postroad.supervise.ledger.store import ABOUT, Ledger
from postroad.supervise.ledger.surveying import surveyed
from postroad.supervise.ledger.writer import Writer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator

    from postroad.supervise.identity import KeyRing
    from postroad.tables import Table

THREADS = 2
"""Pieces judged and written at a time; with those waiting they bound the memory."""
WAITING, SMALLEST = 1_200_000, 20_000
"""Lines read and not yet gathered, at most, and how many a piece counts for at least."""


@dataclass
class _Open:
    """A file begun and not yet committed: its pieces under way with their lines, or why it cannot be taken."""

    file: Path
    job: intake.Job | None = None
    pieces: deque[tuple[Future[Judged], int]] = field(default_factory=deque)
    wrong: PostroadError | None = None
    already: Taken | None = None


class _Hands:
    """Threads at work on files: some read and judge, some settle, one brings to disk what was written."""

    def __init__(self) -> None:
        self.readers, self.settlers = ThreadPoolExecutor(THREADS), ThreadPoolExecutor(THREADS)
        self._disk = ThreadPoolExecutor(1)

    def flush(self, path: Path) -> None:
        """Begin to bring a file to disk: flushed again, at no cost, before the commit that names it."""
        self._disk.submit(sync_path, path)

    def stop(self) -> None:
        """Let what is under way end, and begin nothing more."""
        for pool in (self.readers, self.settlers, self._disk):
            pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> _Hands:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Counter:
    """Takes files under one lock: what an office opens when a day's files have come in.

    ``with Counter(root, ring) as counter: counter.take(file)``; the ledger in ``root`` is made when there is none.
    """

    def __init__(self, root: str | Path, ring: KeyRing) -> None:
        self.root, self.ring = Path(root), ring
        self._open = ExitStack()
        self._writer: Writer | None = None
        self._refused: dict[str, PostroadError] = {}

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._writer = None

    def take(self, file: str | Path, **how: Any) -> Taken:
        """Take one file and return what became of its lines; ``how`` as for ``take_all``.

        ``DataError`` and ``UsageError`` leave the ledger as it was; so does ``Stopped``.
        """
        ((_, fate),) = self.take_all([file], **how)
        if isinstance(fate, PostroadError):
            raise fate
        return fate

    def take_all(
        self,
        files: Iterable[str | Path],
        *,
        kind: str = "",
        known_at: dt.datetime | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> Iterator[tuple[Path, Taken | PostroadError]]:
        """Take files in order; yield each with what became of it, or with why the ledger is as it was without it.

        ``kind`` is read from the beginning of a file's name when not given. When stopped, the files yielded are in.
        """
        paths = [Path(file) for file in files]
        watch = _watch(progress, stop, len(paths))
        line: deque[_Open] = deque()
        with _Hands() as hands, self._undone(hands, line):
            for path in paths:
                opened = _Open(path)
                line.append(opened)
                try:
                    for table, number, piece in self._begin(opened, kind, known_at, line, hands):
                        watch(piece.lines)
                        work = hands.readers.submit(intake.work, _job(opened), table, number, piece)
                        opened.pieces.append((work, max(piece.lines, SMALLEST)))
                        while sum(lines for o in line for _, lines in o.pieces) > WAITING:
                            if len(line) > 1:
                                # Not all of them, so that there is work while these are committed.
                                yield from self._settled(hands, line, len(line) // 2)
                            else:
                                _gather(opened)
                except (DataError, UsageError) as wrong:
                    opened.wrong = wrong
            yield from self._settled(hands, line, len(line))

    def _begin(
        self, opened: _Open, kind: str, known_at: dt.datetime | None, line: deque[_Open], hands: _Hands
    ) -> Iterator[tuple[Table, int, reading.Piece]]:
        """Yield the pieces of a file not taken yet; ``opened`` then has a job."""
        file = opened.file
        form = reading.form_of(file)
        table = None if form == "epcis" else kind_of(kind or _kind_in(file))
        found = surveyed(file, form)
        digest = found.sha256
        taken = Taken(file.name, form, digest)
        writer = self._written(file, intake.look(file, table, form))
        if digest in writer.taken or any(o.job and o.job.taken.sha256 == digest for o in line):
            opened.already = taken
            return
        if table is not None:
            taken.not_taken = reading.strangers(found.names or reading.header(file, form), table)
        opened.job = intake.Job(writer.ledger, self.ring, known_at or intake.now(), digest[:16], taken, hands.flush)
        pieces: Iterable[tuple[Table, reading.Piece]]
        if table is None:
            pieces = epcis.pieces(file, taken.not_taken)
        else:
            pieces = ((table, p) for p in reading.pieces(file, table, form, opened.job.known_at, found))
        for number, (of, piece) in enumerate(pieces):
            taken.lines += piece.lines
            yield of, number, piece

    def _written(self, file: Path, seen: intake.Look) -> Writer:
        """The writer, opened with the first file; a file of another origin than the ledger's is refused.

        Its first file says what a ledger is for ever: an empty one cannot begin it. In one that is begun, a file
        without a readable record is what the others are.
        """
        begun = (self.root / ABOUT).is_file()
        if not begun and not seen.lines:
            raise DataError.of("ledger.nothing_in", path=file.name)
        ledger = Ledger.create(self.root, seen.origin or (Ledger.open(self.root).origin if begun else "observed"))
        if self._writer is None:
            self._writer = self._open.enter_context(ledger.writing())
        return self._writer

    def _settled(self, hands: _Hands, line: deque[_Open], most: int) -> Iterator[tuple[Path, Taken | PostroadError]]:
        """Commit the first files of the line, at most so many, and yield what became of each.

        Those that follow one another and cannot bear on each other are concluded side by side.
        """
        fates: list[Taken | PostroadError] = []
        beside: list[_Open] = []
        for opened in islice(line, most):
            _gather_all(opened)
            if any(_may_meet(opened, other) for other in beside):
                fates += self._fates(hands, beside)
                beside = []
            beside.append(opened)
        fates += self._fates(hands, beside)
        if self._writer is not None:
            self._writer.flush()
        for fate in fates:
            yield line.popleft().file, fate

    def _fates(self, hands: _Hands, beside: list[_Open]) -> list[Taken | PostroadError]:
        if self._writer is not None:
            self._writer.ledger.know_parts()
        list(hands.settlers.map(_conclude, beside))
        return [self._fate(opened) for opened in beside]

    def _fate(self, opened: _Open) -> Taken | PostroadError:
        writer = self._writer
        try:
            if opened.wrong is not None:
                raise opened.wrong
            if opened.already is not None and writer is not None:
                same = opened.already
                if same.sha256 in self._refused:  # the same content stood earlier in the line, and was refused
                    return self._refused[same.sha256]
                same.already, same.seq = True, writer.taken[same.sha256]
                return same
            if writer is None:
                raise RuntimeError(f"{opened.file}: no writer")
            return intake.settle(_job(opened), opened.file, writer)
        except (DataError, UsageError) as wrong:
            _undo(opened, writer)
            if opened.job is not None:
                self._refused[opened.job.taken.sha256] = wrong
            return wrong

    @contextmanager
    def _undone(self, hands: _Hands, line: deque[_Open]) -> Iterator[None]:
        """When anything ends the work early, remove what the files still in the line have written."""
        try:
            yield
        except BaseException:
            hands.stop()
            if self._writer is not None:
                self._writer.drop()
            for opened in line:
                _undo(opened, self._writer)
            raise


def _job(opened: _Open) -> intake.Job:
    if opened.job is None:
        raise RuntimeError(f"{opened.file}: not begun")
    return opened.job


def _gather(opened: _Open) -> None:
    intake.gather(_job(opened), opened.pieces.popleft()[0].result())


def _gather_all(opened: _Open) -> None:
    """Gather what is left of a file; when a piece cannot be taken the file cannot."""
    try:
        while opened.pieces:
            _gather(opened)
    except (DataError, UsageError) as wrong:
        opened.wrong = wrong


def _may_meet(one: _Open, other: _Open) -> bool:
    return one.job is not None and other.job is not None and intake.may_meet(one.job, other.job)


def _conclude(opened: _Open) -> None:
    """Settle what came before a file, where it can be taken."""
    if opened.job is None or opened.wrong is not None or opened.already is not None:
        return
    try:
        intake.conclude(opened.job)
    except (DataError, UsageError) as wrong:
        opened.wrong = wrong


def _undo(opened: _Open, writer: Writer | None) -> None:
    """Wait for what still runs, then remove everything written of the file, unless its commit is in its place."""
    while opened.pieces:
        piece, _ = opened.pieces.popleft()
        if not piece.cancel():
            piece.exception()
    job = opened.job
    if job is not None and not (writer is not None and job.taken.seq and writer.has(job.taken.seq)):
        intake.undo(job)


def take(root: str | Path, file: str | Path, ring: KeyRing, **how: Any) -> Taken:
    """Take one file into the ledger in ``root`` and return what became of its lines; see ``Counter.take_all``."""
    with Counter(root, ring) as counter:
        return counter.take(file, **how)


def _kind_in(file: Path) -> str:
    """The kind of record that a file's name begins with."""
    for name in kinds().tables:
        if file.name.lower().startswith(name):
            return name
    raise UsageError.of("ledger.which_kind", path=file.name, known=", ".join(kinds().tables))


def _watch(
    progress: Callable[[Progress], None] | None, stop: Callable[[], bool] | None, files: int
) -> Callable[[int], None]:
    """Return what counts lines as they are read, tells the listener, and stops when asked."""
    done = 0

    def step(lines: int) -> None:
        nonlocal done
        done += lines
        if progress:
            progress(Progress(done, 0))
        if stop and stop():
            raise Stopped.of("errors.stopped", done=done, total=files)

    return step
