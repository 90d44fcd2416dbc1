"""Lines of a CSV read and judged in one pass over their bytes: those plainly right are taken, the others told.

A line is taken here only when every rule of its kind holds for certain; whatever is in the least doubtful is left to
the patient reader and the judge, who alone refuse a line. So this pass can be quick without deciding anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from postroad.supervise.lanes import LANES, eight, lowest, put_eight, set_bits, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

SKIP, WORD, CHOICE, FLAG, TIME, WHOLE, WAYBILL, TEXT, SECRET = range(9)
"""How a column is read: not at all, as one of few words, as a choice, yes or no, a time, a whole number, a waybill, a
text of its own, or a text never to be judged."""
EMPTY = np.int64(-(2**63))
"""What stands for an empty cell where numbers are kept."""
_BARE: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
"""Nothing is allocated here: without counting references, which every call would pay, it is four times as quick."""
LONGEST, LONGEST_SECRET = 64, 255
MOST_WORDS = 1 << 15
BEYOND = 8
"""Bytes that must follow a list of words, so that the last can be read by eights."""
MOBILE, RESIDENT, RESIDENT_BODY = 11, 18, 17
_S10_WEIGHTS = np.array([8, 6, 4, 2, 3, 5, 9, 7])
_COMMA, _LINE, _RETURN = 44, 10, 13
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_STEP, _FOLD = np.uint64(11400714819323198485), np.uint64(29)
_ZEROS, _COLONS = np.uint64(0x30303A30303A3030), np.uint64(0x0000FF0000FF0000)
"""The signs of 00:00:00, and where its colons stand."""
_SIXES, _HIGH = np.uint64(0x0606060606060606), np.uint64(0xF0F0F0F0F0F0F0F0)
_LOW = np.uint64(0xFF)


def sign_classes() -> NDArray[np.uint8]:
    """Return the class of each byte: 0 printable ASCII but the quotation mark, 2 part of another sign, 1 the rest."""
    held = np.ones(256, np.uint8)
    held[0x20:0x7F], held[0x80:] = 0, 2
    held[ord('"')] = 1
    return held


@njit(**_BARE)
def _plain(data, at, size):  # type: ignore[no-untyped-def]
    """Whether a text has no spaces, a bearable length and no number of a person in it."""
    if size > LONGEST:
        return False
    run = 0
    for i in range(size + 1):
        sign = data[at + i] if i < size else np.uint8(_COMMA)
        if sign == 32:
            return False
        if 48 <= sign <= 57:
            run += 1
            continue
        if run == RESIDENT or (run == RESIDENT_BODY and (sign | 32) == 120):
            return False
        if run == MOBILE and data[at + i - run] == 49:
            return False
        run = 0
    return True


@njit(forceinline=True, **_BARE)
def _number(data, at, size):  # type: ignore[no-untyped-def]
    """The whole number that digits alone stand for; negative when they are none."""
    if size < 1 or size > 9:
        return np.int64(-1)
    made = np.int64(0)
    for i in range(size):
        sign = data[at + i]
        if sign < 48 or sign > 57:
            return np.int64(-1)
        made = made * 10 + np.int64(sign - 48)
    return made


@njit(**_BARE)
def _day(data, at):  # type: ignore[no-untyped-def]
    """Days since 1970 of a day like 2026-11-11; ``EMPTY`` when it is none for certain."""
    if data[at + 4] != 45 or data[at + 7] != 45:
        return EMPTY
    year, month, day = _number(data, at, 4), _number(data, at + 5, 2), _number(data, at + 8, 2)
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12 and day >= 1):
        return EMPTY
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 30 + (month + month // 8) % 2
    if month == 2:
        longest = 29 if leap else 28
    if day > longest:
        return EMPTY
    # Days of the civil calendar, counted from March so that the leap day comes last.
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@njit(forceinline=True, **_BARE)
def _time(data, at, size, column, days):  # type: ignore[no-untyped-def]
    """Microseconds since 1970 of a time like 2026-11-11 08:30:00; ``EMPTY`` when it is none for certain.

    Times of a column mostly lie on the day of the one before, which ``days`` keeps: its signs and its number.
    """
    if size != 19 or (data[at + 10] != 32 and data[at + 10] != 84):
        return EMPTY
    head = np.int64(eight(data, np.int64(at)))
    tail = np.int64(data[at + 8]) << 8 | np.int64(data[at + 9])
    if head != days[column, 0] or tail != days[column, 1]:
        day = _day(data, at)
        if day == EMPTY:
            return EMPTY
        days[column, 0], days[column, 1], days[column, 2] = head, tail, day
    x = eight(data, np.int64(at + 11)) ^ _ZEROS
    if x & _COLONS or (x | (x + _SIXES)) & _HIGH:
        return EMPTY
    hour = (x & _LOW) * np.uint64(10) + (x >> np.uint64(8) & _LOW)
    minute = (x >> np.uint64(24) & _LOW) * np.uint64(10) + (x >> np.uint64(32) & _LOW)
    second = (x >> np.uint64(48) & _LOW) * np.uint64(10) + (x >> np.uint64(56))
    if hour >= 24 or minute >= 60 or second >= 60:
        return EMPTY
    of_day = np.int64((hour * np.uint64(60) + minute) * np.uint64(60) + second)
    return (days[column, 2] * 86400 + of_day) * np.int64(1000000)


@njit(forceinline=True, **_BARE)
def _letters(data, at, size):  # type: ignore[no-untyped-def]
    """How many capitals a text of capitals and digits has; -1 when it has another sign."""
    if size < LANES and at + LANES <= data.size:
        here = (np.uint64(1) << np.uint64(size)) - np.uint64(1)
        capitals = within(data, np.int64(at), np.uint8(65), np.uint8(25)) & here
        digits = within(data, np.int64(at), np.uint8(48), np.uint8(9)) & here
        return set_bits(capitals) if capitals | digits == here else np.int64(-1)
    letters = np.int64(0)
    for i in range(size):
        sign = data[at + i]
        if 65 <= sign <= 90:
            letters += 1
        elif sign < 48 or sign > 57:
            return np.int64(-1)
    return letters


@njit(forceinline=True, **_BARE)
def _waybill(data, at, size, low, high):  # type: ignore[no-untyped-def]
    """Whether a waybill of capitals and digits is right: an S10 identifier with its check digit, no person's number."""
    if size < low or size > high:
        return False
    letters = _letters(data, at, size)
    if letters < 0 or (size == RESIDENT and letters <= 1):
        return False
    if size != 13 or letters != 4:
        return True
    if data[at] < 65 or data[at + 1] < 65 or data[at + 11] < 65 or data[at + 12] < 65:
        return True
    total = np.int64(0)
    for i in range(8):
        total += _S10_WEIGHTS[i] * np.int64(data[at + 2 + i] - 48)
    check = 11 - total % 11
    right = 0 if check == 10 else 5 if check == 11 else check
    return np.int64(data[at + 10] - 48) == right


