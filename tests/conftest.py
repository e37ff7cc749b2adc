"""Property tests make the same examples every time: a failure in one run is a failure in every run."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")
