"""``postroad cases`` and ``postroad demo supervise`` as an office uses them, on both databases."""

import datetime as dt
import json
import shlex
import sys
import time

import pytest
import sqlalchemy as sa

from postroad.face.cli import display, main
from postroad.face.cli.demo_shown import next_steps
from postroad.language import choose
from postroad.supervise.records import open_store
from postroad.supervise.records.audit import READ
from postroad.supervise.records.desk import CHINA
from postroad.supervise.records.schema import AUDIT, TABLES


@pytest.fixture
def postroad(monkeypatch, capsys):
    """Run a command in this process; return exit code, what it printed and what it complained of."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["postroad", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        choose("en")
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


@pytest.fixture(autouse=True)
def one_person(monkeypatch, tmp_path):
    """Files of the tests are one person's own; sessions are kept apart from those of whoever runs the tests."""
    monkeypatch.setenv("POSTROAD_OPEN", "1")
    monkeypatch.setenv("HOME", str(tmp_path))


def told(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def test_a_draw_from_freezing_to_publication(postroad, database, tmp_path, monkeypatch):
    monkeypatch.setenv("POSTROAD_DATABASE", database)
    monkeypatch.setenv("POSTROAD_OPEN", f"1 {database}")
    outlets = "id,operator_id,prefecture_id,kind,opened_on\n" + "".join(
        f"O{k},{'ZTO' if k % 2 else 'YTO'},2201,outlet,2025-01-0{1 + k % 9}\n" for k in range(12)
    )
    (tmp_path / "outlets.csv").write_text("\ufeff" + outlets, "utf-8")
    for _ in range(2):  # the same file twice changes nothing
        assert told(postroad("cases", "load", "outlet.open", tmp_path / "outlets.csv", "--json"))["rows"] == 12
    assert len(told(postroad("cases", "list", "outlets", "--json"))) == 12
    for code in ("JC1", "JC2", "JC3"):
        told(postroad("cases", "do", "inspector.enrol", f"id={code}", "prefecture_id=2201", "skills=fire;safety",
                      "hours_a_month=60", "credential_until=2099-12-31", "--json"))  # fmt: skip
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    told(postroad("cases", "do", "drawing.commit", "id=D1", "size=3", "seed_source=beacon",
                  f"seed_at={soon.isoformat()}", "kinds=outlet", "--json"))  # fmt: skip
    digest = told(postroad("cases", "list", "draws", "--as", "public", "--json"))[0]["digest"]
    time.sleep(max(0.0, (soon - dt.datetime.now(dt.UTC)).total_seconds() + 0.1))
    told(postroad("cases", "do", "drawing.reveal", "id=D1", "seed=04 09 13 22 28 31", "--json"))
    receipt = told(postroad("cases", "list", "draw_papers", "--json"))[0]["receipt"]
    today, photo = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date(), tmp_path / "photo.jpg"
    photo.write_bytes(b"what the inspector saw")
    ordered = told(postroad("cases", "do", "inspection.order_drawn", "draw_id=D1", "--json"))["answer"]
    assert ordered == [f"D1:{row['place']:03d}" for row in receipt["drawn"]]
    assert told(postroad("cases", "do", "inspection.order_drawn", "draw_id=D1", "--json"))["answer"] == []
    for k, row in enumerate(receipt["drawn"]):
        mine = f"inspector:{row['inspectors'][0]}"
        failed = ["failed=plastic_ban", f"evidence=plastic_ban=file:{photo}"] if k == 0 else []
        told(postroad("cases", "do", "inspection.visit", f"id={ordered[k]}", f"on={today}", "hours=3", *failed,
                      "--as", mine, "--json"))  # fmt: skip
        told(postroad("cases", "do", "inspection.publish", f"id={ordered[k]}", "--json"))
    told(postroad("cases", "do", "drawing.publish", "id=D1", "--json"))
    told(postroad("cases", "publish", "--out", tmp_path / "public", "--json"))
    papers = [tmp_path / "public" / "draws" / f"D1.{kind}.json" for kind in ("commit", "receipt")]
    code, out, _ = postroad("draw", "verify", *papers, "--digest", digest)
    assert (code, "holds" in out) == (0, True)
    rows = {row["indicator"]: row for row in told(postroad("cases", "tally", f"{today:%Y-%m}", "--json"))}
    assert rows["plastic_violation_rate"]["value"] == pytest.approx(100 / 3)
    assert rows["plastic_violation_rate"]["origin"] == "derived"
    with open_store(database, create=False).reading() as connection:
        entry = connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(1)).mappings().one()
    assert entry["act"] == READ
    assert {"inspections", "findings"} <= {table for table, *_ in entry["entries"]}
    head = told(postroad("cases", "audit", "--json"))["head"]
    assert postroad("cases", "audit", "--head", head)[0] == 0
    assert postroad("cases", "audit", "--head", f"2:{'0' * 64}")[0] == 2
    scored = told(postroad("score", "jilin", "--records", database, "--period", f"{today:%Y-%m}", "--json"))
    line = next(line for line in scored["lines"] if line["target_id"] == "plastic-ban")
    assert line["latest"]["scope"] == "records"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_user_gets_wrong_is_a_sentence_in_both_languages(postroad, tmp_path, language, monkeypatch):
    monkeypatch.setenv("POSTROAD_DATABASE", str(tmp_path / "records.sqlite"))
    (tmp_path / "bad.csv").write_text("id,kind\nO1,outlet\n", "utf-8")
    wrong = [
        ["cases", "do", "nonsense"],
        ["cases", "do", "hazard.overdue"],
        ["cases", "do", "hazard.close"],
        ["cases", "do", "hazard.close", "id=H1", "on=yesterday"],
        ["cases", "do", "hazard.close", "id=H1", "on=2025-11-03"],
        ["cases", "do", "hazard.close", "id=H1", "on=2025-11-03", "colour=red"],
        ["cases", "do", "hazard.close", "H1"],
        ["cases", "do", "credit.publish", "year=2025", "--as", "public"],
        ["cases", "do", "credit.publish", "year=2025", "--as", "prefecture"],
        ["cases", "show", "credit.explain", "operator_id=ZTO", "year=2025", "--as", "inspector:JC1"],
        ["cases", "list", "nonsense"],
        ["cases", "list", "outlets", "nonsense=1"],
        ["cases", "list", "complaints", "--as", "public"],
        ["cases", "list", "outlets", "--known-at", "2025-11-03"],
        ["cases", "history", "outlets", "O1"],
        ["cases", "load", "outlet.open", tmp_path / "bad.csv"],
        ["cases", "load", "outlet.open", tmp_path / "nowhere.csv"],
        ["cases", "rules", "--rules", tmp_path / "nowhere.toml"],
        ["cases", "audit", "--database", "mysql://x/y"],
        ["score", "jilin", "--records", tmp_path / "records.sqlite"],
        ["demo", "supervise", "--month", "november", "--out", tmp_path / "demo"],
        ["demo", "supervise", "--outlets", "5", "--out", tmp_path / "demo"],
    ]
    for words in wrong:
        code, _, err = postroad("-l", language, *words)
        assert code == 2, words
        assert err.strip(), words
        assert ("。" in err) == (language == "zh"), (words, err)


