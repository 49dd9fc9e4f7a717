"""Sentences that Messenger and Instagram write in the place of a message, in the languages of their users.

The tables hold what follows the subject. A message of a person may be about attachments, too: see `AppWords.kind`.
"""

# ruff: noqa: E501 - tables of words, several languages to a line

import re
from collections.abc import Iterable, Iterator

_EMOJI = r"[^\w\s.,!?]{1,12}"
_MEDIA = (
    r"sent (?:an?|\d{1,3}|the) (?:attachment|photo|image|video|GIF|sticker|voice (?:message|clip|note)|audio(?: file)?|file|link|location|live location|story|post|reel|contact|disappearing photo|photos|videos|files|attachments|images)s?",
    r"(?:shared|sent) (?:a|an|the) (?:link|post|story|reel|location|live location|contact|profile|memory|video|photo|photos|album|event)", r"sent a GIF from .{1,30}", r"ने (?:एक |\d{1,3} )?(?:अटैचमेंट|फ़ोटो|फोटो|वीडियो|स्टिकर|लिंक|GIF|वॉइस मैसेज) (?:भेजा|भेजी|भेजे|शेयर किया)(?: है)?\s?[।.]?", r"(?:שלח/ה|שלח|שלחה) (?:קובץ מצורף|תמונה|סרטון|מדבקה|קישור|הודעה קולית)", r"sent (?:you )?a (?:post|reel|story|profile|memory)(?: by .{1,80})?", r"replied to (?:your|their|her|his|a) story", r"mentioned you in (?:their|her|his|a) story",
    r"(?:hat|hast|haben) (?:einen Anhang|ein Foto|ein Bild|ein Video|einen Sticker|ein GIF|eine Sprachnachricht|einen Link|einen Beitrag|eine Story|ein Reel|eine Datei|\d{1,3} Fotos) (?:gesendet|geteilt|geschickt)",
    r"(?:envió|enviaste|has? enviado|has? compartido|compartió|compartiste) (?:un archivo adjunto|una foto|un video|un vídeo|un sticker|un GIF|un mensaje de voz|un enlace|una publicación|una historia|un reel|un archivo)",
    r"(?:a|avez|as) (?:envoyé|partagé) (?:une pièce jointe|une photo|une vidéo|un sticker|un autocollant|un GIF|un message vocal|un lien|une publication|une story|un reel|un fichier)",
    r"(?:enviou|você enviou|compartilhou|partilhou|enviaste) (?:um anexo|uma foto|um vídeo|uma figurinha|um GIF|uma mensagem de voz|um link|uma publicação|um story|uma história|um reel|um arquivo|um ficheiro)",
    r"(?:ha|hai) (?:inviato|condiviso) (?:un allegato|una foto|un video|uno sticker|un adesivo|una GIF|un messaggio vocale|un link|un post|una storia|un reel|un file)",
    r"(?:heeft|hebt) (?:een bijlage|een foto|een video|een sticker|een GIF|een spraakbericht|een link|een bericht|een verhaal|een reel|een bestand) (?:verzonden|gestuurd|gedeeld)",
    r"(?:wysłał(?:a|\(a\))?|wysłano|udostępnił(?:a|\(a\))?|wysłałeś|wysłałaś) (?:załącznik|zdjęcie|film|wideo|naklejkę|GIF|GIF-a|wiadomość głosową|link|post|relację|rolkę|plik)",
    r"(?:bir ek|bir fotoğraf|bir video|bir çıkartma|bir GIF|bir sesli mesaj|bir bağlantı|bir gönderi|bir hikaye|bir dosya) (?:gönderdi|gönderdin|gönderdiniz|paylaştı|paylaştın)",
    r"(?:отправил(?:а|\(-?а\)|и)?|поделил(?:ся|ась|ись)) (?:вложение|фото|видео|стикер|GIF|голосовое сообщение|ссылку|ссылкой|публикацию|публикацией|историю|историей|файл)",
    r"skickade (?:en bilaga|ett foto|en video|en länk|ett klistermärke|en GIF|ett röstmeddelande|en fil)", r"(?:sendte|har sendt) (?:en vedhæftet fil|en vedhæftning|et vedlegg|et billede|et bilde|en video|et link|en lenke|en GIF)",
    r"(?:poslal(?:a|\(a\))?|odeslal(?:a|\(a\))?) (?:přílohu|fotku|fotografii|video|odkaz|GIF|samolepku)", r"lähetti (?:liitteen|kuvan|videon|linkin|tarran|GIF-kuvan)", r"(?:elküldött|küldött) egy (?:mellékletet|fényképet|videót|linket|matricát)", r"a trimis (?:un atașament|o atașare|o fotografie|un videoclip|un link)",
    r"έστειλε (?:ένα συνημμένο|μια φωτογραφία|ένα βίντεο)", r"đã (?:gửi|chia sẻ) (?:một |1 )?(?:tệp đính kèm|file đính kèm|ảnh|video|nhãn dán|liên kết|tin nhắn thoại)", r"mengirim(?:kan)? (?:sebuah )?(?:lampiran|foto|video|stiker|GIF|pesan suara|tautan)",
    r"ได้?ส่ง(?:ไฟล์แนบ|รูปภาพ|วิดีโอ|สติกเกอร์)", r"(?:أرسل|أرسلت|شارك|شاركت|قام بإرسال) (?:مرفق[ًا]*|مرفقًا|صورة|فيديو|ملصق[ًا]*|رابط[ًا]*)",
    r"(?:发送|發送|傳送|传送)了(?:一个|一個|1 ?个|1 ?個)?(?:附件|照片|视频|影片|贴图|貼圖|链接|連結|语音消息|語音訊息)", r"(?:传送|傳送)了?(?:附件|照片|影片|貼圖|連結)",
    r"(?:さんが|が)?(?:添付ファイル|写真|動画|スタンプ|リンク|音声メッセージ)を(?:送信|シェア)しました", r"님이 (?:첨부 파일|사진|동영상|스티커|링크|음성 메시지)(?:을|를) (?:보냈습니다|공유했습니다)", r"(?:첨부 파일|사진|동영상|스티커)(?:을|를) 보냈습니다",
)  # fmt: skip
_REACTION = (
    rf"reacted (?:with )?{_EMOJI} to (?:your|their|his|her|a|.{{1,80}}['’]s) (?:message|photo|video|post|story)", r"(?:liked|loved|laughed at|emphasized|disliked) (?:a|your|their|the) (?:message|photo|video|story|post)",
    rf"(?:hat|hast) (?:mit )?{_EMOJI} auf (?:deine|eine|seine|ihre|die) .{{0,60}}?(?:Nachricht|Story) .{{0,60}}?reagiert", r"(?:gefällt|hat) (?:deine|eine|die) Nachricht(?: mit .{1,20} markiert| geliked)?", rf"reagierte mit {_EMOJI} auf .{{0,80}}Nachricht.{{0,80}}",
    rf"(?:reaccionó|reaccionaste|ha reaccionado) (?:con )?{_EMOJI} a (?:tu|un|su|el) (?:mensaje|foto|video).{{0,80}}", r"(?:le gustó|le gusta|indicó que le gusta|te gustó) (?:un|tu|el) mensaje",
    rf"a(?:vez|s)? réagi (?:avec |par )?{_EMOJI} (?:à|a) (?:votre|ton|un|son|ce) message.{{0,80}}", r"a(?:vez|s)? aimé (?:un|votre|ton|ce) message",
    rf"(?:reagiu|reagiste) (?:com )?{_EMOJI} (?:à|a) (?:sua|tua|uma) mensagem.{{0,80}}", r"(?:curtiu|gostou de) (?:uma|sua|tua) mensagem",
    rf"(?:ha|hai) (?:reagito|aggiunto la reazione|messo) (?:con )?{_EMOJI} (?:al|a un|alla) (?:tuo )?messaggio.{{0,80}}", r"(?:ha|hai) (?:messo )?[“\"«]?(?:mi piace|Mi piace)[”\"»]? (?:a|al) (?:un|tuo)? ?messaggio",
    rf"(?:heeft )?(?:met )?{_EMOJI} op (?:je|een|jouw) bericht gereageerd", rf"reageerde (?:met )?{_EMOJI} op .{{0,60}}bericht", r"vindt een bericht leuk",
    rf"zareagował(?:a|\(a\))? (?:emoji )?{_EMOJI} na (?:Twoją|twoją) wiadomość", r"polubił(?:a|\(a\))? wiadomość",
    rf"mesajına {_EMOJI} ifadesini bıraktı", r"bir mesajı beğendi", rf"(?:от)?реагировал(?:а|\(а\))? {_EMOJI}? ?на ваше сообщение.{{0,40}}", r"нравится (?:ваше )?сообщение",
    rf"reagerade (?:med )?{_EMOJI} på ditt meddelande", r"gillade ett meddelande", rf"reagerede (?:med )?{_EMOJI} på din besked", rf"reagerte (?:med )?{_EMOJI} på meldingen din", rf"(?:za)?reagoval(?:a|\(a\))? {_EMOJI} na vaši zprávu",
    rf"đã bày tỏ cảm xúc {_EMOJI} (?:về|với) tin nhắn của bạn", r"đã thích một tin nhắn", rf"(?:menanggapi|bereaksi) (?:dengan )?{_EMOJI} (?:pada|ke|terhadap)? ?pesan Anda", r"menyukai (?:sebuah )?pesan",
    rf"(?:對|对)(?:你|您)的(?:訊息|消息)(?:傳達了|传达了|做出了|回應了|回应了) ?{_EMOJI} ?(?:的)?(?:心情|回應|回应|反应)?", rf"メッセージに ?{_EMOJI} ?(?:で|と)リアクションしました", r"メッセージに「いいね！?」しました", rf"메시지에 ?{_EMOJI} ?(?:공감했습니다|반응을 남겼습니다)", rf"تفاعل(?:ت)? ب?ـ?{_EMOJI} مع رسالتك",
)  # fmt: skip
_CALL = (
    r"(?:missed|declined|started|ended|joined|left|answered) (?:a|an|the|your|their) (?:audio |video |voice |group )?(?:call|chat|video chat)s?(?: (?:from|with|to) [^,]{1,80})?", r"(?:called|video called) .{1,80}", r"(?:audio|video|voice|group) (?:call|chat) (?:has )?(?:ended|started)",
    r"hat (?:dich|einen Videochat|einen Anruf|einen Audioanruf|einen Videoanruf).{0,40}(?:angerufen|gestartet|verpasst|beendet)", r"(?:hast|hat) (?:einen|deinen|ihren|seinen) (?:Anruf|Videoanruf|Sprachanruf|Audioanruf|Videochat).{0,80}(?:verpasst|angenommen|abgelehnt)",
    r"(?:perdiste|perdió) (?:una|tu) (?:llamada|videollamada).{0,80}", r"(?:te llamó|inició una (?:llamada|videollamada)|llamaste a .{1,80})", r"a(?:vez|s)? (?:manqué|lancé|démarré|rejoint) (?:un|votre|l['’]) ?(?:appel|discussion vidéo|appel vidéo).{0,80}", r"vous a appelée?",
    r"(?:perdeu|não atendeu) (?:uma|sua) (?:ligação|chamada|videochamada).{0,80}", r"(?:ligou para você|te ligou|iniciou uma (?:ligação|chamada|videochamada))", r"(?:ha|hai) (?:perso|avviato) (?:una|la tua) (?:chiamata|videochiamata).{0,80}", r"ti ha chiamat[oa]",
    r"(?:hebt|heeft) (?:een|je) (?:oproep|gesprek|videogesprek).{0,80}gemist", r"heeft je gebeld", r"nie odebrał(?:eś|aś|\(a\))? połączenia.{0,80}", r".{0,60}cevapsız arama.{0,40}", r"пропустил(?:и|а|\(а\))? (?:ваш |видео|аудио)?(?:вызов|звонок|видеозвонок|аудиозвонок).{0,80}",
    r"(?:你|您)?(?:错过了|錯過了|未接听|未接聽).{0,40}(?:通话|通話|来电|來電|电话|電話|聊天)", r"(?:呼叫了|打给了|打給了|給你打了電話).{0,40}", r".{0,40}(?:不在着信|着信に応答できませんでした|ビデオチャットを開始しました|から電話がありました)", r".{0,40}(?:부재중 (?:전화|통화)|영상 통화를 시작했습니다|님의 전화를 받지 못했습니다)", r"đã bỏ lỡ cuộc gọi.{0,80}", r"Anda melewatkan panggilan.{0,80}",
)  # fmt: skip
_EVENT = (
    r"(?:set|cleared|removed|changed) (?:the|your|his own|her own|their own|own|.{1,80}['’]s?) (?:nickname|emoji|quick reaction|(?:chat )?theme|group (?:photo|name)|word effect)s?\b.{0,200}", r"set the nickname for .{1,160}", r"(?:changed|updated|removed) the (?:chat theme|chat colors?|group photo|group name|quick reaction|theme)\b.{0,120}", r"named the group .{1,160}",
    r"(?:added|removed) .{1,160} (?:to|from) the group", r"(?:left|created|joined) the group", r"(?:is now|are now|is no longer) an? (?:group )?admin(?: of the group)?", r"(?:made|removed) .{1,80} (?:an?|as) (?:group )?admin.{0,20}", r"(?:created|voted|changed their vote|responded|closed|removed their vote)\b.{0,160}\b(?:poll|plan|event|going|not going)\b.{0,160}", r"voted for .{1,160}", r"(?:pinned|unpinned|unsent|removed|deleted) a message",
    r"waved (?:at|to|hello).{1,80}", r"(?:turned|switched) (?:on|off) (?:disappearing messages|vanish mode|approval).{0,120}", r"(?:is|started|stopped) (?:playing|sharing (?:video|(?:live )?location|their screen)).{0,120}", r"this poll is no longer available",
    r"hat (?:den (?:Spitznamen|Gruppennamen|Namen der Gruppe)|das (?:Chat-)?(?:Thema|Design|Emoji|Gruppenbild|Gruppenfoto)|die (?:Gruppe|Chatfarben?|Schnellreaktion))\b.{0,200}(?:geändert|festgelegt|benannt|verlassen|erstellt|eingestellt)", r"hat .{1,120} (?:zur Gruppe hinzugefügt|aus der Gruppe entfernt)", r"hat die Gruppe verlassen",
    r"(?:cambió|estableció|eliminó) (?:el|los|la|su|tu) (?:apodo|tema|emoji|foto del grupo|nombre del grupo|color).{0,200}", r"(?:agregó|añadió|eliminó) a .{1,120} (?:al|del) grupo", r"(?:abandonó|salió del|creó el) grupo", r"a (?:modifié|défini|changé|supprimé) (?:le surnom|le thème|l['’]emoji|la photo du groupe|le nom du groupe|les couleurs).{0,200}", r"a (?:ajouté|retiré|supprimé) .{1,120} (?:au|du) groupe", r"a (?:quitté|créé) le groupe",
    r"(?:definiu|alterou|mudou|removeu) (?:o apelido|a alcunha|o tema|o emoji|a foto do grupo|o nome do grupo).{0,200}", r"(?:adicionou|removeu) .{1,120} (?:ao|do) grupo", r"(?:saiu do|criou o) grupo", r"(?:ha|hai) (?:impostato|cambiato|modificato) (?:il soprannome|il tema|l['’]emoji|la foto del gruppo|il nome del gruppo).{0,200}", r"ha (?:aggiunto|rimosso) .{1,120} (?:al|dal) gruppo", r"ha (?:abbandonato|lasciato|creato) il gruppo",
    r"heeft (?:de bijnaam|het thema|de emoji|de groepsfoto|de groepsnaam|de groep)\b.{0,200}(?:gewijzigd|ingesteld|verlaten|gemaakt|genoemd)", r"heeft .{1,120} (?:aan de groep toegevoegd|uit de groep verwijderd)", r"(?:ustawił|zmienił|usunął|ustawiła|zmieniła|usunęła|opuścił|opuściła|utworzył|utworzyła)(?:\(a\))? (?:pseudonim|motyw|emoji|zdjęcie grupy|nazwę grupy|grupę).{0,200}",
    r"(?:изменил|установил|покинул|создал|добавил|удалил)(?:а|\(-?а\)|и)? (?:псевдоним|тему|эмодзи|фото группы|название группы|группу|.{1,80} (?:в|из) групп[уы]).{0,200}", r"将(?:群组|聊天|.{1,40}的昵称).{1,80}", r"(?:將|設定了|變更了|更改了|设置了|更改了)(?:群組|聊天室|暱稱|昵称|主題|主题|表情符號|表情符号).{0,80}", r"(?:退出了|離開了|离开了)(?:群組|群组|此群組)",
)  # fmt: skip
_UNSENT = (
    r"unsent a message", r"(?:this )?message (?:was )?(?:unsent|deleted|removed)", r"you deleted a message", r"diese Nachricht wurde (?:entfernt|gelöscht|zurückgenommen)", r"hat eine Nachricht (?:zurückgenommen|entfernt|gelöscht)", r"este mensaje (?:se eliminó|fue eliminado)", r"anuló el envío de un mensaje", r"ce message a été (?:supprimé|retiré)", r"a (?:retiré|supprimé) un message", r"esta mensagem foi (?:removida|apagada|cancelada)", r"cancelou o envio de uma mensagem", r"questo messaggio è stato (?:eliminato|rimosso)", r"ha (?:annullato l['’]invio di|eliminato) un messaggio",
    r"(?:收回了|撤回了|取消傳送了|撤销了)(?:一条|一則|一條)?(?:消息|訊息|信息)", r"メッセージの送信を取り消しました", r"메시지(?:를|가) (?:취소|삭제)(?:했습니다|되었습니다)",
)  # fmt: skip


