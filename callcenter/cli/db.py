"""``callcenter db``: the database's schema."""

import click


@click.group()
def db() -> None:
    """Prepare the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the schema this version needs."""
    from callcenter.kernel import schema
    from callcenter.settings import load

    before, after = schema.upgrade(load().database_url)
    if before == after:
        click.echo(f"The database has schema {after} already.")
    elif before:
        click.echo(f"The database went from schema {before} to {after}.")
    else:
        click.echo(f"The database was made, with schema {after}.")


@db.command()
@click.argument("title")
def draft(title: str) -> None:
    """Write the next migration (for developers).

    It holds what the tables in the code have and the migrations lack. TITLE becomes its first line
    and its file name.
    """
    from callcenter.kernel import schema

    file = schema.draft(title)
    if file is None:
        click.echo("Tables and migrations agree; there is nothing to write.")
    else:
        click.echo(f"Read and mend {file}")
