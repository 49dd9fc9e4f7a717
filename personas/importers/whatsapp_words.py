"""What WhatsApp writes into exports in place of speech, in the languages that it is exported in.

Compared after `folded`: marks gone, case and final full stop folded. A sentence that a person
could have written is here only whole, never as a stem; stems are for places where nobody writes
(text in angle brackets, after a U+200E, in lines without a name).
"""

import re

# ruff: noqa: E501 - tables of words, several languages to a line

MORNING = {
    "am", "a.m.", "a.m", "上午", "凌晨", "清晨", "早上", "오전", "午前", "ص", "पूर्वाह्न", "π.μ.", "πμ", "öö", "de.",
    "sa", "ap.", "fm", "дп", "пр.об.", "fm.", "vm.", "ق.ظ.", "ق.ظ", "לפנה״צ", "לפנה\"צ", "म.पू.", "dop.", "ก่อนเที่ยง", "pd",
}  # fmt: skip
AFTERNOON = {
    "pm", "p.m.", "p.m", "下午", "傍晚", "晚上", "오후", "午後", "م", "अपराह्न", "μ.μ.", "μμ", "ös", "du.",
    "ch", "ip.", "em", "пп", "сл.об.", "em.", "nm.", "ب.ظ.", "ب.ظ", "אחה״צ", "אחה\"צ", "म.उ.", "pop.", "หลังเที่ยง", "md",
}  # fmt: skip
NOON = {"中午"}  # 11 to 1, by the hour
MIDNIGHT = {"半夜"}

EDITED = re.compile(
    r"\s*\u200e?<(?:This message was edited|Diese Nachricht wurde bearbeitet|Se editó este mensaje|"
    r"Este mensaje fue editado|Mensagem editada|Esta mensagem foi editada|Ce message a été modifié|"
    r"Questo messaggio è stato modificato|Dit bericht is bewerkt|Данное сообщение изменено|Bu mesaj düzenlendi|"
    r"تم تعديل هذه الرسالة|此消息已编辑|这条消息已编辑|已编辑此消息|此訊息已編輯|此訊息已被編輯|"
    r"このメッセージは編集されました|수정된 메시지입니다|Tätä viestiä on muokattu|Pesan ini diedit)\.?>\s*$",
    re.IGNORECASE,
)

