"""One of many writers: ``python -m tests.supervise.writer DATABASE NAME TIMES``.

Reads an operator's volume, adds one, and writes it back against the version it read; told that somebody was quicker, it
reads again. Prints how often it was told so.
"""

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


def main(database, name, times):
    print(work(Desk(open_store(database, create=False), Actor("province", code=name)), name, int(times)))


if __name__ == "__main__":
    main(*sys.argv[1:])
