"""What is seen of phones: registered or not, and the channels at them. Told when it changes."""

from collections.abc import Callable

from callcenter.pbx.checked import TRUNK_PREFIX
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.port import DeviceChanged, DeviceState


class Devices:
    """FreeSWITCH knows registrations and channels apart; a phone's state is of both."""

    def __init__(self, tell: Callable[[DeviceChanged], None]) -> None:
        self._tell = tell
        self._registered: set[str] = set()
        self._channels: dict[str, dict[str, DeviceState]] = {}  # by extension, by channel
        self._told: dict[str, DeviceState] = {}

    def state(self, extension: str) -> DeviceState:
        """Of one phone."""
        channels = self._channels.get(extension, {}).values()
        if DeviceState.IN_USE in channels:
            return DeviceState.IN_USE
        if DeviceState.RINGING in channels:
            return DeviceState.RINGING
        registered = extension in self._registered
        return DeviceState.IDLE if registered else DeviceState.UNREACHABLE

    def has(self, channel: str) -> bool:
        """Whether a phone is at this channel."""
        return any(channel in channels for channels in self._channels.values())

    def all(self) -> dict[str, DeviceState]:
        """Of every phone that was ever seen."""
        known = self._registered | self._channels.keys() | self._told.keys()
        return {extension: self.state(extension) for extension in known}

    def registered(self, extensions: set[str]) -> None:
        """Those that are, all of them: asked for, not told."""
        changed = self._registered ^ extensions
        self._registered = set(extensions)
        for extension in changed:
            self._look(extension)

    def listed(self, rows: list[dict[str, str]]) -> None:
        """The node's channels, all of them: asked for, not told."""
        before = self._channels
        self._channels = {}
        for row in rows:
            extension = row.get("accountcode", "")
            if extension and not extension.startswith(TRUNK_PREFIX):
                up = row.get("callstate") in ("ACTIVE", "HELD")
                state = DeviceState.IN_USE if up else DeviceState.RINGING
                self._channels.setdefault(extension, {})[row["uuid"]] = state
        for extension in before.keys() | self._channels.keys():
            self._look(extension)

    def heard(self, event: EslEvent) -> None:
        """An event that may concern a phone."""
        match event.name:
            case "sofia::register":
                self._registered.add(event.get("from-user"))
                self._look(event.get("from-user"))
            case "sofia::sip_user_state" if event.get("Ping-Status") == "REACHABLE":
                pass  # as it was
            case "sofia::unregister" | "sofia::expire" | "sofia::sip_user_state":
                user = event.get("from-user") or event.get("user")
                self._registered.discard(user)
                self._look(user)
            case "CHANNEL_PROGRESS" | "CHANNEL_PROGRESS_MEDIA" if event.variable("cc_party"):
                self._channel(event, DeviceState.RINGING)
            case "CHANNEL_ANSWER":
                self._channel(event, DeviceState.IN_USE)
            case "CHANNEL_HANGUP_COMPLETE":
                self._channel(event, None)

    def _channel(self, event: EslEvent, state: DeviceState | None) -> None:
        extension = event.variable("cc_extension")
        if not extension:
            return
        channels = self._channels.setdefault(extension, {})
        if state is None:
            channels.pop(event.get("Unique-ID"), None)
            if not channels:
                del self._channels[extension]
        else:
            channels[event.get("Unique-ID")] = state
        self._look(extension)

    def _look(self, extension: str) -> None:
        state = self.state(extension)
        if extension and self._told.get(extension) is not state:
            self._told[extension] = state
            self._tell(DeviceChanged(extension=extension, state=state))
