"""One clerk at work, to be killed: ``python -m tests.supervise.killed DATABASE LOG ROUNDS SEED``.

The parent forks a clerk again and again and kills it (SIGKILL) at a random moment. A clerk writes the number of each
request to its log only after the act was acknowledged, and flushes it to the kernel, so the log survives the kill. A
request that was cut off is sent again with the same number.
"""

import datetime as dt
import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

from postroad.supervise import complaint, credit, hazard, register
from postroad.supervise.inspection import visiting
from postroad.supervise.records import Actor, Desk, open_store

OPERATOR, PLACE = "ZTO", "2201"


def steps(desk):
    """The acts of one round of case work by turn: a complaint, a hazard, and a visit that writes many rows at once."""
    day, mark = desk.today, "0" * 64
    failed = ["fire_duty", "plastic_ban"]
    proof = [f"{item}={mark}" for item in failed]
    return (
        lambda n, r: complaint.receive(desk, f"C{n}", OPERATOR, PLACE, "loss", day, request=r),
        lambda n, r: complaint.answer(desk, f"C{n}", day, False, request=r),
        lambda n, r: complaint.appeal(desk, f"C{n}", day, request=r),
        lambda n, r: register.open_outlet(desk, f"O{n}", OPERATOR, PLACE, "outlet", day, request=r),
        lambda n, r: hazard.open_hazard(desk, f"H{n}", f"O{n}", "wiring", "site_head", day, request=r),
        lambda n, r: hazard.remedy(desk, f"H{n}", day, mark, request=r),
        lambda n, r: hazard.close(desk, f"H{n}", day, request=r),
        lambda n, r: visiting.order(desk, f"V{n}", f"O{n}", ["JC1", "JC2"], request=r),
        lambda n, r: visiting.visit(desk, f"V{n}", day, 3.0, failed, proof, request=r),
        lambda n, r: visiting.correct(desk, f"V{n}:fire_duty", day, mark, request=r),
        lambda n, r: visiting.correct(desk, f"V{n}:plastic_ban", day, mark, request=r),
        lambda n, r: visiting.close(desk, f"V{n}", request=r),
        lambda n, r: visiting.publish(desk, f"V{n}", request=r),
        lambda n, r: credit.enter(desk, f"R{n}", OPERATOR, "failed_item", day, f"O{n}", request=r),
    )


def clerk(database, log, first, ready):
    """Work through requests from ``first`` on until killed."""
    desk = Desk(open_store(database, create=False), Actor("province", code=str(os.getpid())))
    acts = steps(desk)
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ready, b"1")
    for number in count(first):
        acts[number % len(acts)](f"{number // len(acts):05d}", f"r{number}")
        os.write(handle, f"{number}\n".encode())


def acknowledged(log):
    return [int(line) for line in Path(log).read_text().split()]


def main(database, log, rounds, seed):
    store = open_store(database)
    desk = Desk(store, Actor("province"))
    for code in ("JC1", "JC2"):
        register.enrol(desk, code, PLACE, ["fire"], 60.0, dt.date(2099, 12, 31), request=f"warm-up {code}")
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
        if os.WTERMSIG(os.waitpid(pid, 0)[1]) != signal.SIGKILL:
            raise SystemExit("a clerk failed before it was killed")
        os.close(told)
    print(len(acknowledged(log)))


if __name__ == "__main__":
    main(*sys.argv[1:])
