"""For all tests: how hypothesis searches.

On a machine that is busy with other things an example may take long for no reason of ours, so no
example has a deadline of its own; the test as a whole has (``timeout`` in pyproject.toml).
"""

from hypothesis import HealthCheck, settings

settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")
