"""For all tests: how hypothesis searches, what a PIN costs, what the collector of garbage reads.

On a machine that is busy with other things an example may take long for no reason of ours, so no
example has a deadline of its own; the test as a whole has (``timeout`` in pyproject.toml).

A hash says itself what comparing costs, so those that this process makes are cheap ones; what the
product pays is in ``tests/unit/test_kernel_small.py`` and in every engine that runs on its own.
"""

import gc

from argon2 import PasswordHasher, profiles
from hypothesis import HealthCheck, settings

from callcenter.kernel import pins

settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

pins._hasher = PasswordHasher.from_parameters(profiles.CHEAPEST)


def pytest_collection_finish() -> None:
    """What has been imported by now stays: it need not be looked through again and again."""
    gc.collect()
    gc.freeze()
