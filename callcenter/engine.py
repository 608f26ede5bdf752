"""The engine: all rooms wired by hand around one PBX, one database, one journal.

Start order: what was known (snapshot, journal) before the PBX is listened to. Stopping lets calls
go on in the PBX; :meth:`Engine.hang_up_all` ends them first where the PBX stops too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine as Database

from callcenter.access import AuditLog, Head, Token, TokenBook
from callcenter.access.store import load_head, load_tokens
from callcenter.acd import (
    Decision,
    Dispatcher,
    Disposed,
    Register,
    StateChanged,
    StatusChanged,
    WrapUpSet,
)
from callcenter.acd.register import Known, load_known
from callcenter.calls import Ledger, SeatChosen
from callcenter.calls.ledger import CallClosed, CallNote
from callcenter.calls.store import add_recording, list_cdrs
from callcenter.conductor import Conductor
from callcenter.conductor.allowances import Allowances
from callcenter.conductor.answers import SurveyAnswers
from callcenter.conductor.context import Context
from callcenter.conductor.last_agents import LastAgents
from callcenter.conductor.locating import regions_ready
from callcenter.conductor.pin_lock import PinLock
from callcenter.conductor.prompt_line import Studio
from callcenter.ivr.prompt_store import PromptStore, load_prompts
from callcenter.ivr.prompts import PromptBook
from callcenter.kernel.bus import Bus
from callcenter.kernel.clock import Clock
from callcenter.kernel.journal import Journal, Record
from callcenter.kernel.mail import Postman, Smtp
from callcenter.kernel.projector import Projector
from callcenter.members import Member, MemberBook, load_members
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Pbx
from callcenter.records import (
    Backup,
    RecordingKept,
    Recordings,
    Retention,
    Storage,
    Voicemail,
)
from callcenter.records.boxes import Letters, Mailbox
from callcenter.records.boxes.letters import Reader
from callcenter.records.sounds import SpokenSounds
from callcenter.records.survey import Comments
from callcenter.reports import count_calls, count_seat
from callcenter.reports.mailing import Mailer
from callcenter.snapshot import CurrentSnapshot, Snapshot, load_snapshot

_log = structlog.get_logger(__name__)
_RELEASE_SECONDS = 60.0
_HANG_UP_SECONDS = 3.0
_CDRS_REMEMBERED = 20_000  # who last spoke with whom, after a restart

_REGIONS = "regions"
_END_THEMSELVES = {_REGIONS}  # parts that are to come to an end while the engine lives


class Engine:
    """One engine. Blocking set-up in the constructor's caller's thread, then :meth:`start`."""

    def __init__(
        self,
        *,
        pbx: Pbx,
        clock: Clock,
        database: Database,
        journal: Path,
        recordings: Path,
        storage: Storage | None = None,
        local_requests: bool = False,
        smtp: Smtp | None = None,
    ) -> None:
        self.clock = clock
        self.pbx = pbx
        self.database = database
        self.bus = Bus()
        self.journal = Journal(journal)
        self.projector = Projector(database)
        self.ledger = Ledger(self.journal, self.projector, self.bus, count_calls)
        self.register = Register(self.journal, self.projector, count_seat)
        self.tokens = TokenBook(self.journal, self.projector, clock)
        self.audit = AuditLog(self.journal, self.projector, clock)
        self.members = MemberBook(self.journal, self.projector)
        self.last_agents = LastAgents()
        self.allowances = Allowances(self.members)
        self.dispatcher = Dispatcher(clock, self.bus.publish)
        self.snapshot = CurrentSnapshot(load_snapshot(database))
        self.postman = Postman(database, clock, smtp or Smtp())
        self.started_at = clock.now()
        home = recordings.parent
        self.prompts = home / "prompts"
        self.recordings = Recordings(
            storage or Storage.below(home),
            database,
            journal=self.journal,
            projector=self.projector,
            bus=self.bus,
            clock=clock,
        )
        keys = self.recordings.keys
        spoken = SpokenSounds(home / "voicemail", keys)
        letters = Letters(spoken, lambda: self.snapshot.now.boxes, self._reader)
        self.mailbox = Mailbox(database, spoken, letters)
        self.voicemail = Voicemail(
            self.mailbox,
            self.journal,
            self.projector,
            clock,
            sounds=self.prompts,
            boxes=lambda: self.snapshot.now.boxes,
        )
        self.comments = Comments(SpokenSounds(home / "comments", keys), clock)
        self.answers = SurveyAnswers(self.journal, self.projector)
        kept = self.recordings.storage
        self.retention = Retention(database, kept.folder, clock, kept.keep_days)
        self.backup = Backup(database, kept, clock.now)
        self.context = Context(
            clock=clock,
            ledger=self.ledger,
            dispatcher=self.dispatcher,
            snapshot=self.snapshot,
            recordings=self.recordings,
            voicemail=self.voicemail,
            comments=self.comments,
            mailbox=self.mailbox,
            members=self.members,
            last_agents=self.last_agents,
            local_requests=local_requests,
            studio=Studio(
                store=PromptStore(database, self.prompts),
                folder=self.prompts,
                lock=PinLock(clock),
                clock=clock,
                snapshot=self.snapshot,
                changed=self.reload_prompts,
            ),
        )
        self.conductor = Conductor(self.context, pbx)
        self._tasks: list[asyncio.Task[None]] = []
        self._reloading = asyncio.Lock()
        self.on_prompts: Callable[[], Awaitable[None]] = _nothing

    async def start(self) -> None:
        """Remember, then listen."""
        records, mark, known = await asyncio.to_thread(self._read)
        self.dispatcher.configure(self.snapshot.now.plan)
        self.register.restore(self.dispatcher, known, records, mark)
        self.ledger.restore(records, mark)
        tokens, head = await asyncio.to_thread(self._read_access)
        self.tokens.restore(tokens, records, mark)
        self.audit.restore(head, records, mark)
        self.voicemail.restore(records, mark)
        self.answers.restore(records, mark)
        self.recordings.restore(records, mark)
        await asyncio.to_thread(self._read_people, records, mark)
        self.allowances.restore(records, mark)
        self.bus.subscribe(CallClosed, self.last_agents.note)
        self.bus.subscribe(CallNote, self.allowances.note)
        self.bus.subscribe(CallNote, self.answers.note)
        self.bus.subscribe(RecordingKept, self._note_kept)
        self.bus.subscribe(CallNote, self.conductor.note)
        self.bus.subscribe(StateChanged, self.conductor.inboxes.pulse)
        self.bus.subscribe(StatusChanged, self.register.note)
        self.bus.subscribe(StatusChanged, self.conductor.lamps.changed)
        self.bus.subscribe(StateChanged, _log_state)
        self.bus.subscribe(StateChanged, self.register.note_state)
        self.bus.subscribe(WrapUpSet, self.register.note_wrap_up)
        self.bus.subscribe(Disposed, self.register.note_disposed)
        self.register.follow(self.dispatcher.seats(), self.clock.now())
        self.bus.subscribe(Decision, self._note_decision)
        self._run(self.projector.run(), "projector")
        self._run(self.journal.keep(), "journal")
        self._run(self._release(), "release")
        self._run(self.voicemail.sweep(), "voicemail")
        self._run(self.comments.sweep(), "comments")
        self._run(self.recordings.run(), "recordings")
        self._run(self.retention.run(), "retention")
        self._run(self.backup.run(), "backup")
        self._run(self.postman.run(), "postman")
        self._run(regions_ready(), _REGIONS)
        await self.pbx.start()
        self._run(self.conductor.run(), "conductor")

    def _reader(self, tenant: str) -> Reader:
        found = self.snapshot.now.numbers.tenants.get(tenant)
        return Reader(language=found.language, zone=found.zone) if found else Reader()

    def _note_decision(self, made: Decision) -> None:
        """Why this seat and no other becomes part of the call's story (Q9)."""
        if made.call not in self.ledger.open:
            return
        self.ledger.note(
            made.call,
            SeatChosen(
                at=made.at,
                queue=made.queue,
                seat=made.seat,
                why=made.why,
                waited=round(made.waited, 3),
                passed=[(seat.seat, seat.why) for seat in made.passed],
                unlisted=made.unlisted,
            ),
        )

    def _note_kept(self, told: RecordingKept) -> None:
        """A recording that is kept late still belongs to the CDR of its call."""
        if not self.context.recorder.kept(told) and told.kept.path:
            kept = told.kept
            late = partial(
                add_recording,
                call=told.part.call,
                path=kept.path,
                seconds=kept.seconds,
                levels=(kept.caller_rms, kept.seat_rms),
                sha256=kept.sha256,
            )
            self.projector.add(told.position, late)

    async def stop(self) -> None:
        """Let go of the calls, write down the rest."""
        await self.pbx.stop()  # first: a script that were cancelled would hang up whom it rang
        for task in self._tasks:
            if task.get_name() != "projector":
                task.cancel()
        self.tokens.note_used()
        try:
            await asyncio.wait_for(self.projector.settled(), _HANG_UP_SECONDS)
        except TimeoutError:
            _log.warning("database did not take everything; the journal has it")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.journal.close()

    async def reload(self, load: Callable[[Database, Snapshot], Snapshot] = load_snapshot) -> None:
        """Take over what administrators changed; the next call sees it.

        ``load`` may read a part only, where no more was changed.
        """
        async with self._reloading:  # else one that began earlier could end later, with less
            snapshot = await asyncio.to_thread(load, self.database, self.snapshot.now)
            self.snapshot.now = snapshot
            self.dispatcher.configure(snapshot.plan)
            self.register.follow(self.dispatcher.seats(), self.clock.now())
            self.conductor.lamps.changed()
            self.members.load(await asyncio.to_thread(self._read_members))

    async def reload_prompts(self) -> None:
        """Take over tenants' prompts alone; the next word spoken is the new one."""
        async with self._reloading:
            book = await asyncio.to_thread(self._read_prompts)
            self.snapshot.now = replace(self.snapshot.now, prompts=book)
        await self.on_prompts()

    async def hang_up_all(self) -> None:
        """End every call and wait until each has its CDR, some seconds at most."""
        for call in list(self.ledger.open.values()):
            await self.pbx.hangup(call.leg, Cause.NORMAL)
        deadline = self.clock.monotonic() + _HANG_UP_SECONDS
        while self.ledger.open and self.clock.monotonic() < deadline:
            await self.clock.sleep(0.05)

    async def failed(self) -> None:
        """Return when a part of the engine has ended although nobody stopped it; raises its error.

        For the process to end and be started again rather than live on in halves.
        """
        parts = [task for task in self._tasks if task.get_name() not in _END_THEMSELVES]
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def _read(self) -> tuple[list[Record], int, Known]:
        PromptStore(self.database, self.prompts).forget_takes()
        mark = self.projector.load_mark()
        records = self.journal.open(beyond=mark)
        with self.database.connect() as connection:
            return records, mark, load_known(connection)

    def _read_access(self) -> tuple[list[Token], Head]:
        with self.database.connect() as connection:
            return load_tokens(connection), load_head(connection)

    def _read_prompts(self) -> PromptBook:
        with self.database.connect() as connection:
            return load_prompts(connection)

    def _read_members(self) -> list[Member]:
        with self.database.connect() as connection:
            return load_members(connection)

    def _read_people(self, records: list[Record], mark: int) -> None:
        with self.database.connect() as connection:
            self.members.restore(load_members(connection), records, mark)
            self.last_agents.fill(
                reversed(list_cdrs(connection, most=_CDRS_REMEMBERED, parts=False))
            )

    async def _release(self) -> None:
        mailer = Mailer(self.database, self.clock)
        while True:
            await self.clock.sleep(_RELEASE_SECONDS)
            self.tokens.note_used()
            self.audit.anchor()
            self.ledger.release(self.projector.mark)
            await mailer.look()

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))


async def _nothing() -> None:
    """Nobody else needs to know of new prompts."""


def _log_state(change: StateChanged) -> None:
    _log.info("seat state", seat=change.seat, state=change.state.value, call=change.call)
