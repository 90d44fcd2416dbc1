import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from postroad import randomness


def test_the_bytes_of_a_stream_are_fixed_for_ever():
    # A change here breaks every published result: it must come with a new major version.
    digest = hashlib.sha256(randomness.uniforms(7, "parcels", 3, 1000).tobytes()).hexdigest()
    assert digest == "9ae91d9da3a2aaac2b52bb0888e3a1978b1f9df006156db87584a49ec29c7ab9"
    assert randomness.shuffled(1, "x", 8).tolist() == [1, 6, 0, 3, 4, 5, 2, 7]


@given(st.integers(0, 2**63), st.text(max_size=20), st.integers(0, 2**40), st.integers(1, 50))
def test_a_longer_draw_begins_with_the_shorter(seed, purpose, block, count):
    long = randomness.words(seed, purpose, block, count + 13)
    assert (long[:count] == randomness.words(seed, purpose, block, count)).all()


def test_seed_purpose_and_block_each_change_the_stream():
    base = randomness.words(1, "a", 0, 4)
    for other in (randomness.words(2, "a", 0, 4), randomness.words(1, "b", 0, 4), randomness.words(1, "a", 1, 4)):
        assert (base != other).all()


def test_uniforms_are_uniform_and_open_at_both_ends():
    draws = randomness.uniforms(1, "u", 0, 100_000)
    assert draws.min() > 0
    assert draws.max() < 1
    assert stats.kstest(draws, "uniform").pvalue > 0.01
    largest = ((np.uint64(2**64 - 1) >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
    assert largest < 1


def test_integers_are_even():
    counts = np.bincount(randomness.integers(1, "i", 0, 60_000, below=6), minlength=6)
    assert counts.size == 6
    assert stats.chisquare(counts).pvalue > 0.01


@given(st.integers(0, 300))
def test_a_shuffle_keeps_every_number(count):
    assert sorted(randomness.shuffled(5, "s", count).tolist()) == list(range(count))


def test_a_generator_reads_the_same_stream():
    again = [randomness.generator(3, "g", 2).random(5).tolist() for _ in range(2)]
    assert again[0] == again[1]
