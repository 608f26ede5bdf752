"""The demo's database for a test's home: made once for each test process, copied for each test."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from callcenter.demo.seed import DemoSecrets, seed
from callcenter.settings import Settings, load


def seeded(settings: Settings) -> DemoSecrets:
    """Put the demo, at the newest schema, into the empty home of ``settings``.

    Where the database is not in the home, a copy of files would not reach it: it is seeded.
    """
    if settings.database:
        return seed(settings)
    template, kept = _template()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in template.iterdir():
        shutil.copy2(file, settings.home / file.name)
    return kept


@functools.cache
def _template() -> tuple[Path, DemoSecrets]:
    folder = Path(tempfile.mkdtemp(prefix="cc-seeded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder, seed(load(home=folder))
