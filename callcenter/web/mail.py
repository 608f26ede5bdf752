"""Mail that leaves the house, over REST."""

from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from fastapi import APIRouter, Query

from callcenter.kernel.mail import Mail

if TYPE_CHECKING:
    from callcenter.web.services import Services


class Mails(Protocol):
    """What this file asks of the engine."""

    async def mails(self, state: str, most: int) -> list[Mail]:
        """The newest mails, newest first."""

    async def retry(self, mail: str) -> Mail:
        """Have one tried again at once."""


def add_mail(router: APIRouter, services: "Services") -> None:
    """Put the paths of this file on the router."""

    @router.get("/mails")
    async def mails(
        state: Literal["", "waiting", "sent", "failed"] = "",
        most: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[Mail]:
        """The newest mails, newest first; a failed one says why."""
        return await services.mail.mails(state, most)

    @router.post("/mails/{mail}/retry")
    async def retry(mail: str) -> Mail:
        """Try a mail again at once that failed or waits for its next attempt."""
        return await services.mail.retry(mail)
