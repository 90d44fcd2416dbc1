"""Splits against games whose answers are known by hand, and properties every split must keep."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from postroad.design.sharing import (
    Game,
    Level,
    core_excess,
    equal_profit,
    least_data,
    least_each,
    nucleolus,
    shapley,
    split,
    to_fen,
)
from postroad.design.sharing.splits import RULES
from postroad.errors import DataError, UsageError


def airport(needs: dict[str, float]) -> Game:
    """A runway long enough for the largest (Littlechild and Owen 1973)."""
    return Game.of(tuple(needs), lambda group: max(needs[p] for p in group))


def test_shapley_of_the_runway() -> None:
    """Each stretch is shared equally by those who need it: 3/3, 3/3 + 3/2, 3/3 + 3/2 + 3."""
    assert shapley(airport({"a": 3, "b": 6, "c": 9})) == pytest.approx([1.0, 2.5, 5.5])


def test_nucleolus_of_the_runway() -> None:
    """Littlechild's formula: the first stretch leaves min over k of c_k/(k+1): 3/2, (6-1.5)/2, the rest."""
    assert nucleolus(airport({"a": 3, "b": 6, "c": 9})) == pytest.approx([1.5, 2.25, 5.25])


def test_nucleolus_of_the_bankruptcy_of_the_talmud() -> None:
    """Estates of 100, 200 and 300 among claims of 100, 200 and 300 (Aumann and Maschler 1985)."""
    claims = np.array([100.0, 200.0, 300.0])
    for estate, shares in ((100, (100 / 3,) * 3), (200, (50, 75, 75)), (300, (50, 100, 150))):
        # As costs: a coalition's "cost" is minus what is left of the estate once the others are paid in full.
        def left(group: tuple[str, ...], estate: float = estate) -> float:
            others = sum(claims[k] for k in range(3) if "abc"[k] not in group)
            return -max(0.0, estate - others)

        assert -nucleolus(Game.of("abc", left)) == pytest.approx(np.array(shares), abs=1e-5)


def test_shapley_by_all_orders() -> None:
    drawn = np.random.default_rng(3)
    cost = np.r_[0.0, drawn.uniform(1, 9, 31)]
    game = Game(tuple("abcde"), cost)
    sums = np.zeros(5)
    orders = list(itertools.permutations(range(5)))
    for order in orders:
        mask = 0
        for k in order:
            sums[k] += cost[mask | 1 << k] - cost[mask]
            mask |= 1 << k
    assert shapley(game) == pytest.approx(sums / len(orders))


def test_equal_profit_saves_the_same_share_when_the_core_allows() -> None:
    game = Game.of("ab", lambda group: {("a",): 100.0, ("b",): 50.0}.get(group, 120.0))
    assert equal_profit(game) == pytest.approx([80.0, 40.0])


def test_empty_core_is_seen() -> None:
    """Any two may share for 60, all three for 100: whatever the split, some two pay more than 60."""
    game = Game.of("abc", lambda group: {1: 40.0, 2: 60.0, 3: 100.0}[len(group)])
    for rule in RULES:
        made = split(game, rule)
        assert not made.stable
        assert len(made.leaver) == 2


@st.composite
def concave(draw: st.DrawFn) -> Game:
    """Games with a concave cost of the group's total: nobody would leave the Shapley value."""
    weights = draw(st.lists(st.floats(0.5, 10.0), min_size=2, max_size=6))
    power = draw(st.floats(0.3, 0.95))
    fixed = draw(st.floats(0.0, 5.0))
    names = tuple("abcdef"[: len(weights)])
    at = dict(zip(names, weights, strict=True))
    return Game.of(names, lambda group: fixed + sum(at[p] for p in group) ** power)


@given(concave(), st.sampled_from(RULES))
@settings(max_examples=60, deadline=None)
def test_splits_sum_to_the_last_fen_and_nobody_leaves(game: Game, rule: str) -> None:
    made = split(game, rule)
    assert sum(made.fen) == made.total_fen == round(game.whole * 100)
    assert made.stable, (made, core_excess(game, np.array(made.fen) / 100))


@given(concave())
@settings(max_examples=40, deadline=None)
def test_no_split_makes_the_least_content_group_more_content_than_the_nucleolus(game: Game) -> None:
    best = core_excess(game, nucleolus(game))[0]
    for other in (shapley(game), equal_profit(game)):
        assert core_excess(game, other)[0] <= best + 1e-6


@st.composite
def sparing(draw: st.DrawFn) -> Game:
    """Games of any shape with 6 to 8 players in which joining never costs more than staying out."""
    n = draw(st.integers(6, 8))
    cost = np.r_[0.0, np.random.default_rng(draw(st.integers(0, 10**6))).uniform(1, 9, (1 << n) - 1)]
    for mask in range(1, 1 << n):
        apart = [cost[mask ^ 1 << k] + cost[1 << k] for k in range(n) if mask >> k & 1 and mask != 1 << k]
        cost[mask] = min([cost[mask], *apart])
    return Game(tuple("abcdefgh"[:n]), cost)