@njit(forceinline=True, **_BARE)
def _some(data, at, left):  # type: ignore[no-untyped-def]
    """The next eight bytes of a text as a number, with zeros where fewer are left."""
    if at + 8 <= data.size:
        held = eight(data, np.int64(at))
        return held if left >= 8 else held & ((np.uint64(1) << np.uint64(8 * left)) - np.uint64(1))
    held = np.uint64(0)
    for i in range(min(left, 8)):
        held |= np.uint64(data[at + i]) << np.uint64(8 * i)
    return held


@njit(forceinline=True, **_BARE)
def _mixed(held, more):  # type: ignore[no-untyped-def]
    made = (held ^ more) * _STEP
    return made ^ (made >> _FOLD)


@njit(forceinline=True, **_BARE)
def _mark(data, at, size):  # type: ignore[no-untyped-def]
    """A hash of a text."""
    mark = np.uint64(size)
    for i in range(0, size, 8):
        mark = _mixed(mark, _some(data, at + i, size - i))
    return mark


@njit(forceinline=True, **_BARE)
def _slot(data, at, size, slots):  # type: ignore[no-untyped-def]
    return np.int64(_mark(data, at, size) & np.uint64(slots.shape[1] - 1))


@njit(**_BARE)
def add_word(data, at, size, column, words, places, slots, counts):  # type: ignore[no-untyped-def]
    """Put a word at the end of a column's list and return its code."""
    slot = _slot(data, at, size, slots)
    while slots[column, slot] >= 0:
        slot = (slot + 1) & (slots.shape[1] - 1)
    code = counts[column]
    place = places[column, code - 1, 0] + places[column, code - 1, 1] if code else places[column, 0, 0]
    for i in range(size):
        words[place + i] = data[at + i]
    places[column, code, 0], places[column, code, 1] = place, size
    slots[column, slot] = code
    counts[column] += 1
    return code


@njit(forceinline=True, **_BARE)
def _is_word(data, at, size, column, code, words, places):  # type: ignore[no-untyped-def]
    if size != places[column, code, 1]:
        return False
    place = places[column, code, 0]
    for i in range(0, size, 8):  # noqa: SIM110 - compiled
        if _some(data, at + i, size - i) != _some(words, place + i, size - i):
            return False
    return True


