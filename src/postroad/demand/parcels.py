"""The parcels of a day, drawn from the yearly flows block by block.

Parcel ``k`` of a draw is a function of seed, day and ``k`` alone: its random words are ``mix(stream + (k + 1) * G)``
(splitmix64, Steele, Lea and Flood 2014) on streams keyed by a SHA-256 of seed and day. So neither the number of workers
nor the size of blocks can change a byte. Categories are drawn from alias tables (Walker 1977, Vose 1991) in constant
time, two of them from the halves of one word; weights from a ziggurat (Marsaglia and Tsang 2000); the minute of
acceptance is stratified, so parcel numbers run with the clock.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numba import njit

from postroad.demand.weights import leaf_weights
from postroad.randomness import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from postroad.network import Network

STREAMS = 6
CARRYING = ("post", "express")
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ONE, _S12, _S27, _S30, _S31 = np.uint64(1), np.uint64(12), np.uint64(27), np.uint64(30), np.uint64(31)
_S8, _S32, _LAYER, _HALF = np.uint64(8), np.uint64(32), np.uint64(255), np.uint64(0xFFFFFFFF)
_TRIES = np.uint64(64)
"""Words set aside for one normal number: far more than a ziggurat ever rejects."""


def _ziggurat() -> NDArray[np.float64]:
    """Edges of 256 layers of equal area under the normal curve, and the curve's height at each (the tail at 3.65)."""
    edge, area = 3.6541528853610088, 0.00492867323399
    edges = np.zeros(257)
    edges[0], edges[1] = area / math.exp(-edge * edge / 2), edge
    for k in range(1, 255):
        edges[k + 1] = math.sqrt(-2 * math.log(area / edges[k] + math.exp(-edges[k] * edges[k] / 2)))
    return np.column_stack([edges, np.exp(-edges * edges / 2)])


_NORMAL = _ziggurat()


COLUMN = np.dtype([("keep", np.float64), ("value", np.int32), ("other", np.int32)])
"""One column of an alias table: below ``keep`` its own value is drawn, above it the other. It fits a cache line."""


class Alias(NamedTuple):
    """Alias tables of several distributions in a row: distribution ``d`` is columns ``first[d]:first[d + 1]``."""

    first: NDArray[np.int64]
    column: NDArray[np.void]


@dataclass(frozen=True)
class Block:
    """Parcels ``first`` onward: indices of places, products and operators, minute of the day, grams and cm3."""

    first: int
    origin: NDArray[np.int32]
    destination: NDArray[np.int32]
    product: NDArray[np.uint8]
    operator: NDArray[np.uint8]
    accept_min: NDArray[np.uint16]
    weight_g: NDArray[np.uint32]
    volume_cm3: NDArray[np.uint32]
    drawer: Drawer

    def __len__(self) -> int:
        return self.origin.size

    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """Return the columns in a fixed order, as they count for the digest."""
        return (self.origin, self.destination, self.product, self.operator, self.accept_min, self.weight_g,
                self.volume_cm3)  # fmt: skip

    def frame(self) -> pl.DataFrame:
        """Return the block as a table: parcel, origin_id, destination_id, product_id, operator_id, accept_min, ..."""
        tables = self.drawer
        return pl.DataFrame(
            {
                "parcel": np.arange(self.first, self.first + len(self)),
                "origin_id": tables.place_ids[self.origin],
                "destination_id": tables.place_ids[self.destination],
                "product_id": tables.product_ids[self.product],
                "operator_id": tables.operator_ids[self.operator],
                "accept_min": self.accept_min,
                "weight_g": self.weight_g,
                "volume_cm3": self.volume_cm3,
            }
        )


