"""What keys do to the chosen row: which request of the REST API, or why there is none. Pure.

The engine decides whether it may be done; its sentence is shown.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from callcenter.cli.board.columns import Row

LISTENING = {"monitor": "listens to", "whisper": "whispers in", "barge": "has joined"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request and what to say when it was done."""

    path: str
    body: dict[str, Any] = field(default_factory=dict)
    done: str = ""


class NotNow(Exception):
    """It cannot be asked for; the sentence says why."""


def call_of(kind: str, row: Row | None) -> tuple[str, str]:
    """The call that a row stands for, and whose it is for people.

    Raises:
        NotNow: the row has none.
    """
    if row is None:
        raise NotNow("Choose a row first.")
    if kind == "call":
        return row["call"], f"the call of {row['caller'] or 'a withheld number'}"
    if kind == "seat":
        if not row["call"]:
            raise NotNow(f"Seat {row['seat']} is in no call.")
        return row["call"], f"the call at seat {row['seat']}"
    raise NotNow("Choose a call or a seat: Enter shows those of this queue.")


def seat_of(kind: str, row: Row | None) -> str:
    """The seat that a row stands for.

    Raises:
        NotNow: the row has none.
    """
    if row is None:
        raise NotNow("Choose a row first.")
    if kind in ("seat", "call") and row["seat"]:
        return str(row["seat"])
    raise NotNow("Choose a seat, or a call that has one.")


def listening(how: str, call: str, whose: str, phone: str) -> Request:
    """A phone is rung and hears a call; ``how``: monitor, whisper or barge."""
    done = f"{phone} {LISTENING[how]} {whose}; keys 4, 5, 6 on it change how."
    path = f"/v1/calls/{_part(call)}/listen"
    return Request(path=path, body={"mode": how, "who": phone}, done=done)


def leaving(call: str, whose: str, phone: str) -> Request:
    """A phone hears a call no more."""
    path = f"/v1/calls/{_part(call)}/leave"
    return Request(path=path, body={"who": phone}, done=f"{phone} has left {whose}.")


def first(call: str, whose: str) -> Request:
    """A waiting caller is served next."""
    path = f"/v1/calls/{_part(call)}/prioritise"
    return Request(path=path, body={"first": True}, done=f"Next is {whose}.")


def hanging_up(call: str, whose: str) -> Request:
    """A call is ended."""
    return Request(path=f"/v1/calls/{_part(call)}/hangup", done=f"Ended {whose}.")


def transferring(call: str, whose: str, to: str) -> Request:
    """A caller is sent on."""
    path = f"/v1/calls/{_part(call)}/transfer"
    return Request(path=path, body={"to": to}, done=f"Sent {whose} to {to}.")


def forcing(seat: str, said: str) -> Request:
    """A seat's status is changed for its agent: ``ready``, ``out`` or a reason to be busy.

    Raises:
        NotNow: nothing was said.
    """
    word, _, reason = said.strip().partition(" ")
    if not word:
        raise NotNow("Nothing was changed.")
    path = f"/v1/seats/{_part(seat)}/force"
    if word == "ready":
        body = {"status": "ready"}
    elif word in ("out", "logout", "logged-out"):
        body = {"status": "logged-out"}
    else:
        reason = reason.strip() if word == "busy" else said.strip()
        body = {"status": "busy", "reason": reason}
    return Request(path=path, body=body, done=f"Seat {seat} is {said.strip()} now.")


def _part(name: str) -> str:
    return quote(name, safe="")
