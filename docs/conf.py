"""How the documentation is made: ``sphinx-build -W -b html docs build/site``, without a network.

Pages are Markdown (MyST), as they read on their own; the reference is made of docstrings, and what is said
of the command line out of the program. Furo is the theme because its pages read well on a phone.
"""

import sys
from pathlib import Path

import sparsest

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "sparsest"
author = copyright = "The sparsest authors"
version = release = sparsest.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "terminal_pages",
]
exclude_patterns = ["results/**", "extensions", "templates"]
templates_path = ["templates"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# `[text](page.md#heading)` may name a heading down to the third level
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]

# docstrings: `name` is a reference where there is such a thing, and code where there is none
default_role = "py:obj"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    # what a result inherits from `Report` is shown, what comes from Python, torch and scikit-learn is not
    "inherited-members": "object, str, Exception, Module, BaseEstimator, RegressorMixin, ClassifierMixin",
    "exclude-members": "get_metadata_routing, set_score_request",
}
autosummary_imported_members = True

html_theme = "furo"
html_title = f"sparsest {release}"
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]
pygments_dark_style = "monokai"
