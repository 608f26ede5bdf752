"""What database and disk refuse, as errors that a person may see."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from callcenter.kernel.errors import DatabaseProblem, Refused

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def told(work: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """Have ``work`` raise one sentence instead of what a library raises."""

    @functools.wraps(work)
    def telling(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
        try:
            return work(*args, **kwargs)
        except IntegrityError:
            raise Refused("Somebody else changed this at the same moment; try again.") from None
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise DatabaseProblem(f"The database cannot be used ({why}); try later.") from None
        except OSError as error:
            raise Refused(f"A sound cannot be kept or read: {error.strerror}.") from None

    return telling
