"""Build source archive and wheel, and use the wheel as a stranger does: in an environment of its own.

    python scripts/try_wheel.py [FOLDER]

The wheel is built from the archive, twine checks both, and README's first commands run on it in a copy of
examples/ and print what README shows. FOLDER keeps archive, wheel, constraints and SHA256SUMS: what
`vendor/` of another repository takes (docs/regression.md). It needs the extra `dev`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
# What README's installation command names.
_EXTRAS = "sklearn,onnx"
# What may lie beside the sources.
_BESIDE = {".git", ".venv", ".hypothesis", "build", "dist", "htmlcov", "__pycache__"}


def archive(folder: Path) -> Path:
    """Build the source archive, and return it."""
    code = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    with tempfile.TemporaryDirectory() as place:
        # in a copy: building writes beside the sources
        copy = shutil.copytree(ROOT, Path(place) / "source", ignore=_not_source)
        subprocess.run([sys.executable, "-c", code, folder], cwd=copy, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.tar.gz"))


def _not_source(_: str, names: list[str]) -> set[str]:
    """Leave out what no archive takes, and copying would take long."""
    return {name for name in names if name in _BESIDE or name.endswith(("-info", "_cache"))}


def wheel(source: Path, folder: Path) -> Path:
    """Build the wheel from a source archive, and return it."""
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(source) as packed:
            packed.extractall(place, filter="data")
        (unpacked,) = Path(place).iterdir()
        command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, unpacked]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    return next(folder.glob("*.whl"))


def installed(built: Path, place: Path) -> Path:
    """Install a wheel into an environment of its own, and return the folder of its commands."""
    venv.create(place, with_pip=True)
    programs = place / "bin"
    requirement = f"{built}[{_EXTRAS}]"
    command = [programs / "pip", "install", "--quiet", "-c", CONSTRAINTS, requirement]
    subprocess.run(command, check=True, env=_plain())
    return programs


def _plain() -> dict[str, str]:
    """Return the environment without what Python reads, which might hide what was installed."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run_readme(programs: Path, folder: Path) -> int:
    """Run the first commands of README in a folder, and return their number.

    Raises
    ------
    RuntimeError
        When a command prints something else than README shows.
    """
    sys.path.insert(0, str(ROOT / "tests"))
    from docs.pages import first_commands, shows

    environment = _plain() | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    commands = first_commands(ROOT / "README.md")
    for part in commands:
        done = subprocess.run(
            part.source, shell=True, cwd=folder, env=environment, capture_output=True, text=True
        )
        if done.returncode not in (0, 1) or not shows(part, done.stdout):
            raise RuntimeError(f"$ {part.source}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
        print(f"ran: {part.source}")
    return len(commands)


def add_sums(folder: Path, built: Path) -> None:
    """Put the constraints beside a wheel, and the sums of both."""
    files = [built, Path(shutil.copy(CONSTRAINTS, folder))]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def main() -> None:
    """Build, check, install and run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else Path(place) / "dist"
        folder.mkdir(parents=True, exist_ok=True)
        source = archive(folder)
        built = wheel(source, folder)
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", source, built], check=True)
        add_sums(folder, built)
        examples = shutil.copytree(ROOT / "examples", Path(place) / "examples")
        number = run_readme(installed(built, Path(place) / "environment"), examples)
        print(f"{number} commands of README did what it shows, on {built.name}")


if __name__ == "__main__":
    main()
