"""The engine's tables in few words become the columns they say."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from engine.store.declared import table
from engine.store.statement import dialect_of


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        ("sqlite", "id INTEGER NOT NULL, name TEXT NOT NULL, n BIGINT, data TEXT, body BLOB"),
        ("postgresql", 'id BIGSERIAL NOT NULL, name TEXT COLLATE "C" NOT NULL, n BIGINT, data JSONB, body BYTEA'),
    ],
)
def test_words_become_columns(driver: str, said: str) -> None:
    made = table(sa.MetaData(), "fl_x", "id key, name text!, n integer, data json, body bytes")
    written = str(CreateTable(made).compile(dialect=dialect_of(driver)))
    assert said.replace(" ", "") in written.replace("\n", "").replace("\t", "").replace(" ", "")


def test_a_key_of_several_columns_is_given_by_whoever_writes() -> None:
    made = table(sa.MetaData(), "fl_y", "name text*, number integer*, at integer!")
    assert [column.name for column in made.primary_key] == ["name", "number"]
    assert made.c.number.autoincrement is False and not made.c.at.nullable


def test_a_kind_that_is_none_is_an_error_at_once() -> None:
    with pytest.raises(KeyError):
        table(sa.MetaData(), "fl_z", "name txt")
