"""The closest spelling, against edit distance computed the plain way."""

from hypothesis import given, settings
from hypothesis import strategies as st

from postroad.tables.nearest import closest

_words = st.text("abc县市", max_size=6)


def distance(one, two):
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, start=1):
        above, row[0] = row[0], i
        for j, b in enumerate(two, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


@settings(deadline=None)
@given(asked=_words, valid=st.lists(_words.filter(bool), min_size=1, max_size=6))
def test_it_is_the_least_distance_or_nothing(asked, valid):
    (found,) = closest([asked], valid)
    least = min(distance(asked, word) for word in valid)
    if found is None:
        assert (
            all(2 * distance(asked, w) > max(len(asked), len(w)) for w in valid if distance(asked, w) == least) or least
        )
    else:
        assert distance(asked, found) == least


def test_worked_examples():
    assert closest(["prefectur", "2202O1", "zzz", None], ["prefecture", "county", "220201"]) == [
        "prefecture",
        "220201",
        None,
        None,
    ]
    assert closest(["x"], []) == [None]
