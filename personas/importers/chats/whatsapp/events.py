"""What WhatsApp tells of a chat itself: who was added, who left, what the group is called now.

Android names nobody before such a line. iOS names the group or whoever did it, and marks the text with U+200E;
where the mark was lost, a sentence counts only if it begins with somebody of the chat and says nothing else.
"""

import re
from functools import lru_cache

import regex

from personas.importers.chats.whatsapp import app_words

# ruff: noqa: E501 - tables of words, several languages to a line

_NOTICES = (
    "messages and calls are end-to-end", "messages to this chat and calls are", "messages to this group are", "messages you send to this",
    "your messages are end-to-end", "this chat is with a business", "this business ", "you created a broadcast list", "your security code with",
    "nachrichten und anrufe sind ende-zu-ende", "nachrichten, die du in diesem chat", "deine sicherheitsnummer", "nachrichten in diesem chat",
    "los mensajes y las llamadas", "los mensajes y llamadas", "las llamadas y los mensajes", "los mensajes que envíes", "tu código de seguridad", "cambió tu código de seguridad",
    "as mensagens e as chamadas", "as mensagens e as ligações", "as mensagens e ligações", "mensagens e ligações são", "o código de segurança", "seu código de segurança",
    "les messages et les appels", "les messages et appels", "les messages que vous envoyez", "votre code de sécurité", "le code de sécurité",
    "i messaggi e le chiamate", "i messaggi che invii", "il tuo codice di sicurezza", "il codice di sicurezza",
    "berichten en oproepen", "berichten en gesprekken", "je beveiligingscode", "uw beveiligingscode",
    "mesajlar ve aramalar", "bu sohbette gönderdiğiniz", "güvenlik kodunuz", "wiadomości i połączenia", "wiadomości i rozmowy", "twój kod bezpieczeństwa", "kod bezpieczeństwa",
    "сообщения и звонки", "ваш код безопасности", "код безопасности", "الرسائل والمكالمات", "الرسائل و المكالمات", "تغير رمز الأمان", "رمز الأمان",
    "मैसेज और कॉल", "संदेश और कॉल", "संदेश और कॉलें", "आपका सुरक्षा कोड", "pesan dan panggilan", "kode keamanan anda", "kode keamanan",
    "メッセージと通話", "セキュリティコード", "메시지와 통화", "메시지 및 통화", "보안 코드", "消息和通话", "消息与通话", "訊息和通話", "訊息與通話", "您与", "安全码", "安全碼", "您的安全碼",
)  # fmt: skip
# What only the app writes, whoever is said to have done it.
_STRONG = (
    # English
    r"created (?:this |the |a )?(?:group|community)\b.*", r"(?:changed|deleted) (?:the|this|this group['’]s|the group['’]s) (?:group |community )?(?:subject|name|icon|description|settings|picture|photo)\b.*",
    r"changed (?:their|his|her|your) phone number.*", r"changed to (?:a new number|\+).*", r"turned o(?:n|ff) (?:disappearing messages|admin approval).*", r"joined (?:using|via|from) .{0,40}(?:link|community|invite).*",
    r"(?:(?:is|are|['’]re) )?(?:now an admin|no longer an admin)", r"(?:was|were) (?:added|removed)(?: by .*)?", r"started a (?:video |voice |group )*(?:call|chat)", r"pinned a message", r"updated the message timer.*", r"(?:is a|blocked this|unblocked this) contact",
    r"security code(?: with .*)? changed.*", r"['’]s security code changed.*",
    # German
    r"ha(?:t|st|ben) (?:die|diese) Gruppe .{0,120}(?:erstellt|verlassen)", r"ha(?:t|st|ben) (?:die )?Gruppe verlassen", r"ha(?:t|st|ben) (?:den Betreff|den Gruppennamen|den Namen|das Gruppenbild|das Bild|dieses Gruppenbild|die Gruppenbeschreibung|die Beschreibung|das Gruppensymbol|die Gruppeneinstellungen)\b.{0,300}(?:geändert|gelöscht|aktualisiert)",
    r"ha(?:t|st|ben) (?:seine|ihre|die|deine) (?:Telefonn|N)ummer.{0,80}(?:gewechselt|geändert)", r"(?:ist|bist|sind) (?:jetzt|nun|kein|nicht mehr) (?:ein )?Admin", r"wurden? (?:hinzugefügt|entfernt)", r"ist .{0,40}Einladungslink.{0,40}beigetreten",
    # Spanish
    r"(?:creó|creaste) (?:el|este) grupo.*", r"(?:cambió|cambiaste|eliminó) (?:el asunto|el nombre|la descripción|el [ií]cono|la foto|la imagen|su número|los ajustes|la configuración)\b.*", r"(?:ahora )?(?:es|eres) (?:ahora )?(?:un )?admin.*", r"se unió .{0,40}(?:enlace|invitación).*",
    # Portuguese
    r"criou (?:o|este) grupo.*", r"(?:mudou|alterou|apagou) (?:o nome|o assunto|a descrição|a imagem|o ícone|a foto|o número|seu número|para o novo|as configurações)\b.*", r"(?:agora é|é agora) (?:um )?admin.*", r"entrou .{0,40}(?:link|convite).*", r"foi (?:adicionad|removid)[oa]",
    # French
    r"a(?:vez|s)? créé (?:le|ce|un) groupe.*", r"a(?:vez|s)? (?:modifié|changé|supprimé) (?:le sujet|l['’]objet|le nom|l['’]icône|l['’]image|la description|la photo|son numéro|les paramètres)\b.*", r"(?:est|êtes|es) (?:désormais|maintenant) (?:un )?admin.*", r"a rejoint .{0,40}(?:lien|invitation).*", r"a été (?:ajouté|retiré)e?",
    # Italian
    r"ha(?:i)? creato (?:il|questo) gruppo.*", r"ha(?:i)? (?:cambiato|modificato|eliminato) (?:l['’]oggetto|il nome|l['’]icona|l['’]immagine|la descrizione|il (?:suo )?numero|le impostazioni)\b.*", r"(?:è|sei) ora (?:un )?amministrat.*", r"si è unit[oa] .{0,40}(?:link|invito).*",
    # Dutch
    r"he(?:eft|bt) (?:de|deze) groep .{0,120}(?:gemaakt|aangemaakt|verlaten)", r"he(?:eft|bt) (?:het onderwerp|de naam|de groepsafbeelding|het groepspictogram|de groepsomschrijving|de groepsbeschrijving|de beschrijving|de afbeelding|het telefoonnummer|zijn nummer|haar nummer)\b.{0,200}(?:gewijzigd|veranderd|aangepast).{0,200}",
    r"he(?:eft|bt) de groep verlaten", r"(?:is|bent) nu (?:een )?beheerder", r"is toegevoegd|is verwijderd",
    # Turkish
    r".{0,120}grubu(?:nu)? (?:oluşturdu|kurdu)(?:n|nuz|m)?", r".{0,200}(?:konu|grup|grubun|açıklama|simge|ad)\S* .{0,200}değiştirdi(?:n|niz)?", r"artık (?:bir )?yönetici\S*",
    # Polish
    r"utworzył\S* .{0,40}grup.*", r"zmienił\S* (?:temat|nazwę|ikonę|opis|obraz|numer|zdjęcie|ustawienia)\b.*", r"(?:jest|jesteś) (?:teraz )?administrator.*",
    # Russian
    r"создал\S* .{0,40}группу.*", r"(?:изменил|сменил)\S* (?:тему|название|иконку|картинку|изображение|описание|номер|фото|значок|настройки).*", r"(?:теперь|стал\S*) администратор.*", r"присоединил\S* .{0,60}(?:ссылк|групп).*",
    # Arabic
    r"(?:قام بإنشاء|قامت بإنشاء|أنشأت?|أنشئت) .{0,60}(?:المجموعة|مجموعة).*", r"(?:قام بتغيير|قامت بتغيير|غي[ّ]?رت?) (?:الموضوع|اسم|صورة|أيقونة|وصف|رمز).*", r"(?:أصبحت? )?(?:الآن )?مشرف.{0,20}",
    # Hindi
    r"ने .{0,120}(?:समूह|ग्रुप).{0,120}(?:बनाया|बनाई|छोड़ दिया)(?: है)?", r"ने .{0,120}(?:विषय|नाम|आइकन|आइकॉन|फ़ोटो|विवरण|डिस्क्रिप्शन).{0,200}(?:बदला|बदल दिया|बदली|बदल दी)(?: है)?",
    # Indonesian
    r"(?:telah )?membuat (?:grup|group).*", r"(?:telah )?mengubah (?:subjek|nama|ikon|deskripsi|gambar|foto|nomor|pengaturan).*", r"(?:kini|sekarang) (?:menjadi |adalah )?admin.*", r"bergabung .{0,40}(?:tautan|undangan|link).*",
    # Japanese, Korean, Chinese
    r"(?:さん)?[がは].{0,120}グループ.{0,120}(?:作成|変更|削除|退出|参加)しました", r"(?:さん)?[がは].{0,60}(?:件名|アイコン|説明|名前|画像).{0,200}変更しました", r"(?:さん)?[がは]管理者になりました",
    r"\s?님?[이가은는] .{0,120}(?:그룹|단체).{0,120}(?:만들었습니다|생성했습니다|변경했습니다|나갔습니다|참여했습니다)", r"\s?님?[이가은는] .{0,60}(?:제목|아이콘|설명|이름|사진).{0,200}(?:변경했습니다|바꿨습니다)", r"\s?님?[이가은는] (?:이제 )?관리자.{0,20}",
    r"\s?(?:已)?(?:创建|建立|創建|新建)了?(?:此|本|这个|這個)?(?:群组|群聊|群組|群).*", r"\s?(?:已)?(?:更改|变更|變更|修改)了?(?:此|本|该)?(?:群组|群組|群|主题|主題|图标|圖示|描述|说明|說明|标题|標題|电话号码|電話號碼).*", r"\s?(?:现在|現在|已)(?:是|成为|成為)管理员?員?",
)  # fmt: skip
# What a person could write as well; {who} must be somebody of the chat, "you" or a number.
_WEAK = (
    r"(?:added|removed) {who}", r"left(?: the group)?", r"joined(?: the group)?",
    r"ha(?:t|st|ben) {who} (?:hinzugefügt|entfernt)", r"(?:añadió|agregó|eliminó|sacó|quitó) a {who}", r"te (?:añadió|agregó|eliminó)", r"salió(?: del grupo)?",
    r"(?:adicionou|removeu) {who}", r"saiu(?: do grupo)?", r"(?:vous |t['’]|a )?a ajouté(?: {who})?", r"a (?:retiré|supprimé|exclu) {who}", r"a quitté(?: le groupe)?", r"est partie?",
    r"(?:ti )?ha (?:aggiunto|rimosso)(?: {who})?", r"ha abbandonato(?: il gruppo)?", r"è uscit[oa]", r"heeft {who} (?:toegevoegd|verwijderd)",
    r"{who}(?: kişisini| adlı kişiyi|['’]?[yn]?[ıiuü])? (?:ekledi|çıkardı)", r"(?:gruptan )?ayrıldı", r"(?:dodał|dodała|dodał\(a\)|usunął|usunęła|usunął\(ęła\)) {who}", r"(?:opuścił\S*|wyszedł|wyszła|wyszedł\(a\))(?: grupę| z grupy)?",
    r"(?:добавил|добавила|добавил\(а\)|удалил|удалила|удалил\(а\)) {who}", r"(?:покинул\S*|вышел|вышла|вышел\(ла\))(?: группу| из группы)?",
    r"(?:أضافت?|قام بإضافة|قامت بإضافة|أزالت?|قام بإزالة) {who}", r"غادرت?(?: المجموعة)?", r"ने {who} को (?:जोड़ा|हटाया|निकाला|जोड़ दिया|हटा दिया)", r"(?:चले गए|चली गईं|बाहर हो गए)",
    r"(?:menambahkan|mengeluarkan) {who}", r"keluar(?: dari grup)?", r"(?:さん)?が{who}(?:さん)?を(?:追加|削除)しました", r"(?:さん)?[がは]退出しました",
    r"\s?님?이 {who}\s?님?을 (?:추가했습니다|초대했습니다|내보냈습니다|삭제했습니다)", r"\s?님?이 나갔습니다", r"\s?(?:添加|新增|邀请|邀請|移除|移出|删除|刪除|已添加|已新增|已移除|加入)了?\s?{who}", r"\s?(?:已)?(?:离开|離開|退出)了?(?:此|本)?(?:群组|群組|群聊|群)?",
)  # fmt: skip
_YOU = re.compile(
    r"(?:you|du|dich|sie|tú|te|ti|usted|você|vous|tu|toi|hai|je|jij|jou|u|sen|seni|siz|sizi|ty|cię|ciebie|ты|вы|вас|тебя|أنت|आप|आपको|anda|kamu|あなた|회원님|나|您|你)\b|you['’]re\b",
    re.IGNORECASE,
)
_WHO = r"(.{1,80}?)"
_END = r"[.。।!]?"
_LONGEST = 300  # characters; a group's name or description may stand inside
# Only a short text is looked at, and as a whole: the forms below have several open places each.
_SHORT = rf"\A(?=.{{0,{_LONGEST}}}\Z)"
_ANY = r".{1,60}?\s?"
_DONE = f"(?:{'|'.join(_STRONG)}){_END}"
_SAID = f"(?:{'|'.join(form.replace('{who}', _WHO) for form in _WEAK)}){_END}"
_STRONGLY = re.compile(_SHORT + _DONE, re.IGNORECASE)
_WEAKLY = re.compile(_SHORT + _SAID, re.IGNORECASE)
_STRONG_ANYWHERE = re.compile(_SHORT + _ANY + _DONE, re.IGNORECASE)
_WEAK_ANYWHERE = re.compile(_SHORT + _ANY + _SAID, re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\d ()./-]{5,30}\b")
_DEED = 10  # characters of what somebody did, by which most sentences are told from the app's
# The library `regex` can say whether a text could go on to match. Forms that begin with any words are known by others.
_DEED_BEGINNINGS = [
    regex.compile(form.replace("{who}", _WHO) + _END, regex.IGNORECASE)
    for form in (*_STRONG, *_WEAK)
    if not form.startswith((".", "{who}"))
]
_DEED_ENDS = re.compile(r"grubu|değiştirdi|ekledi|çıkardı", re.IGNORECASE)
_YOU_BEGINNING = regex.compile(_YOU.pattern, regex.IGNORECASE)


