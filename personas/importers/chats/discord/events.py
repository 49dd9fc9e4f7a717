"""The sentences that DiscordChatExporter writes for events, and how it writes names, in its text and CSV files."""

import re

from personas.importers.syntax import export_values

_CALL = re.compile(r"Started a call that lasted [\d.,\s]{1,12} minutes?\.")
_EVENT = re.compile(
    r"Added (?:.{1,100} to the group|a recipient)\.|Removed (?:.{1,100} from the group|a recipient)\.|Left the group\."
    r"|Changed the channel (?:icon\.|name(?:: .{0,120}|\.))|Pinned a message\.|Started a thread\.|Joined the server\."
)
_TAG = re.compile(r"#\d{4}\Z")


def author(text: str) -> str:
    """A name without the number of the time when names were shared: "ada#1234"."""
    return export_values.name(_TAG.sub("", text.strip()))


def kind(text: str, *, has_media: bool) -> str:
    """Why a message is not speech, or ""."""
    if not text:
        return "media" if has_media else "empty"
    if len(text) > export_values.LONGEST_TEXT:
        return "too long"
    if _CALL.fullmatch(text):
        return "call"
    return "system" if _EVENT.fullmatch(text) else ""
