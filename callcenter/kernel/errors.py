"""One family of errors with stable codes.

The web room maps a code to an HTTP status, the command line to an exit status and one sentence.
"""

from typing import ClassVar


class CallCenterError(Exception):
    """Base of every error a person may get to see.

    ``code`` never changes once released; ``str(error)`` is one plain sentence that says what to do.
    """

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_status: ClassVar[int] = 1


class BadSettings(CallCenterError):
    """A settings file or environment variable cannot be used."""

    code = "bad_settings"
    http_status = 422
    exit_status = 2


class NotFound(CallCenterError):
    """What was named does not exist."""

    code = "not_found"
    http_status = 404


class Unauthenticated(CallCenterError):
    """Nobody knows who asks; ``who`` is the owner of a token that was good once."""

    code = "unauthenticated"
    http_status = 401
    exit_status = 8

    def __init__(self, sentence: str, *, who: str = "") -> None:
        super().__init__(sentence)
        self.who = who


class Forbidden(CallCenterError):
    """Whoever asks is known and may not do this."""

    code = "forbidden"
    http_status = 403
    exit_status = 9


class Refused(CallCenterError):
    """The request is understood and declined (wrong PIN, wrong state, not allowed)."""

    code = "refused"
    http_status = 409


class EngineAway(CallCenterError):
    """No engine listens on the local socket."""

    code = "engine_away"
    http_status = 503
    exit_status = 3


class PbxProblem(CallCenterError):
    """The PBX cannot be found, started or reached."""

    code = "pbx"
    http_status = 503
    exit_status = 4


class DatabaseProblem(CallCenterError):
    """The database cannot be opened or has another schema version."""

    code = "database"
    http_status = 503
    exit_status = 5


class JournalProblem(CallCenterError):
    """The journal cannot be opened."""

    code = "journal"
    http_status = 503
    exit_status = 7
