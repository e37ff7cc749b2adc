"""The import graph of the package as text: rooms, floors, and whether anything is circular.

    python scripts/import_graph.py [--modules]

A room is a folder; it stands one floor above the highest room that it imports. Imports under
``if TYPE_CHECKING:`` count as well: a name needed to read a file is a dependency.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parent.parent
FOLDERS = ("core", "exact", "continuous", "models", "compare", "benchmarks", "cli")


def sources() -> list[Path]:
    """Return every file of product code."""
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> str:
    """Return the dotted name under which a file is imported, "sparsest." and "__init__" left out."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    inside = parts[1:] if parts[0] == "core" else parts
    return ".".join(part for part in inside if part != "__init__")


def imported(path: Path) -> Iterator[str]:
    """Yield the absolute names of everything a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}: import absolutely")
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_graph(paths: Mapping[str, Path]) -> "nx.DiGraph[str]":
    """Return who imports whom: an edge from each module to those that it needs.

    A package's ``__init__`` is the package's public face: importing a name from it counts as importing it.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(paths)
    for module, path in paths.items():
        for name in imported(path):
            if not (name == "sparsest" or name.startswith("sparsest.")):
                continue
            target = name.removeprefix("sparsest").removeprefix(".")
            while target not in paths:
                target = target.rpartition(".")[0]
            if target != module:
                graph.add_edge(module, target)
    return graph


def room_of(module: str, paths: Mapping[str, Path]) -> str:
    """Return the folder of a module; a file that lies in the hall, beside the rooms, stands for itself."""
    folder = paths[module].parent.relative_to(ROOT)
    return str(folder if len(folder.parts) > 1 else paths[module].relative_to(ROOT).with_suffix(""))


def room_graph(modules: "nx.DiGraph[str]", paths: Mapping[str, Path]) -> "nx.DiGraph[str]":
    """Return which rooms need which.

    A folder's ``__init__`` only shows names: who imports it needs the rooms that those names live in. The
    package's own shows everything, and is left out.
    """
    faces = {module for module, path in paths.items() if path.name == "__init__.py"}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(room_of(module, paths) for module in modules if module not in faces)
    for module, target in modules.edges:
        if module in faces or not target:
            continue
        here = room_of(module, paths)
        shown = modules.successors(target) if target in faces else [target]
        rooms = {room_of(each, paths) for each in shown if each not in faces}
        graph.add_edges_from((here, room) for room in rooms - {here})
    return graph


def floors(graph: "nx.DiGraph[str]") -> list[list[str]]:
    """Return the floors from the lowest: what stands on one needs only lower ones.

    Raises
    ------
    networkx.NetworkXUnfeasible
        When there is a circle.
    """
    return [sorted(floor) for floor in nx.topological_generations(graph.reverse())]


def circles(graph: "nx.DiGraph[str]") -> list[list[str]]:
    """Return the groups of nodes that need each other."""
    return [sorted(group) for group in nx.strongly_connected_components(graph) if len(group) > 1]


def main(arguments: list[str]) -> int:
    """Print the graph; 1 if there is a circle."""
    paths = {module_of(path): path for path in sources()}
    modules = module_graph(paths)
    rooms = room_graph(modules, paths)
    bad = circles(modules) + circles(rooms)
    for group in bad:
        print(f"CIRCLE: {', '.join(group)}")
    shown = modules if "--modules" in arguments else rooms
    if not circles(shown):
        levels = floors(shown)
        for number, floor in enumerate(levels):
            for name in floor:
                print(f"{number:2d}  {name:34s} <- {', '.join(sorted(shown.successors(name))) or '-'}")
        print(f"{len(rooms)} rooms, {len(modules)} modules, {len(levels)} floors, {len(bad)} circles")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
