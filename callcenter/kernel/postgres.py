"""What is particular to PostgreSQL: its driver, how to connect, and its refusals as sentences.

Its driver tells a refused connection only in words, which :func:`refusal` reads.
"""

import re
from typing import Any

from sqlalchemy import URL

from callcenter.kernel.errors import DatabaseProblem

NAMES = ("postgresql", "postgres", "postgresql+psycopg")
"""How the beginning of a URL may be written; the driver is always psycopg."""

_ARGUMENTS: dict[str, Any] = {
    "connect_timeout": 5,
    "application_name": "callcenter",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": "-c timezone=UTC -c lc_messages=C",
}
_SETTING = "in the setting 'database'"
_REFUSALS = {
    r"password authentication failed|no password supplied": (
        f"does not take the password of {{user}}; mend it {_SETTING}"
    ),
    r'database ".*" does not exist': "has no database {name}; make it there: createdb {name}",
    r'role ".*" does not exist': "knows no user {user}; make it there: createuser -P {user}",
    r"no pg_hba\.conf entry": "lets nobody in from here; have pg_hba.conf name {user} and us",
    r"permission denied|must be owner": (
        "does not let {user} do that; make {user} the owner of database {name}"
    ),
    r"too many (clients|connections)|remaining connection slots": (
        "has no connection free; raise its max_connections"
    ),
    r"starting up|shutting down|in recovery mode": (
        "is just starting or stopping; try again in a moment"
    ),
    r"could not translate host name|Name or service not known|failed to resolve": (
        f"cannot be found: there is no host {{host}}; mend it {_SETTING}"
    ),
    r"refused|No such file|timeout|timed out|unreachable|No route": (
        f"does not answer; start it, or mend host and port {_SETTING}"
    ),
    r"read-only transaction": f"takes no writes: it is a standby; name the first one {_SETTING}",
    r"No space left|could not extend file": "has no room on its disk; make some",
}


def is_postgres(url: URL) -> bool:
    """Whether this URL means a PostgreSQL server."""
    return url.drivername in NAMES


def with_driver(url: URL) -> URL:
    """The URL that names our driver."""
    return url.set(drivername="postgresql+psycopg")


def options(url: URL) -> dict[str, Any]:
    """How its engine is made; what the URL says itself goes before.

    A connection is tried before it is used: the server may have been started anew since.
    """
    asked = {name: value for name, value in _ARGUMENTS.items() if name not in url.query}
    return {"connect_args": asked, "pool_pre_ping": True}


def refusal(error: BaseException, url: URL) -> DatabaseProblem:
    """One sentence for what the server, or the way to it, has refused."""
    told = str(getattr(error, "orig", None) or error).strip()
    where = f"{url.host or 'this machine'}:{url.port or 5432}"
    facts = {"user": url.username or "this user", "name": url.database or "", "host": url.host}
    for pattern, sentence in _REFUSALS.items():
        if re.search(pattern, told, re.IGNORECASE):
            return DatabaseProblem(f"PostgreSQL at {where} {sentence.format(**facts)}.")
    why = told.splitlines()[0] if told else type(error).__name__
    return DatabaseProblem(f"PostgreSQL at {where} cannot be used ({why}).")
