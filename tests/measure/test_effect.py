"""Shares by hand and by properties: they sum exactly, order does not matter, sampling agrees with counting."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.errors import UsageError
from postroad.measure.effect import Game, cheapest, frontier, interactions, shapley
from postroad.measure.effect.bundle import Aim, Bundle, price_per_point
from postroad.measure.effect.game import bundles, needed

F = frozenset


def glove():
    """One left and two right gloves: a pair is worth 1. Shares by hand: 2/3, 1/6, 1/6."""
    return Game(
        ("left", "right1", "right2"),
        {b: [1.0 if "left" in b and len(b) > 1 else 0.0] for b in bundles(("left", "right1", "right2"))},
    )


def test_the_glove_game_by_hand():
    shares = shapley(glove())
    assert shares.share == {"left": Fraction(2, 3), "right1": Fraction(1, 6), "right2": Fraction(1, 6)}
    assert sum(shares.share.values()) == shares.total == 1


def test_interactions_by_hand():
    found = interactions(glove())
    # Left with a right glove: the other right glove away 1, there 0, each counted half.
    assert found["left", "right1"] == pytest.approx(0.5)
    assert found["right1", "right2"] == pytest.approx(-0.5)


def test_rounded_shares_still_sum_to_the_rounded_total():
    shares = shapley(glove()).rounded(1)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["left"] in (0.6, 0.7)


games = st.integers(1, 4).flatmap(
    lambda n: st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=2**n, max_size=2**n), min_size=1, max_size=3
    ).map(
        lambda worlds: Game(tuple("abcd"[:n]), {b: [w[k] for w in worlds] for k, b in enumerate(bundles("abcd"[:n]))})
    )
)


@given(games)
@settings(max_examples=60, deadline=None)
def test_shares_sum_exactly_and_do_not_depend_on_the_order_of_players(game):
    shares = shapley(game)
    assert sum(shares.share.values()) == shares.total
    assert shapley(Game(game.players[::-1], game.values)).share == shares.share


@given(games, st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_sampled_shares_sum_exactly_too(game, sampled):
    shares = shapley(game, sampled=sampled, seed=1)
    assert sum(shares.share.values()) == shares.total


def test_a_player_that_does_nothing_gets_nothing_and_equals_get_the_same():
    values = {b: [3.0 * len(b - {"idle"})] for b in bundles(("a", "b", "idle"))}
    assert shapley(Game(("a", "b", "idle"), values)).share == {"a": 3, "b": 3, "idle": 0}


def test_enough_orders_agree_with_counting_them_all():
    names = tuple("abcdef")
    values = {b: [len(b) ** 2 + (5.0 if {"a", "b"} <= b else 0.0)] for b in bundles(names)}
    game = Game(names, values)
    exact, drawn = shapley(game), shapley(game, sampled=400, seed=3)
    for name in names:
        assert abs(float(drawn.share[name] - exact.share[name])) <= max(drawn.half_width[name], 1e-9) * 2


def test_the_interval_covers_the_true_share():
    """Noise of known size on every world: nominal 95 % intervals cover the true share nearly always."""
    import numpy as np

    hits = 0
    for trial in range(200):
        noise = np.random.default_rng(trial)
        extra = noise.normal(0, 1, 6)
        values = {b: [2.0 * len(b) + extra[w] * len(b) for w in range(6)] for b in bundles("ab")}
        shares = shapley(Game(("a", "b"), values))
        hits += abs(float(shares.share["a"]) - 2.0) <= shares.half_width["a"]
    assert 178 <= hits <= 200


def test_only_the_bundles_along_the_orders_are_needed():
    names = tuple("abcdefgh")
    assert len(needed(names)) == 256
    along = needed(names, sampled=4, seed=0)
    assert len(along) < 4 * 9
    game = Game(names, {b: [float(len(b))] for b in along})
    assert shapley(game, sampled=4, seed=0).share["a"] == 1
    with pytest.raises(UsageError, match="measured"):
        shapley(game)


def test_the_interval_of_one_world_is_not_known():
    assert math.isnan(shapley(glove()).half_width["left"])


BUNDLES = [
    Bundle(F(), 0.0, {"share": 50.0, "hours": 30.0}),
    Bundle(F("a"), 10.0, {"share": 70.0, "hours": 30.0}),
    Bundle(F("b"), 15.0, {"share": 65.0, "hours": 20.0}),
    Bundle(F("ab"), 25.0, {"share": 80.0, "hours": 20.0}),
]


def test_the_frontier_holds_what_nothing_beats():
    assert [b.levers for b in frontier(BUNDLES, "share", "up")] == [F(), F("a"), F("ab")]
    assert [b.levers for b in frontier(BUNDLES, "hours", "down")] == [F(), F("b")]


def test_the_cheapest_bundle_meets_what_can_be_met_and_names_the_rest():
    choice = cheapest(BUNDLES, [Aim("share", 65.0, "up"), Aim("hours", 24.0, "down")])
    assert choice.bundle.levers == F("b")
    choice = cheapest(BUNDLES, [Aim("share", 95.0, "up"), Aim("hours", 24.0, "down")])
    assert choice.met == ("hours",)
    best, bundle = choice.beyond["share"]
    assert (best, bundle.levers) == (80.0, F("ab"))
    assert cheapest(BUNDLES, [Aim("share", 99.0, "up")]).bundle is None


def test_the_price_of_a_point():
    assert price_per_point(2.0, 10.0) == 5.0
    assert price_per_point(-1.0, 10.0) == math.inf
