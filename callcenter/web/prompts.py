"""Prompts over REST: sounds as base64 in, WAV out."""

import base64
import binascii
from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.ivr.prompts import BadPrompt, PromptVersion
from callcenter.ivr.upload import MOST_BYTES

if TYPE_CHECKING:
    from callcenter.web.services import Services

Name = Annotated[str, Query(max_length=128)]


class Prompts(Protocol):
    """What this file asks of the engine."""

    async def versions(self, tenant: str, name: str) -> list[PromptVersion]:
        """All versions, or those of a tenant or prompt."""

    async def number(self, tenant: str, name: str) -> int:
        """Short number of a prompt on the prompt line."""

    async def upload(
        self, tenant: str, name: str, language: str, audio: bytes, by: str
    ) -> PromptVersion:
        """Keep a sound file."""

    async def speak(
        self, tenant: str, name: str, language: str, text: str, by: str
    ) -> PromptVersion:
        """Keep a text as spoken."""

    async def use(self, tenant: str, name: str, language: str, version: int) -> PromptVersion:
        """Put an older version in force."""

    async def remove(self, tenant: str, name: str, language: str) -> int:
        """Forget a prompt; how many versions."""

    async def audio(self, tenant: str, name: str, language: str, version: int) -> bytes:
        """The sound a caller hears, as WAV."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    tenant: str = Field(max_length=64)
    name: str = Field(max_length=128)


class PromptNumber(_Body):
    """Asks for the short number of a prompt."""


class NewPrompt(_Body):
    """A new version: a text to speak, or the base64 of a sound file."""

    language: str = Field(max_length=8)
    text: str = Field("", max_length=2000)
    audio: str = Field("", max_length=MOST_BYTES * 4 // 3 + 8)
    by: str = Field("", max_length=64)


class UsedPrompt(_Body):
    """The version to put in force."""

    language: str = Field(max_length=8)
    version: int = Field(ge=1)


class NumberView(BaseModel):
    """Short number of a prompt."""

    number: int


class RemovedView(BaseModel):
    """How many versions are gone."""

    versions: int


def add_prompts(router: APIRouter, services: "Services") -> None:
    """Put the paths of this file on the router."""

    @router.get("/prompts")
    async def versions(tenant: Name = "", name: Name = "") -> list[PromptVersion]:
        """Tenants' own prompts with every version, newest last."""
        return await services.prompts.versions(tenant, name)

    @router.post("/prompts")
    async def keep(body: NewPrompt) -> PromptVersion:
        """Keep a new version; the next call hears it."""
        who = (body.tenant, body.name, body.language)
        if bool(body.text) == bool(body.audio):
            raise BadPrompt("Give either a text or a sound.")
        if body.text:
            return await services.prompts.speak(*who, body.text, body.by)
        try:
            audio = base64.b64decode(body.audio, validate=True)
        except binascii.Error:
            raise BadPrompt("The sound is not written in base64.") from None
        return await services.prompts.upload(*who, audio, body.by)

    @router.post("/prompts/number")
    async def number(body: PromptNumber) -> NumberView:
        """Short number of a prompt on the prompt line; it gets one when it has none."""
        return NumberView(number=await services.prompts.number(body.tenant, body.name))

    @router.post("/prompts/use")
    async def use(body: UsedPrompt) -> PromptVersion:
        """Put an older version in force again."""
        return await services.prompts.use(body.tenant, body.name, body.language, body.version)

    @router.delete("/prompts")
    async def remove(tenant: Name, name: Name, language: Name = "") -> RemovedView:
        """Forget a prompt; the built-in one of that name is heard again."""
        return RemovedView(versions=await services.prompts.remove(tenant, name, language))

    @router.get("/prompts/audio", response_class=Response)
    async def audio(tenant: Name, name: Name, language: Name, version: int = 0) -> Response:
        """The sound a caller hears, as WAV; ``version`` 0: the one in force."""
        sound = await services.prompts.audio(tenant, name, language, version)
        return Response(sound, media_type="audio/wav")
