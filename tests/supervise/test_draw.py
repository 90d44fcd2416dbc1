"""The public draw: anyone gets the same answer, the chances are exact, and nothing can be arranged beforehand."""

import datetime as dt
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stdout
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.supervise import draw
from postroad.supervise.verifier import files, verify_draw

KNOWN = Path(__file__).parents[1] / "known" / "draw"
CASES = sorted(path.name.removesuffix(".commit.json") for path in KNOWN.glob("*.commit.json"))
FROZEN_AT = dt.datetime(2025, 11, 1, 8, tzinfo=dt.UTC)
SEED_AT = "2025-11-02T20:00:00+08:00"
SHOWN_AT = dt.datetime(2025, 11, 3, tzinfo=dt.UTC)
SEED = "04 09 13 22 28 31 + 07"


def frame(units, size, **more):
    return draw.Frame("test", "lottery of 2 November", SEED_AT, size, tuple(units), **more)


def shown(units, size, seed=SEED, **more):
    text = draw.commit(frame(units, size, **more), FROZEN_AT, "00").text
    return text, draw.reveal(text, seed, SHOWN_AT)


def test_four_outlets_worked_by_hand():
    # Weights 1 1 1 3, two drawn: D is certain (2 x 3 >= 6), one of the others at 1/3 each.
    units = [draw.Unit("A"), draw.Unit("B"), draw.Unit("C"), draw.Unit("D", 3)]
    text, receipt = shown(units, 2)
    assert draw.chances(text) == {"A": Fraction(1, 3), "B": Fraction(1, 3), "C": Fraction(1, 3), "D": Fraction(1)}
    assert "D" in [row["unit"] for row in receipt["drawn"]]
    # The other one by the definition: tickets in order, start modulo 3, one step.
    order = sorted("ABC", key=lambda name: draw.digest_of(f"{SEED},{name}"))
    start = int(draw.digest_of(f"{SEED},start"), 16) % 3
    assert {row["unit"] for row in receipt["drawn"]} == {"D", order[start]}


@pytest.mark.parametrize("name", CASES)
def test_the_known_draws_come_out_again(name):
    text = (KNOWN / f"{name}.commit.json").read_bytes().decode()
    receipt = json.loads((KNOWN / f"{name}.receipt.json").read_text("utf-8"))
    assert draw.verify(text, receipt, receipt["digest"]) == []


def runners(tmp_path):
    """The ways an outlet can check: plain Python, and JavaScript under node or in Chromium."""
    for file, text in files().items():
        (tmp_path / file).write_text(text, "utf-8")
    yield [sys.executable, "-S", str(tmp_path / "verify_draw.py")]
    if node := shutil.which("node"):
        yield [node, str(tmp_path / "verify_draw.js")]
    else:
        yield ["chromium", tmp_path]


def run(runner, commit, receipt, digest):
    if runner[0] == "chromium":
        return in_chromium(runner[1], commit, receipt, digest)
    known = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
    command = [*runner, str(commit), str(receipt), digest]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=known, check=False)
    assert not done.stderr
    return done.stdout.strip()


def in_chromium(folder, commit, receipt, digest):
    page = folder / "run.html"
    told = [json.dumps(Path(path).read_bytes().decode()) for path in (commit, receipt)]
    call = f"document.body.textContent = check({told[0]}, {told[1]}, {json.dumps(digest)});"
    page.write_text(f"<meta charset=utf-8><body><script>{files()['verify_draw.js']}\n{call}</script>", "utf-8")
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()],
                          capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout.split("<body>")[1].split("</body>")[0].strip()


def test_both_verifiers_give_the_answer_of_every_known_draw(tmp_path):
    assert len(CASES) >= 4
    for runner in runners(tmp_path):
        for name in CASES:
            receipt = KNOWN / f"{name}.receipt.json"
            told = json.loads(receipt.read_text("utf-8"))
            said = run(runner, KNOWN / f"{name}.commit.json", receipt, told["digest"]).split("\n")
            assert said[-1].startswith("HOLDS")
            assert said[-2] == told["digest"]
            rows = [(str(r["place"]), r["unit"], r["chance"], *r["inspectors"], r["struck"]) for r in told["drawn"]]
            assert said[:-2] == [" ".join(row).strip() for row in rows]


