"""The lists of the board in their order."""

from callcenter.cli.board.calls import CALLS
from callcenter.cli.board.queues import QUEUES
from callcenter.cli.board.seats import SEATS
from callcenter.cli.board.trunks import TRUNKS

TABS = (QUEUES, SEATS, CALLS, TRUNKS)
