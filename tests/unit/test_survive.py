"""The script that speaks while the engine is away, run as Asterisk runs it: as a process."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "dialplans" / "asterisk" / "survive.py"
OPENING = "agi_request: survive.py\nagi_channel: PJSIP/trunk-world-00000001\n\n"


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """English and Chinese voices, no Japanese one."""
    for language in ("en", "zh"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "apology.wav").write_bytes(b"RIFF")
    return tmp_path


def run(answers: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        input=answers,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_each_turn_speaks_the_next_language(prompts: Path) -> None:
    for turn, language in ((0, "zh"), (1, "en"), (2, "zh"), ("", "zh")):
        done = run(f"{OPENING}200 result=0\n200 result=0 endpos=8000\n", prompts, turn)
        assert done.stdout.splitlines() == [
            "ANSWER",
            f'STREAM FILE "{prompts / language / "apology"}" "" 0',
        ]
        assert (done.returncode, done.stderr) == (0, "")


def test_without_a_voice_it_only_answers(tmp_path: Path) -> None:
    done = run(f"{OPENING}200 result=0\n", tmp_path, 0)
    assert done.stdout.split() == ["ANSWER"]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "answers",
    [
        "",
        OPENING,
        f"{OPENING}200 result=-1\nHANGUP\n",
        f"{OPENING}200 result=0\n200 result=-1 endpos=0\n",
        f"{OPENING}511 result=-1 Command Not Permitted on a dead channel\n",
        f"{OPENING}nonsense\n",
        "\x00\x01\x02\n\n",
    ],
    ids=["nothing", "no answer", "hung up", "hung up later", "dead", "nonsense", "binary"],
)
def test_whatever_goes_wrong_it_ends_in_one_line(prompts: Path, answers: str) -> None:
    done = run(answers, prompts, 0)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 1


def test_without_arguments_it_ends_in_one_line() -> None:
    done = run(f"{OPENING}200 result=0\n")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
