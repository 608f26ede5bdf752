"""Where a PBX finds the sound of a prompt. For every adapter."""

import re
from collections.abc import Callable
from pathlib import Path

import structlog

from callcenter.pbx.port import Prompt

_TENANT = "tenant"  # second part of the name of a tenant's own: en/tenant/acme/welcome/3
_PROMPT = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?(/[0-9A-Za-z_-]+)+")
_log = structlog.get_logger(__name__)


class Sounds:
    """The folder of the built-in prompts, that of the tenants' own, and who chooses between them.

    ``find`` gives the prompt to play in place of another; see :meth:`Channel.use_prompts`.
    """

    def __init__(self, built_in: Path, tenants: Path | None = None) -> None:
        self.built_in, self.tenants = built_in, tenants or built_in
        self.find: Callable[[Prompt], Prompt] = lambda prompt: prompt

    def path(self, prompt: Prompt) -> str:
        """The file without its ending; ``""``, which is logged, when it can be no prompt's."""
        prompt = self.find(prompt)
        if not _PROMPT.fullmatch(prompt):
            _log.error("no such prompt", prompt=prompt)
            return ""
        own = prompt.split("/")[1] == _TENANT
        return str((self.tenants if own else self.built_in) / prompt)

    def file(self, prompt: Prompt) -> str:
        """The same with its ending."""
        path = self.path(prompt)
        return path and f"{path}.wav"
