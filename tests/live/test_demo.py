"""``scripts/demo`` as a newcomer runs it: its phones are baresip, not ours."""

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from callcenter.settings import PROJECT, load
from tests.support.site import skip_without_pbx

pytestmark = pytest.mark.live


async def test_demo_makes_one_call_and_tells_it_in_json() -> None:
    skip_without_pbx(load())
    home = tempfile.mkdtemp(prefix="cc-demo-")
    try:
        process = await asyncio.create_subprocess_exec(
            PROJECT / "scripts" / "demo",
            "--json",
            env={**os.environ, "CALLCENTER_HOME": home},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 100)
        assert process.returncode == 0, output.decode()
        told = json.loads(output.splitlines()[-1])
        assert (told["calls_offered"], told["calls_answered"], told["cdr_legs"]) == (1, 1, 2)
        assert told["seat"] in ("1001", "1002")
        assert told["talk_seconds"] == pytest.approx(5.0, abs=0.5)
        assert told["recording"]["seconds"] == pytest.approx(told["talk_seconds"], abs=0.5)
        assert Path(told["recording"]["path"]).is_file()
        assert min(told["recording"]["caller_rms"], told["recording"]["seat_rms"]) > -30
    finally:
        shutil.rmtree(home)
