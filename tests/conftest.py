"""One profile for every property test: the same examples on every machine, and no stopwatch."""

from hypothesis import settings

settings.register_profile("dataplan", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("dataplan")
