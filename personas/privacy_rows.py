"""What this room keeps of a person."""

from accounts.personal_data.privacy import Row, Words
from personas import forgetting

ROWS = [
    Row(
        "personas",
        {
            "en": Words(
                "Personas: what you wrote about them, words of your uploads and their portrait, pictures, fine-tunes",
                "To let personas answer in somebody's manner",
                "Contract, art. 6(1)(b); you decide to upload them",
                "Until you delete the persona or erase the account",
                "You; a moderator sees only what was flagged",
            ),
            "zh": Words(
                "人物：你对他们的描述、上传的文字、由此得出的画像、图片、微调",
                "让人物用某人的口吻回答",
                "合同，第6条第1款(b)；上传由你决定",
                "直到你删除人物或账号",
                "你；审核员只看被标记的内容",
            ),
        },
    ),
    Row(
        "uploads",
        {
            "en": Words(
                "The files that you upload",
                "To take the words out of them",
                "Contract, art. 6(1)(b)",
                "Until they are read, which takes minutes",
                "You",
            ),
            "zh": Words("你上传的文件", "从中读取文字", "合同，第6条第1款(b)", "读完即删，通常几分钟", "你"),
        },
    ),
    Row(
        "memories",
        {
            "en": Words(
                "What personas remember of what you said to them: pieces of your messages with their dates, and facts",
                "To let a persona recall what you told it long ago, in this and in other conversations",
                "Contract, art. 6(1)(b); you can switch it off for each persona, and recall across conversations too",
                "Until you forget it, delete the conversation or the persona, or erase the account",
                "You; a moderator sees only what was flagged",
            ),
            "zh": Words(
                "人物记住的你说过的话：消息片段及其日期，以及事实",
                "让人物想起你很久以前说过的话，包括在其他对话中",
                "合同，第6条第1款(b)；你可对每个人物关闭记忆或跨对话回忆",
                "直到你让它忘记，或删除对话、人物或账号",
                "你；审核员只看被标记的内容",
            ),
        },
    ),
    Row(
        "drafts",
        {
            "en": Words(
                "Personas that you have not saved, with files, the words recognised in them and the lines that you"
                " tried",
                "To keep what you typed",
                "Contract, art. 6(1)(b)",
                f"{forgetting.DRAFTS_KEPT.days} days after the last change",
                "You; a moderator sees only what was flagged",
            ),
            "zh": Words(
                "未保存的人物、其文件、从中识别出的文字和你试过的话",
                "保留你输入的内容",
                "合同，第6条第1款(b)",
                f"最后修改后{forgetting.DRAFTS_KEPT.days}天",
                "你；审核员只看被标记的内容",
            ),
        },
        purge=forgetting.discard_old,
    ),
    Row(
        "confirmations",
        {
            "en": Words(
                "The answer of the living person whom a persona depicts, with its text and time",
                "To know whether the persona may talk",
                "Consent, art. 6(1)(a)",
                "Until the persona is deleted; the person can change it at any time",
                "The person and the persona's owner",
            ),
            "zh": Words(
                "人物所描绘的在世者的回答、文本和时间",
                "确定人物能否对话",
                "同意，第6条第1款(a)",
                "直到人物被删除；本人随时可以更改",
                "本人和人物的创建者",
            ),
        },
    ),
]
