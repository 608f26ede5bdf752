"""Reports for the REST API: the blocking desk in a thread of its own, one at a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from callcenter.reports.answer import Proof, Report
from callcenter.reports.desk import Question, ReportDesk
from callcenter.reports.drill import Counted
from callcenter.reports.schedules import Schedule
from callcenter.services.faults import told

T = TypeVar("T")


class EngineReports:
    """See :class:`callcenter.web.reports.Reports`."""

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk
        self._heavy = asyncio.Semaphore(2)  # a long report must not take all threads

    async def report(self, question: Question) -> Report:
        """A report with its cheap proofs."""
        return await self._ask(lambda: self._desk.report(question))

    async def calls(self, question: Question, figure: str, name: str, most: int) -> list[Counted]:
        """The calls below a figure."""
        return await self._ask(lambda: self._desk.calls(question, figure, name, most))

    async def prove(self, question: Question) -> list[Proof]:
        """All proofs of a span."""
        return await self._ask(lambda: self._desk.prove(question))

    async def recompute(self, question: Question) -> int:
        """Count a span anew."""
        return await self._ask(lambda: self._desk.recompute(question))

    async def schedules(self) -> list[Schedule]:
        """What is mailed."""
        return await self._ask(self._desk.schedules)

    async def add_schedule(self, wanted: Schedule) -> Schedule:
        """A new one."""
        return await self._ask(lambda: self._desk.add_schedule(wanted))

    async def remove_schedule(self, schedule: str) -> None:
        """Mail it no more."""
        await self._ask(lambda: self._desk.remove_schedule(schedule))

    async def _ask(self, work: Callable[[], T]) -> T:
        async with self._heavy:
            return await asyncio.to_thread(told(work))
