"""What this room keeps of a person."""

from accounts.personal_data.privacy import Row, Words
from api import history, jobs

_HOURS = int(jobs.KEPT.total_seconds()) // 3600

ROWS = [
    Row(
        "api-keys",
        {
            "en": Words(
                "API keys (only as a hash), with their limits",
                "To let your programs in",
                "Contract, art. 6(1)(b)",
                "Until you erase the account",
                "You",
            ),
            "zh": Words(
                "API 密钥（仅存哈希值）及其限额", "让你的程序访问", "合同，第6条第1款(b)", "直到你删除账号", "你"
            ),
        },
    ),
    Row(
        "api-requests",
        {
            "en": Words(
                "A request of your program, in memory, and digests of its turns",
                "To answer it, and not to judge a turn twice",
                "Contract, art. 6(1)(b)",
                f"The request {_HOURS} h, the digests {history.KEPT.days} day; they then end by themselves",
                "You; a moderator sees what was flagged",
            ),
            "zh": Words(
                "你的程序的请求（内存中），以及各轮文字的摘要",
                "作出回答，并避免重复评判",
                "合同，第6条第1款(b)",
                f"请求{_HOURS}小时，摘要{history.KEPT.days}天，之后自动消失",
                "你；审核员只看被标记的内容",
            ),
        },
    ),
]
