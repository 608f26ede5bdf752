"""What the REST API needs from the engine; ``app`` provides it, tests provide their own.

Methods raise errors of the ``CallCenterError`` family, whose sentence and HTTP status go out as
they are.
"""

from typing import Protocol

from callcenter.acd.told import QueueView, SeatView
from callcenter.calls.explaining import Explanation
from callcenter.web.access import Keys
from callcenter.web.agents import Agents
from callcenter.web.cdrs import CallRecords
from callcenter.web.feed import Feed
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
from callcenter.web.views import CallView, StatusView
from callcenter.web.voicemail import Boxes


class Services(Protocol):
    """A running engine, as seen from outside."""

    @property
    def access(self) -> Access:
        """Who may come in, and what they did."""

    @property
    def feed(self) -> Feed:
        """What the live board shows."""

    @property
    def keys(self) -> Keys:
        """Tokens and the audit log."""

    @property
    def reports(self) -> Reports:
        """Figures and their proofs."""

    @property
    def routing(self) -> Routing:
        """Numbers, lists, regions, hours."""

    @property
    def agents(self) -> Agents:
        """What agents do besides log in and out."""

    @property
    def members(self) -> Members:
        """Callers with a number and a PIN."""

    @property
    def flows(self) -> Flows:
        """Menus and their versions."""

    @property
    def prompts(self) -> Prompts:
        """Tenants' own prompts."""

    @property
    def voicemail(self) -> Boxes:
        """Messages that callers left."""

    @property
    def recordings(self) -> Recordings:
        """What was recorded."""

    @property
    def recorder(self) -> CallRecorder:
        """Recordings of running calls."""

    @property
    def supervision(self) -> Supervision:
        """Acts of supervisors."""

    @property
    def surveys(self) -> Surveys:
        """What callers answered."""

    @property
    def records(self) -> CallRecords:
        """Calls that have ended."""

    @property
    def mail(self) -> Mails:
        """Mail that leaves the house."""

    def status(self) -> StatusView:
        """How it is."""

    def seats(self) -> list[SeatView]:
        """Every seat that was set up."""

    def queues(self) -> list[QueueView]:
        """Every queue that was set up."""

    def calls(self) -> list[CallView]:
        """Calls that have not ended, oldest first."""

    async def explain(self, call: str) -> Explanation:
        """Why a call, running or ended, went where it went; :class:`NotFound` without one."""

    def seat_log_in(self, seat: str, extension: str) -> None:
        """Put an agent at a phone."""

    def seat_log_out(self, seat: str) -> None:
        """No more calls for this seat."""

    def seat_ready(self, seat: str) -> None:
        """It takes calls."""

    def seat_busy(self, seat: str, reason: str) -> None:
        """It takes none for now."""

    async def hang_up(self, call: str) -> None:
        """End a running call; :class:`NotFound` when there is none."""

    async def reload(self) -> None:
        """Take over what was changed in the database."""

    def stop(self) -> None:
        """Begin to stop; returns at once, so that the request is still answered."""