def test_what_is_not_there_is_not_made_by_looking(postroad, tmp_path):
    gone = tmp_path / "gone.sqlite"
    for words in (("list", "hazards"), ("show", "hazard.overdue"), ("audit",), ("tally", "2025-11"), ("migrate",),
                  ("publish", "--out", tmp_path / "public")):  # fmt: skip
        code, _, err = postroad("cases", *words, "--database", gone)
        assert code == 2, words
        assert "gone.sqlite" in err
    assert list(tmp_path.iterdir()) == []
    code, _, err = postroad("cases", "migrate", "--database", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert (code, "127.0.0.1" in err) == (2, True)


def test_a_rehearsal_that_cannot_be_leaves_nothing(postroad, tmp_path):
    for words in (("--month", "2999-01"), ("--outlets", 50), ("--month", "2025-13")):
        code, _, err = postroad("demo", "supervise", "--out", tmp_path / "out", *words)
        assert (code, str(words[1]) in err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_refused_with_every_row_that_is_wrong(postroad, tmp_path):
    database, file = tmp_path / "records.sqlite", tmp_path / "outlets.csv"
    columns = "id,operator_id,prefecture_id,kind,opened_on"
    cases = {
        f"{columns}\nO1,ZTO,2201,outlet,2025-01-01,more\n": ["more"],
        f"{columns},kind\nO1,ZTO,2201,outlet,2025-01-01,hub\n": ["kind"],
        f"{columns}\n": ["outlets.csv"],
        f"{columns}\nO1,ZTO,2201,moon,2025-01-01\nO2,ZTO,2201,outlet,2999-01-01\nO3,ZTO,2201,outlet,2025-01-01\n":
            [":1]", "moon", ":2]", "2999-01-01"],
    }  # fmt: skip
    for text, told_of in cases.items():
        file.write_text(text, "utf-8")
        code, _, err = postroad("cases", "load", "outlet.open", file, "--database", database)
        assert code == 2, text
        assert all(word in err for word in told_of), err
        assert ":3]" not in err
    assert told(postroad("cases", "list", "outlets", "--database", database, "--json")) == []
    code, _, err = postroad(
        "cases", "do", "outlet.close", "id=O1", "id=O2", "closed_on=2025-11-01", "--database", database
    )
    assert (code, "twice" in err) == (2, True)


def test_an_office_database_answers_to_proven_persons_only(postroad, database, monkeypatch):
    monkeypatch.setenv("POSTROAD_DATABASE", database)
    monkeypatch.delenv("POSTROAD_OPEN")
    listed = ("cases", "list", "outlets", "--json")
    code, _, err = postroad(*listed)
    assert (code, "accounts" in err) == (2, True)
    people = {"wang": ("province", ""), "li": ("enterprise", "ZTO"), "zhao": ("prefecture", "2202")}
    for name, (role, scope) in people.items():
        monkeypatch.setenv("POSTROAD_PASSWORD", f"{name} has a long word")
        assert postroad("serve-account", name, "--role", role, "--scope", scope, "--database", database)[0] == 0
    monkeypatch.setenv("POSTROAD_OPEN", f"1 {database}")  # opening it does not help once there are accounts
    assert postroad(*listed, "--as", "province")[0] == 2
    assert postroad(*listed, "--as", "wang")[0] == 2  # with another's pass word
    assert postroad("cases", "audit")[0] == postroad("cases", "tally", "2025-11")[0] == 2
    monkeypatch.setenv("POSTROAD_PASSWORD", "wang has a long word")
    for k, firm in enumerate(("ZTO", "YTO")):
        told(postroad("cases", "do", "outlet.open", f"id=O{k}", f"operator_id={firm}", f"prefecture_id=220{k + 1}",
                      "kind=outlet", "opened_on=2025-01-01", "--as", "wang", "--json"))  # fmt: skip
    rows = told(postroad(*listed, "--as", "wang"))
    assert {row["recorded_by"] for row in rows} == {"province:wang"}
    monkeypatch.setenv("POSTROAD_PASSWORD", "li has a long word")
    assert postroad("cases", "sign-in", "li")[0] == 0
    monkeypatch.delenv("POSTROAD_PASSWORD")
    assert [row["id"] for row in told(postroad(*listed))] == ["O0"]
    assert postroad("cases", "do", "outlet.open", "id=O9", "operator_id=YTO", "prefecture_id=2201", "kind=outlet",
                    "opened_on=2025-01-01")[0] == 2  # fmt: skip
    assert postroad(*listed, "--as", "wang")[0] == 2  # a session is its owner's alone
    assert postroad("cases", "sign-out")[0] == 0
    assert postroad(*listed)[0] == 2
    assert told(postroad("cases", "list", "draws", "--as", "public", "--json")) == []


def test_lists_are_shown_to_people_too(postroad, tmp_path, monkeypatch):
    monkeypatch.setenv("POSTROAD_DATABASE", str(tmp_path / "records.sqlite"))
    open_store(str(tmp_path / "records.sqlite")).close()
    for words in (["acts"], ["rules"], ["rules", "--on", "2025-11-03"], ["list", "outlets"], ["audit"],
                  ["show", "hazard.overdue"], ["show", "complaint.rates", "period=2025-11"], ["migrate"]):  # fmt: skip
        code, out, err = postroad("cases", *words)
        assert (code, bool(out.strip())) == (0, True), err


def test_a_row_too_wide_for_the_terminal_is_a_block_with_names_and_nothing_cut(postroad, tmp_path, monkeypatch):
    monkeypatch.setenv("POSTROAD_DATABASE", str(tmp_path / "records.sqlite"))
    for words in (
        ["outlet.open", "id=O1", "operator_id=YUNDA", "prefecture_id=2207", "kind=outlet", "opened_on=2025-01-01"],
        ["hazard.open", "id=H1", "outlet_id=O1", "heading=wiring", "owner=post", "found_on=2025-11-03"],
    ):
        assert postroad("cases", "do", *words)[0] == 0
    for width, language, place, firm in (
        (60, "en", "Songyuan (2207)", "Yunda (YUNDA)"),
        (400, "zh", "松原市 (2207)", "韵达 (YUNDA)"),
    ):
        monkeypatch.setattr(display.out, "width", width)
        code, out, err = postroad("-l", language, "cases", "list", "hazards")
        assert code == 0, err
        assert ("…" in out, place in out, firm in out, "┃" in out) == (False, True, True, width == 400), out
        shown = set(out.replace("│", " ").replace("┃", " ").split())
        assert {"H1", "2025-11-03", "hazard_major@1"} <= shown
        assert shown & {"线路隐患", "Wiring"}
        assert not {"version", "recorded_at", "evidence_sha256", "closed_on"} & shown
    kept = postroad("-l", "en", "cases", "history", "hazards", "H1", "--province", "")[1]
    assert "Recorded at" in kept
    assert "Times are China's (UTC+8)" in kept
    for words in (["state=open"], ["状态=进行中"], ["heading=Wiring", "state=Open"]):
        assert [row["id"] for row in told(postroad("cases", "list", "hazards", *words, "--json"))] == ["H1"]
    seen = ("cases", "show", "hazard.overdue", "--json", "--at")
    assert told(postroad(*seen, "2025-11-12T09:00:00+08:00")) == []  # what was not written down yet
    assert told(postroad(*seen, "2099-01-01T09:00:00+08:00"))[0]["days_over"] > 20000


def test_names_of_outlets_are_put_in_english_part_by_part_or_left(store, clock):
    from postroad.face.case_words import outlet_names
    from postroad.network import province
    from postroad.supervise import register
    from postroad.supervise.records import Actor, Desk

    desk = Desk(store, Actor("province"), clock)
    for k, name in enumerate(("申通靖宇镇营业网点", "老王的店", "")):
        register.open_outlet(desk, f"O{k}", "STO", "2206", "outlet", dt.date(2025, 10, 1), name)
    shown = {spoken: outlet_names(province("jilin"), desk, spoken) for spoken in ("zh", "en")}
    assert shown["zh"] == {"O0": "申通靖宇镇营业网点", "O1": "老王的店"}
    assert shown["en"] == {"O0": "STO Express, Jingyuzhen outlet", "O1": "老王的店"}


def test_the_next_steps_run_as_they_are_written(postroad, database, tmp_path, monkeypatch):
    monkeypatch.setenv("POSTROAD_OPEN", database)
    to, credit = tmp_path / "a month's", [{"operator_id": "SF", "score": 41.0}, {"operator_id": "EMS", "score": 95.0}]
    export, *steps = [shlex.split(step) for _, step in next_steps(database, to, "2025-11", "jilin", credit)]
    assert export[0] == "export"
    monkeypatch.delenv("POSTROAD_OPEN")
    for word in export[1:]:
        monkeypatch.setenv(*word.split("=", 1))
    known = ("id=O1", "operator_id=SF", "prefecture_id=2201", "kind=outlet", "opened_on=2025-03-01")
    assert postroad("cases", "do", "outlet.open", *known)[0] == 0
    cases = [step[1:] for step in steps if step[1] == "cases"]
    assert [words[1] for words in cases] == ["list", "show", "show"]
    for words in cases:
        code, _, err = postroad(*words)
        assert code == 0, err
    assert str(to / "ledger") in steps[-2]
    assert steps[-1][1:4] == ["serve", "jilin", "--database"]
    monkeypatch.setenv("POSTROAD_PASSWORD", "wang has a long word")
    monkeypatch.setenv("POSTROAD_AS", "wang")
    assert postroad("serve-account", "wang", "--role", "province", "--database", database)[0] == 0
    where, sign_in, *_ = next_steps(database, to, "2025-11", "jilin", credit)
    assert ("POSTROAD_OPEN" in where[1], sign_in[1].split()[1:]) == (False, ["cases", "sign-in", "wang"])


@pytest.mark.slow
def test_the_rehearsal_is_the_same_on_both_databases(postroad, postgres, tmp_path, monkeypatch):
    addresses = [str(tmp_path / "records.sqlite"), postgres.database(postgres.template)]
    monkeypatch.setenv("POSTROAD_OPEN", f"1 {addresses[1]}")
    values: list[dict[str, float]] = []
    for k, address in enumerate(addresses):
        done = told(postroad("demo", "supervise", "--database", address, "--out", tmp_path / str(k), "--outlets", 120,
                             "--days", 3, "--pieces", 600, "--json"))  # fmt: skip
        assert done["synthetic"] is True
        counts = done["ledger"]
        assert counts["lines"] == sum(counts[k] for k in ("stored", "repeated", "quarantined"))
        assert counts["pieces"]["pieces"] > 1500
        assert {line["target_id"]: line["latest"]["origin"] for line in done["scored"]}.items() >= dict.fromkeys(
            ("outlet-standard", "e-waybill", "no-repacking", "reusable-bags", "plastic-ban", "three-checks",
             "satisfaction", "complaints", "lockers"), "synthetic").items()  # fmt: skip
        truth = json.loads((tmp_path / str(k) / "feed" / "truth.json").read_text("utf-8"))
        values.append({line["target_id"]: line["latest"]["value"] for line in done["scored"]})
        assert not counts["claims"]["closed_outlet"] or set(truth["chosen"]["closed_outlets"]) <= set(done["suspects"])
        assert done["audit"]["faults"] == 0
        assert len(done["custody_gaps"]) == 4
        assert len(done["emergencies_late"]) == 2
        assert done["exemptions_due"] == 1
        assert done["remote_overdue"] > 0
        assert sum(row["not_entered"] for row in done["premises"]) > 0
        planted = done["planted"]["outlet_standardisation"]
        rate = next(row for row in done["indicators"] if row["indicator"] == "outlet_standardisation")
        assert rate["origin"] == "synthetic"
        low, high = (float(part) for part in rate["note"].split("%")[1].split(",")[0].split("-"))
        assert low <= 100 * planted <= high
        assert postroad("demo", "supervise", "--database", address, "--out", tmp_path / str(k))[0] == 2
        store = open_store(address, create=False)
        with store.reading() as link:
            held = link.execute(sa.select(TABLES["complaints"].c.received_on, TABLES["complaints"].c.recorded_at)
                                .where(TABLES["complaints"].c.version == 1)).all()  # fmt: skip
            ways = [row.business + row.conditions for row in link.execute(sa.select(TABLES["exemptions"]))]
        store.close()
        assert all(recorded.astimezone(CHINA).date() == received for received, recorded in held)
        assert all(way.isascii() for way in ways)
    assert values[0] == values[1]
    kept = ("ledger", "ledger-keys")  # pseudonyms are made with keys drawn by lot
    files = sorted(
        name for path in (tmp_path / "0").rglob("*.*")
        if path.suffix != ".sqlite" and (name := path.relative_to(tmp_path / "0")).parts[0] not in kept
    )  # fmt: skip
    assert len(files) > 10
    for name in files:
        if not str(name).startswith(("records", "scorecard")):  # which names the ledger by its root
            assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "1" / name).read_bytes(), name
    scored = told(postroad("score", "jilin", "--records", addresses[1], "--period", "2025-11", "--ledger",
                           tmp_path / "1" / "ledger", "--json"))  # fmt: skip
    filled = {line["target_id"]: line for line in scored["lines"] if (line["latest"] or {}).get("scope") == "records"}
    assert {"outlet-standard", "plastic-ban", "complaints", "satisfaction", "safety-centres", "lockers"} <= set(filled)
    assert {line["status"] for line in filled.values()} == {"unknown"}
    ledger = {line["target_id"] for line in scored["lines"] if (line["latest"] or {}).get("scope") == "ledger"}
    assert {"e-waybill", "no-repacking", "reusable-bags", "three-checks"} <= ledger
