"""The message lamps of phones: MWI as Asterisk keeps it, set from outside.

Debian's Asterisk has no module that takes counts over the control connection, but app_minivm has an
application that says them on behalf of any mailbox. So a short Local channel runs it; from then on
Asterisk tells whoever asks: phones that subscribe, and those that register and are told unasked.
It forgets all when it is restarted.
"""

from callcenter.pbx import checked
from callcenter.pbx.asterisk.ami import AmiLink

_MOST = 9999


async def show(ami: AmiLink, extension: str, new: int, old: int) -> None:
    """See :meth:`callcenter.pbx.control.Control.lamp`."""
    checked.extension(extension, "its lamp was not set")
    counts = {"CC_LAMP_NEW": new, "CC_LAMP_OLD": old}
    said = [f"{name}={min(max(0, count), _MOST)}" for name, count in counts.items()]
    await ami.ask(
        {
            "Action": "Originate",
            "Channel": "Local/s@cc-lamp",
            "Context": "cc-lamp",
            "Exten": "told",  # never gets there: the other half of the Local channel does it all
            "Priority": "1",
            "Timeout": "2000",
            "Async": "true",
            "Variable": [f"CC_LAMP={extension}", *said],
        }
    )
