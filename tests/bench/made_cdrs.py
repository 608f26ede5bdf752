"""CDRs as a call center has them, made up: a year of calls with its hours, days and kinds of call.

Made row by row, not by folding events: ten million have to be made in minutes. The parts of each
call agree as those of a folded one do (``tests/unit/test_made_cdrs.py``). The same seed makes the
same calls.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

COLUMNS = {
    name: tuple(columns.split())
    for name, columns in {
        "cdrs": """id tenant source caller caller_name dialled region rule queue seat started_at
            answered_at ended_at duration_seconds wait_seconds talk_seconds hold_seconds result
            ended_by ended_by_name cause resumed recording_due recording recording_seconds
            caller_rms seat_rms sha256""",
        "cdr_legs": """call position kind endpoint seat offer queue started_at rang_at answered_at
            ended_at outcome ended_by talk_seconds hold_seconds""",
        "cdr_visits": """call position queue joined_at left_at by reason to wait_seconds seat
            announced_seconds""",
        "cdr_steps": "call position at flow version node keys outcome",
        "cdr_transfers": "call position at to by",
    }.items()
}
"""What is made; other columns have defaults in the database."""
START = datetime(2026, 1, 1, tzinfo=UTC)
TENANTS, NUMBERS, QUEUES, SEATS = 20, 3, 3, 10  # numbers, queues and seats of each tenant
CHUNK = 20_000
_HOURS = np.array(
    [1, 1, 1, 1, 1, 2, 4, 8, 30, 60, 70, 60, 40, 55, 65, 60, 50, 35, 20, 15, 10, 6, 3, 2]
)
_DAYS = np.array([10, 10, 9, 9, 10, 4, 3])
_REGIONS = (
    *(f"CN/{place}" for place in (
        "Guangdong/Shenzhen", "Guangdong/Guangzhou", "Guangdong/Foshan", "Zhejiang/Hangzhou",
        "Jiangsu/Suzhou", "Jiangsu/Nanjing", "Sichuan/Chengdu", "Shanghai/Shanghai",
        "Beijing/Beijing", "Hubei/Wuhan", "Shaanxi/Xian", "Fujian/Xiamen", "Shandong/Qingdao",
        "Liaoning/Dalian", "Hunan/Changsha", "Henan/Zhengzhou", "Tianjin/Tianjin",
        "Chongqing/Chongqing", "Yunnan/Kunming", "Anhui/Hefei",
    )),
    "JP/Tokyo/Tokyo", "JP/Osaka/Osaka", "JP/Hokkaido/Sapporo", "US",
)  # fmt: skip
_KINDS = (  # kind and its share in percent
    ("refused", 3), ("gave_up", 5), ("self_served", 10), ("abandoned", 8), ("voicemail", 4),
    ("callback", 2), ("answered", 50), ("missed_first", 7), ("transferred", 5), ("overflow", 3),
    ("outbound", 3),
)  # fmt: skip
_CLOCK = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)]
_MILLIS = [f".{ms:03}000" for ms in range(1000)]
_DAY = 86_400_000
_Row = tuple[Any, ...]


@dataclass
class Chunk:
    """Rows of some calls, by table, each in the order of ``COLUMNS``."""

    rows: dict[str, list[_Row]] = field(default_factory=lambda: {name: [] for name in COLUMNS})


def made(calls: int, *, days: int = 365, seed: int = 1, start: datetime = START) -> Iterator[Chunk]:
    """So many calls over so many days from ``start``, in the order of time."""
    lot = np.random.default_rng(seed)
    hours = np.concatenate([_HOURS * _DAYS[day % 7] for day in range(days)])
    per_hour = lot.multinomial(calls, hours / hours.sum())
    first, number = int(start.timestamp() * 1000), 0
    starts: list[npt.NDArray[np.int64]] = []
    waiting = 0
    for hour, many in enumerate(per_hour):
        starts.append(np.sort(lot.integers(0, 3_600_000, many)) + first + hour * 3_600_000)
        waiting += many
        if waiting >= CHUNK:
            yield _chunk(lot, np.concatenate(starts), number)
            number, starts, waiting = number + waiting, [], 0
    if waiting:
        yield _chunk(lot, np.concatenate(starts), number)


def moment(text: str) -> datetime:
    """A time as rows have it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class _Days(dict[int, str]):
    """Dates by the number of days since 1970."""

    def __missing__(self, day: int) -> str:
        text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d ")
        self[day] = text
        return text


_DATES = _Days()


def _time(at: int) -> str:
    """Milliseconds since 1970 as a row has them."""
    day, rest = divmod(at, _DAY)
    second, milli = divmod(rest, 1000)
    return _DATES[day] + _CLOCK[second] + _MILLIS[milli]


