"""How the vectors were made: ``python -m tests.known.draw.make`` from the root writes them again, byte for byte.

``older`` was frozen before chances stood beside the weights, and is kept as it was: such lists still hold.
"""

import datetime as dt
import json
from pathlib import Path

from postroad.supervise import draw

HERE = Path(__file__).parent
FROZEN_AT = dt.datetime(2025, 11, 1, 8, tzinfo=dt.UTC)
SHOWN_AT = dt.datetime(2025, 11, 3, tzinfo=dt.UTC)
SKILLS = ("xray", "fire", "packaging")


def units(count, weight=lambda k: 1):
    return tuple(
        draw.Unit(f"网点{k:03d}", weight(k), f"OP{k % 4}", 7919 * k % 200_000, 104_729 * k % 200_000,
                  tuple(s for j, s in enumerate(SKILLS) if (k >> j) % 2))
        for k in range(count)
    )  # fmt: skip


def people(count):
    return tuple(
        draw.Inspector(f"JC{k:02d}", 15_485_863 * k % 200_000, 32_452_843 * k % 200_000,
                       tuple(s for j, s in enumerate(SKILLS) if j != k % 3), 12)
        for k in range(count)
    )  # fmt: skip


CASES = {
    "plain": (draw.Frame("plain", "lottery 2025126", "2025-11-02T21:15:00+08:00", 3, units(10)),
              "04 09 13 22 28 31+07"),
    "weighted": (
        draw.Frame("weighted", "drand quicknet 21000000", "2025-11-02T12:00:00Z", 12, units(80, lambda k: 1 + k % 9),
                   people(12), (("JC03", "OP1"),), tuple((f"JC{k % 12:02d}", f"网点{k:03d}") for k in range(80)),
                   120_000, 20),
        "9f3ac1d077b24c5e8f90aa51bb6cd1e2",
    ),
    "certain": (
        draw.Frame("certain", "NIST beacon", "2025-11-02T12:00:00Z", 5, units(12, lambda k: 500 if k < 3 else 2),
                   people(4)),
        "B1946AC92492D2347C6235B4D2611184",
    ),
    "everyone": (draw.Frame("everyone", "lottery", "2025-11-02T21:15:00+08:00", 4, units(4, lambda k: k + 1)),
                 "种子·02 08 17 19 25 30+11"),
    "few_inspectors": (
        draw.Frame("few_inspectors", "drand", "2025-11-02T12:00:00Z", 9, units(30), people(3), (("JC00", "OP2"),), (),
                   90_000, 15),
        "00000000deadbeef",
    ),
}  # fmt: skip


def main():
    for name, (frame, seed) in CASES.items():
        made = draw.commit(frame, FROZEN_AT, "5a" * 32)
        size = 14 if name == "weighted" else None
        receipt = draw.reveal(made.text, seed, SHOWN_AT, {"网点003": "停业 closed"} if name == "plain" else {}, size)
        (HERE / f"{name}.commit.json").write_bytes(made.text.encode())
        text = json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"
        (HERE / f"{name}.receipt.json").write_bytes(text.encode())


if __name__ == "__main__":
    main()
