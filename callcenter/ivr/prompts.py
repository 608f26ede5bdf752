"""A tenant's own prompts: their names, short numbers and versions; which one a caller hears. Pure.

Looked up tenant first, then built-in. Each version is a file of its own that never changes, so a
change is in force for the next word spoken and no running play is disturbed.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from callcenter.kernel.errors import CallCenterError
from callcenter.pbx.port import Prompt

LANGUAGES = ("en", "zh", "ja")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}(/[a-z0-9][a-z0-9_-]{0,39}){0,2}")
_TENANT = re.compile(r"[0-9A-Za-z_-]{1,64}")


class BadPrompt(CallCenterError):
    """A prompt's name, language or sound cannot be used."""

    code = "bad_prompt"
    http_status = 422


class Origin(StrEnum):
    """Where a prompt's sound comes from."""

    FILE = "file"
    TEXT = "text"
    PHONE = "phone"


@dataclass(frozen=True, kw_only=True)
class PromptVersion:
    """One recording. ``number`` is what the prompt line calls it; ``text`` where it was spoken
    from text."""

    tenant: str
    name: str
    language: str
    number: int
    version: int
    in_force: bool
    origin: Origin
    text: str
    seconds: float
    at: datetime
    by: str

    @property
    def prompt(self) -> Prompt:
        """Its name for the PBX; the file is that below the folder of tenants' prompts."""
        return Prompt(f"{self.language}/tenant/{self.tenant}/{self.name}/{self.version}")


@dataclass(frozen=True, kw_only=True)
class PromptBook:
    """All tenants' prompts at one moment: versions in force, and names by short number."""

    own: dict[tuple[str, Prompt], Prompt] = field(default_factory=dict)
    numbers: dict[tuple[str, int], str] = field(default_factory=dict)

    def find(self, tenant: str, prompt: Prompt) -> Prompt:
        """What is played where ``prompt`` is asked for."""
        return self.own.get((tenant, prompt), prompt)

    def name_of(self, tenant: str, number: str) -> str:
        """Name of the prompt with this short number; "" when there is none."""
        return self.numbers.get((tenant, int(number)), "") if number.isdecimal() else ""


def check_place(tenant: str, name: str, language: str = "en") -> None:
    """Make sure that the three can be parts of a file's path.

    Raises:
        BadPrompt: one cannot.
    """
    if not _TENANT.fullmatch(tenant):
        raise BadPrompt(f"{tenant!r:.80} cannot be a tenant with prompts: letters and digits only.")
    if not _NAME.fullmatch(name):
        raise BadPrompt(
            f"{name!r:.80} cannot be the name of a prompt; use small letters, digits, - and _"
            " with at most two slashes between."
        )
    if language not in LANGUAGES:
        raise BadPrompt(f"There are no prompts in {language!r:.20}; use {', '.join(LANGUAGES)}.")
