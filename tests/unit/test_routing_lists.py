"""Lists against a naive model; a change shares what it does not touch (N5)."""

import gc
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from callcenter.routing.lists import Change, Entries, Lists

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
digits = st.text("12", min_size=1, max_size=5)
patterns = st.one_of(
    st.builds(lambda d: "+" + d, digits),
    st.builds(lambda d: "+" + d + "*", digits),
    st.just("anonymous"),
)
expiries = st.sampled_from([None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])
rows = st.lists(
    st.builds(
        lambda pattern, expires, removed: Change("black", "t", pattern, "", expires, removed),
        patterns,
        expiries,
        st.booleans(),
    ),
    max_size=30,
)


def _naive(changes: list[Change], key: str) -> str | None:
    """The pattern met, longest first, by looking at every entry."""
    held = {change.pattern: change for change in changes}
    met = [
        change.pattern
        for change in held.values()
        if not change.removed
        and (change.expires_at is None or change.expires_at > NOW)
        and (
            change.pattern == key
            or (change.pattern.endswith("*") and key.startswith(change.pattern[:-1]))
        )
    ]
    whole = [pattern for pattern in met if not pattern.endswith("*")]
    return max(whole or met, key=len, default=None)


@given(st.lists(rows, max_size=4), st.one_of(patterns, st.builds(lambda d: "+" + d, digits)))
def test_lists_meet_what_a_naive_reading_meets(batches: list[list[Change]], typed: str) -> None:
    key = typed.removesuffix("*")
    entries = Entries()
    for batch in batches:
        entries = entries.changed(batch)
    found = entries.match(key, NOW.timestamp())
    assert (found.pattern if found else None) == _naive([c for b in batches for c in b], key)


@given(rows, rows)
def test_a_change_leaves_the_lists_in_force_alone(
    first: list[Change], second: list[Change]
) -> None:
    before = Entries().changed(first)
    seen = {c.pattern: before.match(c.pattern.removesuffix("*"), 0) for c in first + second}
    before.changed(second)
    after = {c.pattern: before.match(c.pattern.removesuffix("*"), 0) for c in first + second}
    assert after == seen


def test_an_expired_number_does_not_hide_a_prefix_in_force() -> None:
    entries = Entries().changed(
        [
            Change("black", "t", "+86138", "", NOW - timedelta(seconds=1)),
            Change("black", "t", "+861*", "spam"),
        ]
    )
    found = entries.match("+86138", NOW.timestamp())
    assert found is not None
    assert (found.pattern, entries.note(found.pattern)) == ("+861*", "spam")


def test_the_garbage_collector_does_not_walk_long_lists() -> None:
    entries = Entries().changed([Change("black", "t", f"+{n}", "note") for n in range(5000)])
    entries = entries.changed([Change("black", "t", "+1", "other"), Change("black", "t", "+12*")])
    for shards in (entries._numbers._shards, entries._prefixes._shards, entries._notes._shards):
        assert not any(gc.is_tracked(shard) for shard in shards)


def test_a_list_counts_what_it_holds() -> None:
    entries = Entries().changed([Change("black", "t", f"+{n}") for n in range(100, 200)])
    entries = entries.changed([Change("black", "t", "+100", removed=True)])
    assert len(entries) == 99


def test_lists_keep_tenants_and_colours_apart() -> None:
    lists = Lists().changed(
        3, [Change("black", "a", "+1"), Change("white", "a", "+2"), Change("black", "*", "+3")]
    )
    assert lists.revision == 3
    assert lists.black["a"].match("+1", 0)
    assert not lists.black["a"].match("+2", 0)
    assert lists.white["a"].match("+2", 0)
    assert lists.black["*"].match("+3", 0)