def _whole(endings: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(endings)})[.!。…]?", re.IGNORECASE)


_KINDS = {
    "deleted": _whole(_UNSENT),
    "media": _whole(_MEDIA),
    "reaction": _whole(_REACTION),
    "call": _whole(_CALL),
    "system": _whole(_EVENT),
}
# Languages that conjugate need no pronoun: "Enviaste un archivo adjunto."
_ALONE = _KINDS | {
    "call": _whole((
        r"missed (?:voice |video |audio )?(?:call|chat)(?: (?:from|with) .{1,80})?", r"(?:the )?(?:audio|video|voice|group)(?: call| chat)? (?:has )?ended", r"perdiste (?:una|la) (?:llamada|videollamada).{0,80}", r"hai (?:perso|avviato) una (?:chiamata|videochiamata).{0,80}", r"nie odebrał(?:eś|aś) połączenia.{0,80}",
        r"(?:未接|错过的|錯過的)(?:语音|視訊|视频|語音)?(?:通话|通話|来电|來電).{0,40}", r"不在着信.{0,40}", r"부재중 (?:전화|통화).{0,40}",
    )),
    "system": _whole((
        r"you(?: are|['’]re) now (?:connected|friends).{0,80}", r"this poll is no longer available", r"say hi to your new (?:Facebook friend|connection|friend).{0,80}", r"you can now (?:message|call|chat).{0,300}", r"you and .{1,100} can now message and call each other and see info.{0,200}", r"messages and calls are (?:now )?(?:secured|protected|end-to-end).{0,300}",
        r"(?:ihr seid|du bist) jetzt (?:auf|bei|über) Messenger (?:verbunden|befreundet).{0,80}", r"ahora están conectados en Messenger", r"vous êtes maintenant en contact sur Messenger", r"agora vocês estão conectados no Messenger", r"ora siete in contatto su Messenger",
        r"你们现在已经是 Messenger 好友.{0,20}", r"你們現在可以在 Messenger .{1,40}",
    )),
}  # fmt: skip
_PRONOUN = re.compile(
    r"(?:you have|you['’]ve|you|du|sie|usted|te|tú|vous|tu|você|lei|ti|io|je|u|ty|sen|siz|вы|ты|bạn"
    r"|anda|kamu|the|an?)\s|你|您|أنت\s?",
    re.IGNORECASE,
)
_TITLE = re.compile(r"(?:Użytkownik|Użytkowniczka|Uživatel|Uživatelka|Korisnik|Пользователь|Користувач|A|Ο|Η) ")
_ARABIC_VERBS = frozenset({"أرسل", "أرسلت", "شارك", "شاركت"})
_LONGEST = 400
_MOST_NAMES = 300