def is_notice(text: str) -> bool:
    """The app's own notice on encryption or a changed security code, in words that begin so."""
    return len(text) < _LONGEST * 2 and text.casefold().startswith(_NOTICES)


def strength(text: str) -> int:
    """2 for what only the app writes, 1 for what the app could have written, 0 for a person's words."""
    if is_notice(text):
        return 2
    if len(text) > _LONGEST or "\n" in text:
        return 0
    return 2 if _STRONG_ANYWHERE.fullmatch(text) else int(_WEAK_ANYWHERE.fullmatch(text) is not None)


def is_told_of(text: str, people: "People") -> bool:
    """Whether a sentence only says what somebody of the chat did to it."""
    if is_notice(text):
        return True
    if len(text) > _LONGEST or "\n" in text:
        return False
    if you := _YOU.match(text):
        deed = text[you.end() :].strip()
        return _may_do(deed) and _STRONGLY.fullmatch(deed) is not None
    actor = people.at_start_of(text)
    if not actor:
        return False
    deed = text[len(actor) :].lstrip(" ,~")
    if not _may_do(deed):
        return False
    if _STRONGLY.fullmatch(deed):
        return True
    weak = _WEAKLY.fullmatch(deed)
    whom = next((group for group in weak.groups() if group), None) if weak else None
    return weak is not None and (whom is None or people.is_one(whom.lstrip("~ ")))


