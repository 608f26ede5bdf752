"""One call from offer to end: the only place where routing, menus, queues and records meet."""

from callcenter.conductor.conductor import Conductor

__all__ = ["Conductor"]
