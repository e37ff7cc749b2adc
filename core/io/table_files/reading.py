"""What was read of a table, for people to see whether it is what they meant."""

import dataclasses

from sparsest.results.report import Rows

# Rows named where some are left out.
_NAMED = 10


@dataclasses.dataclass(frozen=True)
class Reading:
    """How a file was understood.

    Attributes
    ----------
    file : str
        Its rows and columns, separator, encoding and the like.
    label : str
        The label's column, and why it is the label.
    features : tuple of str
        Columns that are inputs.
    notes : tuple of str
        How cells were turned into numbers, where that needs saying.
    left_out : tuple of str
        Columns and rows that are not in the problem, and why.
    remarks : tuple of str
        What may not be as it was meant.
    """

    file: str
    label: str
    features: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def rows(self) -> Rows:
        """Return the lines that say it, but for the remarks."""
        names = ", ".join(self.features[:_NAMED])
        if len(self.features) > _NAMED:
            names += f", ... ({len(self.features)} in all)"
        rows = [("file", self.file), ("label", self.label), ("features", names)]
        rows += [("numbers", "; ".join(self.notes))] if self.notes else []
        return rows + ([("left out", "; ".join(self.left_out))] if self.left_out else [])


def listed(places: list[str]) -> str:
    """Return places with commas between them, the first ones of many."""
    more = f", ... ({len(places)} in all)" if len(places) > _NAMED else ""
    return ", ".join(places[:_NAMED]) + more
