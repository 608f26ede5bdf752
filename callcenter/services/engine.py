"""What the REST API may ask of a running engine, answered from the rooms."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

import callcenter
from callcenter.acd import Metrics, QueueView, SeatStatus, SeatView
from callcenter.calls import Cdr, OpenCall
from callcenter.calls.explaining import Explanation, Moment, moments_of
from callcenter.calls.open_call import CallState
from callcenter.calls.store import get_cdr, get_moments
from callcenter.engine import Engine
from callcenter.kernel.actor import acting, require_own, sees
from callcenter.kernel.errors import DatabaseProblem, NotFound
from callcenter.pbx.port import LinkDown
from callcenter.records import Recordings as KeptRecordings
from callcenter.reports.desk import ReportDesk
from callcenter.services.access import EngineAccess
from callcenter.services.agents import EngineAgents
from callcenter.services.cdrs import EngineCdrs
from callcenter.services.flows import EngineFlows
from callcenter.services.keys import EngineKeys
from callcenter.services.live import EngineLive
from callcenter.services.mail import EngineMail, MailDesk
from callcenter.services.members import EngineMembers
from callcenter.services.own import require_own_seat
from callcenter.services.prompts import EnginePrompts, PromptDesk, Sounds
from callcenter.services.recordings import DeskRecordings, EngineRecorder, RecordingDesk
from callcenter.services.reports import EngineReports
from callcenter.services.routing import EngineRouting
from callcenter.services.supervision import EngineSupervision
from callcenter.services.survey import EngineSurveys
from callcenter.services.voicemail import EngineVoicemail
from callcenter.web.access import Keys
from callcenter.web.agents import Agents
from callcenter.web.cdrs import CallRecords
from callcenter.web.flows import Flows
from callcenter.web.gate import Access
from callcenter.web.mail import Mails
from callcenter.web.members import Members
from callcenter.web.prompts import Prompts
from callcenter.web.recordings import CallRecorder, Recordings
from callcenter.web.reports import Reports
from callcenter.web.routing import Routing
from callcenter.web.supervision import Supervision
from callcenter.web.survey import Surveys
from callcenter.web.views import (
    CallView,
    DatabaseView,
    JournalView,
    OffersView,
    PbxView,
    RecordingsView,
    StatusView,
)
from callcenter.web.voicemail import Boxes

Answer = TypeVar("Answer")


class EngineServices:
    """See :class:`callcenter.web.services.Services`.

    ``stop`` begins the end of the process; ``apply`` brings phones and trunks to the PBX.
    """

    def __init__(
        self,
        engine: Engine,
        stop: Callable[[], None],
        apply: Callable[[], Awaitable[None]],
        sounds: Sounds,
    ) -> None:
        self._engine = engine
        self._stop = stop
        self._apply = apply
        self.access: Access = EngineAccess(engine)
        self.keys: Keys = EngineKeys(engine)
        self.live = EngineLive(engine)
        self.feed = self.live.feed
        self.records: CallRecords = EngineCdrs(engine)
        self.flows: Flows = EngineFlows(engine)
        self.routing: Routing = EngineRouting(engine)
        self.agents: Agents = EngineAgents(engine)
        self.members: Members = EngineMembers(engine)
        desk = PromptDesk(engine.database, engine.prompts, sounds)
        self.prompts: Prompts = EnginePrompts(engine, desk)
        self.voicemail: Boxes = EngineVoicemail(engine)
        stored = engine.recordings
        kept = RecordingDesk(engine.database, stored.storage, stored.keys, engine.backup)
        self.recordings: Recordings = DeskRecordings(kept)
        self.recorder: CallRecorder = EngineRecorder(engine)
        counted = ReportDesk(engine.database, engine.clock.now, engine.recordings.storage.folder)
        self.reports: Reports = EngineReports(counted)
        self.supervision: Supervision = EngineSupervision(engine)
        self.mail: Mails = EngineMail(MailDesk(engine.database))
        self.surveys: Surveys = EngineSurveys(engine.database, engine.comments.sounds)

    def status(self) -> StatusView:
        """How the engine is."""
        engine, now = self._engine, self._engine.clock.now()
        metrics, sees_all = engine.dispatcher.metrics, acting.get().tenants is None
        link = engine.conductor.link
        seats = engine.dispatcher.seats()
        backlog = engine.projector.backlog
        return StatusView(
            version=callcenter.__version__,
            pid=os.getpid(),
            started_at=engine.started_at,
            uptime_seconds=round((now - engine.started_at).total_seconds(), 1),
            pbx=PbxView(
                node=link.node,
                connected=not isinstance(link, LinkDown),
                why=link.why if isinstance(link, LinkDown) else "",
            ),
            database=DatabaseView(ok=engine.projector.ok, backlog=backlog),
            journal=JournalView(position=engine.journal.position, projected=engine.projector.mark),
            calls_open=sum(sees(call.tenant) for call in engine.ledger.open.values()),
            queues=len(self.queues()),
            seats_logged_in=sum(
                seat.status is not SeatStatus.LOGGED_OUT and sees(seat.plan.tenant)
                for seat in seats
            ),
            offers=_offers(metrics) if sees_all else None,
            recordings=_recordings(engine.recordings, engine.backup.trouble if sees_all else ""),
        )

    def seats(self) -> list[SeatView]:
        """Every seat."""
        seats = self._engine.dispatcher.seats()
        return [seat.view() for seat in seats if sees(seat.plan.tenant)]

    def queues(self) -> list[QueueView]:
        """Every queue."""
        return [view for view in self._engine.dispatcher.queues() if sees(view.tenant)]

    def calls(self) -> list[CallView]:
        """Open calls, oldest first."""
        now = self._engine.clock.now()
        attended = self._engine.conductor.attends
        return [
            _call_view(call, now, attended=attended(call.id))
            for call in list(self._engine.ledger.open.values())
            if sees(call.tenant)
        ]

    async def explain(self, call: str) -> Explanation:
        """Why a call went where it went."""
        found = self._engine.ledger.open.get(call)
        if found is not None:
            require_own(found.tenant, f"There is no call {call}.")
            return Explanation(call=call, ended=False, moments=moments_of(found.events))
        moments = await asyncio.to_thread(_asked, lambda: self._get_moments(call))
        if moments is None:
            raise NotFound(f"There is no call {call}.")
        if (cdr := await asyncio.to_thread(_asked, lambda: self._get_cdr(call))) is not None:
            require_own(cdr.tenant, f"There is no call {call}.")
        return Explanation(call=call, ended=True, moments=moments)

    def seat_log_in(self, seat: str, extension: str) -> None:
        """Put an agent at a phone."""
        require_own_seat(self._engine, seat)
        found = self._engine.snapshot.now.numbers.extensions.get(extension)
        if found is None or not sees(found.tenant):
            raise NotFound(f"There is no extension {extension}.")
        self._engine.dispatcher.log_in(seat, extension, by=acting.get().name)

    def seat_log_out(self, seat: str) -> None:
        """No more calls for this seat."""
        require_own_seat(self._engine, seat)
        self._engine.dispatcher.log_out(seat, by=acting.get().name)

    def seat_ready(self, seat: str) -> None:
        """It takes calls."""
        require_own_seat(self._engine, seat)
        self._engine.dispatcher.ready(seat, by=acting.get().name)

    def seat_busy(self, seat: str, reason: str) -> None:
        """It takes none for now."""
        tenant = require_own_seat(self._engine, seat).plan.tenant
        for pause in self._engine.snapshot.now.plan.pauses_of(tenant):
            if reason in (pause.key, pause.name):
                self._engine.dispatcher.busy(
                    seat, pause.name, by=acting.get().name, limit=pause.limit
                )
                return
        self._engine.dispatcher.busy(seat, reason, by=acting.get().name)

    async def hang_up(self, call: str) -> None:
        """End a running call."""
        await self.supervision.hang_up(call)

    async def reload(self) -> None:
        """Take over what was changed in the database."""
        await self._engine.reload()
        await self._apply()

    def stop(self) -> None:
        """Begin to stop."""
        self._stop()

    def _get_cdr(self, call: str) -> Cdr | None:
        with self._engine.database.connect() as connection:
            return get_cdr(connection, call)

    def _get_moments(self, call: str) -> tuple[Moment, ...] | None:
        with self._engine.database.connect() as connection:
            return get_moments(connection, call)


def _recordings(kept: KeptRecordings, backup: str) -> RecordingsView:
    return RecordingsView(
        ok=not kept.trouble,
        why=kept.trouble,
        waiting=kept.waiting,
        skipped=kept.skipped,
        free_mb=kept.free_mb,
        backup=backup,
    )


def _offers(metrics: Metrics) -> OffersView:
    return OffersView(
        made=metrics.offers,
        double_offers=metrics.double_offers,
        expired_leases=metrics.expired_leases,
        stuck_seat_seconds=round(metrics.stuck_seat_seconds, 1),
    )


def _asked(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
    except SQLAlchemyError as error:
        why = str(error).splitlines()[0]
        raise DatabaseProblem(
            f"The database does not answer ({why}); calls go on and are written down meanwhile."
        ) from None


def _call_view(call: OpenCall, now: datetime, *, attended: bool) -> CallView:
    offered, offer = call.offered, call.offer
    waiting = (now - call.queue.at).total_seconds() if call.queue else None
    talking = (now - call.talk.at).total_seconds() if call.talk else None
    return CallView(
        call=call.id,
        tenant=call.tenant,
        state=call.state if attended or call.offer or call.callback else CallState.RETURNING,
        caller=offered.caller if offered else "",
        dialled=offered.dialled if offered else "",
        queue=call.queue.queue if call.queue else (offer.queue if offer else ""),
        seat=offer.seat if offer else "",
        started_at=offered.at if offered else now,
        waiting_seconds=waiting,
        talking_seconds=talking,
    )
