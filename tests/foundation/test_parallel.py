import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from postroad.errors import Stopped
from postroad.parallel import Progress, Work, map_cases


def square(case: int) -> int:
    return case * case


def slow_square(case: int) -> int:
    time.sleep(0.05)
    return case * case


def fail_on_three(case: int) -> int:
    if case == 3:
        raise ValueError("three")
    return case


def process_of(case: int) -> int:
    time.sleep(0.2)
    return os.getpid()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_answers_come_in_the_order_of_the_cases_at_any_number_of_workers(workers):
    assert map_cases(square, range(20), work=Work(workers=workers)) == [n * n for n in range(20)]


def test_two_workers_really_are_two_processes():
    seen = set(map_cases(process_of, range(6), work=Work(workers=2)))
    assert os.getpid() not in seen
    assert len(seen) == 2


def test_progress_starts_at_nothing_and_ends_at_everything():
    told: list[Progress] = []
    map_cases(square, range(5), work=Work(progress=told.append))
    assert (told[0].done, told[0].total) == (0, 5)
    assert (told[-1].done, told[-1].total) == (5, 5)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_map_stops_when_asked_and_keeps_what_it_finished(workers, tmp_path):
    told: list[Progress] = []
    work = Work(
        workers=workers,
        cache=tmp_path,
        progress=told.append,
        stop=lambda: len(list(tmp_path.glob("*.pickle"))) >= 3,
    )
    with pytest.raises(Stopped) as stopped:
        map_cases(slow_square, range(200), work=work)
    assert "200" in stopped.value.say("en")
    assert 3 <= len(list(tmp_path.glob("*.pickle"))) < 200


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_in_a_case_is_raised_and_finished_cases_stay(workers, tmp_path):
    with pytest.raises(ValueError, match="three"):
        map_cases(fail_on_three, range(50), work=Work(workers=workers, cache=tmp_path))
    assert list(tmp_path.glob("*.pickle"))


def test_a_finished_case_is_not_run_twice(tmp_path):
    calls: list[int] = []

    def counted(case: int) -> int:
        calls.append(case)
        return case + 1

    work = Work(cache=tmp_path)
    assert map_cases(counted, [1, 2], work=work) == [2, 3]
    assert map_cases(counted, [1, 2, 3], work=work) == [2, 3, 4]
    assert calls == [1, 2, 3]


def test_a_killed_map_resumes_where_it_was(tmp_path):
    script = tmp_path / "long_job.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys, time
            from pathlib import Path
            from postroad.parallel import Work, map_cases

            def step(case):
                with open(sys.argv[1] + "/log", "a") as log:
                    log.write(f"{case}\\n")
                time.sleep(0.05)
                return case * 10

            print(map_cases(step, range(30), work=Work(cache=Path(sys.argv[1]) / "cache")))
            """
        )
    )
    command = [sys.executable, str(script), str(tmp_path)]
    first = subprocess.Popen(command)
    while len(list((tmp_path / "cache").glob("*.pickle"))) < 5:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = len(list((tmp_path / "cache").glob("*.pickle")))
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert second.stdout.strip() == str([n * 10 for n in range(30)])
    runs = Path(tmp_path / "log").read_text().split()
    assert kept >= 5
    assert len(runs) <= 31  # only the case that was cut off is run again


@pytest.mark.slow
def test_a_real_cluster_gives_the_same_answers_with_a_worker_killed(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        worker = next(iter(cluster.workers.values()))
        killed: list[int] = []

        def kill_one(progress: Progress) -> None:
            if progress.done >= 3 and not killed:
                killed.append(worker.pid)
                os.kill(worker.pid, signal.SIGKILL)

        work = Work(cluster=cluster.scheduler_address, progress=kill_one)
        assert map_cases(slow_square, range(60), work=work) == [n * n for n in range(60)]
        assert killed


ORPHANS = """
import os, sys, time
from pathlib import Path
from postroad.parallel import Work, map_cases

if __name__ == "__main__":
    from tests.foundation.test_parallel import told_and_slow
    map_cases(told_and_slow, [sys.argv[1]] * 2, work=Work(workers=1))
"""


def told_and_slow(folder: str) -> None:
    """Write down this process's number, and stay."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "orphans.py"
    program.write_text(ORPHANS)
    seen = tmp_path / "seen"
    seen.mkdir()
    with subprocess.Popen([sys.executable, str(program), str(seen)], env={**os.environ, "PYTHONPATH": "."}) as parent:
        while not any(seen.iterdir()) and parent.poll() is None:
            time.sleep(0.05)
        parent.kill()
    worker = int(next(seen.iterdir()).name)
    for _ in range(100):
        if not alive(worker):
            break
        time.sleep(0.1)
    assert not alive(worker)


def alive(process: int) -> bool:
    """Whether a process runs; one that nobody has collected yet does not."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
