"""Where numba keeps what it compiled: see `sparsest.exact.compiling`, which names this class to numba."""

from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator


class ByContent(UserProvidedCacheLocator):
    """Folders named without the place of the source.

    numba's own have it in their names, so that a second installation of the same files compiles all of it
    again, which takes a minute. The folder above is named after the content of all files that matter.
    """

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Return the name of a folder for a source file."""
        return Path(py_file).parent.name