def test_both_verifiers_refuse_what_was_changed(tmp_path):
    receipt = json.loads((KNOWN / "weighted.receipt.json").read_text("utf-8"))
    good = KNOWN / "weighted.commit.json"
    moved = {**receipt, "drawn": [receipt["drawn"][1], receipt["drawn"][0], *receipt["drawn"][2:]]}
    early = {**receipt, "revealed_at": "2025-11-01T00:00:00+00:00"}
    paired = json.loads(json.dumps(receipt))
    paired["drawn"][0]["inspectors"] = paired["drawn"][1]["inspectors"]
    for number, wrong in enumerate([moved, early, paired, {**receipt, "seed": receipt["seed"] + "1"}]):
        assert draw.verify(good.read_bytes().decode(), wrong)
        (tmp_path / f"{number}.json").write_text(json.dumps(wrong), "utf-8")
        for runner in runners(tmp_path):
            assert "DOES NOT HOLD" in run(runner, good, tmp_path / f"{number}.json", receipt["digest"])
    for runner in runners(tmp_path):
        assert "DOES NOT HOLD" in run(runner, good, KNOWN / "weighted.receipt.json", "0" * 64)


def tampered(receipt):
    """Receipts that say something else than the draw, one for every fact a receipt holds."""
    told, row = json.loads(json.dumps(receipt)), receipt["drawn"][0]
    other = receipt["drawn"][-1]["unit"]
    changes = {"place": 2, "unit": other, "ticket": "0" * 64, "chance": "1/2", "struck": "ill", "inspectors": ["JC00"]}
    for name, value in changes.items():
        yield f"row {name}", {**told, "drawn": [{**row, name: value}, *told["drawn"][1:]]}
    facts = {"rule": "other", "reserve": 99, "size": told["size"] - 1, "struck": {other: "not told in its row"},
             "winner": "me", "digest": "0" * 64, "drawn": told["drawn"][:-1]}  # fmt: skip
    for name, value in facts.items():
        yield name, {**told, name: value}
    yield "no offset", {**told, "revealed_at": told["revealed_at"][:19]}
    yield "unknown struck", {**told, "struck": {"nowhere": "closed"}}
    yield "row more", {**told, "drawn": [*told["drawn"], row]}
    yield "row fact", {**told, "drawn": [{**row, "more": 1}, *told["drawn"][1:]]}


