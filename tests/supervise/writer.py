"""Many writers, each a process: ``python -m tests.supervise.writer DATABASE WRITERS TIMES``.

Each reads an operator's volume, adds one, and writes it back against the version it read; told that somebody was
quicker, it reads again. Prints how often they were told so.
"""

import os
import sys

from postroad.errors import DataError
from postroad.supervise.records import Actor, Desk, act, open_store
from postroad.supervise.records.acts import rights

rights()["acts"]["volume.add"] = ["province"]


@act("volume.add")
def add(desk, id_, pieces, version):
    return desk.append("volumes", id_, pieces=pieces, expect=version)


def work(desk, name, times):
    """Add one, so many times; return how often somebody was quicker."""
    again = 0
    for number in range(times):
        while True:
            row = desk.row("volumes", "2025-11:ZTO")
            try:
                add(desk, row["id"], row["pieces"] + 1, row["version"], request=f"{name}-{number}-{row['version']}")
                break
            except DataError as told:
                if told.faults[0].key != "cases.quicker":
                    raise
                again += 1
    return again


def main(database, writers, times):
    """Fork the writers and add up how often they were told that another was quicker."""
    pids, (told, say) = [], os.pipe()
    for k in range(int(writers)):
        if (pid := os.fork()) == 0:
            desk = Desk(open_store(database, create=False), Actor("province", code=f"w{k}"))
            os.write(say, f"{work(desk, f'w{k}', int(times))}\n".encode())
            os._exit(0)
        pids.append(pid)
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    os.close(say)
    print(sum(map(int, os.read(told, 65536).split())))
    raise SystemExit(max(ended))


if __name__ == "__main__":
    main(*sys.argv[1:])
