"""What this room keeps of a person."""

from django.conf import settings

from accounts.personal_data.privacy import Row, Words
from moderation.desk import retention

ROWS = [
    Row(
        "assessments",
        {
            "en": Words(
                "The filter's scores of words that it flagged, in conversations and elsewhere, never the words",
                "To act on danger, to explain decisions, and for reports without names",
                "Legal duty, art. 6(1)(c); vital interests, art. 9(2)(c)",
                f"{settings.CASE_RETENTION.days} days; longer while a case about the conversation is held",
                "Moderators",
            ),
            "zh": Words(
                "过滤器对被标记文字的评分（对话之内或之外），不含文字本身",
                "应对危险、说明决定，以及不含姓名的报告",
                "法律义务，第6条第1款(c)；重大利益，第9条第2款(c)",
                f"{settings.CASE_RETENTION.days}天；相关案件被保留期间更长",
                "审核员",
            ),
        },
        purge=retention.purge,  # of cases too
    ),
    Row(
        "cases",
        {
            "en": Words(
                "Cases: up to ten lines around what was flagged, decisions, objections and answers; "
                "what you asked a person about a refusal",
                "To protect people, and to let you object",
                "Legal duty, art. 6(1)(c)",
                f"{settings.CASE_RETENTION.days} days after the decision, or until you erase the account; longer while "
                "a restriction is in force, an objection waits or the case is held",
                "Moderators; you see decisions about you",
            ),
            "zh": Words(
                "案件：被标记内容前后各十句、决定、申诉和答复；你请人工复核拒绝时写的内容",
                "保护人们，并让你能够申诉",
                "法律义务，第6条第1款(c)",
                f"决定后{settings.CASE_RETENTION.days}天，或直到你删除账号；限制生效、申诉待复或案件被保留期间更长",
                "审核员；关于你的决定你可以看到",
            ),
        },
    ),
    Row(
        "learning",
        {
            "en": Words(
                "Only if you allow it: that words of yours that a reviewer decided about may teach the filter",
                "To make the filter better; the words are those of the case, and no second copy is made",
                "Consent, art. 6(1)(a) and 9(2)(a)",
                "Until you take it back; the words as long as their case. What the filter learned stays as numbers",
                "The operator",
            ),
            "zh": Words(
                "仅在你同意时：审核员已作决定的你的文字可用于改进安全过滤器",
                "改进过滤器；文字即案件中的文字，不另存副本",
                "同意，第6条第1款(a)、第9条第2款(a)",
                "直到你撤回；文字与案件保存同样久。过滤器学到的以数字形式保留",
                "运营者",
            ),
        },
    ),
    Row(
        "objections",
        {
            "en": Words(
                "An objection to a persona: your e-mail address, who you are to the person, your reason",
                "To decide about the objection and to tell you",
                "Legal duty, art. 6(1)(c)",
                f"{settings.CASE_RETENTION.days} days after the decision; longer while the persona stays closed",
                "Moderators; not the persona's owner",
            ),
            "zh": Words(
                "对人物的异议：你的电子邮箱、你与当事人的关系、你的理由",
                "处理异议并通知你",
                "法律义务，第6条第1款(c)",
                f"决定后{settings.CASE_RETENTION.days}天；人物仍被关闭时更长",
                "审核员；人物的创建者看不到",
            ),
        },
    ),
    Row(
        "audit",
        {
            "en": Words(
                "The record of who looked at a case and decided; it holds numbers, no names and no words",
                "To show that moderation can be trusted",
                "Legitimate interest, art. 6(1)(f)",
                "For good",
                "The operator",
            ),
            "zh": Words(
                "谁看过案件、谁作出决定的记录；只含编号，不含姓名和文字",
                "证明审核可信",
                "正当利益，第6条第1款(f)",
                "永久",
                "运营者",
            ),
        },
    ),
]
