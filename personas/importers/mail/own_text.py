"""What the sender of a mail wrote: its text without the quoted mails, the signature and the notices under it.

Every pattern looks at one line, so a mail takes a time that grows with its length.
"""

# ruff: noqa: E501 - tables of words, several languages to a line

import re

LONGEST_TEXT = 400_000  # characters of one mail that are looked at
_LONGEST_LINE = 400
_ATTRIBUTION_LINES = 3  # "On Mon, 5 Jun 2023 at 17:02, Ana <ana@example.org>" may run on to the next lines

_WROTE = re.compile(
    r"(?:wrote|writes|said|schrieb(?: .{0,60})?|geschrieben|a écrit|escribió|escreveu|ha scritto|schreef(?: .{0,60})?|skrev(?: .{0,60})?|kirjoitti|napisał(?:\(a\)|a)?|pisze|napsal(?:\(a\))?|napísal(?:\(a\))?|írta|a scris|написа[лв](?:\(а\)|а)?|пишет|пише"
    r"|έγραψε|yazdı|şunu yazdı|đã viết|menulis|เขียนว่า|כתב(?:/ה)?|كتبت?|نوشت|写道|寫道|のメール|が書きました|さんは書きました|작성|님이 작성|ने लिखा)\s?[:：]?\s*$|于.{0,60}写道[:：]?\s*$|於.{0,60}寫道[:：]?\s*$",
    re.IGNORECASE,
)
_WROTE_WHEN = re.compile(r"(?:wrote on|a écrit le|schrieb am|ezt írta|heeft)\s.{0,80}\d.{0,80}[:：]$", re.IGNORECASE)
_ATTRIBUTED = re.compile(
    r"\A(?:On|Am|Le|El|Em|Il|Op|Den|Dnia|W dniu|Dne|Dňa|Pe|În|Den|Tor|Man|Tir|Ons|Fre|Lør|Søn|ma|ti|ke|to|pe|la|su|В|Στις|在|于|於|בתאריך|في|\d{1,4}[年./-]|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},|(?:пн|вт|ср|чт|пт|сб|вс),)",
    re.IGNORECASE,
)
_HAS_PERSON_OR_DATE = re.compile(r"<[^<>\s]{1,120}@[^<>\s]{1,120}>|\[mailto:|@|\d{4}|\d{1,2}[:.h]\d\d")
_ADDRESS = re.compile(r"[<(\[][^<>()\[\]\s@]{1,120}@[^<>()\[\]\s@]{1,120}[>)\]]")
# "Monday, 5 June 2023, 17:01 +03:00 from Ben <ben@example.org>:", also where no line below is marked as quoted.
_ADDRESS_LAST = re.compile(r"<[^<>\s@]{1,120}@[^<>\s@]{1,120}>\s?[:：]$")
_DAY_AND_TIME = re.compile(r"\d{4},? \d{1,2}:\d\d")
# Yahoo's app puts the quotation behind it, on the same line.
_IN_ONE_LINE = re.compile(
    r"\A\s{0,4}(?:On|Am|Le|El|Em|Il|Op|Den) .{5,120}?<[^<>\s]{1,120}@[^<>\s]{1,120}>\)?\s?(?:\w{2,12} ?){1,2}[:：]\s{2,}\S"
)
_FORWARD = re.compile(
    r"\A[-_=>\u2010\xa0 ]*+(?:Original Message|Replied Message|Forwarded message|Begin forwarded message|Original-?Nachricht|Ursprüngliche Mail|Mail original|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Anfang der weitergeleiteten Nachricht|Message (?:d['’]origine|transféré|original)|Début du message (?:transféré|réexpédié)|Mensaje original|Mensaje reenviado|Mensagem (?:original|encaminhada)|Messaggio (?:originale|inoltrato)|Oorspronkelijk bericht|Doorgestuurd bericht|Ursprungligt meddelande|Oprindelig meddelelse|Opprinnelig melding|Wiadomość oryginalna|Пересылаемое сообщение|Исходное сообщение|原始邮件|原始郵件|回复的原邮件|转发的原邮件|转发邮件|轉寄郵件|原邮件|轉寄訊息|转发的邮件|元のメッセージ|転送メッセージ|원본 메시지|원본 메일|전달된 메시지)(?: from .{1,120})?[-_=:\u2010\xa0 ]*",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\A[>*\s]*+(?:From|Von|De|Da|Van|Från|Fra|Lähettäjä|Od|От|Від|Kimden|发件人|寄件者|寄件人|差出人|送信者|送信元|보낸 ?사람|من|מאת)\*?\s?[:：]\s?\S",
    re.IGNORECASE,
)
_MORE_HEADERS = re.compile(
    r"\A[>*\s]*+(?:Sent|Date|To|Subject|Cc|Reply-To|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado(?: el| em)?|Fecha|Para|Asunto|Data|Assunto|Inviato|Oggetto|A|Verzonden|Aan|Onderwerp|Skickat|Till|Ämne|Sendt|Til|Emne|Lähetetty|Vastaanottaja|Aihe|Wysłano|Do|Temat|Дата|Отправлено|Кому|Тема|Надіслано|Tarih|Gönderildi|Kime|Konu|发送时间|收件人|主题|日期|抄送|寄件日期|傳送日期|收件者|主旨|送信日時|日時|宛先|件名|보낸 ?날짜|받는 ?사람|제목)\*?\s?[:：]",
    re.IGNORECASE,
)
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # marks beside Hebrew and Arabic names
_SIGNED_BEGINS = "-----BEGIN PGP SIGNED MESSAGE-----"
_SEALED = re.compile(r"-----BEGIN PGP (?:SIGNATURE|MESSAGE|PUBLIC KEY BLOCK)-----")
_SIGNATURE = re.compile(r"(?:--|__+|\| \|)\s*")  # the last is of NetEase
_PICTURE = re.compile(r"\[(?:cid:[^\[\]\s]{1,200}|(?:image|Image|Bild|图片|圖片)(?: ?\d{1,3}|: ?)[^\[\]\n]{0,120})\]")
_SIGNATURE_LINES = 20  # a mark without the blank of the standard counts only so near to the end
_SENT_FROM = re.compile(
    r"(?:Sent from (?:my |Yahoo|Outlook|Mail for|Proton|Samsung|Gmail Mobile)|Sent with \[?Proton|Yahoo Mail: Search|(?:Get|Holen Sie sich|Téléchargez|Télécharger|Obtenir|Obtener|Scarica|Obter o|获取|下载|取得|来自|來自) ?Outlook (?:for|für|pour|para|per)|Diese Nachricht wurde von .{1,60} gesendet|Diese E-Mail wurde von Avast|This e-?mail has been checked for viruses|Virus-free|Virenfrei|签名由|Von meinem .{1,40} gesendet|Gesendet (?:von|mit|aus) |Envoyé (?:de|depuis) (?:mon|ma|Yahoo|Outlook)|Envoyé à partir d|Enviado (?:desde|do meu|de meu|a partir)|Inviato da|Verstuurd vanaf|Verzonden (?:vanaf|met) |Skickat från|Sendt fra|Lähetetty |Wysłane z|Отправлено (?:с|из)|发自我的|發自我的|來自我的|发送自 |从我的.{1,20}发送|从 .{1,20}邮件发送|從我的.{1,20}傳送|傳送自我的|iPhoneから送信|나의 .{1,20}에서 (?:보냄|전송)).{0,120}",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"\*{0,3}\s?(?:CONFIDENTIALITY|Confidentiality notice|Disclaimer|This (?:e-?mail|message|communication)(?: and any| \(including| is (?:intended|confidential)| may contain| contains)|The information (?:contained )?in this (?:e-?mail|message)|Diese (?:E-?Mail|Nachricht) (?:ist|enthält|kann|und)|Ce (?:message|courriel|mail) (?:est|et|contient)|Este (?:mensaje|correo|e-?mail) (?:es|y|contiene|puede)|Esta mensagem (?:é|e|contém|pode)|Questo messaggio (?:è|e|contiene)|本邮件(?:及其附件|包含)|本電子郵件)",
)


