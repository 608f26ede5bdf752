"""How fast routing decides, and what a change of a long list costs.

``scripts/bench routing [--json]``: one row for each size of the lists, with 10,000 numbers of 100
tenants, each with opening hours, half of them with region rules. A third of the callers are on a
list. Each row's figure is the best of several rounds, as the machine may be busy with others. As in
the engine, the garbage collector does not walk what was loaded at the start.
"""

import argparse
import asyncio
import gc
import json
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from callcenter.numbers import Destination, HostedNumber, Kind, Numbers, Tenant
from callcenter.routing import Facts, Tables, decide
from callcenter.routing.desk import lists as desk
from callcenter.routing.hours import Plan, parse_ranges
from callcenter.routing.lists import PLATFORM, Change, Lists
from callcenter.routing.load import load_lists
from callcenter.routing.regions import prepare
from callcenter.routing.tables import RegionRule

SIZES = (1_000, 10_000, 100_000, 1_000_000)
NUMBERS = 10_000
TENANTS = 100
DECISIONS = 5_000
ROUNDS = 30
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


def mobile(chance: random.Random) -> str:
    """A Chinese mobile number as a trunk presents it."""
    return f"1{chance.choice('3578')}{chance.randrange(10**9):09}"


def changes(entries: int, chance: random.Random) -> Iterator[Change]:
    """Rows of lists: half platform-wide, a tenth prefixes, a tenth white."""
    for n in range(entries):
        tenant = PLATFORM if n % 2 else f"t{n % TENANTS}"
        number = "+86" + mobile(chance)
        pattern = number[: chance.randrange(9, 13)] + "*" if n % 10 == 0 else number
        yield Change("white" if n % 10 == 1 else "black", tenant, pattern)


def tables(entries: int, chance: random.Random) -> tuple[Tables, list[str]]:
    """The tables, and some numbers that are on the lists."""
    rows = list(changes(entries, chance))
    week = tuple(parse_ranges("08:00-12:00,13:00-20:00") for _ in range(7))
    tenants = {f"t{n}": Tenant(id=f"t{n}", name=f"T{n}") for n in range(TENANTS)}
    hosted = {
        f"400{n:07}": HostedNumber(
            number=f"400{n:07}",
            tenant=f"t{n % TENANTS}",
            flow="main",
            hours="office",
            closed_to=Destination(kind=Kind.VOICEMAIL, name="box"),
        )
        for n in range(NUMBERS)
    }
    branch = Destination(kind=Kind.QUEUE, name="south")
    rules = {
        (f"t{n}", ""): {
            "cn/guangdong": RegionRule(
                tenant=f"t{n}", number="", region="cn/guangdong", destination=branch
            )
        }
        for n in range(0, TENANTS, 2)
    }
    plans = {
        (tenant, "office"): Plan(
            name="office", zone=ZoneInfo("Asia/Shanghai"), weekly=week, holidays=("CN",)
        )
        for tenant in tenants
    }
    made = Tables(
        numbers=Numbers(tenants=tenants, numbers=hosted),
        lists=Lists().changed(1, rows),
        regions=rules,
        plans=plans,
    )
    return made, [row.pattern for row in rows if not row.pattern.endswith("*")]


def decisions_per_second(entries: int) -> dict[str, Any]:
    """One row."""
    chance = random.Random(entries)
    begun = time.perf_counter()
    made, listed = tables(entries, chance)
    built = time.perf_counter() - begun
    facts = [
        Facts(
            source="trunk",
            caller=chance.choice(listed) if n % 3 == 0 else mobile(chance),
            dialled=f"400{chance.randrange(NUMBERS):07}",
        )
        for n in range(DECISIONS)
    ]
    gc.collect()
    gc.freeze()
    wall, cpu = [], []
    for _ in range(ROUNDS):
        begun, spent = time.perf_counter(), time.process_time()
        for fact in facts:
            decide(fact, made, NOW)
        wall.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - spent)
    refused = sum(decide(f, made, NOW).destination.kind is Kind.REFUSE for f in facts)
    return {
        "bench": "routing",
        "entries": entries,
        "numbers": NUMBERS,
        "decisions_per_second": round(DECISIONS / min(wall)),
        "decisions_per_cpu_second": round(DECISIONS / min(cpu)),
        "microseconds_each": round(min(wall) / DECISIONS * 1e6, 2),
        "refused_share": round(refused / DECISIONS, 3),
        "build_seconds": round(built, 2),
    }


async def change_of_a_list(entries: int) -> dict[str, Any]:
    """What loading and one more entry cost with lists of this size in a database.

    ``longest_stall``: how long the event loop was kept waiting at most while a thread loaded.
    """
    chance = random.Random(entries)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        await asyncio.to_thread(schema.upgrade, url)
        database = open_database(url)

        def write(rows: list[Change]) -> None:
            with database.begin() as connection:
                desk.write(connection, rows)

        gc.collect()
        gc.freeze()
        begun = time.perf_counter()
        await asyncio.to_thread(write, list(changes(entries, chance)))
        written = time.perf_counter() - begun
        loaded, load_seconds, load_stall = await _timed(database, Lists())
        one = Change("black", PLATFORM, "+8613911112222")
        await asyncio.to_thread(write, [one])
        after, one_seconds, one_stall = await _timed(database, loaded)
        assert after.black[PLATFORM].match("+8613911112222", NOW.timestamp())
        database.dispose()
    return {
        "bench": "routing change",
        "entries": entries,
        "write_seconds": round(written, 2),
        "load_seconds": round(load_seconds, 2),
        "load_longest_stall_ms": round(load_stall * 1000, 1),
        "one_change_ms": round(one_seconds * 1000, 2),
        "one_change_longest_stall_ms": round(one_stall * 1000, 1),
    }


async def _timed(database: Any, before: Lists) -> tuple[Lists, float, float]:
    stall, running = 0.0, True

    async def watch() -> None:
        nonlocal stall
        while running:
            begun = time.perf_counter()
            await asyncio.sleep(0.001)
            stall = max(stall, time.perf_counter() - begun - 0.001)

    def load() -> Lists:
        with database.connect() as connection:
            return load_lists(connection, before)

    watcher = asyncio.create_task(watch())
    begun = time.perf_counter()
    lists = await asyncio.to_thread(load)
    seconds = time.perf_counter() - begun
    running = False
    await watcher
    return lists, seconds, stall


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scripts/bench routing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--most", type=int, default=SIZES[-1], help="largest number of entries")
    options = parser.parse_args(arguments)
    prepare()
    sizes = [size for size in SIZES if size <= options.most]
    rows = [decisions_per_second(size) for size in sizes]
    rows += [asyncio.run(change_of_a_list(size)) for size in sizes]
    if options.json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print("  ".join(f"{name}={value}" for name, value in row.items()))
