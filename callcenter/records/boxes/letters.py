"""The mail that tells of a message, in the tenant's language, its sound attached (R2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from callcenter.kernel.errors import CallCenterError
from callcenter.kernel.mail import Attachment, put_mail
from callcenter.records.boxes.model import Boxes
from callcenter.records.model import Message
from callcenter.records.sounds import SpokenSounds

_log = structlog.get_logger(__name__)

_SUBJECT = {
    "en": "Voicemail from {caller} for {box}",
    "zh": "{box} 的语音留言，来自 {caller}",
    "ja": "{box} への留守番メッセージ（{caller}）",
}
_TEXT = {
    "en": "A message was left for {box}.\n\nFrom: {caller}\nAt: {at}\nLength: {seconds} s\n\n"
    "Listen to the attached file, or dial *98 from your telephone.\n",
    "zh": "{box} 收到一条语音留言。\n\n来电：{caller}\n时间：{at}\n时长：{seconds} 秒\n\n"
    "请收听附件，或用话机拨打 *98。\n",
    "ja": "{box} に留守番メッセージが届きました。\n\n発信者：{caller}\n日時：{at}\n"
    "長さ：{seconds} 秒\n\n添付ファイルを再生するか、電話機から *98 におかけください。\n",
}
_WITHHELD = {"en": "a withheld number", "zh": "未显示号码", "ja": "番号非通知"}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How a tenant reads: language and time zone."""

    language: str = "en"
    zone: str = "UTC"


class Letters:
    """Puts a letter into the outbox for each message of a box that has addresses."""

    def __init__(
        self, sounds: SpokenSounds, boxes: Callable[[], Boxes], reader: Callable[[str], Reader]
    ) -> None:
        """``reader`` tells how a tenant reads."""
        self._sounds = sounds
        self._boxes = boxes
        self._reader = reader

    def tell(self, connection: Connection, message: Message) -> None:
        """In the transaction that keeps the message; once for each box that it comes to.

        What is wrong with the mail is no reason to lose the message.
        """
        box = self._boxes().find(message.tenant, message.box)
        if not box.mail:
            return
        reader = self._reader(message.tenant)
        try:
            subject, text = letter(message, reader)
        except (KeyError, ValueError) as error:
            _log.error("no such time zone", zone=reader.zone, why=str(error))
            subject, text = letter(message, replace(reader, zone="UTC"))
        try:
            sound = self._sounds.read(message.tenant, message.path)
        except (OSError, SQLAlchemyError, CallCenterError) as error:
            _log.error("mail goes without the message's sound", message=message.id, why=str(error))
            sound = b""
        name = f"{message.at:%Y%m%d-%H%M%S}.wav"
        attached = [Attachment(name=name, media="audio/wav", data=sound)] if sound else []
        once = f"voicemail {message.id} {message.box}"
        for address in box.mail:
            try:
                put_mail(
                    connection,
                    address,
                    subject,
                    text,
                    attached,
                    tenant=message.tenant,
                    once=once,
                )
            except CallCenterError as error:
                _log.error("no mail of a message", message=message.id, why=str(error))


def letter(message: Message, reader: Reader) -> tuple[str, str]:
    """Subject and text."""
    language = reader.language if reader.language in _TEXT else "en"
    at = message.at.astimezone(ZoneInfo(reader.zone))
    words = {
        "box": message.box,
        "caller": message.caller or _WITHHELD[language],
        "at": f"{at:%Y-%m-%d %H:%M} ({reader.zone})",
        "seconds": str(round(message.seconds)),
    }
    return _SUBJECT[language].format(**words), _TEXT[language].format(**words)