def own_words(text: str) -> tuple[str, bool]:
    """What the sender wrote above and between the quotations, and whether anything was cut."""
    lines = text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    index, is_cut = 0, False
    if lines[0].strip() == _SIGNED_BEGINS:
        index = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    while index < len(lines):
        line = lines[index]
        if _SEALED.fullmatch(line.strip()[:_LONGEST_LINE]):
            is_cut = True
            break
        if _ends_words(lines, index):
            is_cut = True
            index = _behind_quotation(lines, index)
            if index >= len(lines):
                break
            continue
        if line.startswith(">") or (line.startswith("| ") and line.strip() != "| |"):
            is_cut = True
        else:
            kept.append(line)
        index += 1
    kept, is_signed = _unsigned(kept)
    return _PICTURE.sub("", "\n".join(line.rstrip() for line in kept)).strip(), is_cut or is_signed


def _ends_words(lines: list[str], index: int) -> bool:
    """Whether the words of another mail begin here."""
    line = lines[index].strip()
    if not line or len(line) > _LONGEST_LINE:
        return False
    if _FORWARD.fullmatch(line) or _IN_ONE_LINE.match(line):
        return True
    following = [one[:_LONGEST_LINE] for one in lines[index + 1 : index + 4]]
    if _FROM.match(line):
        return any(map(_MORE_HEADERS.match, following))
    if _MORE_HEADERS.match(line):  # GMX and others begin with the date
        return any(map(_FROM.match, following)) and sum(map(bool, map(_MORE_HEADERS.match, following))) > 1
    return _attribution(lines, index) > 0