@dataclass(frozen=True)
class Drawer:
    """Everything a draw needs, as arrays."""

    place_ids: pl.Series
    product_ids: pl.Series
    operator_ids: pl.Series
    pair: Alias
    pair_ends: NDArray[np.int32]
    leaf: Alias
    product: Alias
    weight: NDArray[np.float64]
    hour: NDArray[np.float64]

    @classmethod
    def of(cls, network: Network, flows: pl.DataFrame) -> Drawer:
        """Return the tables for drawing from yearly flows."""
        ends = pl.concat([flows["origin_id"], flows["destination_id"]]).unique().sort()
        code = pl.Enum(ends)
        leaf, place_ids = leaf_weights(network, ends)
        products = network["products"].sort("product_id")
        classes = flows["flow_class"].unique().sort()
        product = [_of_class(products, name) for name in classes]
        class_code = flows["flow_class"].cast(pl.Enum(classes)).to_physical().to_numpy().astype(np.int32)
        pair_ends = np.column_stack([
            flows["origin_id"].cast(code).to_physical().to_numpy(),
            flows["destination_id"].cast(code).to_physical().to_numpy(),
            class_code,
        ]).astype(np.int32)  # fmt: skip
        sigma = products["weight_sigma"].to_numpy()
        mean = products["weight_mean_kg"].to_numpy() * 1000.0
        shape = np.column_stack(
            [np.log(mean) - sigma**2 / 2, sigma, products["volume_mean_m3"].to_numpy() * 1e6 / mean]
        )
        hours = network["profiles"].filter(profile="hour").sort("step")["weight"].to_numpy()
        operators = network["operators"].filter(pl.col("kind").is_in(CARRYING)).sort("operator_id")
        return cls(
            place_ids,
            products["product_id"],
            operators["operator_id"],
            alias([flows["pieces"].to_numpy()]),
            pair_ends,
            alias([w for w, _ in leaf], [i for _, i in leaf]),
            alias([w for w, _ in product], [i for _, i in product]),
            np.ascontiguousarray(shape),
            np.concatenate([[0.0], np.cumsum(hours)]),
        )


def _of_class(products: pl.DataFrame, name: str) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Products of a flow class with their shares; inbound pieces are the other side's inter-province ones."""
    wanted = "inter_province" if name == "inbound" else name
    index = np.flatnonzero((products["flow_class"] == wanted).to_numpy()).astype(np.int32)
    return products["share"].to_numpy()[index], index


def alias(weights: list[NDArray[np.float64]], values: list[NDArray[np.int32]] | None = None) -> Alias:
    """Return alias tables for distributions with these weights; ``values`` are what is drawn, by default positions."""
    first = np.concatenate([[0], np.cumsum([w.size for w in weights])]).astype(np.int64)
    column = np.empty(first[-1], COLUMN)
    for d, w in enumerate(weights):
        value = np.arange(w.size, dtype=np.int32) if values is None else values[d]
        keep, other = np.empty(w.size), np.empty(w.size, np.int32)
        _vose(np.asarray(w, np.float64) / w.sum(), keep, other)
        part = column[first[d] : first[d + 1]]
        part["keep"], part["value"], part["other"] = keep, value, value[other]
    return Alias(first, column)


@njit(cache=True)
def _vose(share, keep, other):  # type: ignore[no-untyped-def]
    n = share.size
    scaled = share * n
    small, large = np.empty(n, np.int64), np.empty(n, np.int64)
    s = t = 0
    for k in range(n):
        if scaled[k] < 1.0:
            small[s] = k
            s += 1
        else:
            large[t] = k
            t += 1
    while s > 0 and t > 0:
        s -= 1
        low, high = small[s], large[t - 1]
        keep[low], other[low] = scaled[low], high
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            t -= 1
            small[s] = high
            s += 1
    for k in range(t):
        keep[large[k]], other[large[k]] = 1.0, large[k]
    for k in range(s):
        keep[small[k]], other[small[k]] = 1.0, small[k]


@njit(cache=True, inline="always")
def _mix(z):  # type: ignore[no-untyped-def]
    z = (z ^ (z >> _S30)) * _M1
    z = (z ^ (z >> _S27)) * _M2
    return z ^ (z >> _S31)


@njit(cache=True, inline="always")
def _word(stream, k):  # type: ignore[no-untyped-def]
    return _mix(stream + (np.uint64(k) + _ONE) * _GOLDEN)


@njit(cache=True, inline="always")
def _whole(word):  # type: ignore[no-untyped-def]
    return (np.float64(np.int64(word >> _S12)) + 0.5) * 2.0**-52


@njit(cache=True, inline="always")
def _high(word):  # type: ignore[no-untyped-def]
    return (np.float64(np.int64(word >> _S32)) + 0.5) * 2.0**-32


@njit(cache=True, inline="always")
def _low(word):  # type: ignore[no-untyped-def]
    return (np.float64(np.int64(word & _HALF)) + 0.5) * 2.0**-32


@njit(cache=True, inline="always")
def _pick(tables, d, u):  # type: ignore[no-untyped-def]
    """One draw of distribution ``d`` from one uniform: its whole part picks the column, the rest decides.

    Both ends of the column are read before the choice, so that the choice, which no processor can guess, is no branch.
    """
    first = tables.first[d]
    x = u * (tables.first[d + 1] - first)
    whole = int(x)
    column = tables.column[first + whole]
    value, other = column.value, column.other
    return value if x - whole < column.keep else other


