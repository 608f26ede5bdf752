"""Settings: typed, validated on load, from ``callcenter.toml`` and ``CALLCENTER_*`` variables.

An environment variable beats the file; ``CALLCENTER_SETTINGS`` names another file. Nested names
use two underscores: ``CALLCENTER_ASTERISK__AMI_PORT=5038``.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from callcenter.kernel.errors import BadSettings

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout: dialplans, prompts and migrations stand beside the package."""


class ExternalAsterisk(BaseModel):
    """An Asterisk that somebody else runs; without it the embedded one is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ami_host: str = "127.0.0.1"
    ami_port: int = Field(5038, ge=1, le=65535)
    ami_user: str = "callcenter"
    ami_secret: SecretStr
    fastagi_host: str = Field("127.0.0.1", description="address the engine listens on for calls")
    fastagi_port: int = Field(4573, ge=1, le=65535)
    fastagi_key: SecretStr = Field(description="first part of the AGI path; others are refused")


class ExternalFreeswitch(BaseModel):
    """A FreeSWITCH that somebody else runs; without it the embedded one is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_host: str = "127.0.0.1"
    event_port: int = Field(8021, ge=1, le=65535)
    event_password: SecretStr
    call_host: str = Field("127.0.0.1", description="address the engine listens on for calls")
    call_port: int = Field(4573, ge=1, le=65535)
    call_key: SecretStr = Field(description="variable cc_door of each call; others are refused")


class Settings(BaseSettings):
    """Everything that can be set. Times are seconds."""

    model_config = SettingsConfigDict(
        env_prefix="CALLCENTER_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    home: Path = Field(PROJECT / "var", description="database, journal, recordings, PBX state")
    pbx_root: Path = Field(PROJECT / ".pbx", description="where the fetched PBX packages live")
    prompts: Path = Field(PROJECT / "ivr_prompts" / "audio", description="audio of the prompts")
    database: str = Field("", description="SQLAlchemy URL; empty: SQLite under home")
    pbx: Literal["asterisk", "freeswitch"] = "asterisk"
    freeswitch: Path | None = Field(
        None, description="a FreeSWITCH: its program or folder; empty: the one on PATH"
    )
    asterisk: ExternalAsterisk | None = None
    own_freeswitch: ExternalFreeswitch | None = None
    debian_mirror: str = Field("", description="package mirror; empty: that of this machine")
    local_requests: bool = Field(
        False, description="web requests of flows may reach addresses that are not public"
    )
    smtp_host: str = Field("", description="mail server that takes our mail; empty: mail is off")
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    smtp_from: str = Field(
        "",
        description="address that our mail comes from, with a name perhaps",
        validate_default=True,
    )
    master_key_file: Path | None = Field(
        None, description="master key of recordings; empty: master.key under home"
    )
    recordings_min_free_mb: int = Field(
        200, ge=0, description="with less free disk nothing is recorded; calls go on"
    )
    recordings_keep_days: int | None = Field(
        None, ge=1, description="days that recordings are kept unless a rule says; empty: for ever"
    )
    recordings_backup: str = Field(
        "", description="copies of recordings: a folder or s3://bucket/prefix; empty: none"
    )
    recordings_backup_keep: bool = Field(
        False, description="copies stay when their recordings are removed; else they go too"
    )
    recordings_backup_endpoint: str = Field(
        "", description="URL of an S3-compatible store; empty: that of AWS"
    )
    recordings_backup_user: str = Field("", description="access key of the store")
    recordings_backup_secret: SecretStr = Field(SecretStr(""), description="its secret key")
    clock_offset: float = Field(
        0.0, description="seconds added to the wall clock, to try opening hours; else leave it"
    )
    http: str = Field("", description="address and port of the TCP door; empty: there is none")
    http_certificate: Path | None = Field(None, description="PEM file with the door's certificate")
    http_key: Path | None = Field(None, description="PEM file with its key")
    engine_url: str = Field("", description="engine that commands ask; empty: the one here")
    engine_authority: Path | None = Field(
        None, description="PEM file with what that engine's certificate is signed with"
    )
    token: SecretStr = Field(SecretStr(""), description="API token that commands send")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("smtp_from")
    @classmethod
    def _mail_has_a_sender(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_host") and "@" not in value:
            raise ValueError("smtp_host needs an address that mail comes from")
        return value

    @property
    def external(self) -> ExternalAsterisk | ExternalFreeswitch | None:
        """The PBX that is not ours to start and configure, if there is one of the chosen kind."""
        return self.own_freeswitch if self.pbx == "freeswitch" else self.asterisk

    @property
    def database_url(self) -> str:
        """The URL in force."""
        return self.database or f"sqlite:///{self.home / 'callcenter.db'}"

    @property
    def socket(self) -> Path:
        """The engine's REST socket."""
        return self.home / "engine.sock"

    @property
    def journal(self) -> Path:
        """Folder of the journal's segments."""
        return self.home / "journal"

    @property
    def recordings(self) -> Path:
        """Folder of the recordings."""
        return self.home / "recordings"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = TomlConfigSettingsSource(settings_cls, settings_file())
        return init_settings, env_settings, toml


def settings_file() -> Path:
    """The settings file in force; it need not exist unless it was named."""
    return Path(os.environ.get("CALLCENTER_SETTINGS") or PROJECT / "callcenter.toml")


def load(**overrides: Any) -> Settings:
    """Read and check the settings.

    Raises:
        BadSettings: one sentence naming the file or variable, the setting and what is wrong.
    """
    file = settings_file()
    if os.environ.get("CALLCENTER_SETTINGS") and not file.is_file():
        raise BadSettings(f"The settings file {file} does not exist; check CALLCENTER_SETTINGS.")
    try:
        settings = Settings(**overrides)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file} is not valid TOML: {error}. Mend that line.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The settings file {file} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadSettings(
            f"Setting {name!r} ({file} or environment) is wrong: {first['msg']}. Mend it and retry."
        ) from None
    except SettingsError as error:
        raise BadSettings(f"A CALLCENTER_... variable cannot be used: {error}.") from None
    paths = {name: _path(name, getattr(settings, name)) for name in ("home", "pbx_root", "prompts")}
    return settings.model_copy(update=paths)


def _path(name: str, value: Path) -> Path:
    try:
        return value.expanduser().absolute()
    except RuntimeError:
        raise BadSettings(f"Setting {name!r} names a user that does not exist: {value}.") from None
