"""What callers hear before an answer (N8): a greeting of the tenant, another prompt, or nothing."""

from callcenter.conductor.context import Context
from callcenter.pbx.port import Prompt, colour_ring

_LONGEST = 64  # of a music class; a longer name is no colour ring but plain ringing


def ring_class(context: Context, tenant: str, prompt: str) -> str:
    """The music class of a colour ring, ``""`` where there is none to be heard.

    A prompt that the tenant has made its own goes before the built-in one of the same name.
    """
    if not prompt:
        return ""
    own = context.snapshot.now.prompts.find(tenant, Prompt(prompt))
    named = colour_ring(own)
    return named if len(named) <= _LONGEST else ""
