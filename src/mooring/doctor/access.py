"""Getting in: whether the server asks for a password, and whether it takes ours."""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.doctor.diagnosis import Fact, Finding, Look, Outcome, failed
from mooring.doctor.wire import Refusal, Wire

__all__ = ["Credentials", "enter"]

_NEEDLESS = ("no password is set", "without any password configured")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the settings give to get in with."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments of AUTH, none where there is nothing to give."""
        if self.username is None and self.password is None:
            return ()
        return (*filter(None, [self.username]), self.password or "")


def enter(wire: Wire, credentials: Credentials, db: int) -> Look:
    """Authenticate as clients do, and choose the database. Raises WireError where the server ends it otherwise."""
    answers_strangers = _pings(wire)
    facts: dict[str, Fact] = {"open": answers_strangers, "password_sent": bool(credentials.words)}
    if credentials.words:
        fault = _authenticated(wire, credentials)
        if fault:
            ends = fault.code != "auth-needless"
            return Look("refused", facts, (fault,), ends=ends)
    elif not answers_strangers:
        raise Refusal("NOAUTH")
    _pings(wire, let_in=True)
    user = _user(wire)
    if user:
        facts["user"] = user
    told = f"in as {user}" if user else "in"
    if db:
        fault = _selected(wire, db)
        if fault:
            return Look(told, facts, (fault,))
    return Look(f"{told}, without a password" if answers_strangers else told, facts)


def _pings(wire: Wire, *, let_in: bool = False) -> bool:
    """Whether PING is answered, also by a user who has no right to it."""
    try:
        wire.ask("PING")
    except Refusal as refusal:
        if refusal.code == "NOPERM":
            return True
        if refusal.code == "NOAUTH" and not let_in:
            return False
        raise
    return True


def _authenticated(wire: Wire, credentials: Credentials) -> Finding | None:
    try:
        wire.ask("AUTH", *credentials.words)
    except Refusal as refusal:
        # Its text is not told: a server that does not know the command repeats what it was given.
        text = str(refusal)
        if any(words in text for words in _NEEDLESS):
            return failed(
                Outcome.ACCESS,
                "auth-needless",
                "A password is set, but the server has none and refuses to be given one.",
                "Set a password on the server (`requirepass` or an ACL); or check that this is the right server.",
            )
        if "unknown command" in text:
            return failed(
                Outcome.ACCESS,
                "auth-unknown",
                "The server does not know AUTH: it was renamed or disabled, or a proxy answers.",
                "Remove `rename-command AUTH` from the server; behind a proxy, leave the password out.",
            )
        if refusal.code in {"WRONGPASS", "NOPERM"} or "invalid password" in text:
            raise Refusal("WRONGPASS") from None
        if "wrong number of arguments" in text or "syntax error" in text:
            return failed(
                Outcome.ACCESS,
                "auth-without-users",
                "The server knows no user names (Redis before 6), and one is set.",
                "Leave the user name out, or use Redis 6 or later.",
            )
        raise Refusal(refusal.code) from None
    return None


def _user(wire: Wire) -> str:
    try:
        return str(wire.ask("ACL", "WHOAMI"))
    except Refusal:
        return ""


def _selected(wire: Wire, db: int) -> Finding | None:
    try:
        wire.ask("SELECT", str(db))
    except Refusal as refusal:
        if refusal.code == "NOPERM":
            remedy = "Give the user that right (ACL SETUSER … +select), or use database 0."
            return failed(Outcome.ACCESS, "db-denied", f"The user may not choose database {db}.", remedy)
        remedy = "Use a lower number (0 in a Cluster), or raise the server's `databases`."
        return failed(Outcome.STATE, "db-unknown", f"The server has no database {db}.", remedy)
    return None
