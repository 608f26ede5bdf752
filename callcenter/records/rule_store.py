"""Rules of recording in the database."""

from dataclasses import asdict

from sqlalchemy import Connection, delete, select

from callcenter.kernel.errors import Refused
from callcenter.records.rules import Direction, RecordingRule
from callcenter.records.tables import recording_rules

_r = recording_rules.c


def load_rules(connection: Connection) -> tuple[RecordingRule, ...]:
    """Every rule, the most specific first."""
    rows = [dict(row._mapping) for row in connection.execute(select(recording_rules))]
    for row in rows:
        row["direction"] = Direction(row["direction"]) if row["direction"] else None
    rules = [RecordingRule(**row) for row in rows]
    return tuple(sorted(rules, key=lambda one: (one.never, one.weight, one.name), reverse=True))


def save_rule(connection: Connection, rule: RecordingRule) -> None:
    """Write a rule, or write it anew.

    Raises:
        Refused: another rule is for the same, so it could not be told which of them counts.
    """
    for other in load_rules(connection):
        if other.scope == rule.scope and other.name != rule.name:
            raise Refused(
                f"Rule {other.name!r} is for the same already ({other}); change or remove that one."
            )
    remove_rule(connection, rule.name)
    row = asdict(rule) | {"direction": rule.direction.value if rule.direction else ""}
    connection.execute(recording_rules.insert().values(**row))


def remove_rule(connection: Connection, name: str) -> bool:
    """Forget a rule; ``False`` when there was none."""
    gone = connection.execute(delete(recording_rules).where(_r.name == name))
    return bool(gone.rowcount)
