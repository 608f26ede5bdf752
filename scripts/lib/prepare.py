"""Fetches the PBX's packages and makes the prompts, each only where missing."""

import sys

from callcenter import settings as settings_module
from callcenter.ivr import speech
from callcenter.kernel.errors import CallCenterError
from callcenter.pbx import embedded


def main() -> int:
    """Do both and say so; the exit status is that of the first problem."""
    try:
        settings = settings_module.load()
        embedded.install(settings, lambda line: print(line, flush=True))
        made = speech.make(
            settings.prompts,
            [*speech.read_catalogue(), *speech.read_pieces()],
            espeak=embedded.tool(settings, "espeak-ng"),
            sox=embedded.tool(settings, "sox"),
        )
    except CallCenterError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    print(f"{len(made)} prompts made in {settings.prompts}, the others were up to date.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