@njit(forceinline=True, **_BARE)
def _word(data, at, size, column, words, places, slots, counts, lasts, adding):  # type: ignore[no-untyped-def]
    """The code of a word in a column's list, put there when it is plain and new words are; -1 when it cannot be."""
    code = lasts[column]
    if code >= 0 and _is_word(data, at, size, column, code, words, places):
        return code
    if size > LONGEST:
        return np.int64(-1)
    slot = _slot(data, at, size, slots)
    while slots[column, slot] >= 0:
        code = np.int64(slots[column, slot])
        if _is_word(data, at, size, column, code, words, places):
            lasts[column] = code
            return code
        slot = (slot + 1) & (slots.shape[1] - 1)
    if not adding or counts[column] >= places.shape[1] or not _plain(data, at, size):
        return np.int64(-1)
    code = add_word(data, at, size, column, words, places, slots, counts)
    lasts[column] = code
    return code


@njit(forceinline=True, **_BARE)
def _flag(data, at, size):  # type: ignore[no-untyped-def]
    if size == 4 and data[at] == 116 and data[at + 1] == 114 and data[at + 2] == 117 and data[at + 3] == 101:
        return np.int64(1)
    if size == 5 and data[at] == 102 and data[at + 1] == 97 and data[at + 2] == 108 and data[at + 3] == 115:
        return np.int64(0) if data[at + 4] == 101 else np.int64(-1)
    if size == 1 and (data[at] == 48 or data[at] == 49):
        return np.int64(data[at] - 48)
    return np.int64(-1)


@njit(forceinline=True, **_BARE)
def _cell(data, at, size, column, columns, words, places, slots, counts, lasts, days):  # type: ignore[no-untyped-def]
    """Read one cell that is not empty; whether it is certainly right, and its value."""
    kind, low, high = columns[column, 0], columns[column, 2], columns[column, 3]
    if kind == WORD or kind == CHOICE:  # noqa: SIM109 - compiled
        value = _word(data, at, size, column, words, places, slots, counts, lasts, kind == WORD)
        return value >= 0, value
    if kind == TIME:
        value = _time(data, at, size, column, days)
        return value != EMPTY and low <= value <= high, value
    if kind == FLAG:
        value = _flag(data, at, size)
        return value >= 0, value
    if kind == WHOLE:
        value = _number(data, at, size)
        return value >= 0 and low <= value <= high, value
    where = at * 256 + size
    if kind == WAYBILL:
        return _waybill(data, at, size, low, high), where
    if kind == TEXT:
        return _plain(data, at, size), where
    return size <= LONGEST_SECRET, where


@njit(**_BARE)
def _looked(data, base):  # type: ignore[no-untyped-def]
    """Bits for the 64 bytes from a place on, or those there are: commas and ends of lines, ends alone, not plain signs.

    A last line that nothing ends is ended behind the last byte.
    """
    if base + LANES <= data.size:
        at = np.int64(base)
        ends = within(data, at, np.uint8(_LINE), np.uint8(0))
        strange = within(data, at, np.uint8(0), np.uint8(31)) | within(data, at, np.uint8(127), np.uint8(128))
        strange |= within(data, at, np.uint8(34), np.uint8(0))
        return within(data, at, np.uint8(_COMMA), np.uint8(0)) | ends, ends, strange & ~ends
    cuts, ends, strange = np.uint64(0), np.uint64(0), np.uint64(0)
    for i in range(data.size - base):
        sign, bit = data[base + i], np.uint64(1) << np.uint64(i)
        if sign == _LINE:
            ends |= bit
        elif sign == _COMMA:
            cuts |= bit
        elif sign < 32 or sign > 126 or sign == 34:
            strange |= bit
    if data.size and data[data.size - 1] != _LINE:
        ends |= np.uint64(1) << np.uint64(data.size - base)
    return cuts | ends, ends, strange


@njit(**_BARE)
def _classed(data, classes, at, size):  # type: ignore[no-untyped-def]
    held = np.uint8(0)
    for i in range(size):
        held |= classes[data[at + i]]
    return held


