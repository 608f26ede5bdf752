"""Words spoken into a running talk: each channel that is to hear them plays them itself.

A key that no telephone has is queued on the channel as if its phone had pressed it; the bridge runs
the dialplan's ``cc-words`` for it (features.conf), and the channel is back in its talk afterwards.
So the words hang on nothing but that channel. What is mixed into a talk by a ChanSpy that whispers
hangs on the other one's sound: it is heard only while that comes, and cut where it comes unevenly.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress

from panoramisk.message import Message

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.asterisk.ami import ActionRefused, AmiLink
from callcenter.pbx.port import NodeLost, Prompt
from callcenter.pbx.sounds import Sounds
from callcenter.pbx.turns import Turns

_BEGIN = 2.5  # seconds; until then the channel has looked at the key
_TRIES = 2  # a key between two of a phone's own feature code counts as a part of that
_PATIENCE = 60.0  # the longest that may be said
_KEY = "A"  # of cc-words in features.conf


class _Words:
    """Said to one channel: whether it has begun, and how it ended."""

    def __init__(self, channel: str) -> None:
        loop = asyncio.get_running_loop()
        self.channel = channel
        self.begun: asyncio.Future[bool] = loop.create_future()
        self.over: asyncio.Future[bool] = loop.create_future()

    def tell(self, future: "asyncio.Future[bool]", value: bool) -> None:
        if not future.done():
            future.set_result(value)

    def end(self, done: bool) -> None:
        self.tell(self.begun, value=done)
        self.tell(self.over, value=done)


class Saying:
    """``sounds`` finds the prompts."""

    def __init__(self, ami: AmiLink, sounds: Sounds) -> None:
        self._ami = ami
        self._sounds = sounds
        self._said: dict[str, _Words] = {}
        self._turns = Turns()

    async def say(self, channel: str, prompts: Sequence[Prompt], *, both: bool) -> bool:
        """See the port; ``channel`` is Asterisk's name of the leg."""
        files = [path for prompt in prompts if (path := self._sounds.path(prompt))]
        if not files:
            raise PbxProblem("Nothing can be said: there is no such prompt.")
        try:
            other = await self._other(channel)
            if not other:
                return False
            hearing = [channel, await self._get(other, "UNIQUEID")] if both else [channel]
        except ActionRefused:
            return False
        told = {asyncio.create_task(self._tell(one, "&".join(files))): one for one in hearing}
        try:
            for task in asyncio.as_completed(told):
                if not await task:
                    return False
            return True
        finally:
            for task in told:
                task.cancel()
            await asyncio.gather(
                *(self._stop(one) for task, one in told.items() if not task.done())
            )

    def heard(self, message: Message) -> None:
        """What a channel tells of its words."""
        words = self._said.get(str(message.get("Id", "")))
        if words is None:
            return
        if message.userevent == "CcSaying":
            words.tell(words.begun, value=True)
        else:
            words.end(str(message.get("Done", "")) == "SUCCESS")

    def gone(self, channel: str) -> None:
        """The channel has ended, perhaps in the middle of a word."""
        for words in self._said.values():
            if words.channel == channel:
                words.end(done=False)

    async def _tell(self, channel: str, files: str) -> bool:
        """To one channel; ``False`` when it left its talk before the end."""
        async with self._turns.of(channel):
            name = f"say-{secrets.token_hex(8)}"
            words = self._said[name] = _Words(channel)
            try:
                await self._set(channel, "CC_SAY", files)
                await self._set(channel, "CC_SAY_ID", name)
                if not await self._begins(words):
                    return False
                async with asyncio.timeout(_PATIENCE):
                    return await words.over
            except ActionRefused:
                return False
            except TimeoutError:
                raise NodeLost("The PBX does not tell whether something was said.") from None
            finally:
                del self._said[name]

    async def _begins(self, words: _Words) -> bool:
        """Have it looked at; what is not in a talk does not. A key too many does nothing."""
        key = {"Action": "PlayDTMF", "Channel": words.channel, "Digit": _KEY, "Receive": "true"}
        for _ in range(_TRIES):
            await self._ami.ask(key | {"Duration": "40"})
            with suppress(TimeoutError):
                async with asyncio.timeout(_BEGIN):
                    return await asyncio.shield(words.begun)
        await self._set(words.channel, "CC_SAY_ID", "")
        return words.begun.done() and words.begun.result()

    async def _stop(self, channel: str) -> None:
        """Whoever is left alone in a talk need not hear the end."""
        with suppress(ActionRefused):
            await self._ami.ask(
                {"Action": "ControlPlayback", "Channel": channel, "Control": "stop"}
            )

    async def _other(self, channel: str) -> str:
        """Who talks with it, ``""`` when nobody does.

        For a moment after a whisper the two talk through the halves of a Local channel, until
        Asterisk takes that out.
        """
        peer = await self._get(channel, "BRIDGEPEER")
        if not peer.startswith("Local/"):
            return peer
        half = f"{peer[:-1]}{'1' if peer.endswith('2') else '2'}"
        try:
            return await self._get(half, "BRIDGEPEER")
        except ActionRefused:  # it has just been taken out
            return await self._get(channel, "BRIDGEPEER")

    async def _get(self, channel: str, variable: str) -> str:
        action = {"Action": "Getvar", "Channel": channel, "Variable": variable}
        return str((await self._ami.ask(action)).get("Value", ""))

    async def _set(self, channel: str, variable: str, value: str) -> None:
        action = {"Action": "Setvar", "Channel": channel, "Variable": variable, "Value": value}
        await self._ami.ask(action)
