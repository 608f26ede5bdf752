"""Who may do what over REST: one table, method and path to the least role.

Tenants are looked after by the services, which know whose row it is; here only what the path
itself says. ``web/gate.py`` asks before a request is read.
"""

from collections.abc import Mapping

from callcenter.kernel.actor import Actor, Role
from callcenter.kernel.errors import Forbidden, NotFound

_AGENT, _SUPERVISOR = Role.AGENT, Role.SUPERVISOR
_ADMINISTRATOR, _PLATFORM = Role.ADMINISTRATOR, Role.PLATFORM

Act = tuple[str, str]
"""Method and path template."""

LEAST: dict[Act, Role] = {
    ("GET", "/openapi.json"): _AGENT,
    # the engine
    ("GET", "/v1/status"): _AGENT,
    ("POST", "/v1/reload"): _PLATFORM,
    ("POST", "/v1/stop"): _PLATFORM,
    ("GET", "/v1/board"): _SUPERVISOR,
    ("GET", "/v1/events"): _SUPERVISOR,
    # who may come in, and what they did
    ("GET", "/v1/tokens"): _ADMINISTRATOR,
    ("POST", "/v1/tokens"): _ADMINISTRATOR,
    ("DELETE", "/v1/tokens/{token}"): _ADMINISTRATOR,
    ("GET", "/v1/audit"): _ADMINISTRATOR,
    ("GET", "/v1/audit/verify"): _PLATFORM,
    # seats; an agent has its own only
    ("GET", "/v1/seats"): _AGENT,
    ("POST", "/v1/seats/{seat}/login"): _AGENT,
    ("POST", "/v1/seats/{seat}/logout"): _AGENT,
    ("POST", "/v1/seats/{seat}/ready"): _AGENT,
    ("POST", "/v1/seats/{seat}/busy"): _AGENT,
    ("POST", "/v1/seats/{seat}/wrapup"): _AGENT,
    ("POST", "/v1/seats/{seat}/dispose"): _AGENT,
    ("GET", "/v1/seats/{seat}/times"): _AGENT,
    ("GET", "/v1/seats/{seat}/skills"): _AGENT,
    ("PUT", "/v1/seats/{seat}/skills"): _ADMINISTRATOR,
    ("POST", "/v1/seats/{seat}/message"): _SUPERVISOR,
    # queues
    ("GET", "/v1/queues"): _AGENT,
    ("GET", "/v1/queues/{queue}/plan"): _SUPERVISOR,
    ("PATCH", "/v1/queues/{queue}/plan"): _ADMINISTRATOR,
    ("GET", "/v1/tenants/{tenant}/pauses"): _AGENT,
    ("PUT", "/v1/tenants/{tenant}/pauses"): _ADMINISTRATOR,
    # calls
    ("GET", "/v1/calls"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/hangup"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/transfer"): _SUPERVISOR,
    ("GET", "/v1/calls/{call}/explain"): _SUPERVISOR,
    ("GET", "/v1/listeners"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/listen"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/mode"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/leave"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/conference"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/pickup"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/takeover"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/move"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/prioritise"): _SUPERVISOR,
    ("POST", "/v1/seats/{seat}/force"): _SUPERVISOR,
    ("PUT", "/v1/seats/{seat}/listens"): _ADMINISTRATOR,
    ("GET", "/v1/calls/{call}/dispositions"): _SUPERVISOR,
    ("GET", "/v1/cdrs"): _SUPERVISOR,
    ("GET", "/v1/cdrs/export"): _SUPERVISOR,
    ("GET", "/v1/cdrs/{call}"): _SUPERVISOR,
    # voicemail
    ("GET", "/v1/voicemail"): _SUPERVISOR,
    ("GET", "/v1/voicemail/{message}/audio"): _SUPERVISOR,
    ("GET", "/v1/voicemail/{message}/verify"): _SUPERVISOR,
    ("POST", "/v1/voicemail/{message}/hand-over"): _SUPERVISOR,
    ("DELETE", "/v1/voicemail/{message}"): _SUPERVISOR,
    ("GET", "/v1/voicemail-boxes"): _SUPERVISOR,
    ("PUT", "/v1/voicemail-boxes/{tenant}/{box}"): _ADMINISTRATOR,
    ("DELETE", "/v1/voicemail-boxes/{tenant}/{box}"): _ADMINISTRATOR,
    ("GET", "/v1/survey/answers"): _SUPERVISOR,
    ("GET", "/v1/survey/results"): _SUPERVISOR,
    ("GET", "/v1/survey/answers/{call}/{position}/comment"): _SUPERVISOR,
    ("GET", "/v1/survey/answers/{call}/{position}/verify"): _SUPERVISOR,
    # recordings; an agent may leave something out of its own talk
    ("GET", "/v1/recordings"): _SUPERVISOR,
    ("GET", "/v1/recordings/{recording}"): _SUPERVISOR,
    ("GET", "/v1/recordings/{recording}/audio"): _SUPERVISOR,
    ("GET", "/v1/recordings/{recording}/verify"): _SUPERVISOR,
    ("PUT", "/v1/recordings/{recording}/hold"): _ADMINISTRATOR,
    ("DELETE", "/v1/recordings/{recording}/hold"): _ADMINISTRATOR,
    ("POST", "/v1/recordings/{recording}/remove"): _ADMINISTRATOR,
    ("POST", "/v1/recording-keys/rotate"): _ADMINISTRATOR,
    ("GET", "/v1/recording-backup"): _PLATFORM,
    ("POST", "/v1/recording-backup/run"): _PLATFORM,
    ("GET", "/v1/recording-rules"): _SUPERVISOR,
    ("PUT", "/v1/recording-rules/{rule}"): _ADMINISTRATOR,
    ("DELETE", "/v1/recording-rules/{rule}"): _ADMINISTRATOR,
    ("POST", "/v1/recording-rules/try"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/recording/pause"): _AGENT,
    ("POST", "/v1/calls/{call}/recording/resume"): _AGENT,
    ("POST", "/v1/calls/{call}/recording/start"): _SUPERVISOR,
    ("POST", "/v1/calls/{call}/recording/stop"): _SUPERVISOR,
    # menus and prompts
    ("GET", "/v1/flows"): _SUPERVISOR,
    ("GET", "/v1/flows/schema"): _AGENT,
    ("GET", "/v1/flows/{name}"): _SUPERVISOR,
    ("GET", "/v1/flows/{name}/versions"): _SUPERVISOR,
    ("POST", "/v1/flows/validate"): _ADMINISTRATOR,
    ("POST", "/v1/flows"): _ADMINISTRATOR,
    ("POST", "/v1/flows/{name}/publish"): _ADMINISTRATOR,
    ("POST", "/v1/flows/{name}/rollback"): _ADMINISTRATOR,
    ("GET", "/v1/prompts"): _SUPERVISOR,
    ("GET", "/v1/prompts/audio"): _SUPERVISOR,
    ("POST", "/v1/prompts"): _ADMINISTRATOR,
    ("POST", "/v1/prompts/number"): _ADMINISTRATOR,
    ("POST", "/v1/prompts/use"): _ADMINISTRATOR,
    ("DELETE", "/v1/prompts"): _ADMINISTRATOR,
    # numbers and where their calls go; a number is given out by the platform (see the services)
    ("GET", "/v1/tenants"): _SUPERVISOR,
    ("PUT", "/v1/tenants/{tenant}"): _ADMINISTRATOR,
    ("GET", "/v1/numbers"): _SUPERVISOR,
    ("PUT", "/v1/numbers/{number}"): _ADMINISTRATOR,
    ("DELETE", "/v1/numbers/{number}"): _PLATFORM,
    ("PUT", "/v1/numbers/{number}/colour-ring"): _ADMINISTRATOR,
    ("POST", "/v1/route/explain"): _SUPERVISOR,
    ("GET", "/v1/lists"): _SUPERVISOR,
    ("GET", "/v1/lists/{name}"): _SUPERVISOR,
    ("POST", "/v1/lists/{name}"): _SUPERVISOR,
    ("DELETE", "/v1/lists/{name}"): _SUPERVISOR,
    ("POST", "/v1/lists/{name}/import"): _ADMINISTRATOR,
    ("GET", "/v1/lists/{name}/export"): _ADMINISTRATOR,
    ("GET", "/v1/regions"): _SUPERVISOR,
    ("PUT", "/v1/regions"): _ADMINISTRATOR,
    ("DELETE", "/v1/regions"): _ADMINISTRATOR,
    ("GET", "/v1/hours"): _SUPERVISOR,
    ("PUT", "/v1/hours/{tenant}/{name}"): _ADMINISTRATOR,
    ("DELETE", "/v1/hours/{tenant}/{name}"): _ADMINISTRATOR,
    ("GET", "/v1/calendars"): _SUPERVISOR,
    ("PUT", "/v1/calendars/{tenant}/{calendar}/{day}"): _ADMINISTRATOR,
    ("DELETE", "/v1/calendars/{tenant}/{calendar}/{day}"): _ADMINISTRATOR,
    ("GET", "/v1/make-up-days"): _SUPERVISOR,
    ("PUT", "/v1/make-up-days/{country}/{day}"): _PLATFORM,
    # reports; counts are of all tenants together, so proving and making them anew is not theirs
    ("GET", "/v1/reports/{kind}"): _SUPERVISOR,
    ("GET", "/v1/reports/{kind}/calls/{figure}"): _SUPERVISOR,
    ("GET", "/v1/report-proofs"): _PLATFORM,
    ("POST", "/v1/report-counts"): _PLATFORM,
    ("GET", "/v1/report-schedules"): _SUPERVISOR,
    ("POST", "/v1/report-schedules"): _SUPERVISOR,
    ("DELETE", "/v1/report-schedules/{schedule}"): _SUPERVISOR,
    # lines
    ("GET", "/v1/lines"): _SUPERVISOR,
    ("PUT", "/v1/lines/{group}"): _ADMINISTRATOR,
    ("DELETE", "/v1/lines/{group}"): _ADMINISTRATOR,
    ("PUT", "/v1/extensions/{extension}/rights"): _ADMINISTRATOR,
    ("PUT", "/v1/trunks/{trunk}/contact"): _PLATFORM,
    # mails that are waiting to be sent
    ("GET", "/v1/mails"): _PLATFORM,
    ("POST", "/v1/mails/{mail}/retry"): _PLATFORM,
    # members
    ("GET", "/v1/members"): _SUPERVISOR,
    ("PUT", "/v1/members/{tenant}/{number}"): _ADMINISTRATOR,
    ("POST", "/v1/members/{tenant}/{number}/lock"): _SUPERVISOR,
    ("POST", "/v1/members/{tenant}/{number}/unlock"): _SUPERVISOR,
    ("POST", "/v1/members/{tenant}/import"): _ADMINISTRATOR,
}

HARMLESS: frozenset[Act] = frozenset(
    {
        ("POST", "/v1/flows/validate"),
        ("POST", "/v1/route/explain"),
        ("POST", "/v1/recording-rules/try"),
    }
)
"""They change nothing although they are no GET; only refusals go on record."""

LISTENING: frozenset[Act] = frozenset(
    {
        ("GET", "/v1/voicemail/{message}/audio"),
        ("GET", "/v1/survey/answers/{call}/{position}/comment"),
        ("GET", "/v1/prompts/audio"),
        ("GET", "/v1/cdrs/export"),
        ("GET", "/v1/lists/{name}/export"),
        ("GET", "/v1/recordings/{recording}/audio"),
    }
)
"""They change nothing, and whoever did it goes on record all the same."""

_READING = ("GET", "HEAD", "OPTIONS")


def on_record(act: Act) -> bool:
    """Whether the act itself, not only its refusal, belongs into the audit log."""
    return act in LISTENING or (act[0] not in _READING and act not in HARMLESS)


def require(actor: Actor, act: Act, path: Mapping[str, object]) -> None:
    """Let ``actor`` do it, as far as the path tells; ``path`` are the values in it.

    Raises:
        Forbidden: its role is too low, or it is an agent and the seat is another's.
        NotFound: the path names a tenant it does not see.
    """
    least = LEAST.get(act, Role.PLATFORM)
    if not actor.role.covers(least):
        raise Forbidden(f"{actor.name} is {actor.role}; this needs the role {least}.")
    tenant = path.get("tenant")
    if tenant is not None and not actor.sees(str(tenant)):
        raise NotFound(f"There is no tenant {str(tenant)!r}.")
    seat = path.get("seat")
    if actor.role is Role.AGENT and seat is not None and seat != actor.seat:
        own = f"seat {actor.seat}" if actor.seat else "no seat"
        raise Forbidden(f"{actor.name} may act for {own} only.")
