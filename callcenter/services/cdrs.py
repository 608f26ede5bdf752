"""Ended calls as the web asks for them: searched, shown, written to files. Off every call's path.

Whoever asks sees the calls of their own tenants only.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from callcenter.calls.cdr import Cdr
from callcenter.calls.exporting import Format, export
from callcenter.calls.search import Page, Search, page
from callcenter.calls.store import get_cdr
from callcenter.engine import Engine
from callcenter.kernel.actor import acting, require_own
from callcenter.kernel.database import told
from callcenter.kernel.errors import DatabaseProblem, NotFound

Answer = TypeVar("Answer")


class EngineCdrs:
    """See :class:`callcenter.web.cdrs.CallRecords`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def search(self, wanted: Search, most: int, after: str) -> Page:
        """The next of the calls that are looked for."""
        return await self._ask(lambda: self._page(self._seen(wanted), most, after))

    async def one(self, call: str) -> Cdr:
        """One ended call."""
        cdr = await self._ask(lambda: self._get(call))
        if cdr is None:
            raise NotFound(f"There is no ended call {call}.")
        require_own(cdr.tenant, f"There is no ended call {call}.")
        return cdr

    async def export(self, wanted: Search, kind: Format) -> AsyncIterator[bytes]:
        """All calls that are looked for; what is wrong is told before the first piece."""
        pieces = export(self._engine.database, self._seen(wanted), kind)
        first = await self._ask(lambda: next(pieces, b""))
        return self._rest(first, pieces)

    async def _rest(self, first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        """A page at a time in a thread; calls are served in between."""
        piece: bytes | None = first
        try:
            while piece is not None:
                if piece:
                    yield piece
                piece = await self._ask(lambda: next(pieces, None))
        finally:
            await asyncio.to_thread(getattr(pieces, "close", _nothing))

    def _seen(self, wanted: Search) -> Search:
        tenants = self._engine.snapshot.now.numbers.tenants.values()
        countries = tuple(sorted({tenant.country for tenant in tenants})) or wanted.countries
        return replace(wanted, tenants=acting.get().tenants, countries=countries)

    def _page(self, wanted: Search, most: int, after: str) -> Page:
        with self._engine.database.connect() as connection:
            return page(connection, wanted, most=most, after=after)

    def _get(self, call: str) -> Cdr | None:
        with self._engine.database.connect() as connection:
            return get_cdr(connection, call)

    async def _ask(self, question: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.to_thread(question)
        except SQLAlchemyError as error:
            why = str(told(error, self._engine.database)).rstrip(".")
            raise DatabaseProblem(f"{why}. Calls go on and are written down meanwhile.") from None


def _nothing() -> None:
    """There is nothing to close."""
