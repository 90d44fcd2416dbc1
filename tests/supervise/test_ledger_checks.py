"""The three checks, false claims, balance and leaks: small worlds by hand, and simulation for stated chances."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest
from scipy import stats

from postroad.errors import DataError, Stopped, UsageError
from postroad.face.cli import main
from postroad.supervise.alert import _counts, record
from postroad.supervise.feed import Faults, Order, write_feed
from postroad.supervise.identity import KeyRing
from postroad.supervise.ledger import Counter, Ledger, Taken, extract, rules, take
from postroad.supervise.ledger.balance import balance
from postroad.supervise.ledger.checks import check
from postroad.supervise.ledger.claims import claims
from postroad.supervise.ledger.indicating import statistics
from postroad.supervise.ledger.intervals import interval
from postroad.supervise.ledger.leak import Usual, discoveries, usual
from postroad.supervise.ledger.proving import prove, verify
from tests.supervise.ledger_world import KNOWN, acceptance, delivery, resident, scan, write


@pytest.fixture
def world(tmp_path):
    """Take files of rows and return the ledger."""
    ring = KeyRing.open(tmp_path / "keys")

    def made(**files):
        for name, rows in files.items():
            take(tmp_path / "l", write(tmp_path / f"{name}.csv", rows), ring, known_at=KNOWN)
        return Ledger.open(tmp_path / "l")

    return made


def outlet(name: str, city: str, lon: float, lat: float, **more):
    return {"outlet_id": name, "operator_id": "YTO", "city_id": city, "lon": lon, "lat": lat, "opens_min": 420,
            "closes_min": 1320, "origin": "synthetic", **more}  # fmt: skip


def test_rates_gaps_and_who_is_asked(world):
    wrong = resident("99900019900101001")[:-1] + "A"
    ledger = world(acceptances=[
        acceptance("YT0000000001"),
        acceptance("YT0000000002", id_kind="none", id_number=""),
        acceptance("YT0000000003", id_number=wrong, opened="false"),
        acceptance("YT0000000004", id_kind="agreement", id_number="", machine_id="", xray_at="", outlet_id="O2"),
        acceptance("YT0000000005", product_id="GOV_DOC", id_kind="none", id_number="", opened="false"),
    ])  # fmt: skip
    found = check(ledger)
    told = {name: (found.rate(name)["made"], found.rate(name)["asked"]) for name in
            ("real_name", "open_box", "machine_check", "all_three")}  # fmt: skip
    # A letter is asked for neither name nor box; a number that fails its check character is no proof.
    assert told == {"real_name": (2, 4), "open_box": (3, 4), "machine_check": (4, 5), "all_three": (2, 5)}
    assert found.gap_count == found.gaps.height == 3
    assert found.rate("machine_check", "outlet", "O2")["made"] == 0
    assert found.rate("all_three", "hour", "10")["asked"] == 5


def test_a_rule_counts_from_its_day(world):
    ledger = world(acceptances=[
        acceptance("YT0000000001", packaging="plastic_bag", accepted_at="2025-12-31 10:00:00", opened_at="",
                   xray_at=""),
        acceptance("YT0000000002", packaging="plastic_bag"), acceptance("YT0000000003", bag="single_use_woven"),
        acceptance("YT0000000004", outlet_id="O2"),
    ], deliveries=[delivery("YT0000000001", manner="locker", consent="false"),
                   delivery("YT0000000002", manner="station"),
                   delivery("YT0000000003")])  # fmt: skip
    found = check(ledger)
    assert (found.rate("plastic_ban")["made"], found.rate("plastic_ban")["asked"]) == (1, 3)
    assert (found.rate("locker_consent")["made"], found.rate("locker_consent")["asked"]) == (1, 2)
    rows, _ = statistics(ledger, "22")
    kept = rows.filter(indicator="plastic_violation_rate").row(0, named=True)
    # Two outlets accepted something while the ban was in force; one of them broke it.
    assert (kept["value"], kept["period"], kept["origin"]) == (50.0, "2026", "synthetic")


def test_false_claims_by_hand(world):
    same = {"id_number": resident("99900019900101002")}
    ledger = world(
        outlets=[outlet("O1", "2201", 125.3, 43.9), outlet("O2", "2202", 126.5, 43.8), outlet("O3", "2201", 125.3, 43.9,
                 closed_on="2026-03-09")],
        machines=[{"machine_id": "M1", "operator_id": "YTO", "facility_id": "H1", "capacity_per_h": "5",
                   "origin": "synthetic"}],
        acceptances=[
            *(acceptance(f"YT000000001{n}", id_kind="agreement", id_number="") for n in range(6)),
            acceptance("YT0000000021", machine_id="M9", **same),
            acceptance("YT0000000022", machine_id="M9", outlet_id="O2", accepted_at="2026-03-09 10:05:00", **same),
            acceptance("YT0000000023", machine_id="M9", outlet_id="O2", accepted_at="2026-03-09 18:00:00",
                       id_number=resident("99900019900101001")),
            acceptance("YT0000000031", machine_id="M9", outlet_id="O3"),
            acceptance("YT0000000032", machine_id="M9", outlet_id="O9"),
            acceptance("YT0000000033", machine_id="M9", accepted_at="2026-03-09 06:59:00"),
        ],
        scans=[scan("YT0000000010", "EMK", "2026-03-09 11:59:00"), scan("YT0000000011", "EMK", "2026-03-09 12:01:00"),
               scan("YT0000000012", "EMK", "2026-03-09 10:00:30", facility="O1")],
    )  # fmt: skip
    found = claims(ledger)
    assert found.too_fast["pieces"].to_list() == [6]
    assert found.two_cities["waybill"].to_list() == ["YT0000000022"]
    late = dict(found.after_departure.select("waybill", "check_made").iter_rows())
    assert late == {"YT0000000010": "machine_check", "YT0000000012": "open_box"}
    why = dict(found.closed_outlet.select("waybill", "why").iter_rows())
    assert why == {"YT0000000031": "closed_down", "YT0000000032": "unregistered", "YT0000000033": "out_of_hours"}
    assert found.unknown_machine["machine_id"].to_list() == ["M9"] * 6


def test_a_piece_that_moved_on_unseen(world):
    def way(number, *steps):
        return [scan(f"YT000000000{number}", event, f"2026-03-05 {at}:00", facility=where, other_id=other)
                for event, at, where, other in steps]  # fmt: skip

    sort, came = ("EDE", "09:00", "H1", ""), ("EMJ", "12:00", "H2", "H1")
    ledger = world(
        acceptances=[acceptance("YT0000000004", accepted_at="2026-03-05 08:00:00", opened_at="", xray_at="")],
        scans=[
            *way(1, sort, ("EMK", "10:00", "H1", "H2"), came),  # all seen
            *way(2, sort, came),  # never seen to leave H1
            *way(3, came),  # H1 said nothing of it at all, so it may be a place that reports elsewhere
            *way(4, ("EMJ", "09:00", "H1", "O1")),  # accepted at O1 and never seen to leave it
            *way(5, came, ("EDE", "13:00", "H1", "")),  # seen at H1 only after it had come from there
            *way(6, sort, ("EMK", "10:00", "H3", "H2"), came),  # a departure from elsewhere is none from H1
        ],
    )  # fmt: skip
    found = claims(ledger).no_departure
    assert found.select("waybill", "from_id", "to_id").rows() == [
        ("YT0000000002", "H1", "H2"), ("YT0000000004", "O1", "H1"), ("YT0000000006", "H1", "H2"),
    ]  # fmt: skip


def test_balance_of_a_handful(world):
    way = [
        ("EMK", "08:00", "O1", "H1"),
        ("EMJ", "09:00", "H1", "O1"),
        ("EMK", "10:00", "H1", "H2"),
        ("EMJ", "12:00", "H2", "H1"),
    ]
    rows = [scan(f"YT000000000{n}", event, f"2026-03-05 {at}:00", facility=where, other_id=other)
            for n in range(1, 6) for event, at, where, other in way[: {4: 3, 5: 4}.get(n, 4)]]  # fmt: skip
    first = "2026-03-05 07:00:00"
    ledger = world(
        acceptances=[acceptance(f"YT000000000{n}", accepted_at=first, opened_at="", xray_at="") for n in range(1, 6)],
        scans=[*rows, scan("YT0000000006", "EMD", "2026-03-05 08:00:00"),
               scan("YT0000000006", "EMC", "2026-03-05 09:00:00"),
               scan("YT0000000007", "EMJ", "2026-03-09 08:00:00")],
        deliveries=[delivery("YT0000000001"), delivery("YT0000000002", manner="returned"), delivery("YT0000000003")],
    )  # fmt: skip
    found = balance(ledger, until=dt.datetime(2026, 3, 10))
    shown = found.told()
    assert shown["legs"].equals(found.legs)
    assert "<svg" in shown.chart(spoken="zh").svg
    assert found.total == {"pieces": 7, "delivered": 2, "returned": 1, "sent_out": 1, "in_hand": 1, "unexplained": 2,
                           "without_beginning": 1, "delivered_and_returned": 0}  # fmt: skip
    lost = {row["waybill"]: (row["from_id"], row["to_id"]) for row in found.missing.iter_rows(named=True)}
    assert lost == {"YT0000000004": ("H1", "H2"), "YT0000000005": ("H2", None)}
    leg = found.legs.filter(pl.col("from_id") == "H1", pl.col("to_id") == "H2").row(0, named=True)
    assert (leg["loaded"], leg["arrived"], leg["unexplained"]) == (5, 4, 1)


def test_intervals_against_scipy_and_their_coverage():
    for k, n in ((0, 10), (3, 10), (10, 10), (97, 1000)):
        for method, name in (("wilson", "wilson"), ("exact", "exact")):
            judge = stats.binomtest(k, n).proportion_ci(0.95, method=name)
            low, high = interval([k], [n], method)
            assert (low[0], high[0]) == pytest.approx((judge.low, judge.high), abs=1e-12)
    draws = np.random.default_rng(1).binomial(200, 0.02, 4000)
    low, high = interval(draws, np.full(4000, 200), "exact")
    assert ((low <= 0.02) & (high >= 0.02)).mean() >= 0.95


def test_discoveries_hold_their_rate_and_match_scipy():
    rng = np.random.default_rng(2)
    p = np.concatenate([rng.uniform(size=900), rng.uniform(0, 1e-4, 100)])
    judge = stats.false_discovery_control(p) <= 0.05
    assert (discoveries(p, 0.05) == judge).all()


def test_a_leak_of_one_percent_is_found_as_often_as_stated_and_false_alarms_stay_rare():
    rng = np.random.default_rng(3)
    legs, base, pieces, rounds = 400, 0.0004, 900, 300
    n = np.full(legs, pieces)
    found = false = clean = 0
    stated = []
    for _ in range(rounds):
        k = rng.binomial(n, base)
        clean += int((discoveries(usual(k, n, 0.05).tail(k, n), 0.05) & (k > 0)).any())
        k[0] = rng.binomial(pieces, base + 0.01 * (1 - base))
        judged = usual(k, n, 0.05)
        flags = discoveries(judged.tail(k, n), 0.05) & (k > 0)
        stated.append(judged.power(pieces, 0.01, 0.05 / legs))
        found, false = found + int(flags[0]), false + int(flags[1:].any())
    # The stated power is a floor: the step-up test may pass with a weaker chance than the strictest step.
    assert found / rounds >= np.mean(stated) - 3 * (0.25 / rounds) ** 0.5
    assert np.mean(stated) > 0.6
    assert clean / rounds <= 0.05 + 3 * (0.05 * 0.95 / rounds) ** 0.5
    assert false / rounds <= 0.05 + 3 * (0.05 * 0.95 / rounds) ** 0.5


def test_many_leaks_do_not_hide_each_other():
    rng = np.random.default_rng(5)
    n = rng.integers(500, 6000, 300)
    n[:12] = 2400
    k = rng.binomial(n, 0.0004)
    k[:12] = rng.binomial(2400, 0.0104, 12)
    judged = usual(k, n, 0.05)
    flags = discoveries(judged.tail(k, n), 0.05) & (k > 0)
    assert flags[:12].all()
    # At the false-discovery rate one in twenty of the flags is false on average: not many beside twelve.
    assert flags[12:].sum() <= 3
    # The same spread without any leak stays below the rate of false alarms, uneven losses included.
    false = 0
    for _ in range(60):
        k = rng.binomial(n, rng.beta(2, 1998, 300))
        judged = usual(k, n, 0.05)
        false += int((discoveries(judged.tail(k, n), 0.05) & (k > 0)).any())
    assert false / 60 <= 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("leaks", [12, 0])
def test_planted_leaks_of_one_percent_are_found_in_the_ledger(tmp_path, leaks):
    import postroad
    from postroad.demand import demand

    order = Order(200_000, Faults(leaks=leaks), seed=5, form="parquet")
    feed = write_feed(tmp_path / "feed", demand(postroad.province("jilin")), dt.date(2026, 1, 12), order=order)
    with Counter(tmp_path / "l", KeyRing.open(tmp_path / "keys")) as counter:
        fates = list(counter.take_all(feed.files, known_at=dt.datetime(2026, 1, 20)))
    assert all(isinstance(fate, Taken) for _, fate in fates)
    found = balance(Ledger.open(tmp_path / "l"), until=dt.datetime(2026, 1, 20))
    name = pl.concat_str("from_id", pl.lit(">"), pl.col("to_id").fill_null("")).alias("leg")
    legs = found.legs.with_columns(name)
    leaking = legs.filter(pl.col("leg").is_in(feed.truth["chosen"]["leaks"]))
    assert leaking.height == leaks
    stated = [found.power(pieces) for pieces in leaking["pieces"]]
    spread = sum(p * (1 - p) for p in stated) ** 0.5
    assert leaking["flagged"].sum() >= sum(stated) - 3 * spread - 0.001
    assert all(p > 0.9 for p in stated)
    assert set(found.flagged.select(name)["leg"]) <= set(leaking["leg"])


def test_a_planted_closed_outlet_accepts_pieces_and_sizes_are_told(rehearsal):
    feed, _, _, ledger = rehearsal
    assert feed.truth["planted"]["closed_outlets"] > 0
    assert claims(ledger).counts["closed_outlet"] > 0
    assert Faults.of(["leaks=3", "leak_share=0.02"]).leaks == 3
    with pytest.raises(UsageError) as caught:
        Faults.of(["leaks=x", "leak_share=2", "leak=1"])
    assert len(caught.value.faults) == 3


def test_uneven_losses_widen_the_test():
    rng = np.random.default_rng(4)
    n = rng.integers(2000, 6000, 300)
    k = rng.binomial(n, rng.beta(2, 1998, 300))
    judged = usual(k, n, 0.05)
    assert judged.correlation > 0
    assert judged.tail(20, 4000) > Usual(judged.share, 0.0).tail(20, 4000)
    least = judged.least_pieces(0.01, 1e-4)
    assert least is not None
    assert judged.power(least, 0.01, 1e-4) >= 0.9 > judged.power(least // 2, 0.01, 1e-4)


@pytest.fixture(scope="module")
def made():
    import postroad
    from postroad.demand import demand

    return demand(postroad.province("jilin"))


def test_in_a_feed_with_two_faults_these_are_found_and_nothing_else(made, tmp_path):
    faults = Faults.of(["unknown_machines=300", "missing_departures=200"], Faults.none())
    feed = write_feed(tmp_path / "feed", made, dt.date(2026, 1, 12), order=Order(6_000, faults, seed=5))
    ring = KeyRing.open(tmp_path / "keys")
    with Counter(tmp_path / "l", ring) as counter:
        fates = list(counter.take_all(feed.files, known_at=dt.datetime(2026, 1, 20)))
    assert not any(fate.quarantined for _, fate in fates)
    told = claims(Ledger.open(tmp_path / "l")).counts
    planted = feed.truth["planted"]
    assert planted["unknown_machines"] > 0 < planted["missing_departures"]
    assert told.pop("unknown_machine") == planted["unknown_machines"]
    assert told.pop("no_departure") == planted["missing_departures"]
    assert set(told.values()) == {0}


@pytest.fixture(scope="module")
def rehearsal(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rehearsal")
    faults = Faults(leak_share=0.3)
    feed = write_feed(folder / "feed", made, dt.date(2026, 1, 12), order=Order(30_000, faults, seed=5))
    again = write_feed(folder / "again", made, dt.date(2026, 1, 12), order=Order(30_000, faults, seed=5, workers=2))
    ring = KeyRing.open(folder / "keys")
    taken = [take(folder / "l", file, ring, known_at=dt.datetime(2026, 1, 20)) for file in feed.files]
    return feed, again, taken, Ledger.open(folder / "l")


def test_the_feed_is_found_as_it_was_planted(rehearsal):
    feed, again, taken, ledger = rehearsal
    assert [f.read_bytes() for f in feed.files] == [f.read_bytes() for f in again.files]
    planted, chosen = feed.truth["planted"], feed.truth["chosen"]
    assert sum(t.quarantined for t in taken) >= sum(v for k, v in planted.items() if k.startswith("malformed"))
    assert sum(t.repeated for t in taken) == sum(v for k, v in planted.items() if k.startswith("repeated"))
    assert sum(t.corrected for t in taken) == sum(v for k, v in planted.items() if k.startswith("corrected"))
    wrong = claims(ledger)
    held = {f"malformed_{k}": planted[f"malformed_{k}"] for k in ("acceptances", "scans")}
    spared = sum(held.values())
    # A record that was malformed on the way cannot carry its planted claim.
    for name, at in (
        ("two_cities", "two_cities"),
        ("after_departure", "late_checks"),
        ("closed_outlet", "closed_outlets"),
        ("unknown_machine", "unknown_machines"),
    ):
        assert planted[at] - spared <= wrong.counts[name] <= planted[at]
    # Scans missed by chance come on top of those planted.
    assert wrong.counts["no_departure"] >= planted["missing_departures"] - spared
    assert set(wrong.too_fast["machine_id"]) <= set(chosen["slow_machines"])
    found = balance(ledger, until=dt.datetime(2026, 1, 20))
    assert found.total["pieces"] == sum(
        found.total[k] for k in ("delivered", "returned", "sent_out", "in_hand", "unexplained")
    )
    flagged = {f"{a}>{b}" for a, b in found.flagged.select("from_id", "to_id").iter_rows()}
    assert set(chosen["leaks"]) <= flagged
    assert found.origin == "synthetic"
    gaps = check(ledger).gap_count
    assert gaps <= planted["no_real_name"] + planted["not_opened"] + planted["not_xrayed"]


def test_truth_names_itself_synthetic(rehearsal):
    feed, _, _, ledger = rehearsal
    assert json.loads((feed.folder / "truth.json").read_text("utf-8"))["origin"] == ledger.origin == "synthetic"
    assert all(b"synthetic" in file.read_bytes() for file in feed.files)


def test_every_rule_says_what_it_rests_on():
    for rule in rules().values():
        assert rule.basis in ("law", "standard", "plan", "definition", "configuration")
        assert rule.legal_zh
        assert rule.legal_en
        if rule.basis in ("law", "standard", "plan"):
            assert rule.valid_from or rule.text_year
        else:
            assert rule.valid_from is None


def test_a_long_question_is_watched_and_stopped(world):
    ledger = world(acceptances=[acceptance("YT0000000001")])
    told = []
    long = "SELECT sum(a.i * b.i % 7) AS n FROM range(3000000) a(i), range(3000000) b(i)"
    with ledger.query(progress=told.append, stop=lambda: len(told) >= 2) as asking, pytest.raises(Stopped):
        asking.frame(long)
    assert len(told) == 2
    assert balance(ledger, progress=told.append).total["pieces"] == 1


def test_an_office_sets_what_no_law_sets(tmp_path, monkeypatch):
    own = tmp_path / "rules.toml"
    own.write_text("[balance.values]\nsilent_h = 24\n", "utf-8")
    monkeypatch.setenv("POSTROAD_LEDGER_RULES", str(own))
    assert rules()["balance"].values["silent_h"] == 24
    assert rules()["balance"].values["false_discovery"] == 0.05
    own_2 = tmp_path / "rules-2.toml"
    own_2.write_text("[balance.values]\nquiet_h = 24\n[gravity]\nversion = 2\n[late]\nsince = 3\n", "utf-8")
    monkeypatch.setenv("POSTROAD_LEDGER_RULES", str(own_2))
    with pytest.raises(DataError) as caught:
        rules()
    assert len(caught.value.faults) == 3
    monkeypatch.delenv("POSTROAD_LEDGER_RULES")
    assert rules()["balance"].values["silent_h"] == 48


def test_the_same_questions_have_the_same_answers_in_postgresql(rehearsal, postgres, capsys, monkeypatch):
    _, _, _, ledger = rehearsal
    address = postgres.database()
    with pytest.raises(UsageError):
        extract.opened(address)
    counts = extract.write(ledger, address)
    with ledger.query() as link:
        assert counts == {kind: link.frame(f"SELECT count(*) AS n FROM {kind}")["n"][0] for kind in counts}
    held = extract.opened(address)
    assert held.origin == "synthetic"
    for question in (check, claims, balance):
        here, there = question(ledger), question(held)
        for name, value in vars(here).items():
            other = getattr(there, name)
            same = value.equals(other) if isinstance(value, pl.DataFrame) else value == other
            assert same, (question.__name__, name)
    with ledger.query() as link:
        waybill = link.frame("SELECT min(waybill) AS w FROM acceptances")["w"][0]
    proof = prove(held, waybill)
    assert proof == prove(ledger, waybill)
    assert verify(proof, ledger.head.root)["holds"]
    with pytest.raises(UsageError):
        prove(held, "YT99999999999")
    day = dt.date(2026, 1, 12)
    counted = [_counts(one, day, None).sort("outlet_id", "day", "hour") for one in (ledger, held)]
    assert counted[0].equals(counted[1])
    assert record(held) == record(ledger)
    with pytest.raises(UsageError):
        check(held, as_of=dt.datetime(2026, 1, 1))
    monkeypatch.setattr("sys.argv", ["postroad", "ledger", "checks", "--extract", address, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["gap_count"] == check(ledger).gap_count
    with pytest.raises(UsageError):
        extract.write(ledger, "sqlite:///here.sqlite")
    assert extract.write(ledger, address, days=("1999-01-01", "1999-01-02"))["scans"] == 0
    assert check(extract.opened(address)).gap_count == 0