def _chunk(lot: np.random.Generator, starts: npt.NDArray[np.int64], first: int) -> Chunk:
    many = len(starts)
    shares = np.array([share for _, share in _KINDS]) / 100
    chunk = Chunk()
    drawn = zip(
        starts.tolist(),
        lot.choice(len(_KINDS), many, p=shares).tolist(),
        (lot.random(many) ** 3 * 3_000_000).astype(np.int64).tolist(),  # few call often
        lot.integers(0, TENANTS * NUMBERS, many).tolist(),
        lot.integers(0, QUEUES * SEATS * SEATS, many).tolist(),
        (lot.exponential(9_000, many).astype(np.int64) + 2_000).tolist(),  # menu
        (lot.exponential(25_000, many).astype(np.int64) + 200).tolist(),  # wait
        (lot.exponential(5_000, many).astype(np.int64) + 800).tolist(),  # ring
        (lot.gamma(2.0, 90_000, many).astype(np.int64) + 3_000).tolist(),  # talk
        lot.random(many).tolist(),
        strict=True,
    )
    for number, each in enumerate(drawn, first):
        _Call(chunk.rows, number, *each).write()
    return chunk


class _Call:
    """One call; ``now`` goes on as it is told."""

    def __init__(
        self,
        rows: dict[str, list[_Row]],
        number: int,
        start: int,
        kind: int,
        who: int,
        dialled: int,
        spot: int,
        menu: int,
        wait: int,
        ring: int,
        talk: int,
        chance: float,
    ) -> None:
        self.rows = rows
        self.id = f"c-{number:014d}"
        self.start = self.now = start
        self.kind = _KINDS[kind][0]
        self.who = who
        self.tenant, self.number = divmod(dialled, NUMBERS)
        queue, seats = divmod(spot, SEATS * SEATS)
        self.queue = f"t{self.tenant:02}-q{queue}"
        self.seats = [f"{self.tenant:02}{seat:02}" for seat in divmod(seats, SEATS)]
        self.menu, self.wait, self.ring, self.talk = menu, wait, min(ring, 15_000), talk
        self.chance = chance
        self.legs = self.visits = self.steps = self.transfers = 0
        self.talked = self.held = 0
        self.answered = ""
        self.waited: int | None = None
        self.seat = ""

    def write(self) -> None:
        """All rows of it."""
        at = len(self.rows["cdr_legs"])
        self.rows["cdr_legs"].append(())  # the caller's, when the end is known
        self.legs = 1
        result, ended_by = getattr(self, f"_{self.kind}")()
        self._end(at, result, ended_by)

    # -- kinds --------------------------------------------------------------------------------

    def _refused(self) -> tuple[str, str]:
        return "refused", "engine"

    def _gave_up(self) -> tuple[str, str]:
        self._flow("welcome")
        return "gave_up", "caller"

    def _self_served(self) -> tuple[str, str]:
        self._flow("balance")
        self.now += self.menu
        return "self_served", "engine"

    def _abandoned(self) -> tuple[str, str]:
        self._flow("queue")
        joined = self.now
        self.now += self.wait if self.chance > 0.3 else self.wait % 5_000
        if self.chance > 0.8:
            self._leg(self.seats[0], joined, self.now, "caller_gone")
        self._visit(self.queue, joined, "abandoned")
        return "abandoned", "caller"

    def _voicemail(self) -> tuple[str, str]:
        self._flow("queue")
        joined = self.now
        self.now += 60_000
        self._visit(self.queue, joined, "overflow", "waited", f"voicemail:{self.queue}")
        self._step("voicemail", "", "")
        self.now += self.menu
        return "flowed_out", "caller"

    def _callback(self) -> tuple[str, str]:
        self._flow("queue")
        joined = self.now
        self.now += self.wait
        self._visit(self.queue, joined, "overflow", "callback", "13800000000")
        self.now += 600_000
        self._served(self.queue, self.seats[0])
        return "answered", "seat"

    def _answered(self) -> tuple[str, str]:
        self._flow("queue")
        self._served(self.queue, self.seats[0])
        return "answered", "caller" if self.chance > 0.4 else "seat"

    def _missed_first(self) -> tuple[str, str]:
        self._flow("queue")
        joined = self.now
        self.now += self.wait // 4
        made = self.now
        self.now += 15_000
        self._leg(self.seats[1], made, self.now, "no_answer" if self.chance > 0.3 else "rejected")
        self._served(self.queue, self.seats[0], joined)
        return "answered", "caller"

    def _transferred(self) -> tuple[str, str]:
        self._flow("queue")
        self._served(self.queue, self.seats[0], by="transfer")
        row = (self.id, self.transfers, _time(self.now), self.seats[1], self.seats[0])
        self.rows["cdr_transfers"].append(row)
        self.transfers += 1
        self._talk_with(self.seats[1], "", "caller")
        return "answered", "caller"

    def _overflow(self) -> tuple[str, str]:
        self._flow("queue")
        joined, other = self.now, f"t{self.tenant:02}-q{QUEUES}"
        self.now += 30_000
        self._visit(self.queue, joined, "overflow", "waited", f"queue:{other}")
        self.queue = other
        self._served(other, self.seats[1])
        return "answered", "seat"

    def _outbound(self) -> tuple[str, str]:
        self.queue = ""
        self._talk_with("", "", "caller", outside=f"1{3_000_000_000 + self.who}")
        return "answered", "caller"

    # -- parts --------------------------------------------------------------------------------

    def _flow(self, to: str) -> None:
        self.answered = _time(self.now)
        self._step("welcome", "", "")
        if to != "welcome":
            self.now += self.menu
            keys = "1" if to == "queue" else "2"
            self._step("menu", keys, "chosen")
            self._step(to, "", "")
        else:
            self.now += self.menu // 2

    def _step(self, node: str, keys: str, outcome: str) -> None:
        row = (self.id, self.steps, _time(self.now), f"t{self.tenant:02}", 1, node, keys, outcome)
        self.rows["cdr_steps"].append(row)
        self.steps += 1

    def _served(self, queue: str, seat: str, joined: int = 0, by: str = "caller") -> None:
        joined = joined or self.now
        self.now += self.wait
        made, self.now = self.now, self.now + self.ring
        self._visit(queue, joined, "answered", seat=seat)
        self._talk(seat, queue, made, by)

    def _talk_with(self, seat: str, queue: str, by: str, outside: str = "") -> None:
        made, self.now = self.now, self.now + self.ring
        self._talk(seat, queue, made, by, outside)

    def _talk(self, seat: str, queue: str, made: int, by: str, outside: str = "") -> None:
        since = self.now
        hold = self.talk // 10 if self.chance > 0.85 else 0
        self.now += self.talk
        self.talked, self.held = self.talked + self.talk, self.held + hold
        self.seat = seat or self.seat
        self.answered = self.answered or _time(since)
        self._leg(seat, made, self.now, "answered", since, hold, by, queue, outside)

    def _leg(
        self,
        seat: str,
        made: int,
        ended: int,
        outcome: str,
        since: int = 0,
        hold: int = 0,
        by: str = "",
        queue: str | None = None,
        outside: str = "",
    ) -> None:
        talk = (ended - since) / 1000 if since else 0.0
        self.rows["cdr_legs"].append((
            self.id, self.legs, "outside" if outside else "seat", outside or seat, seat,
            f"o-{self.id[2:]}{self.legs}", self.queue if queue is None else queue,
            _time(made), _time(min(made + 300, since or ended)), _time(since) if since else None,
            _time(ended), outcome, by, talk, hold / 1000,
        ))  # fmt: skip
        self.legs += 1

    def _visit(
        self, queue: str, joined: int, by: str, reason: str = "", to: str = "", seat: str = ""
    ) -> None:
        wait = self.now - joined
        self.waited = wait
        announced = 40.0 if self.chance > 0.5 else None
        self.rows["cdr_visits"].append((
            self.id, self.visits, queue, _time(joined), _time(self.now), by, reason, to,
            wait / 1000, seat, announced,
        ))  # fmt: skip
        self.visits += 1

    def _end(self, at: int, result: str, ended_by: str) -> None:
        start, end, tenant = _time(self.start), _time(self.now), f"t{self.tenant:02}"
        outbound = self.kind == "outbound"
        caller = self.seats[0] if outbound else f"1{3_000_000_000 + self.who * 331 % 1_000_000_000}"
        caller = caller if outbound or self.who % 33 else ""
        number = f"400{800_0000 + self.tenant * NUMBERS + self.number}"
        dialled = f"1{3_000_000_000 + self.who}" if outbound else number
        region = _REGIONS[self.who % len(_REGIONS)] if caller else ""
        recorded = self.talked > 0 and self.tenant % 2 == 0
        queue = self.queue if self.visits else ""
        self.rows["cdr_legs"][at] = (
            self.id, 0, "caller", caller if outbound else "trunk-world", "", "", "", start, None,
            self.answered or None, end, ended_by, ended_by, 0.0, 0.0,
        )  # fmt: skip
        self.rows["cdrs"].append((
            self.id, tenant, "extension" if outbound else "trunk", caller, "", dialled, region,
            f"number {number}", queue, self.seat, start, self.answered or None, end,
            (self.now - self.start) / 1000, None if self.waited is None else self.waited / 1000,
            self.talked / 1000, self.held / 1000, result, ended_by, "",
            21 if result == "refused" else 16, 0, recorded,
            f"{start[:10].replace('-', '/')}/{self.id}.wav" if recorded else "",
            self.talked / 1000 if recorded else None, -21.5 if recorded else None,
            -19.0 if recorded else None, f"{self.who:064x}" if recorded else "",
        ))  # fmt: skip
