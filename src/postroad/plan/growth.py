"""Volume, price and revenue over a five-year plan: the arithmetic that ties growth to revenue (P46, P47)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drivers:
    """Where a plan starts: express pieces, express and total revenue (yuan), and the trends of price and of the rest.

    Trends are shares a year; the rest is revenue other than express.
    """

    volume: float
    express: float
    total: float
    price_trend: float
    other_trend: float

    @classmethod
    def between(cls, before: tuple[float, float, float], base: tuple[float, float, float], years: int) -> Drivers:
        """Return the drivers at base from (pieces, express yuan, total yuan) some years before and at base."""
        price = (base[1] / base[0]) / (before[1] / before[0])
        rest = (base[2] - base[1]) / (before[2] - before[1])
        return cls(base[0], base[1], base[2], price ** (1 / years) - 1, rest ** (1 / years) - 1)

    def revenue(self, growth: float, price_trend: float, other_trend: float, years: int) -> float:
        """Return total revenue (yuan) after years of volume growth, price change and growth of the rest, as shares."""
        express = self.express * ((1 + growth) * (1 + price_trend)) ** years
        return express + (self.total - self.express) * (1 + other_trend) ** years

    def growth_for(self, revenue: float, price_trend: float, other_trend: float, years: int) -> float:
        """Return the yearly volume growth, as a share, that brings total revenue (yuan) to a value."""
        rest = (self.total - self.express) * (1 + other_trend) ** years
        return float(((revenue - rest) / self.express) ** (1 / years) / (1 + price_trend) - 1)
