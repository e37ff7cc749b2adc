"""Enums whose members carry a name for machines and a sentence for people."""

import enum
from typing import Self

from sparsest.errors import InputError


class Sentence(enum.StrEnum):
    """A member equals its name as a string, and has a `sentence` that says what it means."""

    sentence: str

    def __new__(cls, name: str, sentence: str) -> Self:
        """Make a member whose value is its name."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.sentence = sentence
        return member

    @classmethod
    def parse(cls, name: str) -> Self:
        """Return the member called `name`, or raise `InputError` that lists the choices."""
        for member in cls:
            if member.value == name:
                return member
        raise InputError(f"{name!r:.40} is not one of {', '.join(map(repr, map(str, cls)))}")


def joined(*sentences: str) -> str:
    """Return the sentences that are not empty as one, between semicolons."""
    return "; ".join(filter(None, sentences))


def counted(count: int, what: str) -> str:
    """Return "1 neuron" or "2 neurons" for ``what = "neurons"``."""
    return f"{count} {what.removesuffix('s') if count == 1 else what}"
