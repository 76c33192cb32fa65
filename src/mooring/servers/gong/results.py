"""What the tools answer: of Gong's fields those that a model works with."""

from __future__ import annotations

from mooring.servers.projection import CursorPage, Projection, at

__all__ = ["Call", "Found", "Insights", "PersonStats", "Sentence", "Transcript", "User"]


class Call(Projection):
    """A call; `duration` is in seconds."""

    id: str
    title: str | None = None
    started: str | None = None
    duration: int | None = None
    direction: str | None = None
    scope: str | None = None
    host: str | None = at("primaryUserId", default=None)
    url: str | None = None


class Party(Projection):
    """Somebody on a call."""

    name: str | None = None
    email: str | None = at("emailAddress", default=None)
    title: str | None = None
    affiliation: str | None = None


class Found(Call):
    """A call that a search found, and who was on it."""

    parties: list[Party]


class Sentence(Projection):
    """A sentence; `start` is in milliseconds from the call's beginning."""

    speaker: str
    start: int
    text: str


class Transcript(CursorPage[Sentence]):
    """What was said, in order."""


class Topic(Projection):
    """What was spoken of, for so many seconds."""

    name: str
    duration: int = 0


class Tracker(Projection):
    """Phrases that the company looks out for, and how often they fell."""

    name: str
    count: int = 0


class Point(Projection):
    """A point that matters."""

    text: str


class Stat(Projection):
    """A measure of how the talk went."""

    name: str
    value: float


class Insights(Projection):
    """What Gong made of a call."""

    id: str = at("metaData", "id")
    title: str | None = at("metaData", "title", default=None)
    brief: str | None = at("content", "brief", default=None)
    key_points: list[Point] | None = at("content", "keyPoints", default=None)
    topics: list[Topic] | None = at("content", "topics", default=None)
    trackers: list[Tracker] | None = at("content", "trackers", default=None)
    stats: list[Stat] | None = at("interaction", "interactionStats", default=None)


class PersonStats(Projection):
    """How somebody talks on calls."""

    user: str = at("userId")
    email: str | None = at("userEmailAddress", default=None)
    stats: list[Stat] = at("personInteractionStats")


class User(Projection):
    """A user of Gong."""

    id: str
    email: str | None = at("emailAddress", default=None)
    first_name: str | None = at("firstName", default=None)
    last_name: str | None = at("lastName", default=None)
    title: str | None = None
    active: bool | None = None
    manager: str | None = at("managerId", default=None)