class AppWords:
    """Knows the app's own sentences about the people of one chat."""

    def __init__(self, names: Iterable[str]) -> None:
        whole = [name for name in names if len(name) > 1][:_MOST_NAMES]
        first = [name.partition(" ")[0] for name in whole]
        self._names = sorted({*whole, *(name for name in first if len(name) > 1)}, key=len, reverse=True)

    def kind(self, text: str, sender: str) -> str:
        """Why a message is the app's: "media", "reaction", "call", "deleted", "system"; or "" if a person wrote it.

        Only a message of one line counts, which is nothing but such a sentence about somebody of the chat or "you".
        """
        if len(text) > _LONGEST or "\n" in text:
            return ""
        for rest in self._without_subject(text, sender):
            for reason, pattern in _KINDS.items():
                if pattern.fullmatch(rest):
                    return reason
        return next((reason for reason, pattern in _ALONE.items() if pattern.fullmatch(text)), "")

    def _without_subject(self, text: str, sender: str) -> Iterator[str]:
        """What follows the subject. Arabic puts it behind the verb, so there it is taken out."""
        title = _TITLE.match(text)
        plain = text[title.end() :] if title else text
        for name in (sender, sender.partition(" ")[0], *self._names):
            if len(name) > 1 and plain.startswith(name):
                yield plain[len(name) :].lstrip()
        verb, _, rest = text.partition(" ")
        if verb in _ARABIC_VERBS and (name := next(filter(rest.startswith, (sender, *self._names)), "")):
            yield f"{verb} {rest[len(name) :].lstrip()}"
        if pronoun := _PRONOUN.match(text):
            yield text[pronoun.end() :].lstrip()
