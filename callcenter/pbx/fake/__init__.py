"""A PBX made of nothing: phones, callers and channels in memory, on whatever clock runs.

It is shipped: anybody can test flows and queues with it in milliseconds (``kernel.turned``). It
satisfies the same contract suite as the adapters of real PBXs.
"""

from callcenter.pbx.fake.node import FakePbx
from callcenter.pbx.fake.phones import FakeCaller, FakePhone

__all__ = ["FakeCaller", "FakePbx", "FakePhone"]
