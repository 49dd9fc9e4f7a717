"""What WhatsApp writes into exports in place of speech, in the languages that it is exported in.

Compared after `folded`: marks gone, case and final full stop folded. A sentence that a person
could have written is here only whole, never as a stem; stems are for places where nobody writes
(text in angle brackets, after a U+200E, in lines without a name).
"""

import re
from functools import lru_cache

import regex

# ruff: noqa: E501 - tables of words, several languages to a line

_EDITED = {
    "this message was edited", "edited", "diese nachricht wurde bearbeitet", "bearbeitet", "se editó este mensaje", "este mensaje fue editado", "mensaje editado", "editado",
    "mensagem editada", "esta mensagem foi editada", "essa mensagem foi editada", "ce message a été modifié", "modifié", "questo messaggio è stato modificato", "messaggio modificato",
    "dit bericht is bewerkt", "dit bericht werd bewerkt", "bewerkt", "данное сообщение изменено", "сообщение изменено", "это сообщение изменено", "bu mesaj düzenlendi", "düzenlendi",
    "ta wiadomość została edytowana", "wiadomość została edytowana", "wiadomość edytowana", "edytowano", "edytowano wiadomość", "ta wiadomość została zmieniona",
    "تم تعديل هذه الرسالة", "تم تعديل الرسالة", "यह संदेश संपादित किया गया", "यह संदेश संपादित किया गया था", "इस मैसेज को एडिट किया गया", "इस मैसेज में बदलाव किया गया", "इस मैसेज में बदलाव किया गया था",
    "pesan ini diedit", "pesan ini telah diedit", "pesan diedit", "diedit", "此消息已编辑", "这条消息已编辑", "已编辑此消息", "此訊息已編輯", "此訊息已被編輯", "已編輯此訊息", "已编辑", "已編輯",
    "このメッセージは編集されました", "編集済み", "メッセージが編集されました", "수정된 메시지입니다", "이 메시지는 수정되었습니다", "메시지가 수정되었습니다", "수정됨",
    "tätä viestiä on muokattu", "detta meddelande har redigerats", "denne meldingen er redigert", "denne besked blev redigeret", "tato zpráva byla upravena", "tin nhắn này đã được chỉnh sửa",
    "це повідомлення відредаговано", "הודעה זו נערכה", "این پیام ویرایش شد", "ข้อความนี้ถูกแก้ไข", "αυτό το μήνυμα υποβλήθηκε σε επεξεργασία", "acest mesaj a fost editat", "ezt az üzenetet szerkesztették",
}  # fmt: skip