def _attribution(lines: list[str], index: int) -> int:
    """The number of lines of "On … Ana wrote:" that begin here; 0 where there is none."""
    if not lines[index].strip():
        return 0
    for count in range(1, _ATTRIBUTION_LINES + 1):
        part = [_BIDI.sub("", line).strip() for line in lines[index : index + count]]
        if not part[-1] or sum(map(len, part)) > _LONGEST_LINE:
            return 0
        joined = " ".join(part)
        is_quoted = any(line.startswith(">") for line in lines[index + count : index + count + 3])
        # Some languages have no word for "wrote", and some put it before the name.
        is_addressed = joined.endswith((":", "：")) and _ADDRESS.search(joined) is not None
        if (is_quoted and is_addressed) or (_ADDRESS_LAST.search(joined) and _DAY_AND_TIME.search(joined)):
            return count
        if is_quoted and _WROTE_WHEN.search(joined):
            return count
        if not _WROTE.search(joined[-160:]) or not _HAS_PERSON_OR_DATE.search(joined):
            continue
        return count if _ATTRIBUTED.match(joined) or is_quoted else 0
    return 0


def _behind_quotation(lines: list[str], index: int) -> int:
    """Where the sender's words go on: behind a quotation marked with ">", or nowhere."""
    index += _attribution(lines, index) or 1
    while index < len(lines) and not lines[index].strip():
        index += 1
    if index >= len(lines) or not lines[index].startswith(">"):
        return len(lines)
    while index < len(lines) and (lines[index].startswith(">") or _continues_quotation(lines, index)):
        index += 1
    return index


def _continues_quotation(lines: list[str], index: int) -> bool:
    """A blank line between quoted lines, or the rest of a quoted line that was wrapped."""
    return lines[index - 1].startswith(">") and index + 1 < len(lines) and lines[index + 1].startswith(">")


def _unsigned(lines: list[str]) -> tuple[list[str], bool]:
    """The lines above the signature, "Sent from my phone" and notices of a company."""
    for index, line in enumerate(lines):
        text = line.strip()[:_LONGEST_LINE]
        is_near_end = len(lines) - index <= _SIGNATURE_LINES
        is_mark = line == "-- " or (is_near_end and _SIGNATURE.fullmatch(line) is not None)
        if is_mark or _SENT_FROM.fullmatch(text) or (index and _NOTICE.match(text)):
            return lines[:index], True
    return lines, False
