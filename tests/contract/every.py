"""Every rule of the port, for the fake and for real PBXs alike: each file ``rules_*.py`` here."""

from importlib import import_module
from pathlib import Path

from tests.contract.rig import RULES, Rule

__all__ = ["RULES", "Rule"]

for _part in sorted(Path(__file__).parent.glob("rules_*.py")):
    import_module(f"tests.contract.{_part.stem}")
