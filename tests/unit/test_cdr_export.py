"""Files of ended calls: what a spreadsheet gets, defused; sheets that are full; bounded memory."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine

import tests.unit.test_migrations  # noqa: F401 - knows every table
from callcenter.calls import cdr_of
from callcenter.calls.exporting import COLUMNS, Format, export
from callcenter.calls.search import Search
from callcenter.calls.store import save_cdrs
from callcenter.kernel.database import open_database
from tests.bench.cdrs import load
from tests.bench.made_cdrs import made
from tests.support.migrated import migrated
from tests.unit.test_cdr_fold import answered_call

EVIL = ("=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    url = migrated(tmp_path / "callcenter.db")
    engine = open_database(url)
    yield engine
    engine.dispose()


def _save(database: Engine) -> None:
    plain = cdr_of("c-0", answered_call())
    calls = [
        replace(plain, id=f"c-{n}", caller_name=name, caller_rms=-21.5)
        for n, name in enumerate((*EVIL, 'a "quoted", name\nof two lines'))
    ]
    with database.begin() as connection:
        save_cdrs(connection, calls)


def _file(database: Engine, kind: Format, search: Search | None = None) -> bytes:
    return b"".join(export(database, search or Search(), kind))


def test_csv_cells_are_no_formulas(database: Engine) -> None:
    _save(database)
    rows = list(csv.DictReader(io.StringIO(_file(database, Format.CSV).decode(), newline="")))
    assert [row["caller_name"] for row in reversed(rows)] == [
        *(f"'{name}" for name in EVIL),
        'a "quoted", name\nof two lines',
    ]
    assert (rows[0]["started_at"], rows[0]["caller_rms"], rows[0]["talk_seconds"]) == (
        "2026-03-02T12:00:00.000Z",
        "-21.5",  # a number, not a text
        "80.0",
    )


def test_xlsx_cells_are_text_that_is_marked_as_such(database: Engine) -> None:
    _save(database)
    book = openpyxl.load_workbook(io.BytesIO(_file(database, Format.XLSX)))
    rows = list(book.active.iter_rows())
    assert [cell.value for cell in rows[0]] == list(COLUMNS)
    names = [row[COLUMNS.index("caller_name")] for row in reversed(rows[1:])]
    evil = names[: len(EVIL)]
    assert [cell.data_type for cell in evil] == ["s"] * len(EVIL)
    assert [cell.quotePrefix for cell in evil] == [True] * len(EVIL)
    assert evil[0].value == EVIL[0]
    assert names[-1].quotePrefix is False
    assert rows[1][COLUMNS.index("started_at")].value.isoformat() == "2026-03-02T12:00:00"


def test_json_lines_have_every_part(database: Engine) -> None:
    _save(database)
    [first, *rest] = [json.loads(line) for line in _file(database, Format.JSONL).splitlines()]
    assert len(rest) == len(EVIL)
    assert [leg["talk_seconds"] for leg in first["legs"]] == [0.0, 0.0, 60.0, 20.0]
    assert [len(first[part]) for part in ("visits", "steps", "transfers")] == [1, 3, 1]


def test_nothing_found_is_a_file_too(database: Engine) -> None:
    assert _file(database, Format.CSV).decode().strip() == ",".join(COLUMNS)
    assert _file(database, Format.JSONL) == b""
    assert openpyxl.load_workbook(io.BytesIO(_file(database, Format.XLSX))).active.max_row == 1


def test_a_full_sheet_is_followed_by_another(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.calls.exporting.MOST_SHEET_ROWS", 4)
    _save(database)
    book = openpyxl.load_workbook(io.BytesIO(_file(database, Format.XLSX)))
    assert [sheet.max_row for sheet in book] == [4, 4, 3]
    assert all(sheet["A1"].value == "id" for sheet in book)


def test_memory_does_not_grow_with_the_file(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcenter.calls.search.PAGE", 40)
    load(database, made(800, days=1))
    for kind in Format:
        (little, of_little), (much, of_much) = (
            _peak(database, kind, search) for search in (Search(tenant="t01"), Search())
        )
        assert much > 8 * little, kind
        assert of_much < of_little * 3, kind


def _peak(database: Engine, kind: Format, search: Search) -> tuple[int, int]:
    """Octets of the file, and the most memory that was held for it."""
    tracemalloc.start()
    try:
        octets = sum(len(piece) for piece in export(database, search, kind))
        return octets, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