_MEDIA_STEMS = re.compile(
    r"medi[aeoájy]|medya|médi|mídia|mitjans|multim|muldim|archivo|arquivo|ficheiro|fichier|fișier|omitted|attached|adjunt|anexad|angehängt|"
    r"allegat|joint|bijgevoegd|liitetty|bifogad|vedlagt|vedhæft|dołączon|ekl[ie]|dosya|załącz|меди[ая]|медіа|файл|прикреп|вкладен|πολυμέσ|"
    r"μέσ[αο]|המדיה|מדיה|צורף|وسائط|مرفق|رسانه|मीडिया|সংযু|মিডিয়া|ஊடக|संलग्न|மீடியா|สื่อ|แนบ|phương tiện|đính kèm|lampir|"
    r"媒体|媒體|影音|附加|附件|メディア|添付|미디어|첨부",
    re.IGNORECASE,
)
# IMG-20230615-WA0001.jpg of Android, 00000012-PHOTO-2023-06-15-21-41-07.jpg of iOS: names that only the app gives.
_APP_FILE = r"(?:(?:IMG|VID|AUD|PTT|STK|DOC|GIF|WhatsApp \w{3,12})[- ]\d{4}[^\s()<>]{1,60}|\d{5,10}-[A-Z]{3,12}(?:-[-\d]{5,30})?)\.[a-z0-9]{2,5}"
_APP_FILE_SENT = rf"{_APP_FILE}(?: \([^()\n]{{2,40}}\))?"
_ATTACHED = re.compile(
    rf"\A(?:{_APP_FILE_SENT}|"
    r"\S[^\n]{0,120}\.[a-z0-9]{2,5} • \d[\d.,]{0,6} [^\W\d][^\n]{0,20}|"
    r"\S[^\n]{0,120}\.[a-z0-9]{2,5} \((?:file attached|attached file|Datei angehängt|angehängte Datei|archivo adjunto|arquivo anexado|ficheiro anexado|"
    r"fichier joint|pièce jointe|file allegato|allegato|bestand bijgevoegd|bijgevoegd bestand|bifogad fil|fil bifogad|fil vedlagt|fil vedhæftet|tiedosto liitetty|plik dołączony|plik załączony|załączony plik|załączono plik|"
    r"dosya ekli|dosya eklendi|ekli dosya|файл добавлен|файл прикреплен|файл прикреплён|прикрепленный файл|прикреплённый файл|файл додано|ملف مرفق|الملف مرفق|תיקייה מצורפת|קובץ מצורף|फ़ाइल संलग्न|फ़ाइल अटैच की गई|फ़ाइल संलग्न है|"
    r"file terlampir|berkas terlampir|fail dilampirkan|文件附件|附件文件|文件已附加|檔案已附加|附加檔案|已附加|附件|ファイル添付|ファイル添付済み|添付ファイル|ファイルが添付されました|파일 첨부됨|파일 첨부|첨부 파일|첨부파일|첨부된 파일|"
    r"soubor připojen|přiložený soubor|fișier atașat|csatolt fájl|συνημμένο αρχείο|επισυναπτόμενο αρχείο|tệp đính kèm|ไฟล์ที่แนบ|แนบไฟล์|فایل پیوست)\))",
    re.IGNORECASE,
)
# <attached: photo.jpg> of iOS, in any language: nobody writes a file's name so.
_BRACKETED_FILE = re.compile(r"<[^<>\n:：]{2,40}[:：] ?[^<>\n]{1,120}\.[a-z0-9]{2,5}>", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"omitted|weggelassen|ausgelassen|omitid|omess|omis\b|omise|ocultad?[oa]|absente?|weggelaten|utelämn|utelat|udeladt|"
    r"jätetty pois|pominięt|vynechán|пропущен|опущен|не включ|вилучен|παραλε|atlandı|dahil edilmedi|הושמט|לא נכלל|"
    r"استبعاد|محذوف|غير مدرج|तिरस्कृत|हटा|छोड़|忽略|略去|省略|略過|除外|含まれていません|생략|제외|không bao gồm|bỏ qua|tidak disertakan|ไม่รวม",
    re.IGNORECASE,
)
_IOS_MEDIA = re.compile(
    r"(?:image|video|video note|audio|voice message|sticker|gif|document|photo|contact card|location|live location|view once message) omitted|"
    r"(?:bild|foto|video|videonachricht|audio|sprachnachricht|sticker|gif|dokument|kontaktkarte|standort) (?:weggelassen|ausgelassen|nicht enthalten)|"
    r"(?:imagen|foto|video|vídeo|videomensaje|nota de video|audio|sticker|gif|documento|tarjeta de contacto|ubicación) (?:omitid[oa]|oculto|oculta|no incluid[oa])|"
    r"(?:image|photo|vidéo|note vidéo|message vidéo|audio|message vocal|sticker|autocollant|gif|document|fiche contact|carte de contact|carte contact) (?:absente?|omise?|exclue?|ignorée?|non incluse?)|"
    r"(?:imagem|foto|vídeo|áudio|mensagem de vídeo|recado de vídeo|figurinha|sticker|autocolante|gif|documento|cartão d[eo] contato|cartão de contacto) (?:ocultad[oa]|omitid[oa]|oculto|oculta|não incluíd[oa])|"
    r"(?:immagine|foto|video|videomessaggio|audio|messaggio vocale|sticker|adesivo|gif|documento|scheda contatto|contatto|scheda del contatto) (?:omess[oa]|esclus[oa]|non inclus[oa])|"
    r"(?:afbeelding|foto|video|videobericht|audio|spraakbericht|sticker|gif|document|contactkaart|visitekaartje) (?:weggelaten|niet bijgevoegd)|"
    r"(?:görüntü|görsel|resim|fotoğraf|video|görüntülü not|video notu|ses|ses dosyası|çıkartma|gif|belge|kişi kartı|konum) (?:dahil edilmedi|atlandı|çıkarıldı)|"
    r"(?:obraz|obrazek|zdjęcie|grafika|grafikę|film|wideo|wideonotatka|dźwięk|audio|plik audio|naklejka|naklejkę|gif|dokument|wizytówka|karta kontaktu) (?:pominięt[oaey]|został[aoy]? pominięt[aye]|nie dołączono)|"
    r"(?:pominięto|nie dołączono) (?:obrazu?|obrazka?|zdjęci[ea]|grafik[ęi]|filmu?|wideo|dźwięku?|audio|pliku? audio|naklejk[ęi]|gif-?a?|dokumentu?|wizytówk[ęi]|kart[ęy] kontaktu)|"
    r"(?:изображение|фото|фотография|картинка|видео|видеосообщение|видеозаметка|аудио|аудиофайл|голосовое сообщение|стикер|gif|gif-файл|документ|карточка контакта|контакт) (?:опущен|пропущен|отсутству|не включен|не включён|не добавлен|исключен|исключён|скрыт)\w{0,4}|"
    r"(?:تم )?(?:استبعاد|حذف|تخطي|إخفاء) (?:الصورة|صورة|الفيديو|فيديو|مقطع الفيديو|الصوت|صوت|المقطع الصوتي|الملف الصوتي|الملصق|ملصق|gif|صورة gif|المستند|مستند|بطاقة جهة الاتصال)|"
    r"(?:الصورة|صورة|الفيديو|فيديو|مقطع فيديو|الصوت|صوت|الملف الصوتي|مقطع صوتي|الملصق|ملصق|gif|صورة gif|المستند|مستند|بطاقة جهة اتصال) (?:غير مدرجة?|غير مضمنة?|محذوفة?|مستبعدة?|مستثناة?|مخفية?)|"
    r"(?:छवि|चित्र|इमेज|तस्वीर|फ़ोटो|फोटो|वीडियो|वीडियो नोट|ऑडियो|स्टिकर|gif|दस्तावेज़|डॉक्यूमेंट|संपर्क कार्ड|कॉन्टैक्ट कार्ड) (?:छोड़ा गया|छोड़ी गई|छोड़ दिया गया|छोड़ दी गई|हटाया गया|हटाई गई|हटा दिया गया|हटा दी गई|शामिल नहीं(?: है| किया गया| की गई)?|को छोड़ दिया गया)(?: है)?|"
    r"(?:gambar|foto|video|pesan video|catatan video|audio|pesan suara|stiker|gif|dokumen|kartu kontak) (?:tidak disertakan|dihilangkan|dikecualikan|diabaikan|tidak dimasukkan)|"
    r"(?:图像|图片|照片|视频|视频消息|视频留言|音频|语音|语音消息|贴图|贴纸|表情|动图|gif|文档|文件|联系人卡片|名片)已?(?:被)?(?:忽略|省略|略去|略过)|已?(?:忽略|省略|略去)(?:图像|图片|视频|音频|贴图|贴纸|动图|gif|文档|文件|联系人卡片|名片)|"
    r"(?:圖像|圖片|相片|照片|影片|視訊|視訊訊息|影片訊息|音訊|語音|語音訊息|貼圖|動圖|gif|文件|檔案|聯絡人卡片|聯絡人資訊|名片)已?(?:被)?(?:略去|省略|忽略|略過)|已?(?:略去|省略|忽略|略過)(?:圖像|圖片|影片|音訊|貼圖|gif|文件|檔案|聯絡人卡片)|"
    r"(?:画像|写真|動画|ビデオ|ビデオメッセージ|音声|オーディオ|音声メッセージ|スタンプ|ステッカー|gif|文書|ドキュメント|ファイル|連絡先カード|連絡先)[はがを]?(?:省略(?:されました|しました|済み)?|除外(?:されました|しました)?|含まれていません|なし)|"
    r"(?:이미지|사진|그림|동영상|비디오|영상|비디오 메시지|오디오|음성|음성 메시지|스티커|gif|문서|파일|연락처 카드|연락처)[이가을를은는]? ?(?:생략됨|생략|생략되었습니다|생략했습니다|제외됨|제외|제외되었습니다|제외했습니다|누락됨|포함되지 않음|포함되지 않았습니다)",
    re.IGNORECASE,
)
_SHARED = re.compile(
    r"(?:location|live location shared|standort|ubicación|localização|localisation|posizione|locatie|位置|地点|위치): ?https?://\S+"
    r"|live location shared|live-standort (?:wird )?geteilt|ubicación en tiempo real compartida|localização em tempo real compartilhada|localisation en direct partagée|posizione in tempo reale condivisa|live locatie gedeeld",
    re.IGNORECASE,
)
_POLL = re.compile(
    r"(?:poll|umfrage|encuesta|enquete|sondagem|sondage|sondaggio|peiling|anket|ankieta|опрос|опитування|استطلاع رأي|استطلاع|סקר|पोल|投票|투표|アンケート|polling|jajak pendapat|omröstning|afstemning|avstemning|kysely|anketa|szavazás|sondaj|δημοσκόπηση|bình chọn|โพลล์) ?[:：]",
    re.IGNORECASE,
)
_POLL_CHOICE = re.compile(r"\A[^\W\d_]{2,20} ?[:：]")
_VOTES = re.compile(r"\A[(（]\d{1,5}[^()（）\n]{0,30}[)）]")

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
    "message deleted", "deleted message", "this message has been deleted", "you deleted this message for everyone", "nachricht gelöscht", "diese nachricht wurde entfernt", "mensaje eliminado", "eliminaste este mensaje para todos",
    "has eliminado este mensaje", "se ha eliminado este mensaje", "mensagem eliminada", "esta mensagem foi eliminada", "eliminou esta mensagem", "esta mensagem foi excluída", "message supprimé", "vous avez effacé ce message", "tu as supprimé ce message", "ce message a été effacé",
    "messaggio eliminato", "hai cancellato questo messaggio", "questo messaggio è stato cancellato", "bericht verwijderd", "je hebt dit bericht voor iedereen verwijderd", "bu mesajı sildin", "mesaj silindi", "bu mesaj herkesten silindi",
    "ta wiadomość została skasowana", "wiadomość została usunięta", "wiadomość usunięta", "ta wiadomość zostala usunieta", "usunęłaś tę wiadomość", "usunąłeś(-ęłaś) tę wiadomość", "usunięto wiadomość", "usunięto tę wiadomość dla wszystkich",
    "ты удалил это сообщение", "ты удалила это сообщение", "данное сообщение было удалено", "это сообщение было удалено", "вы удалили сообщение", "تم حذف الرسالة", "تم حذف هذه الرسالة من قبل المرسل", "لقد قمت بحذف هذه الرسالة", "رسالة محذوفة",
    "यह मैसेज मिटा दिया गया", "यह मैसेज मिटा दिया गया था", "यह मैसेज डिलीट कर दिया गया", "इस मैसेज को मिटा दिया गया", "इस मैसेज को मिटाया गया", "आपने यह मैसेज मिटाया", "आपने यह मैसेज मिटा दिया", "आपने यह मैसेज डिलीट किया", "आपने इस मैसेज को मिटाया", "मैसेज मिटाया गया",
    "pesan ini sudah dihapus", "pesan dihapus", "kamu menghapus pesan ini", "kamu telah menghapus pesan ini", "anda menghapus pesan ini untuk semua", "あなたはこのメッセージを削除しました", "このメッセージは削除済みです", "このメッセージは取り消されました",
    "이 메시지가 삭제되었습니다", "삭제된 메시지", "회원님이 이 메시지를 삭제했습니다", "내가 삭제한 메시지입니다", "此消息已被删除", "该消息已删除", "该消息已被删除", "消息已删除", "您已删除此消息", "你已删除此消息", "你已删除这条消息", "您撤回了一条消息", "此訊息已遭刪除", "訊息已刪除", "這則訊息已被刪除",
}  # fmt: skip
_DELETED_BY = re.compile(
    r"(?:this message was deleted by admin|diese nachricht wurde (?:vom|von) admin|mensaje eliminado por (?:el )?admin\w*\.?|mensagem apagada pelo admin|ce message a été supprimé par (?:l['’])?admin|"
    r"questo messaggio è stato eliminato dall['’]amministratore|dit bericht is verwijderd door beheerder) .{1,80}"
)
_WAITING = {
    "waiting for this message", "waiting for this message. this may take a while", "null",
    "warte auf diese nachricht", "esperando el mensaje", "aguardando mensagem", "en attente de ce message", "等待此消息", "正在等待这条消息",
    "nachricht wird erwartet", "esperando este mensaje", "aguardando esta mensagem", "a aguardar mensagem", "in attesa di questo messaggio", "in attesa del messaggio", "wachten op dit bericht", "bu mesaj bekleniyor", "oczekiwanie na tę wiadomość",
    "ожидание сообщения", "ожидание этого сообщения", "بانتظار هذه الرسالة", "इस मैसेज का इंतज़ार है", "menunggu pesan ini", "このメッセージを待機しています", "이 메시지를 기다리는 중입니다", "正在等待此消息", "正在等候此訊息",
}  # fmt: skip
_CALLS = re.compile(
    r"(?:missed|declined|unanswered|silenced|cancelled) (?:group )?(?:voice|video|audio)? ?call(?:[,.] .{0,60})?|(?:group )?(?:voice|video) call[,.] .{1,60}|"
    r"(?:verpasster|abgelehnter|unbeantworteter) (?:gruppen-?)?(?:sprach|video)?anruf|(?:sprach|video)anruf, .{1,60}|"
    r"(?:video)?llamada (?:de voz |de v[ií]deo |grupal )?(?:perdida|rechazada|sin respuesta)|"
    r"(?:chamada|ligação) (?:de (?:voz|vídeo) )?(?:perdida|recusada|não atendida)|"
    r"appel (?:vocal |vidéo |de groupe )?(?:manqué|refusé|sans réponse)|(?:video)?chiamata (?:vocale |video |di gruppo )?(?:persa|rifiutata|senza risposta)|"
    r"(?:gemiste|gemist|geweigerde) (?:groeps)?(?:spraak|audio|video)?-?(?:oproep|gesprek)|"
    r"(?:cevapsız|reddedilen) (?:sesli |görüntülü |grup )?arama|(?:nieodebrane|odrzucone) (?:połączenie|połączenie głosowe|połączenie wideo|połączenie audio|wideopołączenie)|"
    r"(?:пропущенный|пропущен|отклоненный|отклонённый) (?:групповой )?(?:аудио|видео)?звонок|"
    r"(?:مكالمة|مكالمه) (?:صوتية |فيديو |جماعية |مرئية )?(?:فائتة|لم يرد عليها|مرفوضة)|(?:मिस्ड|छूटी हुई|मिस) (?:वॉइस|वॉयस|वीडियो|ग्रुप)? ?कॉल|(?:वॉइस|वॉयस|वीडियो) कॉल (?:मिस हुई|मिस हुआ|छूट गई)|"
    r"panggilan (?:suara |video |grup )?(?:tak terjawab|tidak terjawab|ditolak)|"
    r"(?:音声|ビデオ)?(?:通話)?の?不在着信|不在着信.{0,20}|(?:부재중|받지 않은|거절한) (?:음성|영상|그룹)? ?(?:통화|전화)|"
    r"(?:未接|已拒绝的?|未接听的?)(?:群组|群)?(?:语音|视频)?(?:通话|来电|电话)|(?:未接|已拒接的?)(?:群組)?(?:語音|視訊)?(?:通話|來電|電話)",
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
_LONGEST_TAIL = 170
BEGINNING = 6  # characters, by which most messages are told from the app's words
# The library `regex` can say whether a text could go on to match.
_WHOLE = frozenset(_DELETED | _WAITING)
_FOLDED_BEGINNINGS = [regex.compile(one.pattern, regex.IGNORECASE) for one in (_DELETED_BY, _CALLS)]
_BEGINNINGS = [
    regex.compile(one, regex.IGNORECASE)
    for one in (_IOS_MEDIA.pattern, _APP_FILE_SENT, _SHARED.pattern, rf"{_POLL.pattern}(?:\s[^\0]*)?")
]
_MARKS = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def folded(text: str) -> str:
    return " ".join(_MARKS.sub("", text).split()).rstrip(".。।!").casefold()


def without_tail(text: str) -> str:
    """A message without its "edited" note and without the placeholder of the picture under it."""
    body, tail, is_marked = _tail(text)
    if tail.startswith("<") and (
        folded(tail[1:-1]) in _EDITED or (is_marked and not _is_placeholder(tail, marked=True))
    ):
        body, tail, is_marked = _tail(text := body.rstrip())
    if body and (_is_placeholder(tail, marked=True) if is_marked else _BRACKETED_FILE.fullmatch(tail)):
        return body.rstrip()
    return text


def _tail(text: str) -> tuple[str, str, bool]:
    """What may be the app's words at a message's end: in angle brackets, or after a U+200E. Also what stands before
    them, and whether the mark stands there."""
    end = text.rstrip()
    start = max(0, len(end) - _LONGEST_TAIL)
    mark = end.rfind("\u200e", start)
    opening = end.rfind("<", start) if end.endswith(">") else -1
    begin = opening if opening >= 0 else mark
    if begin < 0 or "\n" in end[begin:]:
        return text, "", False
    is_marked = mark >= 0 and mark in {begin, begin - 1}
    return end[: begin - (is_marked and mark == begin - 1)], end[begin:].strip("\u200e "), is_marked


def kind(text: str) -> str:
    """Why a named message is not speech: "media", "deleted", "call", "system", "empty"; or "" where it is.

    A U+200E before the text is WhatsApp's own sign (iOS) for words that nobody wrote.
    """
    if is_plainly_ended(text) and not may_begin(text[:BEGINNING]):
        return ""
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


def is_plainly_ended(text: str) -> bool:
    """Whether nothing behind a message's beginning can be the app's: no mark, no note and no file's name."""
    return text.rstrip()[-1:] not in {">", ""} and "\u200e" not in text and " (" not in text


@lru_cache(maxsize=1 << 16)
def may_begin(beginning: str) -> bool:
    """Whether any of the app's words begin so. Asked first, since most messages need no other look.

    `beginning` is the first BEGINNING characters of a text, or all of it if it is shorter.
    """
    if beginning[:1].isspace() or _MARKS.search(beginning):
        return True
    start = folded(beginning)
    return (
        any(words.startswith(start) for words in _WHOLE)
        or any(pattern.fullmatch(start, partial=True) is not None for pattern in _FOLDED_BEGINNINGS)
        or any(pattern.fullmatch(beginning, partial=True) is not None for pattern in _BEGINNINGS)
    )


def is_greeting_of_app(text: str) -> bool:
    """The encryption notice, which iOS puts under the contact's or group's name."""
    return bool(_SYSTEM_STEMS.search(text))


def system_kind(text: str) -> str:
    """For a line that no person wrote: "call" or "system"."""
    line = folded(text)
    return "call" if len(line) < 80 and _CALL_STEMS.search(line) and not _SYSTEM_STEMS.search(line) else "system"


def _is_placeholder(text: str, *, marked: bool) -> bool:
    if "\n" in text:
        return _is_poll(text)
    if _IOS_MEDIA.fullmatch(text) or _ATTACHED.fullmatch(text) or _SHARED.fullmatch(text):
        return True
    if text.startswith("<") and text.endswith(">") and len(text) < 160:
        return bool(_MEDIA_STEMS.search(text) or _BRACKETED_FILE.fullmatch(text))
    return marked and len(text) < 60 and bool(_LEFT_OUT.search(text))


def _is_poll(text: str) -> bool:
    """POLL:, the question, and OPTION: tea (2 votes). Lines of iPhones begin with a mark."""
    lines = text.split("\n")
    last = lines[-1].strip()
    votes = last[max(last.rfind("("), last.rfind("（"), 0) :]
    is_choice = _POLL_CHOICE.match(last) is not None and _VOTES.fullmatch(votes) is not None
    return is_choice and _POLL.fullmatch(lines[0].strip()) is not None


def caption(text: str) -> str | None:
    """What a person wrote under an attached file (Android puts it on the following lines), or None."""
    first, _, rest = text.partition("\n")
    if rest.strip() and _ATTACHED.fullmatch(_MARKS.sub("", first).strip()):
        return rest.strip()
    return None
