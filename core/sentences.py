"""Enums whose members carry a name for machines and a sentence for people."""

import enum
from typing import Self, TypeVar

from sparsest.errors import InputError

Member = TypeVar("Member", bound=enum.StrEnum)


def member_called(kind: type[Member], name: str) -> Member:
    """Return the member of an enum called `name`, or raise `InputError` that lists the choices."""
    for member in kind:
        if member.value == name:
            return member
    choices = ", ".join(repr(str(member)) for member in kind)
    raise InputError(f"{kind.__name__.lower()} = {name!r:.40}: choose one of {choices}")


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
        return member_called(cls, name)


def joined(*sentences: str) -> str:
    """Return the sentences that are not empty as one, between semicolons."""
    return "; ".join(filter(None, sentences))


def counted(count: int, what: str) -> str:
    """Return "1 neuron" or "2 neurons" for ``what = "neurons"``."""
    return f"{count} {what.removesuffix('s') if count == 1 else what}"
