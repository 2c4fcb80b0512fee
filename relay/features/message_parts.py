"""What messages point at: files that must be there and become public, pages, counted links. SEG-6."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from protocol.message_limits import (
    AUDIO_BYTES_LIMIT,
    IMAGE_BYTES_LIMIT,
    PREVIEW_BYTES_LIMIT,
    VIDEO_BYTES_LIMIT,
)
from protocol.messages import (
    AudioMessage,
    ButtonsMessage,
    CardMessage,
    CarouselMessage,
    ImagemapMessage,
    ImageMessage,
    Message,
    Page,
    Picture,
    PictureBlock,
    VideoMessage,
)
from relay.features.file_kinds import AUDIO_TYPES, PICTURE_TYPES, VIDEO_TYPES
from relay.features.files import Files
from relay.features.links import LinkCounter
from relay.line.payloads import PayloadParts
from relay.store.database import Connection

MAP_PIXELS_LIMIT = 4 * 1040 * 3120
"""Of a picture with areas: twice as wide and high as the largest that is made of it."""
_Need = tuple[str, frozenset[str], int]
"""(SHA-256, content types that may stand there, bytes)."""


class MessageParts:
    """Makes the parts of one delivery's payloads. `page_url`: where LINE opens one of our pages, or empty."""

    def __init__(self, files: Files, links: LinkCounter, page_url: Callable[[Page], str]) -> None:
        self._files = files
        self._links = links
        self._page_url = page_url

    def __call__(self, connection: Connection, delivery: str, /, *, counted: bool) -> PayloadParts:
        """Files become public when they are asked for. `counted`: links pass through us, under its id."""

        def link(url: str, label: str) -> str:
            return self._links.counted(connection, delivery, url, label) if counted else url

        return PayloadParts(
            media_url=lambda sha256: self._files.publish(connection, sha256),
            page_url=self._page_url,
            link=link,
            imagemap_url=lambda sha256: self._files.publish_imagemap(connection, sha256),
        )


def check_message_files(files: Files, connection: Connection, messages: Sequence[Message]) -> None:
    """Raises Refused when a file is not there, is of another kind than its place needs, or is too large."""
    for message in messages:
        for sha256, content_types, bytes_limit in _needs(message):
            files.check_file(connection, sha256, content_types, bytes_limit)
        if isinstance(message, ImagemapMessage):  # anybody with the address makes us unpack it
            files.check_pixels(connection, message.picture.file, MAP_PIXELS_LIMIT)


def _needs(message: Message) -> Iterator[_Need]:
    match message:
        case ImageMessage():
            yield message.file, PICTURE_TYPES, IMAGE_BYTES_LIMIT
            yield message.preview, PICTURE_TYPES, PREVIEW_BYTES_LIMIT
        case VideoMessage():
            yield message.file, VIDEO_TYPES, VIDEO_BYTES_LIMIT
            yield message.preview, PICTURE_TYPES, PREVIEW_BYTES_LIMIT
        case AudioMessage():
            yield message.file, AUDIO_TYPES, AUDIO_BYTES_LIMIT
        case _:
            for picture in _pictures(message):
                yield picture.file, PICTURE_TYPES, IMAGE_BYTES_LIMIT


def _pictures(message: Message) -> Iterator[Picture]:
    match message:
        case ImagemapMessage():
            found: list[Picture | None] = [message.picture]
        case ButtonsMessage():
            found = [message.picture]
        case CarouselMessage():
            found = [column.picture for column in message.columns]
        case CardMessage():
            found = [card.picture for card in message.cards]
            found += [
                block.picture
                for card in message.cards
                for block in card.blocks
                if isinstance(block, PictureBlock)
            ]
        case _:
            found = []
    yield from (picture for picture in found if picture is not None)
