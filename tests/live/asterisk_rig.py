"""The rig of a real Asterisk: the embedded one, with real SIP phones around it."""

import asyncio
from pathlib import Path

from callcenter.demo import ears
from callcenter.kernel.clock import LoopClock
from callcenter.pbx import embedded
from callcenter.pbx.asterisk import AsteriskLink, AsteriskNode
from callcenter.pbx.causes import Cause
from callcenter.pbx.port import Prompt, Source
from callcenter.settings import Settings
from tests.contract.engine_side import EngineSide
from tests.support.exchange import Exchange, free_port
from tests.support.phone import Call, IncomingCall, Phone, answer_after, never, reject

SEATS = tuple(
    embedded.SipAccount(extension=number, secret=f"secret-of-{number}")
    for number in ("1001", "1002", "1003")
)
WORLD_PORT = free_port()
WORLD = embedded.SipTrunk(name="world", match="127.0.0.3", contact=f"127.0.0.3:{WORLD_PORT}")
_CAUSES = {404: Cause.UNALLOCATED, 486: Cause.BUSY, 403: Cause.REJECTED, 503: Cause.CONGESTION}


class Audio:
    """Where the prompts and the music are."""

    def __init__(self, settings: Settings) -> None:
        self.prompts = settings.prompts
        self.music = sorted(embedded.music_dir(settings).glob("*.wav"))[0]

    def file(self, prompt: Prompt) -> Path:
        return self.prompts / f"{prompt}.wav"


def send_together(call: Call, packets: int) -> None:
    """See :meth:`tests.contract.rig.CallerPhone.sends_together`."""
    call.send_together(max(1, packets))
    if packets:
        call.silence()
    else:
        call.mute()


class SipCaller:
    """See :class:`tests.contract.rig.CallerPhone`."""

    def __init__(self, call: Call, audio: Audio) -> None:
        self.call = call
        self._audio = audio

    @property
    def was_answered(self) -> bool:
        return self.call.answered_200

    @property
    def refused(self) -> Cause | None:
        return _CAUSES.get(self.call.bye.status) if self.call.bye else None

    @property
    def is_up(self) -> bool:
        return self.call.alive

    async def press(self, keys: str) -> None:
        await self.call.answered()
        await self.call.press(keys)

    def says(self, seconds: float) -> None:
        """A hum, after as long a moment as it takes to begin the recording."""
        self.call.play([ears.tone(440, seconds)])

    def sends_together(self, packets: int) -> None:
        send_together(self.call, packets)

    async def hang_up(self) -> None:
        await self.call.hang_up()

    async def hears(self, prompt: Prompt) -> None:
        await self.call.hears(self._audio.file(prompt), within=15)

    async def heard_prompt(self, prompt: Prompt) -> bool:
        return self.call.heard_prompt(self._audio.file(prompt))

    async def hears_music(self) -> None:
        await self.call.hears_part_of(self._audio.music)

    async def hears_colour_ring(self, prompt: Prompt) -> None:
        await self.call.hears(self._audio.file(prompt), within=15)


class SipSeat:
    """See :class:`tests.contract.rig.SeatPhone`."""

    def __init__(self, phone: Phone, audio: Audio) -> None:
        self.phone = phone
        self.second: Call | None = None
        self._audio = audio

    def answers(self, *, after: float) -> None:
        self.phone.on_ring = answer_after(after)

    def rejects(self) -> None:
        self.phone.on_ring = reject(486)

    def never_answers(self) -> None:
        self.phone.on_ring = never

    def picks_up(self) -> None:
        self.phone.incoming[-1].pick_up()

    @property
    def _newest(self) -> IncomingCall:
        return self.phone.incoming[-1]

    def sends_together(self, packets: int) -> None:
        send_together(self._newest, packets)

    async def press(self, keys: str) -> None:
        await self._newest.answered()
        await self._newest.press(keys)

    async def hears(self, prompt: Prompt) -> None:
        await self._newest.hears(self._audio.file(prompt), within=15)

    @property
    def presented(self) -> str:
        return self.phone.incoming[-1].caller

    @property
    def is_ringing(self) -> bool:
        return any(call.alive and call.status is None for call in self.phone.incoming)

    @property
    def is_talking(self) -> bool:
        return any(call.talking for call in self.phone.incoming)

    async def hang_up(self) -> None:
        await self.phone.incoming[-1].hang_up()

    async def hold(self) -> None:
        await self._newest.hold()

    async def resume(self) -> None:
        await self._newest.resume()

    async def transfer(self, to: str) -> None:
        assert await self._newest.refer(to) == 202

    async def calls(self, dialled: str) -> None:
        self.second = self.phone.invite(dialled)

    async def joins(self) -> None:
        assert self.second is not None
        assert await self._newest.refer_to(self.second) == 202

    async def text(self, to: str, text: str) -> None:
        assert await self.phone.message(to, text) in (200, 202)

    @property
    def texts(self) -> list[str]:
        requests = [one for one in self.phone.messages if one.method == "MESSAGE"]
        return [request.body.decode() for request in requests]

    @property
    def lamp(self) -> tuple[int, int] | None:
        return self.phone.lamp

    async def vanish(self) -> None:
        self.phone.vanish()


