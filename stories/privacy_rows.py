"""What this room keeps of a person."""

from accounts.personal_data.privacy import Row, Words

ROWS = [
    Row(
        "stories",
        {
            "en": Words(
                "Stories: your words, those of the narrator, what is offered next, and the notices beside them",
                "To write the story with you and to show it to you",
                "Contract, art. 6(1)(b)",
                "Until you delete the story or erase the account; what is offered, until the story goes on",
                "You; a moderator reads up to ten passages around one that was flagged",
            ),
            "zh": Words(
                "故事：你的文字、叙述者的文字、待选的续写，以及所附的提示",
                "与你一起写故事并向你显示",
                "合同，第6条第1款(b)",
                "直到你删除故事或账号；待选的续写到故事继续为止",
                "你；对被标记的段落，审核员会读其前后各十段",
            ),
        },
    ),
]
