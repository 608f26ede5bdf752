"""A column whose index SQLite is not to go by."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Unled(FunctionElement[Any]):
    """The value of a column, but SQLite does not go by its index (``+column``).

    PostgreSQL knows from its statistics how many rows a condition has, and decides by itself.
    """

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Unled)
def _as_it_is(element: Unled, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


@compiles(Unled, "sqlite")
def _without_index(element: Unled, compiler: SQLCompiler, **more: Any) -> str:
    return f"+{compiler.process(element.clauses, **more)}"
