"""Tenants' prompts kept: rows in the database, sounds in files that are never changed.

The rows are the truth: a file is complete before its row says that it is there. Blocking; whoever
runs on an event loop calls it in a thread.
"""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    select,
    update,
)

from callcenter.ivr.prompts import Origin, PromptBook, PromptVersion, check_place
from callcenter.kernel.database import UtcDateTime, metadata
from callcenter.kernel.errors import NotFound
from callcenter.kernel.sound import Voice
from callcenter.pbx.port import Prompt

_FIRST_NUMBER = 101

tenant_prompts = Table(
    "tenant_prompts",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("number", Integer, nullable=False),
    UniqueConstraint("tenant", "number"),
)

prompt_versions = Table(
    "prompt_versions",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("in_force", Boolean, nullable=False),
    Column("origin", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(64), nullable=False),
)
_v, _p = prompt_versions.c, tenant_prompts.c
_ROWS = select(prompt_versions, _p.number).join(
    tenant_prompts, (_p.tenant == _v.tenant) & (_p.name == _v.name)
)


class PromptStore:
    """The prompts of every tenant."""

    def __init__(self, database: Engine, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def file(self, version: PromptVersion) -> Path:
        """Where its sound is."""
        return self._folder / f"{version.prompt}.wav"

    def forget_takes(self) -> None:
        """Drop what an engine that died left of recordings by phone."""
        for folder in self._folder.glob("*/tenant/*/takes"):
            shutil.rmtree(folder, ignore_errors=True)

    def number(self, tenant: str, name: str) -> int:
        """Short number of a prompt; it gets one when it has none."""
        check_place(tenant, name)
        with self._database.begin() as connection:
            return _number(connection, tenant, name)

    def keep(
        self,
        tenant: str,
        name: str,
        language: str,
        voice: Voice,
        *,
        origin: Origin,
        by: str,
        at: datetime,
        text: str = "",
    ) -> PromptVersion:
        """Keep a new version and put it in force; older ones stay."""
        check_place(tenant, name, language)
        with self._database.begin() as connection:
            number = _number(connection, tenant, name)
            newest = connection.execute(
                select(func.max(_v.version)).where(_is(tenant, name, language))
            ).scalar()
            version = PromptVersion(
                tenant=tenant,
                name=name,
                language=language,
                number=number,
                version=(newest or 0) + 1,
                in_force=True,
                origin=origin,
                text=text,
                seconds=voice.seconds,
                at=at,
                by=by,
            )
            _use_none(connection, tenant, name, language)
            # The row first: whoever keeps another version at the same moment fails there, not
            # after writing into our file.
            connection.execute(
                prompt_versions.insert().values(
                    tenant=tenant,
                    name=name,
                    language=language,
                    version=version.version,
                    in_force=True,
                    origin=origin.value,
                    text=text,
                    seconds=version.seconds,
                    at=at,
                    by=by,
                )
            )
            voice.save(self.file(version))
        return version

    def versions(self, tenant: str = "", name: str = "") -> list[PromptVersion]:
        """All, or those of a tenant, or of one prompt; sorted, newest version last."""
        query = _ROWS.order_by(_v.tenant, _v.name, _v.language, _v.version)
        query = query.where(_v.tenant == tenant) if tenant else query
        query = query.where(_v.name == name) if name else query
        with self._database.connect() as connection:
            return [_version(row) for row in connection.execute(query)]

    def version(self, tenant: str, name: str, language: str, version: int = 0) -> PromptVersion:
        """One version; 0: the one in force.

        Raises:
            NotFound: there is none.
        """
        for found in self.versions(tenant, name):
            wanted = found.version == version if version else found.in_force
            if found.language == language and wanted:
                return found
        which = f"version {version} of " if version else ""
        raise NotFound(f"Tenant {tenant} has no {which}prompt {name!r} in {language}.")

    def use(self, tenant: str, name: str, language: str, version: int) -> PromptVersion:
        """Put an older version in force again."""
        self.version(tenant, name, language, version)
        with self._database.begin() as connection:
            _use_none(connection, tenant, name, language)
            one = _is(tenant, name, language) & (_v.version == version)
            connection.execute(update(prompt_versions).where(one).values(in_force=True))
        return self.version(tenant, name, language)

    def remove(self, tenant: str, name: str, language: str = "") -> int:
        """Forget a prompt, in one language or in all, with its sounds; says how many versions."""
        gone = [v for v in self.versions(tenant, name) if language in ("", v.language)]
        if not gone:
            raise NotFound(
                f"Tenant {tenant} has no prompt {name!r}{language and ' in '}{language}."
            )
        with self._database.begin() as connection:
            mine = (_v.tenant == tenant) & (_v.name == name)
            those = mine & (_v.language == language) if language else mine
            connection.execute(delete(prompt_versions).where(those))
            left = connection.execute(
                select(func.count()).select_from(prompt_versions).where(mine)
            ).scalar()
            if not left:
                named = (_p.tenant == tenant) & (_p.name == name)
                connection.execute(delete(tenant_prompts).where(named))
        for version in gone:
            self.file(version).unlink(missing_ok=True)
        return len(gone)


def load_prompts(connection: Connection) -> PromptBook:
    """What is in force."""
    versions: Iterable[PromptVersion] = map(_version, connection.execute(_ROWS.where(_v.in_force)))
    return PromptBook(
        own={(v.tenant, Prompt(f"{v.language}/{v.name}")): v.prompt for v in versions},
        numbers={
            (row.tenant, row.number): row.name for row in connection.execute(select(tenant_prompts))
        },
    )


def _number(connection: Connection, tenant: str, name: str) -> int:
    known = select(_p.number).where((_p.tenant == tenant) & (_p.name == name))
    if (number := connection.execute(known).scalar()) is not None:
        return int(number)
    highest = connection.execute(select(func.max(_p.number)).where(_p.tenant == tenant)).scalar()
    number = max(_FIRST_NUMBER, (highest or 0) + 1)
    connection.execute(tenant_prompts.insert().values(tenant=tenant, name=name, number=number))
    return number


def _use_none(connection: Connection, tenant: str, name: str, language: str) -> None:
    every = update(prompt_versions).where(_is(tenant, name, language))
    connection.execute(every.values(in_force=False))


def _is(tenant: str, name: str, language: str) -> ColumnElement[bool]:
    return and_(_v.tenant == tenant, _v.name == name, _v.language == language)


def _version(row: Row[Any]) -> PromptVersion:
    values = dict(row._mapping)
    return PromptVersion(**{**values, "origin": Origin(values["origin"])})
