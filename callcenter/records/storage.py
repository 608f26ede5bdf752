"""Where recordings are kept and for how long, out of the settings. Pure."""

from dataclasses import dataclass, field
from pathlib import Path

from callcenter.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Storage:
    """``keep_days`` ``None``: for ever. ``backup``: a folder, or ``s3://bucket/prefix``.

    ``backup_keep``: copies stay when their recordings are removed.
    """

    folder: Path
    master_key: Path
    min_free_mb: int = 0
    keep_days: int | None = None
    backup: str = ""
    backup_keep: bool = False
    backup_endpoint: str = ""
    backup_user: str = ""
    backup_secret: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Storage":
        """As it is set up."""
        return cls(
            folder=settings.recordings,
            master_key=settings.master_key_file or settings.home / "master.key",
            min_free_mb=settings.recordings_min_free_mb,
            keep_days=settings.recordings_keep_days,
            backup=settings.recordings_backup,
            backup_keep=settings.recordings_backup_keep,
            backup_endpoint=settings.recordings_backup_endpoint,
            backup_user=settings.recordings_backup_user,
            backup_secret=settings.recordings_backup_secret.get_secret_value(),
        )

    @classmethod
    def below(cls, home: Path) -> "Storage":
        """A folder of its own, with nothing set up; for tests and tools."""
        return cls(folder=home / "recordings", master_key=home / "master.key")
