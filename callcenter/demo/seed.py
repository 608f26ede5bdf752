"""The demo's number, menu, queue, seats and phones, put into the database; as often as you like.

Secrets (SIP passwords, PINs) are random, made once, and kept in ``home/demo.json``, mode 0600.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from callcenter.acd import QueuePlan, SeatPlan, load_plan, save_queue, save_seat
from callcenter.ivr import Flow, publish
from callcenter.kernel import schema
from callcenter.kernel.database import open_database
from callcenter.kernel.errors import BadSettings
from callcenter.kernel.pins import hash_pin, pin_matches
from callcenter.numbers import (
    Extension,
    HostedNumber,
    Tenant,
    Trunk,
    save_extension,
    save_number,
    save_tenant,
    save_trunk,
)
from callcenter.settings import Settings

NUMBER = "4008001234"
TENANT = "demo"
TRUNK_ADDRESS = "127.0.0.3"
SPARE = "1003"
SEATS = {"1001": "Ada", "1002": "Grace"}
FLOW: dict[str, Any] = {
    "name": "demo",
    "start": "welcome",
    "nodes": {
        "welcome": {"kind": "play", "prompts": ["welcome"], "next": "menu"},
        "menu": {
            "kind": "menu",
            "prompts": ["menu-main"],
            "choices": {"1": "sales", "*": "menu"},
            "wait": 5,
            "attempts": 3,
            "otherwise": "bye",
        },
        "sales": {"kind": "queue", "queue": "sales", "prompts": ["please-wait"], "next": "bye"},
        "bye": {"kind": "hangup", "prompts": ["goodbye"]},
    },
}


@dataclass(frozen=True, kw_only=True)
class DemoSecrets:
    """By extension or seat number."""

    sip: dict[str, str]
    pins: dict[str, str]


def seed(settings: Settings) -> DemoSecrets:
    """Bring the database to the newest schema and put the demo into it (blocking)."""
    kept = _secrets(settings.home / "demo.json")
    schema.upgrade(settings.database_url)
    database = open_database(settings.database_url)
    try:
        with database.begin() as connection:
            save_tenant(connection, Tenant(id=TENANT, name="Demo company", language="en"))
            save_trunk(connection, Trunk(name="world", match=TRUNK_ADDRESS))
            publish(connection, Flow.model_validate(FLOW))
            save_number(connection, HostedNumber(number=NUMBER, tenant=TENANT, flow="demo"))
            before = load_plan(connection).seats
            for number, secret in kept.sip.items():
                name = SEATS.get(number, "Spare phone")
                save_extension(
                    connection,
                    Extension(number=number, tenant=TENANT, secret=secret, name=name),
                )
            for number, name in SEATS.items():
                pin, old = kept.pins[number], before.get(number)
                same = old is not None and pin_matches(old.pin_hash, pin)
                pin_hash = old.pin_hash if old is not None and same else hash_pin(pin)
                plan = SeatPlan(number=number, tenant=TENANT, name=name, pin_hash=pin_hash)
                save_seat(connection, plan)
            save_queue(
                connection,
                QueuePlan(
                    name="sales",
                    tenant=TENANT,
                    ring=timedelta(seconds=15),
                    wrap_up=timedelta(seconds=2),
                    seats=tuple((number, 1) for number in SEATS),
                ),
            )
    finally:
        database.dispose()
    return kept


def _secrets(file: Path) -> DemoSecrets:
    try:
        return DemoSecrets(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, TypeError) as error:
        raise BadSettings(f"{file} cannot be read ({error}); delete it and retry.") from None
    made = DemoSecrets(
        sip={number: secrets.token_urlsafe(12) for number in (*SEATS, SPARE)},
        pins={number: f"{secrets.randbelow(10000):04d}" for number in SEATS},
    )
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as out:
        json.dump(asdict(made), out)
    return made
