"""Which sessions `watch` holds: venue by venue the URL, the credentials and the channels.

Law: what cannot work is found here, before anything is dialed.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from venuewire.cli.arguments import Pairs, credentials_of, is_loopback, venue_url
from venuewire.cli.outcome import WrongUsage
from venuewire.core.errors import ConfigurationError
from venuewire.core.secrets import Credentials
from venuewire.core.venue import ClientOptions, Venue


class Entry(Struct, frozen=True, kw_only=True):
    venue: Venue
    url: str | None
    """None is the real venue."""
    credentials: Credentials | None
    private: bool
    """Some of the channels need credentials."""
    channels: tuple[str, ...]


def roster(
    venues: Iterable[Venue],
    *,
    urls: Mapping[str, str],
    subscribe: Pairs,
    environment: Mapping[str, str],
    local: bool,
) -> list[Entry]:
    """With `local`, `urls` are those of our own local venue. Raises `WrongUsage`."""
    return [
        _entry(
            venue,
            url=urls.get(venue.name),
            channels=subscribe.get(venue.name),
            credentials=venue.demo if local else _credentials(venue, urls, environment),
        )
        for venue in venues
    ]


def given_urls(pairs: Pairs, venues: Iterable[Venue]) -> dict[str, str]:
    """The last word of `--url` about each venue."""
    return {
        venue.name: venue_url(venue, pairs[venue.name][-1])
        for venue in venues
        if venue.name in pairs
    }


def _credentials(
    venue: Venue, urls: Mapping[str, str], environment: Mapping[str, str]
) -> Credentials | None:
    """What listens on this machine is taken for a local venue, which knows the demo accounts."""
    found = credentials_of(venue, environment)
    if found is None and is_loopback(urls.get(venue.name, "")):
        return venue.demo
    return found


def _entry(
    venue: Venue,
    *,
    url: str | None,
    channels: Iterable[str] | None,
    credentials: Credentials | None,
) -> Entry:
    usual = venue.public if credentials is None else venue.watched
    wanted = usual if channels is None else tuple(dict.fromkeys(channels))
    entry = Entry(
        venue=venue,
        url=url,
        credentials=credentials,
        private=credentials is not None and any(is_private(venue, channel) for channel in wanted),
        channels=wanted,
    )
    _check(entry)
    return entry


def is_private(venue: Venue, channel: str) -> bool:
    """Whether a session without credentials cannot have it."""
    try:
        topics = venue.client(ClientOptions(private=False)).topics(channel, {})
    except ConfigurationError:
        return True  # Or no channel at all, which its own session will say.
    return any(topic.private for topic in topics)


def _check(entry: Entry) -> None:
    venue = entry.venue
    options = ClientOptions(credentials=entry.credentials, url=entry.url, private=entry.private)
    try:
        dialect = venue.client(options)
    except ConfigurationError as error:
        raise WrongUsage(f"{venue.name}: {error}") from None
    for channel in entry.channels:
        try:
            dialect.topics(channel, {})
        except ConfigurationError as error:
            raise WrongUsage(_objection(entry, channel, str(error))) from None


def _objection(entry: Entry, channel: str, reason: str) -> str:
    name = entry.venue.name
    if entry.private and not is_private(entry.venue, channel):
        return (
            f"{name}: one session cannot have public channels, such as {channel}, and private"
            " ones; watch them with two commands"
        )
    if entry.credentials is None and is_private(entry.venue, channel):
        return f"{name}: {reason}; credentials come from the environment, see --help"
    return f"{name}: {reason}"