class SipLine(SipSeat):
    """A number of the world; see :class:`tests.contract.rig.SeatPhone`."""

    def __init__(self, exchange: Exchange, number: str, audio: Audio) -> None:
        super().__init__(exchange.phone, audio)
        self._exchange, self._number = exchange, number

    def answers(self, *, after: float) -> None:
        self._exchange.behaviours[self._number] = answer_after(after)

    def rejects(self) -> None:
        self._exchange.behaviours[self._number] = reject(486)

    def never_answers(self) -> None:
        self._exchange.behaviours[self._number] = never

    @property
    def _newest(self) -> IncomingCall:
        return self._exchange.calls(self._number)[-1]

    @property
    def presented(self) -> str:
        return self._exchange.calls(self._number)[-1].caller

    @property
    def is_ringing(self) -> bool:
        calls = self._exchange.calls(self._number)
        return any(call.alive and call.status is None for call in calls)

    @property
    def is_talking(self) -> bool:
        return any(call.talking for call in self._exchange.calls(self._number))

    async def hang_up(self) -> None:
        await self._exchange.calls(self._number)[-1].hang_up()


class AsteriskRig(EngineSide):
    """See :class:`tests.contract.rig.Rig`."""

    pbx: AsteriskNode

    def __init__(self, settings: Settings, state: embedded.EmbeddedState, folder: Path) -> None:
        super().__init__()
        self.settings, self.state, self.folder = settings, state, folder
        self.audio = Audio(settings)
        self.phones: list[Phone] = []
        self._seats: dict[str, Phone] = {}
        self._exchange: Exchange | None = None
        self._server = ("127.0.0.1", state.sip_port)

    async def place_call(
        self, caller: str, dialled: str, *, name: str = "", source: Source = Source.TRUNK
    ) -> SipCaller:
        if source is Source.EXTENSION:
            phone = self._seats[caller]
        else:
            phone = await Phone.open(ip="127.0.0.3", server=self._server, user=caller)
            self.phones.append(phone)
        return SipCaller(phone.invite(dialled, name=name), self.audio)

    async def seat(self, extension: str) -> SipSeat:
        phone = await Phone.open(
            server=self._server, user=extension, password=f"secret-of-{extension}"
        )
        self.phones.append(phone)
        self._seats[extension] = phone
        await phone.register()
        return SipSeat(phone, self.audio)

    async def outside(self, number: str) -> SipLine:
        if self._exchange is None:
            self._exchange = await Exchange.open(WORLD_PORT, self._server)
            self.phones.append(self._exchange.phone)
        return SipLine(self._exchange, number, self.audio)

    def engine(self) -> AsteriskNode:
        link = AsteriskLink(
            ami_host="127.0.0.1",
            ami_port=self.state.ami_port,
            ami_user=self.state.ami_user,
            ami_secret=self.state.ami_secret,
            fastagi_host="127.0.0.1",
            fastagi_port=self.state.fastagi_port,
            fastagi_key=self.state.fastagi_key,
            sounds=self.settings.prompts,
        )
        return AsteriskNode(link, LoopClock())

    async def channels(self) -> list[str]:
        """Every channel of the PBX by name, also those that carry no call of ours."""
        rows = await self.pbx._ami.ask_list({"Action": "CoreShowChannels"})
        names = (str(row.channel) for row in rows)
        return [name for name in names if not name.startswith("Message/")]  # stays for ever

    async def close(self) -> None:
        """Leave the PBX as it was found: no phone, no call, no note of one."""
        await asyncio.gather(*(phone.close() for phone in self.phones))
        for phone in self.phones:
            print(phone.wire)  # shown when the test failed
        if self._listener is None:
            await self.engine_returns()
        try:
            async with asyncio.timeout(5):
                while await self.channels():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            for call in await self.pbx.orphans():
                await self.pbx.forget_orphan(call)
        finally:
            await self.engine_dies()