_MEDIA_STEMS = re.compile(
    r"medi[aeoá]|médi|mídia|multim|muldim|archivo|arquivo|ficheiro|fichier|fișier|omitted|attached|adjunt|anexad|angehängt|"
    r"allegat|joint|bijgevoegd|liitetty|bifogad|vedlagt|vedhæft|dołączon|ekl[ie]|медиа|медіа|прикреп|вкладен|πολυμέσ|"
    r"μέσ[αο]|המדיה|מדיה|צורף|وسائط|مرفق|رسانه|मीडिया|সংযু|மீடியா|สื่อ|แนบ|phương tiện|đính kèm|lampir|"
    r"媒体|媒體|影音|附加|附件|メディア|添付|미디어|첨부",
    re.IGNORECASE,
)
_ATTACHED = re.compile(
    r"\S[^\n]{0,120}\.[a-z0-9]{2,5} \((?:file attached|Datei angehängt|archivo adjunto|arquivo anexado|ficheiro anexado|"
    r"fichier joint|file allegato|bestand bijgevoegd|bifogad fil|fil vedlagt|fil vedhæftet|tiedosto liitetty|plik dołączony|"
    r"dosya ekli|файл добавлен|файл додано|ملف مرفق|الملف مرفق|קובץ מצורף|फ़ाइल संलग्न|文件附件|文件已附加|檔案已附加|附件|"
    r"ファイル添付|添付ファイル|파일 첨부됨)\)",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(
    r"omitted|weggelassen|ausgelassen|omitid|omess|omis\b|omise|ocultad?[oa]|absente?|weggelaten|utelämn|utelat|udeladt|"
    r"jätetty pois|pominięt|vynechán|пропущен|опущен|не включ|вилучен|παραλε|atlandı|dahil edilmedi|הושמט|לא נכלל|"
    r"استبعاد|محذوف|غير مدرج|तिरस्कृत|हटा|छोड़|忽略|略去|省略|略過|除外|含まれていません|생략|제외|không bao gồm|bỏ qua|tidak disertakan|ไม่รวม",
    re.IGNORECASE,
)
_IOS_MEDIA = re.compile(
    r"(?:image|video|video note|audio|sticker|gif|document|photo|contact card|location|live location) omitted|"
    r"(?:bild|video|audio|sticker|gif|dokument|kontaktkarte) weggelassen|"
    r"(?:imagen|video|audio|sticker|gif|documento|tarjeta de contacto) omitid[oa]|"
    r"(?:图像|图片|视频|音频|贴图|动图|gif|文档|联系人卡片)已?(?:忽略|省略)|已(?:忽略|省略)(?:图像|视频|音频|贴图|文档)|"
    r"(?:圖片|影片|音訊|貼圖|gif|文件)已?略去|(?:画像|動画|音声|スタンプ|gif|文書)は?省略(?:されました)?",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"(?:location|live location shared|standort|ubicación|localização|localisation|posizione|locatie|位置|地点|위치): ?https?://\S+",
    re.IGNORECASE,
)

_DELETED = {
    "this message was deleted", "you deleted this message", "diese nachricht wurde gelöscht",
    "du hast diese nachricht gelöscht", "sie haben diese nachricht gelöscht", "se eliminó este mensaje", "eliminaste este mensaje", "este mensaje fue eliminado",
    "este mensaje se eliminó", "eliminó este mensaje", "mensagem apagada", "esta mensagem foi apagada", "essa mensagem foi apagada", "você apagou esta mensagem",
    "apagou esta mensagem", "você apagou essa mensagem", "ce message a été supprimé", "vous avez supprimé ce message", "questo messaggio è stato eliminato",
    "hai eliminato questo messaggio", "dit bericht is verwijderd", "dit bericht werd verwijderd", "je hebt dit bericht verwijderd", "u hebt dit bericht verwijderd",
    "tämä viesti poistettiin", "tämä viesti on poistettu", "poistit tämän viestin", "detta meddelande togs bort", "det här meddelandet togs bort",
    "detta meddelande raderades", "du raderade detta meddelande", "du tog bort detta meddelande", "denne besked blev slettet", "du slettede denne besked", "denne meldingen ble slettet",
    "du slettet denne meldingen", "ta wiadomość została usunięta", "usunięto tę wiadomość", "usunąłeś tę wiadomość", "tato zpráva byla odstraněna", "tato zpráva byla smazána",
    "táto správa bola odstránená", "ezt az üzenetet törölték", "ez az üzenet törölve lett", "törölted ezt az üzenetet", "acest mesaj a fost șters",
    "данное сообщение удалено", "это сообщение удалено", "сообщение удалено", "вы удалили данное сообщение", "вы удалили это сообщение",
    "це повідомлення було видалено", "це повідомлення видалено", "ви видалили це повідомлення", "bu mesaj silindi", "bu mesajı sildiniz",
    "αυτό το μήνυμα διαγράφηκε", "αυτό το μήνυμα διαγράφτηκε", "διαγράψατε αυτό το μήνυμα", "הודעה זו נמחקה", "ההודעה נמחקה", "מחקת הודעה זו",
    "تم حذف هذه الرسالة", "لقد حذفت هذه الرسالة", "حذفت هذه الرسالة", "قمت بحذف هذه الرسالة", "تم مسح هذه الرسالة", "این پیام حذف شد", "این پیام پاک شد", "این پیام حذف شده است",
    "यह संदेश हटा दिया गया", "यह संदेश हटा दिया गया था", "यह संदेश हटा दिया गया है", "यह मैसेज मिटाया गया", "यह मैसेज डिलीट किया गया", "आपने यह संदेश हटा दिया",
    "このメッセージは削除されました", "このメッセージを削除しました", "メッセージが削除されました", "삭제된 메시지입니다", "이 메시지는 삭제되었습니다", "이 메시지를 삭제했습니다", "삭제한 메시지입니다", "메시지가 삭제되었습니다",
    "这条消息已删除", "此消息已删除", "您已删除这条消息", "您删除了这条消息", "你删除了这条消息", "此訊息已刪除", "這則訊息已刪除", "此訊息已被刪除", "您已刪除此訊息", "你已刪除此訊息", "您刪除了此訊息", "你刪除了這則訊息",
    "pesan ini telah dihapus", "pesan ini dihapus", "anda menghapus pesan ini", "anda telah menghapus pesan ini", "mesej ini telah dipadam", "tin nhắn này đã bị xóa", "bạn đã xóa tin nhắn này",
    "ข้อความนี้ถูกลบ", "ข้อความนี้ถูกลบแล้ว", "คุณลบข้อความนี้",
}  # fmt: skip
_DELETED_BY = re.compile(r"this message was deleted by admin .{1,80}")
_WAITING = {
    "waiting for this message", "waiting for this message. this may take a while", "null",
    "warte auf diese nachricht", "esperando el mensaje", "aguardando mensagem", "en attente de ce message", "等待此消息", "正在等待这条消息",
}  # fmt: skip
_CALLS = re.compile(
    r"(?:missed|declined|unanswered|silenced) (?:group )?(?:voice|video|audio) call(?:, .{0,60})?|(?:group )?(?:voice|video) call[,.] .{1,60}|"
    r"verpasster (?:sprach|video)anruf|(?:video)?llamada (?:de voz |de video )?perdida|(?:chamada|ligação) de (?:voz|vídeo) perdida|"
    r"appel (?:vocal|vidéo) manqué|(?:video)?chiamata (?:vocale )?persa|gemiste (?:spraak|video-?)oproep|"
    r"未接(?:语音|视频)通话|未接(?:語音|視訊)(?:通話|來電)|未接來電|부재중 (?:음성|영상) ?통화|"
    r"(?:音声|ビデオ)?(?:通話)?の?不在着信|不在着信.{0,20}|пропущенный (?:аудио|видео)звонок|cevapsız (?:sesli|görüntülü) arama",
    re.IGNORECASE,
)
_CALL_STEMS = re.compile(
    r"\bcall\b|\bcalls?,|anruf|llamada|chamada perdida|chamada de v|ligação|\bappel|chiamata|oproep|puhelu|samtal|opkald|anrop|połączenie|hovor|hívás|apel |"
    r"звонок|виклик|дзвінок|κλήση|arama|مكالمة|تماس|שיחת? |שיחה|कॉल|通話|通话|着信|來電|来电|통화|부재중|cuộc gọi|panggilan|สาย",
    re.IGNORECASE,
)
_SYSTEM_STEMS = re.compile(
    r"end-to-end encrypt|end-to-end-encrypt|Ende-zu-Ende|de extremo a extremo|de ponta a ponta|de bout en bout|end-to-end|"
    r"päästä päähän|ände till ände|ende-til-ende|od końca do końca|сквозн|наскрізн|uçtan uca|מקצה לקצה|"
    r"من الطرفين|بين الطرفين|تام بين|سرتاسر|एंड-टू-एंड|शुरू से अंत|端到端|端對端|エンドツーエンド|종단간|종단 간|đầu cuối|ujung ke ujung|ต้นทางถึงปลายทาง",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_OMITTED_END = re.compile(r"\s*\u200e(?:<[^<>\n]{2,160}>|[^\u200e\n]{2,40})$")


def folded(text: str) -> str:
    return " ".join(_MARKS.sub("", text).split()).rstrip(".。!").casefold()


def without_tail(text: str) -> str:
    """A message without its "edited" note and without the placeholder of the picture under it."""
    text = EDITED.sub("", text)
    tail = _OMITTED_END.search(text)
    if tail and tail.start() > 0 and (_is_placeholder(tail[0].strip(" \n\u200e"), marked=True)):
        return text[: tail.start()]
    return text


def kind(text: str) -> str:
    """Why a named message is not speech: "media", "deleted", "call", "system", "empty"; or "" where it is.

    A U+200E before the text is WhatsApp's own sign (iOS) for words that nobody wrote.
    """
    first = text.split("\n", 1)[0].strip()
    marked = first.startswith("\u200e")
    whole = folded(text)
    if not whole:
        return "empty"
    if whole in _DELETED or _DELETED_BY.fullmatch(whole):
        return "deleted"
    if whole in _WAITING or _is_placeholder(_MARKS.sub("", text).strip(), marked=marked):
        return "media"
    if _CALLS.fullmatch(whole):
        return "call"
    if marked:
        return system_kind(text)
    return ""


def is_greeting_of_app(text: str) -> bool:
    """The encryption notice, which iOS puts under the contact's or group's name."""
    return bool(_SYSTEM_STEMS.search(text))


def system_kind(text: str) -> str:
    """For a line that no person wrote: "call" or "system"."""
    line = folded(text)
    return "call" if len(line) < 80 and _CALL_STEMS.search(line) and not _SYSTEM_STEMS.search(line) else "system"


def _is_placeholder(text: str, *, marked: bool) -> bool:
    if "\n" in text:
        return text.startswith("POLL:") and marked
    if _IOS_MEDIA.fullmatch(text) or _ATTACHED.fullmatch(text) or _SHARED.fullmatch(text):
        return True
    if text.startswith("<") and text.endswith(">") and len(text) < 160:
        return bool(_MEDIA_STEMS.search(text))
    return marked and len(text) < 60 and bool(_LEFT_OUT.search(text))


def caption(text: str) -> str | None:
    """What a person wrote under an attached file (Android puts it on the following lines), or None."""
    first, _, rest = text.partition("\n")
    if rest.strip() and _ATTACHED.fullmatch(_MARKS.sub("", first).strip()):
        return rest.strip()
    return None
