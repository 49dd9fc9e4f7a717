"""What this room keeps of a person."""

from datetime import timedelta

from django.conf import settings

from accounts.personal_data.privacy import Row, Words

_HOURS = -(-settings.STREAM_TTL // timedelta(hours=1))

ROWS = [
    Row(
        "conversations",
        {
            "en": Words(
                "Conversations: your messages, the replies, and how each reply was made",
                "To hold the conversation and to show it to you",
                "Contract, art. 6(1)(b)",
                "Until you delete the conversation or erase the account",
                "You; a moderator reads up to ten lines around a line that was flagged",
            ),
            "zh": Words(
                "对话：你的消息、回复，以及每条回复的生成过程",
                "进行对话并向你显示",
                "合同，第6条第1款(b)",
                "直到你删除对话或账号",
                "你；对被标记的句子，审核员会读其前后各十句",
            ),
        },
    ),
    Row(
        "notices",
        {
            "en": Words(
                "The notices that the site has shown you in conversations; beside your other words, such as a title or "
                "a line that you try, only the filter's scores are kept",
                "To prove that they were shown",
                "Legal duty, art. 6(1)(c)",
                "As long as their conversation",
                "You and the operator",
            ),
            "zh": Words(
                "网站在对话中向你显示过的提示；在其他文字（如标题、试写的一句话）旁显示时，只保存过滤器的评分",
                "证明已经显示",
                "法律义务，第6条第1款(c)",
                "与所在对话相同",
                "你和运营者",
            ),
        },
    ),
    Row(
        "streams",
        {
            "en": Words(
                "The newest words of a conversation, in memory",
                "To show a reply while it is written, in every tab",
                "Contract, art. 6(1)(b)",
                f"{_HOURS} h after the last word; they then end by themselves",
                "You",
            ),
            "zh": Words(
                "对话中最新的文字（内存中）",
                "在各个标签页里实时显示回复",
                "合同，第6条第1款(b)",
                f"最后一个字之后{_HOURS}小时，然后自动消失",
                "你",
            ),
        },
    ),
]
