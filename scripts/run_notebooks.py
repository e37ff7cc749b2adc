"""Run the notebooks of examples/ from the first cell to the last, and keep what they print.

    python scripts/run_notebooks.py                        # both; writes their outputs into them
    python scripts/run_notebooks.py examples/tutorial.ipynb

It needs nbclient and ipykernel (the extra `dev`). A cell that raises ends it, and the file stays as it was.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import nbclient
import nbformat

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = ("tutorial.ipynb", "paper_claims.ipynb")
# Seconds that a cell may take: the first one compiles code.
_CELL_SECONDS = 300


def executed(path: Path) -> nbformat.NotebookNode:
    """Return the notebook with fresh outputs, run in a copy of the folder that it stands in.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell raises.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(path.parent, folder, dirs_exist_ok=True)
        place = {"metadata": {"path": folder}}
        # without times of cells, which would differ in every run
        nbclient.NotebookClient(
            notebook, timeout=_CELL_SECONDS, resources=place, record_timing=False
        ).execute()
    return notebook


def printed(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Return the source of every code cell and the text that it prints or shows, pictures left out."""
    return [
        (cell.source, "".join(_text(output) for output in cell.outputs))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def _text(output: nbformat.NotebookNode) -> str:
    if output.output_type == "stream":
        return str(output.text)
    data = output.get("data", {})
    return "" if "image/png" in data else str(data.get("text/plain", "")) + "\n"


def main() -> None:
    """Run the notebooks named, or all."""
    paths = [Path(name) for name in sys.argv[1:]] or [EXAMPLES / name for name in NOTEBOOKS]
    for path in paths:
        notebook = executed(path)
        notebook.metadata.pop("language_info", None)  # the version of Python that happened to run it
        nbformat.write(notebook, path)
        print(f"{path.name}: {len(printed(notebook))} cells ran")


if __name__ == "__main__":
    main()