def _may_do(deed: str) -> bool:
    """Whether the app could tell of this deed, by its beginning or its end."""
    return _may_begin_deed(deed[:_DEED]) or _DEED_ENDS.search(deed) is not None


@lru_cache(maxsize=1 << 16)
def _may_begin_deed(beginning: str) -> bool:
    return any(form.fullmatch(beginning, partial=True) is not None for form in _DEED_BEGINNINGS)


@lru_cache(maxsize=1 << 16)
def may_begin(beginning: str) -> bool:
    """Whether a notice, a sentence about you or one about a telephone number may begin so."""
    if beginning[:1] in {"+", "(", ")", ".", "/", "-"} or beginning[:1].isdecimal() or beginning[:1].isspace():
        return True
    start = " ".join(beginning.split()).casefold()
    is_notice = any(notice.startswith(start) or start.startswith(notice) for notice in _NOTICES)
    return is_notice or _YOU_BEGINNING.match(start, partial=True) is not None


class People:
    """The names of a chat, looked up at the start of a sentence in a time that does not grow with their number."""

    def __init__(self, names: set[str]) -> None:
        self._names = {name for name in names if name}
        self._lengths = sorted({len(name) for name in self._names}, reverse=True)
        self._beginnings = {name[:length] for name in self._names for length in range(1, app_words.BEGINNING + 1)}

    def at_start_of(self, text: str) -> str:
        """The longest name, or a telephone number, that a text begins with; "" if none."""
        for length in self._lengths:
            if text[:length] in self._names:
                return text[:length]
        number = _NUMBER.match(text)
        return number[0].rstrip() if number else ""

    def may_begin(self, beginning: str) -> bool:
        """Whether a name may stand at the start of a text whose first BEGINNING characters these are."""
        start = " ".join(beginning.split())
        return start in self._beginnings or any(start[:length] in self._names for length in range(1, len(start)))

    def is_one(self, whom: str) -> bool:
        return bool(self.at_start_of(whom) or _YOU.match(whom))
