"""What this room keeps of a person."""

from django.conf import settings

from accounts.personal_data.privacy import Row, Words
from generation.routing import spending

_DAYS = settings.SPEND_RETENTION.days

ROWS = [
    Row(
        "prompts",
        {
            "en": Words(
                "The prompt: your messages and the persona's words, as the language model reads them",
                "To write the reply",
                "Contract, art. 6(1)(b)",
                "This room keeps none. If the operator uses a model of another company, that company's terms count",
                "Nobody; with a model of another company, that company",
            ),
            "zh": Words(
                "提示词：语言模型读到的你的消息和人物的文字",
                "写出回复",
                "合同，第6条第1款(b)",
                "此处不保存。若运营者使用其他公司的模型，则适用该公司的条款",
                "无人；若使用其他公司的模型，则为该公司",
            ),
        },
    ),
    Row(
        "spending",
        {
            "en": Words(
                "How many tokens your account used on each day, and with which model",
                "To keep the limits and to know the cost",
                "Legitimate interest, art. 6(1)(f)",
                f"{_DAYS} days",
                "The operator",
            ),
            "zh": Words(
                "你的账号每天用了多少词元、用了哪个模型",
                "执行限额并了解费用",
                "正当利益，第6条第1款(f)",
                f"{_DAYS}天",
                "运营者",
            ),
        },
        purge=spending.forget_old,
    ),
]