def balanced(groups: np.ndarray) -> bool:
    """Whether weights, all positive, let every player belong to groups with weight one in sum."""
    count, n = groups.shape
    aim = np.r_[np.zeros(count), -1.0]
    limits = [(0, None)] * count + [(None, 1)]
    found = linprog(aim, A_ub=np.hstack([-np.eye(count), np.ones((count, 1))]), b_ub=np.zeros(count),
                    A_eq=np.hstack([groups.T, np.zeros((n, 1))]), b_eq=np.ones(n), bounds=limits)  # fmt: skip
    return bool(found.success and -found.fun > 1e-9)


@given(sparing())
@settings(max_examples=8, deadline=None)
def test_the_nucleolus_passes_kohlbergs_test(game: Game) -> None:
    """At every level the groups at least as discontent are balanced (Kohlberg 1971): no other split satisfies that."""
    shares = nucleolus(game)
    assert shares.sum() == pytest.approx(game.whole)
    members = game.members()[1:-1].astype(float)
    slack = game.cost[1:-1] - members @ shares
    levels = [level for k, level in enumerate(np.sort(slack)) if not k or level > np.sort(slack)[k - 1] + 1e-5]
    for level in levels[: 2 * len(game.players)]:
        assert balanced(members[slack <= level + 1e-5])
    assert not balanced(members[[0]])


@given(sparing(), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_shapley_is_what_its_axioms_say(game: Game, seed: int) -> None:
    """All of the cost is split; games add up; who adds a constant pays it; equal players pay alike."""
    n = len(game.players)
    other = Game(game.players, np.r_[0.0, np.random.default_rng(seed).uniform(1, 9, (1 << n) - 1)])
    both = Game(game.players, game.cost + other.cost)
    assert shapley(game).sum() == pytest.approx(game.whole)
    assert shapley(both) == pytest.approx(shapley(game) + shapley(other))
    masks = np.arange(1 << n)
    with_last = masks >> (n - 1) & 1
    constant = Game(game.players, game.cost[masks & ~(1 << n - 1)] + 3.0 * with_last)
    assert shapley(constant)[-1] == pytest.approx(3.0)
    swapped = masks & ~3 | (masks & 1) << 1 | (masks & 2) >> 1
    alike = Game(game.players, (game.cost + game.cost[swapped]) / 2)
    assert shapley(alike)[0] == pytest.approx(shapley(alike)[1])


@given(st.lists(st.floats(-50, 500), min_size=1, max_size=12), st.integers(-5, 5))
def test_fen_add_up(shares: list[float], off: int) -> None:
    total = round(sum(shares) * 100) + off
    fen = to_fen(np.array(shares), total)
    assert fen.sum() == total
    assert np.abs(fen - np.array(shares) * 100).max() <= 1.0 + 1e-5 + (abs(off) + 1) / len(shares)


def test_least_data_is_the_coarsest_that_hardly_changes_a_share() -> None:
    fine = airport({"a": 3, "b": 6, "c": 9})
    near = airport({"a": 3.02, "b": 6, "c": 9})
    flat = airport({"a": 6, "b": 6, "c": 9})
    told = least_data([Level("county", 1, flat), Level("township", 5, near), Level("village", 60, fine)])
    assert [one.enough for one in told] == [False, True, True]
    assert told[-1].change == 0.0


def test_only_the_odd_one_has_to_reveal_more() -> None:
    """Known coarsely all need a runway of 6; in truth only c differs, and c alone tells it."""
    coarse, fine = {"a": 6.0, "b": 6.0, "c": 6.0}, {"a": 6.0, "b": 6.0, "c": 12.0}

    def known(revealing: frozenset[str]) -> Game:
        return airport({name: (fine if name in revealing else coarse)[name] for name in fine})

    assert least_each(("a", "b", "c"), known) == {"c"}
    assert least_each(("a", "b", "c"), known, tolerance=1.0) == frozenset()
    assert least_each(("a", "b", "c"), lambda _: airport(fine)) == frozenset()


@given(st.lists(st.floats(1, 20), min_size=2, max_size=5), st.lists(st.floats(1, 20), min_size=5, max_size=5))
def test_who_reveals_is_enough_and_nobody_of_them_can_be_left_out(true: list[float], told: list[float]) -> None:
    players = tuple("abcde"[: len(true)])

    def known(revealing: frozenset[str]) -> Game:
        return airport({p: true[k] if p in revealing else told[k] for k, p in enumerate(players)})

    def change(revealing: frozenset[str]) -> float:
        finest = known(frozenset(players))
        return float(np.abs(shapley(known(revealing)) - shapley(finest)).max() / finest.whole)

    chosen = least_each(players, known)
    assert change(chosen) <= 0.01
    assert all(change(chosen - {one}) > 0.01 for one in chosen)


def test_bad_games_are_refused() -> None:
    with pytest.raises(UsageError):
        Game(("a", "a"), np.zeros(4))
    with pytest.raises(UsageError):
        Game(("a", "b"), np.zeros(3))
    with pytest.raises(DataError):
        Game(("a",), np.array([0.0, np.inf]))
