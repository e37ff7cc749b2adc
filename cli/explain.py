"""`sparsest explain`: what a word of a verdict means, and what to do next."""

import difflib
from collections.abc import Sequence
from typing import Annotated

import typer

from sparsest.cli import options, output
from sparsest.cli.explained_words import Meaning, meanings
from sparsest.errors import InputError

# Words that an unknown one may have been meant for.
_MOST_SUGGESTED = 3


def explain(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD", help="A verdict, status, method or other word that a command printed; or several."
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Say what a verdict, status or method means, and what to do next; without one, list them.

    \b
    Example:
      sparsest explain SPARSER_EXISTS
      sparsest explain time limit
      sparsest explain branching

    \b
    Exit codes: 0 done, 2 bad input.
    """
    every = meanings()
    chosen = _asked(words, every) if words else every
    if json:
        output.print_json({"words": [each._asdict() for each in chosen]})
    elif not words:
        places = list(dict.fromkeys(each.where for each in every))
        for place in places:
            listed = ", ".join(each.word for each in every if each.where == place)
            output.print_block(place, [("", listed)])
    else:
        for each in chosen:
            output.print_block(f"{each.word} ({each.where})", [("", f"{each.means} {each.next}")])


def _asked(words: Sequence[str], every: Sequence[Meaning]) -> list[Meaning]:
    """Return the meanings of words that are one together, as "time limit" is, or else of each."""
    together = " ".join(words)
    if _plain(together) in {_plain(each.word) for each in every}:
        return _named(together, every)
    return [meaning for word in words for meaning in _named(word, every)]


def _named(word: str, every: Sequence[Meaning]) -> list[Meaning]:
    """Return all meanings of a word, however it is spelled.

    Raises
    ------
    InputError
        For an unknown word, with the nearest ones.
    """
    asked = _plain(word)
    found = [each for each in every if _plain(each.word) == asked]
    if found:
        return found
    known = list(dict.fromkeys(each.word for each in every))
    near = difflib.get_close_matches(asked, [_plain(each) for each in known], _MOST_SUGGESTED)
    meant = [each for each in known if _plain(each) in near]
    hint = f"did you mean {' or '.join(meant)}?" if meant else "`sparsest explain` alone lists them"
    raise InputError(f"{word!r:.60} is no word that a result prints: {hint}")


def _plain(word: str) -> str:
    """Return the word as it is compared: READ_TWICE, read-twice and "read twice" are the same."""
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())