@njit(cache=True)
def _rare(word, stream, k, layers):  # type: ignore[no-untyped-def]
    """The one normal number in a hundred that the first look of the ziggurat does not settle."""
    nth = np.uint64(k) * _TRIES
    while True:
        layer = int(word & _LAYER)
        x = _whole(word) * layers[layer, 0]
        if x < layers[layer + 1, 0]:
            break
        if layer == 0:
            while True:
                beyond = -math.log(_whole(_word(stream, nth))) / layers[1, 0]
                up = -math.log(_whole(_word(stream, nth + _ONE)))
                nth += np.uint64(2)
                if up + up > beyond * beyond:
                    x = layers[1, 0] + beyond
                    break
            break
        height = layers[layer, 1] + _whole(_word(stream, nth)) * (layers[layer + 1, 1] - layers[layer, 1])
        if height < math.exp(-x * x / 2):
            break
        word = _word(stream, nth + _ONE)
        nth += np.uint64(2)
    return x if (word >> _S8) & _ONE else -x


@njit(cache=True, nogil=True)
def _draw(first, count, total, streams, pair, ends, leaf, product, operators, shape, hour, layers):  # type: ignore[no-untyped-def]
    origin, destination = np.empty(count, np.int32), np.empty(count, np.int32)
    what, who = np.empty(count, np.uint8), np.empty(count, np.uint8)
    minute = np.empty(count, np.uint16)
    grams, cubic = np.empty(count, np.uint32), np.empty(count, np.uint32)
    h, step = 0, hour[24] / total
    per_min = np.empty(24)
    for late in range(24):
        per_min[late] = 60.0 / max(1e-300, hour[late + 1] - hour[late])
    for n in range(count):
        k = first + n
        p = _pick(pair, 0, _whole(_word(streams[0], k)))
        word = _word(streams[1], k)
        origin[n] = _pick(leaf, ends[p, 0], _high(word))
        destination[n] = _pick(leaf, ends[p, 1], _low(word))
        word = _word(streams[2], k)
        item = _pick(product, ends[p, 2], _high(word))
        what[n] = item
        who[n] = int(_low(word) * operators)
        word = _word(streams[3], k)
        q = (k + _high(word)) * step
        while hour[h + 1] <= q and h < 23:
            h += 1
        minute[n] = min(1439, int(60.0 * h + (q - hour[h]) * per_min[h]))
        filled = 0.7 + 0.6 * _low(word)
        word = _word(streams[4], k)
        layer = int(word & _LAYER)
        z = _whole(word) * layers[layer, 0]
        if z >= layers[layer + 1, 0]:
            z = _rare(word, streams[5], k, layers)
        elif not (word >> _S8) & _ONE:
            z = -z
        w = math.exp(shape[item, 0] + shape[item, 1] * z)
        grams[n] = max(1, int(w + 0.5))
        cubic[n] = max(1, int(w * shape[item, 2] * filled + 0.5))
    return origin, destination, what, who, minute, grams, cubic


def streams(seed: int, purpose: str) -> NDArray[np.uint64]:
    """Return the start of each random stream of a draw, from a SHA-256 of seed and purpose."""
    keys = [hashlib.sha256(f"{seed}\x1fdemand/{purpose}\x1f{s}".encode()).digest()[:8] for s in range(STREAMS)]
    return np.array([int.from_bytes(key, "little") for key in keys], np.uint64)


def blocks(drawer: Drawer, count: int, seed: int, purpose: str, workers: int = 1, size: int = BLOCK) -> Iterator[Block]:
    """Yield parcels 0 to ``count`` in blocks of ``size``, in order, made by so many threads."""
    start = streams(seed, purpose)
    operators = drawer.operator_ids.len()

    def make(first: int) -> Block:
        n = min(size, count - first)
        drawn = _draw(
            first, n, count, start, drawer.pair, drawer.pair_ends, drawer.leaf, drawer.product, operators,
            drawer.weight, drawer.hour, _NORMAL,
        )  # fmt: skip
        origin, destination, product, operator, minute, grams, cubic = drawn
        return Block(first, origin, destination, product, operator, minute, grams, cubic, drawer)

    firsts = range(0, count, size)
    if workers <= 1:
        yield from map(make, firsts)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Block]] = deque()
        for first in firsts:
            waiting.append(pool.submit(make, first))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def digest(drawn: Iterable[Block]) -> str:
    """Return the SHA-256 of a draw, column by column in order of parcel number, whatever the size of its blocks."""
    columns = [hashlib.sha256() for _ in range(7)]
    for block in drawn:
        for column, array in zip(columns, block.arrays(), strict=True):
            column.update(np.ascontiguousarray(array).data)
    return hashlib.sha256(b"".join(column.digest() for column in columns)).hexdigest()
