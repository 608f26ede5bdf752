"""The lock behind too many wrong PINs."""

from callcenter.kernel.clock import Clock


class PinLock:
    """Three wrong PINs for a number lock it, known or not, whoever calls from wherever."""

    def __init__(self, clock: Clock, *, most: int = 3, lock_seconds: float = 900) -> None:
        self._clock = clock
        self._most = most
        self._seconds = lock_seconds
        self._wrong: dict[str, tuple[int, float]] = {}

    def locked(self, number: str) -> bool:
        """Whether it is locked now; a lock that is over is forgotten with its count."""
        count, last = self._wrong.get(number, (0, 0.0))
        if count and self._clock.monotonic() - last >= self._seconds:
            del self._wrong[number]
            return False
        return count >= self._most

    def wrong(self, number: str) -> None:
        """Count a wrong PIN."""
        count = 0 if self.locked(number) else self._wrong.get(number, (0, 0.0))[0]
        self._wrong[number] = (count + 1, self._clock.monotonic())

    def right(self, number: str) -> None:
        """Forget the wrong ones."""
        self._wrong.pop(number, None)
