"""``postroad check``: every fault of a pack at once, with the rows that cannot be taken set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    pack: str = typer.Argument("jilin", help="省包或路径 province or path"),
    json_: bool = typer.Option(False, "--json"),
    quarantine: Path | None = typer.Option(None, "--quarantine", help="文件夹 folder"),
    most: int = typer.Option(50, "--most", help="faults shown"),
) -> None:
    """检查 Check a pack: all faults at once, each with table, row, value and remedy."""
    import datetime as dt

    from postroad import tables
    from postroad.errors import DataError
    from postroad.face.cli.display import err, out, print_json
    from postroad.language import say
    from postroad.measure.clocks import impossible
    from postroad.network import Network, pack_folder, province, shipped_packs

    path = pack_folder(pack) if pack in shipped_packs() else Path(pack)
    if not path.exists():
        province(pack)  # says what there is
    reading = tables.read(path)
    if reading.notes and not json_:
        err.print(say("face.repaired"))
        for note in reading.notes:
            err.print("  " + note.say())
    if quarantine and reading.quarantine:
        count = sum(frame.height for frame in reading.quarantine.values())
        tables.write_quarantine(reading.quarantine, quarantine)
        err.print(say("face.quarantined", count=count, path=quarantine))
    faults = reading.faults
    if not faults:
        network = Network(reading.frames)
        faults = impossible(network, dt.datetime.now(tz=dt.UTC).date())
    if json_:
        print_json({"pack": pack, "faults": [fault.as_dict() for fault in faults]})
        raise typer.Exit(2 if faults else 0)
    if faults:
        out.print(DataError(faults).say(most=most), markup=False, soft_wrap=True)
        out.print(say("face.pack_faulty", name=pack, count=len(faults)))
        raise typer.Exit(2)
    filled = [frame.height for frame in reading.frames.values() if frame.height]
    facts: dict[str, Any] = {"tables": len(filled), "rows": f"{sum(filled):,}", "fingerprint": network.fingerprint[:12]}
    out.print(say("face.pack_clean", name=pack, **facts), soft_wrap=True)
