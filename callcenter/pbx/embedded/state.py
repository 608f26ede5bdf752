"""Reads back what :func:`~callcenter.pbx.embedded.config.write_config` left in ``state.json``."""

import json

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded.layout import Home
from callcenter.pbx.embedded.model import EmbeddedState


def load_state(home: Home) -> EmbeddedState | None:
    """The state on disk, or ``None`` when the PBX was never configured."""
    try:
        return EmbeddedState(**json.loads(home.state.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise PbxProblem(f"{home.state} cannot be used ({error}); remove it and retry.") from None
