"""One clerk at work, to be killed: ``python -m tests.supervise.killed DATABASE LOG ROUNDS SEED``.

The parent forks a clerk again and again and kills it (SIGKILL) at a random moment. A clerk writes the number of each
request to its log only after the act was acknowledged, and flushes it to the kernel, so the log survives the kill. A
request that was cut off is sent again with the same number.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from postroad.supervise import complaint, register
from postroad.supervise.records import Actor, Desk, open_store

OPERATOR, PLACE = "ZTO", "2201"


def clerk(database, log, first, ready):
    """Work through requests from ``first`` on until killed: receive, answer and appeal complaints in turn."""
    import datetime as dt

    desk = Desk(open_store(database, create=False), Actor("province", code=str(os.getpid())))
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ready, b"1")
    number, received = first, dt.date(2025, 11, 3)
    while True:
        case = f"C{number // 3:06d}"
        if number % 3 == 0:
            complaint.receive(desk, case, OPERATOR, PLACE, "loss", received, request=f"r{number}")
        elif number % 3 == 1:
            complaint.answer(desk, case, dt.date(2025, 11, 4), False, request=f"r{number}")
        else:
            complaint.appeal(desk, case, dt.date(2025, 11, 5), request=f"r{number}")
        os.write(handle, f"{number}\n".encode())
        number += 1


def acknowledged(log):
    return [int(line) for line in Path(log).read_text().split()]


def main(database, log, rounds, seed):
    store = open_store(database)
    register.volume(Desk(store, Actor("province")), "2025-11", OPERATOR, 1, request="warm-up")
    store.close()
    chance = random.Random(int(seed))
    os.close(os.open(log, os.O_CREAT | os.O_WRONLY))
    for _ in range(int(rounds)):
        done = acknowledged(log)
        told, ready = os.pipe()
        pid = os.fork()
        if pid == 0:
            clerk(database, log, done[-1] + 1 if done else 0, ready)
        os.close(ready)
        if chance.random() < 0.9:  # one in ten is killed while it may still be opening the database
            os.read(told, 1)
        time.sleep(chance.uniform(0.01, 0.12))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(told)
    print(len(acknowledged(log)))


if __name__ == "__main__":
    main(*sys.argv[1:])