@njit(error_model="numpy", **_BARE)
def read(data, classes, columns, words, places, slots, counts, lasts, days, cells, lines, doubtful):  # type: ignore[no-untyped-def]
    """Read every line; fill ``cells`` (a row a column) and ``lines``, and where doubtful lines stand.

    ``columns`` has kind, needed, low, high and the classes of bytes that must not stand there, for each written column;
    ``words`` to ``lasts`` are the columns' lists of words. Returns how many lines were taken and how many are doubtful.
    """
    width, one = columns.shape[0], np.uint64(1)
    begin = first = taken = asked = line = column = 0
    right, before = True, False
    for base in range(0, data.size + 1, LANES):
        cuts, ends, strange = _looked(data, base)
        while cuts:
            place = lowest(cuts)
            cuts &= cuts - one
            below = (one << np.uint64(place)) - one
            bad = np.uint8(0)
            length, ended = base + place - first, (ends >> np.uint64(place)) & one != 0
            if before or strange & below:
                before, strange = False, strange & ~below
                # A line may end with a carriage return.
                length -= ended and length > 0 and data[first + length - 1] == _RETURN
                bad = _classed(data, classes, first, length)
            if column >= width or bad & columns[column, 4]:
                right = False
            elif right and columns[column, 0] != SKIP:
                if length == 0:
                    right = columns[column, 1] == 0
                    cells[column, taken] = EMPTY
                else:
                    right, cells[column, taken] = _cell(
                        data, first, length, column, columns, words, places, slots, counts, lasts, days
                    )
            column += 1
            first = base + place + 1
            if ended:
                line += 1
                if right and column == width:
                    lines[taken] = line
                    taken += 1
                else:
                    doubtful[asked, 0], doubtful[asked, 1], doubtful[asked, 2] = line, begin, min(first, data.size)
                    asked += 1
                begin, column, right = first, 0, True
        before = before or strange != 0
    return taken, asked


@njit(**_BARE)
def coded(values, nothing, out):  # type: ignore[no-untyped-def]
    """Write codes of words, ``nothing`` where a cell is empty; return how many are."""
    empty = 0
    for n in range(values.size):
        there = values[n] != EMPTY
        out[n] = values[n] if there else nothing
        empty += not there
    return empty


@njit(**_BARE)
def copied(data, where, offsets, out):  # type: ignore[no-untyped-def]
    """Copy the texts that ``where`` points to behind ``offsets[0]``, and write where each ends; return how many lack.

    Eight bytes are copied at a time; what is too much lies where the next text will, or in the ``BEYOND`` last bytes.
    """
    empty, to = 0, offsets[0]
    for n in range(where.size):
        if where[n] == EMPTY:
            empty += 1
        else:
            at, size = where[n] >> 8, where[n] & 0xFF
            if at + size + BEYOND <= data.size:
                for i in range(0, size, 8):
                    put_eight(out, np.int64(to + i), eight(data, np.int64(at + i)))
            else:
                for i in range(size):
                    out[to + i] = data[at + i]
            to += size
        offsets[n + 1] = to
    return empty


@njit(**_BARE)
def newlines(data):  # type: ignore[no-untyped-def]
    """Count the ends of lines; other threads go on meanwhile."""
    count = 0
    for i in range(data.size):
        count += data[i] == _LINE
    return count


@njit(**_BARE)
def mixed(into, hashes):  # type: ignore[no-untyped-def]
    """Take one more hash into that of each record."""
    for n in range(into.size):
        into[n] = _mixed(into[n], hashes[n])


@njit(**_BARE)
def mixed_texts(into, data, offsets):  # type: ignore[no-untyped-def]
    """Take the hash of a text into that of each record; nothing counts as an empty text."""
    for n in range(into.size):
        into[n] = _mixed(into[n], _mark(data, offsets[n], offsets[n + 1] - offsets[n]))


@njit(**_BARE)
def marks(data, offsets, out):  # type: ignore[no-untyped-def]
    """Write the hash of each text; nothing counts as an empty text."""
    for n in range(out.size):
        out[n] = _mark(data, offsets[n], offsets[n + 1] - offsets[n])


@njit(**_BARE)
def mixed_by_code(into, hashes, codes):  # type: ignore[no-untyped-def]
    """Take the hash of a word, given by its code, into that of each record."""
    for n in range(into.size):
        into[n] = _mixed(into[n], hashes[codes[n]])


@njit(forceinline=True, **_BARE)
def _place(held, room):  # type: ignore[no-untyped-def]
    """Where a hash stands in a room, or may stand; 0 stands for an empty place and is kept as another number."""
    held = held if held != 0 else _STEP
    last = np.uint64(room.size - 1)
    slot = (held ^ (held >> np.uint64(32))) & last
    while room[slot] != 0 and room[slot] != held:
        slot = (slot + np.uint64(1)) & last
    return slot, held


@njit(**_BARE)
def put(hashes, room):  # type: ignore[no-untyped-def]
    """Put hashes into a room of zeros, a power of two and at least twice as many; return whether one came twice."""
    twice = False
    for n in range(hashes.size):
        slot, held = _place(hashes[n], room)
        twice = twice or room[slot] == held
        room[slot] = held
    return twice


@njit(**_BARE)
def among(hashes, room, out):  # type: ignore[no-untyped-def]
    """Write which hashes stand in a room."""
    for n in range(hashes.size):
        slot, held = _place(hashes[n], room)
        out[n] = room[slot] == held
