"""A feed for rehearsal: operators' files of some days, drawn from the demand, with planted faults of known size.

Every record says ``synthetic``; numbers of documents begin with an area code that does not exist (999999), so that none
can be a person's. ``truth.json`` beside the files tells what was planted.
"""

from postroad.supervise.feed.faults import Faults
from postroad.supervise.feed.writing import Feed, Order, write_feed

__all__ = ["Faults", "Feed", "Order", "write_feed"]