def test_no_fact_of_a_receipt_can_be_changed_before_any_of_the_three(tmp_path):
    good, receipt = KNOWN / "weighted.commit.json", json.loads((KNOWN / "weighted.receipt.json").read_text("utf-8"))
    for name, wrong in tampered(receipt):
        assert draw.verify(good.read_bytes().decode(), wrong), name
        (tmp_path / "wrong.json").write_text(json.dumps(wrong), "utf-8")
        with redirect_stdout(StringIO()):
            assert verify_draw.main(good, tmp_path / "wrong.json") == 1, name
    if not (node := shutil.which("node")):
        return  # run() above asks the browser where there is no node
    texts = json.dumps([json.dumps(wrong) for _, wrong in tampered(receipt)])
    loop = f"for (const t of {texts}) console.log(check(files([process.argv[2]])[0], t).split('\\n').pop())"
    (tmp_path / "all.js").write_text(files()["verify_draw.js"] + loop, "utf-8")
    command = [node, str(tmp_path / "all.js"), str(good), str(KNOWN / "weighted.receipt.json")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout.split("\n")
    said = [line for line in done if "HOLD" in line]
    assert said[0].startswith("HOLDS")
    assert len(said) == 1 + len(list(tampered(receipt)))
    assert all("DOES NOT HOLD" in line for line in said[1:])


def test_chances_of_the_whole_list_are_published_with_it_and_bind():
    units = [draw.Unit("A"), draw.Unit("B"), draw.Unit("C"), draw.Unit("D", 3)]
    text = draw.commit(frame(units, 2, ceiling=3), FROZEN_AT, "00").text
    frozen = json.loads(text)
    # Three picked of weights 1 1 1 3: D for certain, the others 2/3 each; then two of the three.
    assert [row["chance"] for row in frozen["units"]] == ["4/9", "4/9", "4/9", "2/3"]
    assert draw.chances(text)["D"] == Fraction(2, 3)
    assert sum(draw.chances(text, 3).values()) == 3
    with pytest.raises(draw.DrawError, match="bad_extension"):
        draw.chances(text, 4)
    frozen["units"][0]["chance"] = "1/9"
    with pytest.raises(draw.DrawError, match="other_chance"):
        draw.reveal(json.dumps(frozen), SEED, SHOWN_AT)
    del frozen["units"][0]["chance"]
    with pytest.raises(draw.DrawError, match="other_chance"):
        draw.reveal(json.dumps(frozen), SEED, SHOWN_AT)


def test_the_verifiers_refuse_a_list_whose_chances_are_not_its_weights(tmp_path):
    frozen = json.loads((KNOWN / "plain.commit.json").read_text("utf-8"))
    frozen["units"][0]["chance"] = "30/101"
    text = json.dumps(frozen)
    receipt = json.loads((KNOWN / "plain.receipt.json").read_text("utf-8")) | {"digest": draw.digest_of(text)}
    (tmp_path / "c.json").write_text(text, "utf-8")
    (tmp_path / "r.json").write_text(json.dumps(receipt), "utf-8")
    assert [wrong.code for wrong in draw.verify(text, receipt)] == ["other_chance"]
    for runner in runners(tmp_path):
        assert "DOES NOT HOLD" in run(runner, tmp_path / "c.json", tmp_path / "r.json", receipt["digest"])


@pytest.mark.parametrize(
    "change",
    [{"size": "8"}, {"size": 8.0}, {"struck": ["a"]}, {"struck": {"a": 1}}, {"drawn": None}, {"drawn": "abc"},
     {"drawn": [1]}, {"seed": 5}, {"revealed_at": "yesterday"}, {"revealed_at": "2025-11-03T00:00:00"}],
)  # fmt: skip
def test_a_receipt_of_any_form_is_judged_and_none_breaks_the_judge(change):
    text, receipt = shown([draw.Unit(f"u{k}") for k in range(9)], 8)
    assert draw.verify(text, receipt | change)


@pytest.mark.parametrize(
    "change",
    [{"units": [{"id": 1}]}, {"units": {}}, {"size": "2"}, {"apart": [["I1"]]}, {"inspectors": [1]}, {"salt": None},
     {"units": [{"id": "A", "weight": 0, "operator": "", "east_m": 0, "north_m": 0, "skills": []}]}],
)  # fmt: skip
def test_a_text_of_any_form_is_judged_and_none_breaks_the_judge(change):
    text, _ = shown([draw.Unit(f"u{k}") for k in range(9)], 8)
    with pytest.raises(draw.DrawError):
        draw.reveal(json.dumps(json.loads(text) | change), SEED, SHOWN_AT)


def test_all_that_is_wrong_with_a_list_is_told_at_once():
    units = [draw.Unit("A", 0), draw.Unit("B,C"), draw.Unit("D", 2**53), draw.Unit("D")]
    people = (draw.Inspector("I1", most=10**9),)
    with pytest.raises(draw.DrawError) as refused:
        draw.commit(frame(units, 9, inspectors=people, apart=(("I1", "nobody"), ("I2", "A"), ("I1", "")),
                          reach_m=-1), FROZEN_AT)  # fmt: skip
    codes = Counter(wrong.code for wrong in (refused.value, *refused.value.also))
    assert codes == {"twice": 1, "bad_name": 1, "bad_weight": 2, "bad_most": 1, "bad_size": 1, "bad_reach": 1,
                     "recusal_unknown": 3}  # fmt: skip


def test_the_verifiers_are_short_and_need_nothing():
    told = files()
    for name in ("verify_draw.py", "verify_draw.js"):
        assert len(told[name].splitlines()) <= 60
    assert "import postroad" not in told["verify_draw.py"]
    assert "http" not in told["verify_draw.html"]


def test_a_list_cannot_be_frozen_once_its_seed_may_be_known():
    with pytest.raises(draw.DrawError, match="seed_is_past"):
        draw.commit(frame([draw.Unit("A")], 1), dt.datetime(2025, 11, 2, 12, tzinfo=dt.UTC))
    text = draw.commit(frame([draw.Unit("A")], 1), FROZEN_AT).text
    with pytest.raises(draw.DrawError, match="seed_not_yet"):
        draw.reveal(text, SEED, dt.datetime(2025, 11, 2, 11, 59, tzinfo=dt.UTC))
    late = json.loads(text)
    late["committed_at"] = "2025-11-02T12:00:01+00:00"
    with pytest.raises(draw.DrawError, match="committed_late"):
        draw.reveal(json.dumps(late), SEED, SHOWN_AT)


@pytest.mark.parametrize(
    ("code", "units", "size", "more"),
    [
        ("twice", [draw.Unit("A"), draw.Unit("A")], 1, {}),
        ("twice", [draw.Unit("A")], 1, {"inspectors": (draw.Inspector("A"),)}),
        ("bad_name", [draw.Unit("A,B")], 1, {}),
        ("bad_name", [draw.Unit("start")], 1, {}),
        ("bad_weight", [draw.Unit("A", 0)], 1, {}),
        ("bad_weight", [draw.Unit("A", 1.5)], 1, {}),
        ("bad_size", [draw.Unit("A")], 2, {}),
        ("bad_size", [draw.Unit("A"), draw.Unit("B")], 2, {"ceiling": 1}),
    ],
)
def test_an_unsound_list_is_refused(code, units, size, more):
    with pytest.raises(draw.DrawError, match=code):
        draw.commit(frame(units, size, **more), FROZEN_AT)


weights = st.lists(st.integers(1, 40), min_size=1, max_size=25)


@settings(max_examples=150, deadline=None)
@given(weights, st.data())
def test_chances_sum_to_the_size_and_the_size_is_kept(held, data):
    size = data.draw(st.integers(1, len(held)))
    ceiling = data.draw(st.integers(size, len(held)))
    units = [draw.Unit(f"u{k}", weight) for k, weight in enumerate(held)]
    text, receipt = shown(units, size, seed=data.draw(st.text("0123456789", min_size=8, max_size=12)), ceiling=ceiling)
    chance = draw.chances(text)
    assert sum(chance.values()) == size
    assert len({row["unit"] for row in receipt["drawn"]}) == size
    for row in receipt["drawn"]:
        assert Fraction(row["chance"]) == chance[row["unit"]]
    assert draw.verify(text, receipt) == []


@settings(max_examples=60, deadline=None)
@given(weights, st.data())
def test_every_start_gives_each_unit_exactly_its_share(held, data):
    # Over all starts of the line, the number of times a unit is hit is steps x weight: no approximation anywhere.
    size = data.draw(st.integers(1, len(held)))
    units = [draw.Unit(f"u{k}", weight) for k, weight in enumerate(held)]
    _, chance = draw.picked(units, size, SEED)
    steps = size - sum(1 for pair in chance.values() if pair == (1, 1))
    rest = [unit for unit in units if chance[unit.id] != (1, 1)]
    total = sum(unit.weight for unit in rest)
    hits = Counter()
    for start in range(total):
        reached = 0
        for unit in rest:
            passed = reached + steps * unit.weight
            if (passed - start + total - 1) // total > (reached - start + total - 1) // total:
                hits[unit.id] += 1
            reached = passed
    for unit in rest:
        assert Fraction(hits[unit.id], total) == Fraction(*chance[unit.id])


def test_an_extension_keeps_what_was_drawn():
    units = [draw.Unit(f"u{k}", 1 + k % 5) for k in range(60)]
    people = tuple(draw.Inspector(f"i{k}") for k in range(6))
    text = draw.commit(frame(units, 10, ceiling=20, inspectors=people), FROZEN_AT).text
    first = draw.reveal(text, SEED, SHOWN_AT)
    more = draw.reveal(text, SEED, SHOWN_AT, size=17)
    assert [(r["unit"], r["inspectors"]) for r in more["drawn"][:10]] == [
        (r["unit"], r["inspectors"]) for r in first["drawn"]
    ]
    assert len(more["drawn"]) == 17
    assert sum(draw.chances(text, 17).values()) == 17
    for size in (9, 21):
        with pytest.raises(draw.DrawError, match="bad_extension"):
            draw.reveal(text, SEED, SHOWN_AT, size=size)


def test_a_withdrawn_outlet_is_struck_and_moves_nobody():
    units = [draw.Unit(f"u{k}") for k in range(30)]
    people = tuple(draw.Inspector(f"i{k}") for k in range(5))
    text, before = shown(units, 8, inspectors=people)
    gone = before["drawn"][2]["unit"]
    after = draw.reveal(text, SEED, SHOWN_AT, {gone: "closed on 2 November"})
    assert [row["unit"] for row in after["drawn"]] == [row["unit"] for row in before["drawn"]]
    assert [row["inspectors"] for row in after["drawn"]] == [row["inspectors"] for row in before["drawn"]]
    assert [row["unit"] for row in after["drawn"] if row["struck"]] == [gone]
    assert draw.verify(text, after) == []
    with pytest.raises(draw.DrawError, match="strikes_unknown"):
        draw.reveal(text, SEED, SHOWN_AT, {"elsewhere": "x"})


def test_pairs_keep_every_rule():
    skills = ("fire", "xray")
    units = [draw.Unit(f"u{k}", 1, f"op{k % 3}", 1000 * k, 0, (skills[k % 2],) if k % 4 else skills) for k in range(40)]
    people = tuple(draw.Inspector(f"i{k}", 4000 * k, 0, (skills[k % 2],), 9) for k in range(10))
    apart = (("i1", "op0"), ("i2", "u5"))
    last = tuple((f"i{k % 10}", f"u{k}") for k in range(40))
    _, receipt = shown(units, 25, inspectors=people, apart=apart, before=last, reach_m=20_000)
    load, together = Counter(), Counter()
    for row in receipt["drawn"]:
        pair = [next(p for p in people if p.id == name) for name in row["inspectors"]]
        unit = next(u for u in units if u.id == row["unit"])
        if not pair:
            continue
        assert len({p.id for p in pair}) == 2
        assert {s for p in pair for s in p.skills} >= set(unit.skills)
        for person in pair:
            assert abs(person.east_m - unit.east_m) <= 20_000
            assert (person.id, unit.id) not in last + apart
            assert (person.id, unit.operator) not in apart
        load.update(row["inspectors"])
        together[tuple(row["inspectors"])] += 1
    assert max(load.values()) <= 9
    assert sum(together.values()) >= 15
    assert max(together.values()) <= 3


def test_a_thousand_seeds_show_no_bias():
    units = [draw.Unit(f"u{k}", 1 + k % 4) for k in range(24)]
    text = draw.commit(frame(units, 4, ceiling=6), FROZEN_AT, "00").text
    chance = {name: float(share) for name, share in draw.chances(text).items()}
    rounds = 2000
    hits = Counter()
    for number in range(rounds):
        hits.update(row["unit"] for row in draw.reveal(text, f"beacon {number:08d}", SHOWN_AT)["drawn"])
    # Each unit's count is binomial; 24 looks at |z| < 4 fail once in 600 by chance, and the seeds are fixed.
    for name, share in chance.items():
        assert abs(hits[name] - rounds * share) < 4 * (rounds * share * (1 - share)) ** 0.5
    chi2 = sum((hits[name] - rounds * share) ** 2 / (rounds * share) for name, share in chance.items())
    assert chi2 < 50.0


def lots(rng):
    """A list of any kind with its people, recusals and last visits, its receipt, and the seed it was drawn with."""
    skills = ("fire", "xray", "消防")
    some = lambda: tuple(sorted(s for s in skills if rng.random() < 0.4))  # noqa: E731
    units = [
        draw.Unit(f"网点{k}" if k % 2 else f"u{k}", rng.choice([1, 2, 7, 10**rng.randint(0, 15)]), f"op{k % 4}",
                  rng.randint(-90_000, 90_000), rng.randint(-90_000, 90_000), some())
        for k in range(rng.randint(1, 25))
    ]  # fmt: skip
    people = tuple(
        draw.Inspector(name, rng.randint(-90_000, 90_000), rng.randint(-90_000, 90_000), some(), rng.randint(0, 6))
        for name in ("constructor", "__proto__", "检甲", "b", "c", "d")[: rng.randint(0, 6)]
    )
    pairs = [(p.id, u.id) for p in people for u in units]
    size = rng.randint(1, len(units))
    more = {
        "inspectors": people, "ceiling": rng.randint(size, len(units)), "reach_m": rng.choice([0, 80_000, 1_000_000]),
        "apart": tuple(rng.sample(pairs, min(3, len(pairs)))), "before": tuple(rng.sample(pairs, min(9, len(pairs)))),
    }  # fmt: skip
    text = draw.commit(frame(units, size, **more), FROZEN_AT, "00").text
    struck = {unit.id: "停业 closed" for unit in units if rng.random() < 0.1}
    shown_size = rng.randint(size, more["ceiling"])
    return text, draw.reveal(text, f"pulse {rng.random()}", SHOWN_AT, struck, shown_size)


def test_three_writings_of_the_rule_agree_on_lists_of_any_kind(tmp_path):
    drawn = [lots(random.Random(number)) for number in range(80)]
    for text, receipt in drawn:
        frozen = json.loads(text)
        rows, reserve, fair = verify_draw.draw(frozen, receipt["seed"], receipt["size"], receipt["struck"])
        assert (rows, reserve, fair) == (receipt["drawn"], receipt["reserve"], True)
    if node := shutil.which("node"):
        texts = json.dumps([[text, json.dumps(receipt)] for text, receipt in drawn])
        (tmp_path / "lots.json").write_text(texts, "utf-8")
        loop = (
            "for (const [c, r] of JSON.parse(files([process.argv[4]])[0])) console.log(check(c, r).split('\\n').pop())"
        )
        (tmp_path / "all.js").write_text(files()["verify_draw.js"] + loop, "utf-8")
        known = [str(KNOWN / f"plain.{kind}.json") for kind in ("commit", "receipt")]
        command = [node, str(tmp_path / "all.js"), *known, str(tmp_path / "lots.json")]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
        assert [line for line in done.split("\n") if "HOLD" in line][1:] == ["HOLDS 相符"] * len(drawn)
