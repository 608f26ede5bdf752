"""Every error of the command line is one sentence on stderr and an exit status, no traceback.

Status: that of the error's class (``kernel/errors.py``); 2 for a command typed wrongly; 70 for a
fault of ours; 130 after Ctrl-C.
"""

import errno
import traceback
from typing import IO, Any, NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from callcenter.kernel.errors import CallCenterError

FAULT = 70
"""``EX_SOFTWARE`` of sysexits(3)."""
_LONGEST = 200


class Told(click.ClickException):
    """A sentence to print and the status to exit with."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.exit_code = status  # type: ignore[misc]  # click means it as a default

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it as it is."""
        click.echo(self.message, file=file, err=file is None)


class Sentences(click.Group):
    """The outermost group; its ``--debug`` adds the traceback."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the options before the subcommand."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            _mistyped(error)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            _mistyped(error)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            raise Told("Interrupted.", 130) from None
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # click ends quietly when nobody reads on
            if ctx.params.get("debug"):
                traceback.print_exc()
            if isinstance(error, CallCenterError):
                raise Told(str(error), error.exit_status) from None
            raise Told(_fault(error), FAULT) from None


def _mistyped(error: click.UsageError) -> NoReturn:
    if isinstance(error, NoArgsIsHelpError):
        raise error
    where = error.ctx.command_path if error.ctx else "callcenter"
    what = " ".join(error.format_message().split()).rstrip(".?")
    raise Told(f"{what}; see `{where} --help`.", 2) from None


def _fault(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0][:_LONGEST]
    what = f"{type(error).__name__}: {first}".rstrip(".: ")
    return (
        f"An unexpected fault ended this command ({what}); `callcenter --debug ...` shows where"
        f"{_log_hint()}."
    )


def _log_hint() -> str:
    from callcenter.settings import load

    try:
        log = load().home / "log" / "engine.log"
    except CallCenterError:
        return ""
    return f", and the engine's log is {log}" if log.exists() else ""
