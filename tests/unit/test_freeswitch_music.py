"""Music of a FreeSWITCH of our own: one list, so that it does not pause from tune to tune."""

import shutil
from pathlib import Path

from callcenter.pbx.embedded import freeswitch, layout
from callcenter.settings import load


def test_the_list_has_every_piece_over_and_over(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "home", prompts=tmp_path / "prompts", pbx="freeswitch")
    folder = layout.music_dir(settings)
    folder.mkdir(parents=True)
    tune = next(layout.music_dir(load()).glob("*.wav"))
    for name in ("b.wav", "a.wav"):
        shutil.copy(tune, folder / name)
    freeswitch.write_config(settings, [], [])
    etc = tmp_path / "home" / "pbx" / "etc"
    lines = (etc / "music" / "default.loc").read_text().splitlines()
    assert lines[:3] == [f"{folder}/a.wav", f"{folder}/b.wav", f"{folder}/a.wav"]
    assert len(lines) > 1000
    assert f'path="{etc}/music"' in (etc / "freeswitch.xml").read_text()
