"""What a walk remembers of its caller, and how it is kept for an engine that comes after us."""

import re
from collections.abc import Callable, Mapping

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Mind:
    """Variables, priority, skills and language; ``kept`` is what :meth:`kept` said last."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self.values = {name: text for name, text in kept.items() if not name.startswith("_")}
        self.language = kept.get("_language", "")
        self.priority = int(kept.get("_priority", 0))
        self.member = kept.get("_member", "")  # who was checked; what is keyed in cannot set it
        self.queue = kept.get("_queue", "")
        self.skills: dict[str, int] = {}
        for skill in filter(None, kept.get("_skills", "").split(",")):
            name, _, level = skill.partition(":")
            self.skills[name] = int(level)
        self._secret: set[str] = set()

    def learn(self, name: str, text: str, *, secret: bool = False) -> None:
        """Set a variable; a secret one is never kept."""
        self.values[name] = text
        (self._secret.add if secret else self._secret.discard)(name)

    def filled(self, text: str, facts: Mapping[str, str], coded: Callable[[str], str]) -> str:
        """``text`` with its ``{variable}`` replaced; unknown ones become nothing."""
        return _VARIABLE.sub(
            lambda found: coded(self.values.get(found[1], facts.get(found[1], ""))), text
        )

    def kept(self) -> dict[str, str]:
        """All but secrets; what is no variable has a name that no variable can have."""
        kept = {name: text for name, text in self.values.items() if name not in self._secret}
        kept["_language"] = self.language
        if self.priority:
            kept["_priority"] = str(self.priority)
        if self.member:
            kept["_member"] = self.member
        if self.queue:
            kept["_queue"] = self.queue
        if self.skills:
            kept["_skills"] = ",".join(f"{name}:{level}" for name, level in self.skills.items())
        return kept
