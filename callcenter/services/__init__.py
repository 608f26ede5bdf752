"""What the REST API may ask of a running engine, answered from the rooms; one file per room."""

from callcenter.services.engine import EngineServices
from callcenter.services.prompts import Sounds

__all__ = ["EngineServices", "Sounds"]
