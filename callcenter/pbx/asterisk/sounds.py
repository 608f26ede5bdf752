"""Where Asterisk finds the sound of a prompt. Pure."""

import re
from pathlib import Path

from callcenter.pbx.port import Prompt

TENANT = "tenant"
"""Second part of the name of a tenant's own prompt: ``en/tenant/acme/welcome/3``."""
_PROMPT = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?(/[0-9A-Za-z_-]+)+")


def prompt_path(prompt: Prompt, sounds: Path, tenant_sounds: Path) -> str:
    """The file without its ending; ``""`` when it can be no prompt's."""
    if not _PROMPT.fullmatch(prompt):
        return ""
    own = prompt.split("/")[1] == TENANT
    return str((tenant_sounds if own else sounds) / prompt)
