"""The list of packages, read off the disk: pyproject.toml alone cannot express folders that are mapped."""

import tomllib
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def packages() -> list[str]:
    """Return every package under the folders that pyproject.toml maps into `sparsest`."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folders = config["tool"]["setuptools"]["package-dir"]
    rooms = {
        f"{package}.{room}" for package, folder in folders.items() for room in find_packages(ROOT / folder)
    }
    return sorted({*folders, *rooms})


if __name__ == "__main__":
    setup(packages=packages())
