"""Ids, the bus, errors, folders and PINs."""

import re
import runpy
import stat
import time
from dataclasses import dataclass
from pathlib import Path

import argon2
import pytest
from structlog.testing import capture_logs

import callcenter.web.door  # noqa: F401 - defines errors of the family
from callcenter.kernel import pins
from callcenter.kernel.bus import Bus
from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.folders import make_private
from callcenter.kernel.ids import new_id


def test_ids_are_short_and_can_be_read_out() -> None:
    assert re.fullmatch(r"c-[0-9a-hjkmnp-tv-z]{14}", new_id("c"))


def test_ids_sort_by_the_time_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [0, 1, 31, 32, 1023, 1024, 1_800_000_000_000, 1_800_000_000_001, 2**45 - 1]
    ids = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        ids.append(new_id("c"))
    assert ids == sorted(ids)
    assert {len(made) for made in ids} == {16}


def test_ids_differ_within_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)
    assert len({new_id("c") for _ in range(200)}) >= 199


@dataclass(frozen=True)
class Rang:
    phone: str


@dataclass(frozen=True)
class RangTwice(Rang):
    pass


def test_the_bus_tells_listeners_in_order_and_only_of_their_class() -> None:
    bus, heard = Bus(), []
    bus.subscribe(Rang, lambda event: heard.append(("first", event.phone)))
    bus.subscribe(Rang, lambda event: heard.append(("second", event.phone)))
    bus.subscribe(RangTwice, lambda event: heard.append(("other", event.phone)))
    bus.publish(Rang("1001"))
    bus.publish("nobody listens to text")
    assert heard == [("first", "1001"), ("second", "1001")]


def test_a_listeners_fault_harms_no_other_and_not_the_publisher() -> None:
    bus, heard = Bus(), []

    def faulty(_event: Rang) -> None:
        raise ZeroDivisionError

    bus.subscribe(Rang, faulty)
    bus.subscribe(Rang, heard.append)
    with capture_logs() as logs:
        bus.publish(Rang("1001"))
    assert heard == [Rang("1001")]
    assert (logs[0]["event_type"], logs[0]["exc_info"]) == ("Rang", True)


def test_who_subscribes_while_an_event_is_told_hears_the_next() -> None:
    bus, heard = Bus(), []
    bus.subscribe(Rang, lambda _event: bus.subscribe(Rang, heard.append))
    bus.publish(Rang("1001"))
    assert heard == []
    bus.publish(Rang("1002"))
    assert heard == [Rang("1002")]


def _family(base: type[CallCenterError]) -> list[type[CallCenterError]]:
    ours = [kind for kind in base.__subclasses__() if kind.__module__.startswith("callcenter.")]
    return [kind for child in ours for kind in (child, *_family(child))]


def test_every_error_has_a_code_of_its_own_and_fit_statuses() -> None:
    family = [CallCenterError, *_family(CallCenterError)]
    codes = [kind.__dict__.get("code") for kind in family]
    assert None not in codes
    assert len(set(codes)) == len(codes)
    for kind in family:
        assert 400 <= kind.http_status < 600
        assert 1 <= kind.exit_status < 64
        assert kind.__doc__


def test_folders_on_the_way_are_private(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b")
    make_private(tmp_path / "a" / "b")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir(mode=0o755)
    make_private(tmp_path / "shared" / "ours")
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_a_file_in_the_way_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "x"):
        with pytest.raises(NotADirectoryError, match="Not a directory"):
            make_private(folder)


def test_a_pin_is_kept_as_argon2_recommends() -> None:
    """As the product does it, not as tests do for haste (``conftest``)."""
    product = runpy.run_path(pins.__file__)
    kept = product["hash_pin"]("2468")
    assert argon2.extract_parameters(kept) == argon2.profiles.RFC_9106_LOW_MEMORY
    assert pins.pin_matches(kept, "2468")
    assert not pins.pin_matches(kept, "2469")
    assert not pins.pin_matches("", "2468")
