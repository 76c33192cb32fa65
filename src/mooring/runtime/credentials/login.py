"""A user name and password, and which of several to show the server while they change. Pure.

The new password reaches this process and the server at different moments. Whichever comes first, one of two logins
gets in: the one that is wanted, or the one that got in before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Login", "Succession"]


@dataclass(frozen=True, slots=True)
class Login:
    """How to get in. Its repr hides the password."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def arguments(self) -> tuple[str] | tuple[str, str] | tuple[()]:
        """Return the arguments of AUTH; none where nothing has to be shown."""
        if self.username:
            return self.username, self.password or ""
        return () if not self.password else (self.password,)


class Succession:
    """The login to show, and what to do when it is refused. Not safe for threads by itself.

    `generation` counts its changes: a connection that was opened with an older one has to show the present login.
    """

    def __init__(self, login: Login, patience: float = 5.0) -> None:
        self.current = login
        self.generation = 0
        self._patience = patience
        self._before: Login | None = None
        self._wanted: Login | None = None
        self._again_at = 0.0

    @property
    def unproven(self) -> bool:
        """Whether the server has not yet been seen to accept the present login since it changed."""
        return self._before is not None

    def offer(self, login: Login) -> bool:
        """Take what the settings say now; false when that is known already."""
        if login == (self._wanted or self.current):
            return False
        self._wanted = None
        # Two changes before anybody got in: the login that last got in is still the one to fall back on.
        self._before = self._before or self.current
        self._show(login)
        return True

    def accepted(self, generation: int) -> None:
        """Note that the server let in who showed the login of a generation."""
        if generation == self.generation:
            self._before = None

    def refused(self, now: float) -> bool:
        """Fall back on the login that got in before, if there is one; the new one is tried again after a while."""
        if self._before is None:
            return False
        before, self._before, self._wanted = self._before, None, self.current
        self._again_at = now + self._patience
        self._show(before)
        return True

    def due(self, now: float) -> bool:
        """Return to the login that the settings want, once it may be time."""
        if self._wanted is None or now < self._again_at:
            return False
        self._before, wanted, self._wanted = self.current, self._wanted, None
        self._show(wanted)
        return True

    def _show(self, login: Login) -> None:
        self.current = login
        self.generation += 1
