"""What a simulated day assumes beyond the network's tables, in one place, so that whoever knows better replaces it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from postroad.errors import Fault, UsageError
from postroad.simulate.day.epcis import FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from postroad.network import Network

PEAK_DATE = (11, 11)
"""The peak day of a year lies on the eleventh of November."""
MOST_DAYS = 24
"""Times are kept in 32 bits of milliseconds."""


@dataclass(frozen=True)
class Options:
    """Assumptions of a run; ``of`` takes those that have a parameter from the network.

    ``weather`` is ``ordinary`` or ``snow``. ``warm_days`` are simulated before the first day so that queues are not
    empty, ``tail_days`` after the last so that its parcels can arrive. ``scale`` simulates that share of parcels with
    capacities and rates cut alike. ``variation`` is the standard deviation of the logarithm of drive times, half of it
    shared by a road's whole day; ``rate_variation`` that of a sorter's rate from day to day. ``urgent`` products board
    first. A township's round waits for the van that feeds it, ``round_wait_min`` at most. Couriers of default rounds
    carry ``round_headroom`` times a usual day's pieces in a day; in towns riders hired by the piece take what waits, up
    to ``crowd_share`` of them, and couriers leave once more at ``third_round_min`` (0: never). Of the pieces at an
    exchange office customs open ``inspect_share``, keep them ``inspect_h`` and send them through the office again.
    ``summary_only`` writes no parcel rows. With ``events``
    those of so many parcels, of all with -1, are written too, as ``event_form`` says: document, lines or parquet.
    """

    weather: str = "ordinary"
    warm_days: int = 0
    tail_days: int = 6
    scale: float = 1.0
    variation: float = 0.08
    rate_variation: float = 0.03
    winter_factor: float = 0.8
    snow_factor: float = 0.6
    urgent: tuple[str, ...] = ("CONFIDENTIAL", "MEDICAL")
    consent: float = 0.78
    locker_share: float = 0.08
    not_home: float = 0.08
    most_tries: int = 3
    locker_stay_h: float = 12.0
    locker_longest_h: float = 72.0
    outlet_min: float = 20.0
    origin_outside_h: float = 6.0
    destination_outside_h: float = 10.08
    delivery_outside_h: float = 3.24
    handling_min: float = 30.0
    dock_pieces_h: float = 6000.0
    round_wait_min: float = 90.0
    round_headroom: float = 1.6
    crowd_share: float = 0.0
    third_round_min: float = 0.0
    customs_transfer_min: float = 30.0
    inspect_share: float = 0.0
    inspect_h: float = 24.0
    speed_rural_kmh: float = 30.0
    speed_city_kmh: float = 22.0
    summary_only: bool = False
    events: int = 0
    event_form: str = "document"

    @classmethod
    def of(cls, network: Network, **changed: Any) -> Options:
        """Return the options of a network: its parameters where it has them, then what the caller changes."""
        rows = network["parameters"].select("parameter", "value", "low").drop_nulls("value").iter_rows()
        held = {name: (value, low) for name, value, low in rows}
        own: dict[str, Any] = {}
        for option, (name, scale, part) in _FROM_PARAMETERS.items():
            found = held.get(name) or held.get(f"{name}_{network.name}")
            if found and found[part] is not None:
                own[option] = found[part] * scale
        made = cls(**{**own, **changed})
        made.check()
        return made

    def check(self) -> None:
        """Raise ``UsageError`` with every option that is out of its bounds."""
        faults = [
            Fault.of("simulate.bad_option", column=name, value=getattr(self, name), low=low, high=high)
            for name, (low, high) in _BOUNDS.items()
            if not low <= getattr(self, name) <= high
        ]
        if self.weather not in ("ordinary", "snow"):
            faults.append(Fault.of("simulate.bad_weather", value=self.weather))
        if self.event_form not in FORMS:
            faults.append(Fault.of("simulate.event_form", value=self.event_form, known=", ".join(FORMS)))
        if faults:
            raise UsageError(faults)

    def pace(self, seasons: set[str], roads: str = "any") -> float:
        """Return the speed on a day of these seasons, beside that of the roads a timetable's minutes hold on."""
        now = self.snow_factor if self.weather == "snow" else self.winter_factor if "winter" in seasons else 1.0
        return min(1.0, now / (self.winter_factor if roads == "winter" else 1.0))

    def as_dict(self) -> Mapping[str, Any]:
        """Return the options as plain values; a third round only where there is one: other runs keep their id."""
        held = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return held if self.third_round_min else {k: v for k, v in held.items() if k != "third_round_min"}


