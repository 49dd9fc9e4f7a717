"""What messengers write in place of a picture, a sticker, a file and so on: "[Photo]", "[图片]", "[File] list.pdf"."""

# ruff: noqa: E501 - tables of words, several languages to a line

import re

_MEDIA = frozenset(
    """
    photo|photos|picture|pictures|image|images|sticker|stickers|emoticon|emoticons|emoji|video|videos|voice message|voice messages|voice|audio|file|files|gift|location|contact|contacts|album|note|poll|animated sticker|gif|link|music|keep
    |写真|スタンプ|動画|ボイスメッセージ|ファイル|連絡先|位置情報|アルバム|ノート|プレゼント|画像|音声|投票|絵文字|ギフト
    |照片|貼圖|影片|語音訊息|檔案|聯絡資訊|聯絡人資訊|位置資訊|位置訊息|相簿|記事本|禮物|圖片|語音|表情貼|投票活動
    |贴图|视频|语音|语音消息|语音信息|文件|联系人|位置|位置信息|相册|记事|礼物|图片|表情|表情包|动画表情|动态表情|商城表情|闪照|红包|转账|名片|群名片|个人名片|链接|小程序|音乐|分享|短视频|视频号|聊天记录|合并转发|自定义表情|骰子|猜拳|戳一戳|礼物消息|收藏|接龙|实时位置|位置共享|引用消息|卡片消息|群公告
    |사진|스티커|동영상|음성메시지|음성 메시지|파일|연락처|위치|위치정보|앨범|노트|선물|이모티콘|투표
    |รูป|รูปภาพ|ภาพ|สติกเกอร์|วิดีโอ|ข้อความเสียง|ไฟล์|ตำแหน่ง|ตำแหน่งที่ตั้ง|รายชื่อติดต่อ|อัลบั้ม|โน้ต|ของขวัญ
    |foto|fotos|stiker|bild|datei|sprachnachricht|standort|kontakt|imagen|archivo|mensaje de voz|ubicación|arquivo|mensagem de voz|fichier|message vocal|hình ảnh|nhãn dán|tập tin
    """.replace("\n", "").replace("    ", "").split("|")
)  # fmt: skip
_BRACKETED = re.compile(r"[\[［【]([^\[\]［］【】\n]{1,40})[\]］】]")
_FILE = re.compile(
    r"[\[［](?:file|files|albums?|notes?|location|ファイル|アルバム|ノート|位置情報|檔案|相簿|記事本|文件|相册|记事本|파일|앨범|ไฟล์|อัลบั้ม)[\]］][:：]? ?\S.{0,200}"
    r"|[\[［](?:语音|语音消息|語音|視頻|视频|voice|video|audio)[\]］] ?\d{1,4}(?:[:：]\d\d|\.\d{1,3})? ?(?:秒|s|sec|″|'')?"
    r"|[\[［](?:图片|圖片|视频|視頻|语音|語音|文件|檔案|image|photo|video|audio|file)[:：] ?[^\[\]\n]{1,200}[\]］]"
    r"|[\[［](?:图片|视频|语音|文件)[(（][^()（）\n]{1,20}[)）][\]］]"
    r"|\[null\] ?[^\n]{0,200}https?://maps\.google\.[^\n]{1,200}",
    re.IGNORECASE,
)


def is_media(text: str) -> bool:
    """Whether a text is made of placeholders in brackets only: "[Photo]", "[图片][表情]", "[File] list.pdf"."""
    if len(text) > 400 or not text.startswith(("[", "［", "【")):
        return False
    if _FILE.fullmatch(text):
        return True
    rest = _BRACKETED.sub(lambda match: "" if is_placeholder(match[1]) else match[0], text)
    return not rest.strip()


def without_placeholders(text: str) -> str:
    """The words beside placeholders: "[图片]look" is "look"."""
    if "[" not in text and "［" not in text:
        return text
    return _BRACKETED.sub(lambda match: "" if is_placeholder(match[1]) else match[0], text).strip()


def is_placeholder(word: str) -> bool:
    """Whether a word alone is what an app writes in place of a picture, a sticker and so on."""
    return word.strip().casefold() in _MEDIA
