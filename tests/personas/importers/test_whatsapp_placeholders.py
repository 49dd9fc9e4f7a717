"""What the app writes in place of speech, language by language, and what only looks like it."""

import pytest

from tests.personas.importers.builders import read
from tests.personas.importers.test_whatsapp import parsed

MEDIA = [
    "<Media omitted>", "<Medien ausgeschlossen>", "<Multimedia omitido>", "<Archivo omitido>", "<Médias omis>", "<Fichier omis>", "<Mídia oculta>",
    "<Arquivo de mídia oculto>", "<Ficheiro não revelado>", "<Media omessi>", "<Media weggelaten>", "<Medya dahil edilmedi>", "<pominięto multimedia>", "<Без медиафайлов>",
    "<Медиафайл пропущен>", "<تم استبعاد الوسائط>", "<मीडिया के बिना>", "<Media tidak disertakan>", "<メディアなし>", "<メディアは含まれていません>", "<미디어 파일을 제외했습니다>",
    "<省略影音内容>", "<已忽略媒体文件>", "<已省略多媒體檔案>", "<Média vynechána>", "<Media utelämnat>", "<Mediefil udeladt>", "<Media jätettiin pois>", "<המדיה הושמטה>",
    "image omitted", "video note omitted", "Bild weggelassen", "Sticker weggelassen", "Videonachricht weggelassen", "imagen omitida", "audio omitido", "image absente", "vidéo absente",
    "imagem ocultada", "áudio ocultado", "figurinha omitida", "immagine omessa", "documento omesso", "afbeelding weggelaten", "görüntü dahil edilmedi", "ses dahil edilmedi", "çıkartma dahil edilmedi",
    "obraz pominięty", "pominięto obraz", "naklejka pominięta", "изображение отсутствует", "видео отсутствует", "аудиофайл отсутствует", "تم استبعاد الصورة", "الصورة غير مدرجة",
    "छवि छोड़ी गई", "वीडियो छोड़ दिया गया", "gambar tidak disertakan", "stiker tidak disertakan", "画像は省略されました", "スタンプは省略されました", "사진 생략됨", "동영상 생략됨", "图像已忽略", "贴图已忽略", "圖片已略去", "音訊已略去",
    "IMG-20230615-WA0001.jpg", "VID-20230615-WA0012.mp4", "PTT-20230615-WA0003.opus", "STK-20230615-WA0003.webp", "00000012-PHOTO-2023-06-15-21-41-07.jpg",
    "IMG-1.jpg (file attached)", "IMG-1.jpg (Datei angehängt)", "IMG-1.jpg (archivo adjunto)", "IMG-1.jpg (arquivo anexado)", "IMG-1.jpg (fichier joint)", "IMG-1.jpg (file allegato)",
    "IMG-1.jpg (bestand bijgevoegd)", "IMG-1.jpg (dosya ekli)", "IMG-1.jpg (plik dołączony)", "IMG-1.jpg (файл добавлен)", "IMG-1.jpg (ملف مرفق)", "IMG-1.jpg (फ़ाइल संलग्न)", "IMG-1.jpg (file terlampir)",
    "IMG-1.jpg (ファイル添付)", "IMG-1.jpg (첨부 파일)", "IMG-1.jpg (文件附件)", "IMG-20230615-WA0001.jpg (words of a language that we do not know)",
    "<attached: 12-PHOTO.jpg>", "<Anhang: 12-PHOTO.jpg>", "<adjunto: 12-PHOTO.jpg>", "<anexado: 12-PHOTO.jpg>", "<pièce jointe : 12-PHOTO.jpg>", "<allegato: 12-PHOTO.jpg>", "<bijgevoegd: 12-PHOTO.jpg>", "<eklendi: 12-PHOTO.jpg>",
    "<załącznik: 12-PHOTO.jpg>", "<прикреплено: 12-PHOTO.jpg>", "<مرفق: 12-PHOTO.jpg>", "<संलग्न: 12-PHOTO.jpg>", "<terlampir: 12-PHOTO.jpg>", "<添付ファイル: 12-PHOTO.jpg>", "<첨부: 12-PHOTO.jpg>", "<附件：12-PHOTO.jpg>",
]  # fmt: skip
POLLS = [
    "POLL:\nTea?\nOPTION: Yes (2 votes)\nOPTION: No (0 votes)", "UMFRAGE:\nTee?\nOPTION: Ja (1 Stimme)", "SONDAGE :\nThé ?\nOPTION : Oui (1 vote)", "ENCUESTA:\n¿Té?\nOPCIÓN: Sí (2 votos)",
    "ОПРОС:\nЧай?\nОТВЕТ: Да (2 голоса)", "투표:\n차?\n선택지: 네 (2표)", "投票：\n茶？\n选项：好（2 票）",
]  # fmt: skip
DELETED = [
    "This message was deleted", "You deleted this message", "Diese Nachricht wurde gelöscht.", "Se eliminó este mensaje.", "Ce message a été supprimé", "Esta mensagem foi apagada", "Mensagem apagada", "Questo messaggio è stato eliminato.",
    "Dit bericht is verwijderd", "Bu mesaj silindi", "Bu mesajı sildiniz", "Ta wiadomość została usunięta.", "Данное сообщение удалено", "Вы удалили данное сообщение", "تم حذف هذه الرسالة", "यह मैसेज मिटाया गया", "यह संदेश हटा दिया गया।",
    "Pesan ini telah dihapus", "このメッセージは削除されました。", "삭제된 메시지입니다.", "此消息已删除", "此訊息已刪除",
]  # fmt: skip
CALLS = [
    "Missed voice call", "Missed group video call", "Verpasster Sprachanruf", "Llamada perdida", "Videollamada perdida", "Appel vocal manqué", "Chamada de voz perdida", "Ligação de vídeo perdida", "Chiamata vocale persa", "Gemiste spraakoproep",
    "Cevapsız sesli arama", "Nieodebrane połączenie głosowe", "Пропущенный аудиозвонок", "مكالمة صوتية فائتة", "मिस्ड वॉइस कॉल", "Panggilan suara tak terjawab", "不在着信", "부재중 음성 통화", "未接语音通话", "未接視訊通話",
]  # fmt: skip
EDITED = [
    "<This message was edited>", "<Diese Nachricht wurde bearbeitet.>", "<Se editó este mensaje.>", "<Ce message a été modifié>", "<Mensagem editada>", "<Questo messaggio è stato modificato>", "<Dit bericht is bewerkt>", "<Bu mesaj düzenlendi>",
    "<Ta wiadomość została edytowana>", "<Данное сообщение изменено>", "<تم تعديل هذه الرسالة>", "<इस मैसेज में बदलाव किया गया>", "<Pesan ini diedit>", "<このメッセージは編集されました>", "<수정된 메시지입니다>", "<此消息已编辑>", "<此訊息已編輯>",
    "\u200e<words of a language that we do not know>",
]  # fmt: skip
EVENTS = [
    "Boris created group “Harvest”", "Boris added you", "Boris added Lena", "Boris left", "Boris changed the subject to “Harvest: Sunday”", "Boris changed this group's icon", "Boris changed their phone number to a new number. Tap to message or add the new number.",
    "Boris hat die Gruppe „Ernte“ erstellt", "Boris hat dich hinzugefügt", "Boris hat die Gruppe verlassen", "Boris hat den Betreff zu „Ernte“ geändert", "Boris creó el grupo “Cosecha”", "Boris te añadió", "Boris salió del grupo", "Boris cambió el asunto a “X”",
    "Boris criou o grupo “Colheita”", "Boris adicionou Lena", "Boris saiu", "Boris mudou o nome do grupo para “X”", "Boris a créé le groupe “Moisson”", "Boris a ajouté Lena", "Boris a quitté le groupe", "Boris a changé le sujet en “X”",
    "Boris ha creato il gruppo “Raccolto”", "Boris ha aggiunto Lena", "Boris ha abbandonato", "Boris heeft de groep “Oogst” gemaakt", "Boris heeft Lena toegevoegd", "Boris heeft de groep verlaten", "Boris heeft het onderwerp gewijzigd naar “X”",
    "Boris “Hasat” grubunu oluşturdu", "Boris Lena kişisini ekledi", "Boris ayrıldı", "Boris utworzył(a) grupę “Żniwa”", "Boris dodał(a) Lena", "Boris opuścił(a) grupę", "Boris создал(-а) группу «Урожай»", "Boris добавил(а) Lena", "Boris покинул(-а) группу",
    "Boris أنشأ المجموعة “حصاد”", "Boris غادر", "Boris ने “फसल” ग्रुप बनाया", "Boris ने Lena को जोड़ा", "Boris membuat grup “Panen”", "Boris menambahkan Lena", "Boris keluar", "Borisさんがグループ「収穫」を作成しました", "Borisさんが退出しました",
    "Boris님이 “추수” 그룹을 만들었습니다", "Boris님이 나갔습니다", "Boris创建了群组“丰收”", "Boris添加了Lena", "Boris已离开", "Boris建立了群組「豐收」", "Boris更改了群组图标",
    "Messages and calls are end-to-end encrypted. Only people in this chat can read them.", "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.", "Mesajlar ve aramalar uçtan uca şifrelidir.", "Your security code with Lena changed.",
]  # fmt: skip


