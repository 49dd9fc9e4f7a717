"""What messengers of East Asia and of Apple write instead of a person: withdrawn messages, calls, events.

Placeholders of media are in `messages.placeholders`. WhatsApp's own words are in `whatsapp.app_words`. They are asked
last, since other apps share many of them.
"""

# ruff: noqa: E501 - tables of words, several languages to a line

import re

from personas.importers.chats.messages import placeholders
from personas.importers.chats.whatsapp import app_words as whatsapp_words

_DELETED = re.compile(
    r"\A(?:.{1,60}?[ 」”\"]?)?(?:(?:has )?(?:unsent|recalled|withdrew|deleted) (?:a|this|the) message(?: from the conversation)?|メッセージの送信を取り消しました|がメッセージを取り消しました"
    r"|(?:已)?(?:收回|撤回)(?:了)?(?:一[条條则則])?(?:消息|訊息|信息|成员消息)|메시지(?:를|가) (?:삭제|취소)(?:했습니다|하였습니다|되었습니다)|삭제된 메시지입니다|메시지가 삭제되었습니다|ยกเลิก(?:การส่ง)?ข้อความ|batal mengirim pesan|đã thu hồi (?:một )?tin nhắn)[.。!！]?",
    re.IGNORECASE,
)
_LENGTH = r"(?:\s?[:：,，]?\s?(?:(?:通话)?时长|duration)?\s?[:：]?\s?\d{1,3}(?::\d\d){1,2})?"
_CALL = re.compile(
    r"☎.{0,80}"
    r"|\[?(?:(?:语音|视频|語音|視訊|音声|ビデオ)(?:通话|聊天|通話)|通话时长|对方已取消|对方已拒绝|对方无应答|已取消|已拒绝|未接听|忙线未接听|通話時間|不在着信"
    rf"|(?:그룹 ?)?(?:보이스톡|페이스톡|라이브톡|그룹콜)(?: 해요| 취소| 부재중| 종료)?)\]?{_LENGTH}"
    r"|(?:missed|canceled|cancelled|declined|incoming|outgoing|unanswered)(?: (?:voice|video|audio|group))? call(?: \([^()]{1,60}\))?|call time:? ?\d.{0,20}"
    rf"|(?:voice|face|video) ?(?:talk|call)(?: (?:ended|missed|cancell?ed|declined))?{_LENGTH}",
    re.IGNORECASE,
)


def kind(text: str) -> str:
    """Why a message is not speech: "media", "deleted", "call", "system", "empty"; or "" where it is."""
    if not text:
        return "empty"
    if placeholders.is_media(text):
        return "media"
    if "\n" not in text and len(text) < 160:
        if _DELETED.fullmatch(text):
            return "deleted"
        if _CALL.fullmatch(text):
            return "call"
    return whatsapp_words.kind(text)


def event(text: str) -> str:
    """Why a line that the app wrote is there: "deleted", "call" or "system"."""
    reason = kind(text)
    return reason if reason in {"deleted", "call"} else "system"
