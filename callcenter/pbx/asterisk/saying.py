"""Words spoken into a running talk: a Local channel whose one half plays, the other half barges in.

Neither of the two channels that talk leaves its bridge or its script for it.
"""

import asyncio
import secrets
from collections.abc import Sequence

from panoramisk.message import Message

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.port import NodeLost, Prompt
from callcenter.pbx.sounds import Sounds

_PATIENCE = 60.0  # seconds; the longest that may be said
_TO_BOTH, _TO_ONE = "B", "w"  # options of ChanSpy


class Saying:
    """``sounds`` finds the prompts."""

    def __init__(self, ami: AmiLink, sounds: Sounds) -> None:
        self._ami = ami
        self._sounds = sounds
        self._said: dict[str, asyncio.Future[bool]] = {}

    async def say(self, channel: str, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """See the port; ``channel`` is Asterisk's name of the leg."""
        files = [path for prompt in prompts if (path := self._sounds.path(prompt))]
        if not files:
            raise PbxProblem("Nothing can be said: there is no such prompt.")
        name = f"say-{secrets.token_hex(8)}"
        heard = self._said[name] = asyncio.get_running_loop().create_future()
        try:
            await self._ami.ask({"Action": "Getvar", "Channel": channel, "Variable": "UNIQUEID"})
            await self._ami.ask(
                {
                    "Action": "Originate",
                    "ActionID": name,
                    "Channel": "Local/s@cc-say/n",
                    "Context": "cc-say",
                    "Exten": "words",
                    "Priority": "1",
                    "Async": "true",
                    "Variable": [
                        f"__CC_SPIED={channel}",
                        f"__CC_SPY_AS={_TO_BOTH if both else _TO_ONE}",
                        f"CC_SAY={'&'.join(files)}",
                        f"CC_SAY_ID={name}",
                    ],
                }
            )
            async with asyncio.timeout(_PATIENCE):
                done: bool = await heard
                return done
        except ActionRefused:
            return False
        except TimeoutError:
            raise NodeLost("The PBX does not tell whether something was said.") from None
        finally:
            del self._said[name]

    def heard(self, message: Message) -> None:
        """The words are over, said to the end or not."""
        future = self._said.get(str(message.get("Id", "")))
        if future is not None and not future.done():
            future.set_result(str(message.get("Done", "")) == "1")