def chat(text: str) -> str:
    return f"15/06/23, 21:40 - Boris: hello\n15/06/23, 21:41 - Boris: {text}\n15/06/23, 21:42 - Lena: bread\n"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (reason, text)
        for reason, texts in {
            "media": [*MEDIA, *POLLS, "live location shared", "Live-Standort wird geteilt", "[图片]"],
            "deleted": DELETED,
            "call": CALLS,
        }.items()
        for text in texts
    ],
)
def test_a_placeholder_is_counted_and_not_speech(reason, text):
    utterances, skipped, _ = parsed(chat(text))
    assert [one.text for one in utterances] == ["hello", "bread"]
    assert skipped == {reason: 1}


@pytest.mark.parametrize("mark", EDITED)
def test_an_edited_message_keeps_its_words_and_loses_the_mark(mark):
    utterances, skipped, _ = parsed(chat(f"See you at six {mark}"))
    assert [one.text for one in utterances] == ["hello", "See you at six", "bread"]
    assert not skipped


@pytest.mark.parametrize("event", EVENTS)
def test_what_happened_to_the_chat_is_no_speech_under_a_persons_name(event):
    utterances, skipped, _ = parsed(chat(event))
    assert [one.text for one in utterances] == ["hello", "bread"]
    assert skipped == {"system": 1}


