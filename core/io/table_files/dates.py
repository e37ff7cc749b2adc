"""Dates in text: read where they say one moment only, and turned into seconds."""

import datetime
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_TIME: Final = (
    r"(?:(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d\d:?\d\d)?)?"
)
_FORMS: Final = tuple(
    re.compile(form + _TIME, re.ASCII)
    for form in (
        r"(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
    )
)
# Day and month in either order, as people on both sides of the ocean write them.
_EITHER: Final = re.compile(
    r"(?P<day>\d{1,2})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})" + _TIME, re.ASCII
)
_BILLION: Final = 10**9


class DateError(ValueError):
    """Dates that cannot be read: what is wrong, and the index of the cell that shows it."""

    def __init__(self, reason: str, index: int) -> None:
        super().__init__(reason)
        self.reason, self.index = reason, index


class Seconds(NamedTuple):
    """Seconds of every date from the earliest one, which is `first`."""

    values: list[float]
    first: str


def is_date(cell: str) -> bool:
    """Whether a cell is written as a date."""
    return bool(_EITHER.fullmatch(cell)) or any(form.fullmatch(cell) for form in _FORMS)


def seconds(cells: Sequence[str]) -> Seconds:
    """Return dates as seconds from the earliest one, correctly rounded.

    Parameters
    ----------
    cells : sequence of str
        Dates as 2020-01-31, 2020/01/31, 31.01.2020, 31/01/2020 or 01/31/2020, each with or without a time,
        a fraction of a second and a zone.

    Raises
    ------
    DateError
        When a cell is no date of the calendar, some have a zone and others none, or day and month cannot be
        told apart.
    """
    matches = [_match(cell) for cell in cells]
    swap = _month_first(matches)
    moments = []
    for index, match in enumerate(matches):
        try:
            moments.append(_nanoseconds(match, swap=swap and match.re is _EITHER))
        except ValueError:
            raise DateError("which is no date of the calendar: correct it", index) from None
    zones = [bool(match["zone"]) for match in matches]
    if len(set(zones)) > 1:
        index = zones.index(not zones[0])
        raise DateError("with a time zone where others have none, or the reverse: write all alike", index)
    first = min(moments)
    return Seconds([(moment - first) / _BILLION for moment in moments], cells[moments.index(first)])


def _match(cell: str) -> re.Match[str]:
    for form in (*_FORMS, _EITHER):
        if match := form.fullmatch(cell):
            return match
    raise AssertionError(f"{cell!r} is not written as a date")


def _month_first(matches: Sequence[re.Match[str]]) -> bool:
    """Say whether 01/02/2020 is January 2nd; raise `DateError` unless some cell shows it."""
    either = [
        (i, int(match["day"]), int(match["month"])) for i, match in enumerate(matches) if match.re is _EITHER
    ]
    day_first = [i for i, day, _ in either if day > 12]
    month_first = [i for i, _, month in either if month > 12]
    if day_first and month_first:
        raise DateError(
            "with day and month in another order than elsewhere: write 2020-01-31", month_first[0]
        )
    if not day_first and not month_first:
        for i, day, month in either:
            if day != month:
                raise DateError("day or month first is not to be told: write 2020-01-31", i)
    return bool(month_first)


def _nanoseconds(match: re.Match[str], *, swap: bool) -> int:
    """Return the moment in nanoseconds from the year 1, as a whole number that loses nothing."""
    part = match.groupdict()
    day, month = (part["month"], part["day"]) if swap else (part["day"], part["month"])
    days = datetime.date(int(part["year"]), int(month), int(day)).toordinal()
    clock = datetime.time(int(part["hour"] or 0), int(part["minute"] or 0), int(part["second"] or 0))
    total = ((days * 24 + clock.hour) * 60 + clock.minute) * 60 + clock.second - _offset(part["zone"])
    return total * _BILLION + int((part["fraction"] or "").ljust(9, "0"))


def _offset(zone: str | None) -> int:
    """Return a zone's seconds ahead of UTC."""
    if zone in (None, "Z", "UTC"):
        return 0
    assert zone is not None
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-60 if zone[0] == "-" else 60) * minutes