_FROM_PARAMETERS = {
    "winter_factor": ("winter_speed_factor", 1.0, 0),
    "snow_factor": ("winter_speed_factor", 1.0, 1),
    "consent": ("share_users_accepting_station_or_locker", 0.01, 0),
    "destination_outside_h": ("stage_time_destination_processing", 1.0, 0),
    "delivery_outside_h": ("stage_time_delivery", 1.0, 0),
    "inspect_share": ("customs_inspection_rate", 0.01, 0),
    "speed_rural_kmh": ("speed_township_village_road", 1.0, 0),
    "speed_city_kmh": ("speed_urban_van", 1.0, 0),
    "third_round_min": ("city_third_round", 1.0, 0),
}
_BOUNDS = {
    "warm_days": (0, 14), "tail_days": (1, 20), "scale": (1e-6, 1.0), "variation": (0.0, 1.0),
    "rate_variation": (0.0, 0.5), "winter_factor": (0.1, 1.0), "snow_factor": (0.1, 1.0), "consent": (0.0, 1.0),
    "locker_share": (0.0, 1.0), "not_home": (0.0, 0.99), "most_tries": (1, 9), "locker_stay_h": (0.01, 1000.0),
    "locker_longest_h": (0.01, 1000.0), "outlet_min": (0.0, 1440.0), "origin_outside_h": (0.0, 240.0),
    "destination_outside_h": (0.0, 240.0), "delivery_outside_h": (0.0, 240.0), "handling_min": (0.0, 1440.0),
    "dock_pieces_h": (1.0, 1e6),
    "round_wait_min": (0.0, 600.0), "round_headroom": (0.1, 1e6), "crowd_share": (0.0, 10.0),
    "third_round_min": (0.0, 1439.0),
    "customs_transfer_min": (1.0, 1440.0), "inspect_share": (0.0, 1.0), "inspect_h": (0.0, 480.0),
    "speed_rural_kmh": (1.0, 200.0),
    "speed_city_kmh": (1.0, 200.0), "events": (-1, 10**9),
}  # fmt: skip


@dataclass(frozen=True)
class Horizon:
    """The days of a run: ``days`` are those whose parcels are measured, with the names demand knows them by."""

    names: tuple[str, ...]
    first: dt.date
    warm: int
    tail: int

    @property
    def length(self) -> int:
        """How many days are simulated in all."""
        return self.warm + len(self.names) + self.tail

    def date(self, day: int) -> dt.date:
        """Return the date of a day of the horizon, counted from its start."""
        return self.first + dt.timedelta(days=day - self.warm)

    def seasons(self, day: int) -> set[str]:
        """Return the seasons of timetable rows that run on a day of the horizon."""
        winter = self.date(day).month in (11, 12, 1, 2, 3)
        measured = day - self.warm
        peak = any(name == "peak" and abs(measured - k) <= PEAK_SPREAD for k, name in enumerate(self.names))
        return {"any", "winter" if winter else "summer", *(("peak",) if peak else ())}

    @classmethod
    def of(cls, day: str | dt.date, days: int, year: int, options: Options) -> Horizon:
        """Return the horizon that starts measuring on a day; ``UsageError`` when it cannot be understood or kept."""
        if str(day) == "peak":
            first, names = dt.date(year, *PEAK_DATE), ["peak"]
        else:
            try:
                first = dt.date.fromisoformat(str(day))
            except ValueError:
                raise UsageError.of("demand.bad_day", value=str(day)) from None
            names = [first.isoformat()]
        names += [(first + dt.timedelta(days=k)).isoformat() for k in range(1, days)]
        made = cls(tuple(names), first, options.warm_days, options.tail_days)
        if days < 1 or made.length > MOST_DAYS:
            raise UsageError.of("simulate.horizon_too_long", value=made.length, most=MOST_DAYS)
        return made


PEAK_SPREAD = 3
"""Peak departures run from three days before the peak day to three days after; assumed."""