@pytest.mark.parametrize("event", EVENTS)
def test_what_happened_to_the_chat_is_no_speech_under_the_groups_name(event):
    head = "[14.08.2024, 21:00:10]"
    utterances, skipped, _ = parsed(
        f"{head} Harvest: Messages and calls are end-to-end encrypted.\n{head} Harvest: {event}\n"
        f"{head} Boris: hello\n{head} Lena: bread\n"
    )
    assert [one.text for one in utterances] == ["hello", "bread"]
    assert skipped == {"system": 2}


@pytest.mark.parametrize("event", EVENTS)
def test_what_happened_to_the_chat_is_no_speech_without_a_name(event):
    utterances, skipped, _ = parsed(
        f"15/06/23, 21:40 - Boris: hello\n15/06/23, 21:41 - {event}\n15/06/23, 21:42 - Lena: bread\n"
    )
    assert [one.text for one in utterances] == ["hello", "bread"]
    assert skipped == {"system": 1}


@pytest.mark.parametrize(
    "text",
    [
        "I added sugar and removed the eggs",
        "Boris added sugar to the tea",
        "Lena left her scarf here",
        "You left",
        "You added Lena to the list, thanks",
        "Tom left",
        "a photo omitted from the book",
        "report.pdf (final version)",
        "I deleted this message",
        "Encryption? Messages are end-to-end encrypted, they say",
        "a < b and b > c",
        "she said <nothing>",
        "Missed your call, sorry",
        "null and void",
        "Boris hat mir das erzählt",
        "Boris ha comido",
    ],
)
def test_what_a_person_wrote_stays_speech(text):
    utterances, skipped, _ = parsed(chat(text))
    assert [one.text for one in utterances] == ["hello", text, "bread"]
    assert not skipped


def test_a_question_and_a_list_of_a_person_are_no_poll():
    text = "Poll results:\nEggs: brown (6 pieces)"
    assert parsed(chat(text))[0][1].text == text


def test_a_group_in_which_most_lines_are_about_people_who_come_and_go_is_read():
    events = "".join(f"15/06/23, 21:4{n % 10} - Lena added +49 170 12345{n:02}\n" for n in range(30))
    reading = read(events + chat("tea") + "15/06/23, 21:50 - Boris: bye\n15/06/23, 21:51 - Lena: bye\n")
    assert (reading.format, len(reading.said)) == ("whatsapp", 5)
