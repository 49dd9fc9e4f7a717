"""What this room keeps of a person."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.contacts import guardians
from accounts.models import Quota, SetupLink
from accounts.personal_data.privacy import Row, Words
from accounts.sign_in import first_run
from accounts.usage import quotas, sittings


def _forget_sessions() -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _forget_setup_links() -> None:
    SetupLink.objects.filter(created_at__lt=timezone.now() - first_run.LIFETIME).delete()


def _forget_quotas() -> None:
    Quota.objects.filter(window_start__lt=timezone.now() - quotas.LONGEST).delete()


_SESSION_DAYS = settings.SESSION_COOKIE_AGE // 86400

ROWS = [
    Row(
        "account",
        {
            "en": Words(
                "E-mail address, password (only as a hash), country, language",
                "To sign you in, to write to you about your account, to choose help lines and the language",
                "Contract, art. 6(1)(b)",
                "Until you erase the account",
                "You and the operator",
            ),
            "zh": Words(
                "电子邮箱、密码（仅存哈希值）、国家、语言",
                "用于登录、就你的账号与你联系、显示你所在国家的求助热线、用你的语言显示网页",
                "合同，第6条第1款(b)",
                "直到你删除账号",
                "你和运营者",
            ),
        },
    ),
    Row(
        "birth-date",
        {
            "en": Words(
                "Date of birth",
                "To keep the laws for people under 18",
                "Legal duty, art. 6(1)(c)",
                "Until you erase the account",
                "You and the operator",
            ),
            "zh": Words(
                "出生日期", "遵守关于未成年人的法律", "法律义务，第6条第1款(c)", "直到你删除账号", "你和运营者"
            ),
        },
    ),
    Row(
        "refusals",
        {
            "en": Words(
                "A mark that a sign-up was refused, under a digest of your browser's cookie and address",
                "To refuse a second try with another date",
                "Legal duty, art. 6(1)(c)",
                "One day; it then ends by itself",
                "Nobody",
            ),
            "zh": Words(
                "一次注册被拒绝的标记，以浏览器 cookie 和网络地址的摘要保存",
                "防止改换日期再次尝试",
                "法律义务，第6条第1款(c)",
                "一天，之后自动消失",
                "无人",
            ),
        },
    ),
    Row(
        "consents",
        {
            "en": Words(
                "What you agreed to or declared, with its text and time",
                "To prove it",
                "Legal duty, art. 7(1)",
                "Until you erase the account",
                "You and the operator",
            ),
            "zh": Words(
                "你同意或声明的内容、文本和时间", "作为证明", "法律义务，第7条第1款", "直到你删除账号", "你和运营者"
            ),
        },
    ),
    Row(
        "emergency-contact",
        {
            "en": Words(
                "Your emergency contact: name, e-mail address, and the name under which they know you",
                "To let a moderator ask them to look after you if your life may be in danger",
                "Your explicit consent, art. 9(2)(a)",
                "Until you remove it or erase the account",
                "You; a moderator sees that there is one, and sends the message; the contact",
            ),
            "zh": Words(
                "你的紧急联系人：姓名、电子邮箱，以及对方对你的称呼",
                "当你可能有生命危险时，审核员可请对方关心你",
                "你的明确同意，第9条第2款(a)",
                "直到你移除联系人或删除账号",
                "你；审核员只知道有联系人并发出消息；联系人本人",
            ),
        },
    ),
    Row(
        "guardian",
        {
            "en": Words(
                "If you are under 18: the guardian whom you named (name, e-mail address, the name under which they "
                "know you), what they have set, and when they were last written to",
                "To keep the limits that they set, and to tell them when the site had to help you in a crisis",
                "Legal duty, art. 6(1)(c)",
                "Until you remove them, are 18, or erase the account",
                "You; the guardian sees what they have set, and never your words; the operator and moderators see only "
                "that there is one",
            ),
            "zh": Words(
                "如果你未满18岁：你请的监护人（姓名、电子邮箱、对方对你的称呼）、对方的设定，以及上次写信给对方的时间",
                "遵守监护人的设定，并在网站不得不向你提供危机帮助时告诉对方",
                "法律义务，第6条第1款(c)",
                "直到你移除监护人、年满18岁或删除账号",
                "你；监护人能看到自己的设定，永远看不到你写的内容；运营者和审核员只知道有监护人",
            ),
        },
        purge=guardians.forget_of_adults,
    ),
    Row(
        "declined-addresses",
        {
            "en": Words(
                "A digest of each address at which somebody has declined to be named by you",
                "To write to them no more",
                "Legitimate interest of the person who declined, art. 6(1)(f)",
                "Until you erase the account",
                "Nobody can read it",
            ),
            "zh": Words(
                "每个拒绝被你指定的人的邮箱地址摘要",
                "以免再次写信给对方",
                "拒绝者的正当利益，第6条第1款(f)",
                "直到你删除账号",
                "无人能读出",
            ),
        },
    ),
    Row(
        "sessions",
        {
            "en": Words(
                "Where you are signed in: network address, browser, time",
                "To keep you signed in, and to let you end sessions",
                "Contract, art. 6(1)(b)",
                f"Until you sign out, at most {_SESSION_DAYS} days",
                "You",
            ),
            "zh": Words(
                "你的登录位置：网络地址、浏览器、时间",
                "保持登录状态，并让你能结束会话",
                "合同，第6条第1款(b)",
                f"直到你退出，最多{_SESSION_DAYS}天",
                "你",
            ),
        },
        purge=_forget_sessions,
    ),
    Row(
        "setup-links",
        {
            "en": Words(
                "The digest of the owner's one-time link",
                "To sign the owner in",
                "Contract, art. 6(1)(b)",
                "One day",
                "Nobody",
            ),
            "zh": Words("站长一次性链接的摘要", "让站长登录", "合同，第6条第1款(b)", "一天", "无人"),
        },
        purge=_forget_setup_links,
    ),
    Row(
        "quotas",
        {
            "en": Words(
                "How many messages, uploads and tokens you have used",
                "To share the machine among people",
                "Legitimate interest, art. 6(1)(f)",
                f"{quotas.LONGEST.days} days",
                "You and the operator",
            ),
            "zh": Words(
                "你用了多少消息、上传和词元",
                "让大家公平使用机器",
                "正当利益，第6条第1款(f)",
                f"{quotas.LONGEST.days}天",
                "你和运营者",
            ),
        },
        purge=_forget_quotas,
    ),
    Row(
        "looks",
        {
            "en": Words(
                "The theme and the size of text that you chose, with your account and in a cookie of your browser",
                "To show pages as you want them",
                "Contract, art. 6(1)(b)",
                "Until you erase the account; the cookie for a year",
                "You and the operator",
            ),
            "zh": Words(
                "你选择的外观主题和文字大小，保存在账号和浏览器的 cookie 中",
                "按你的意愿显示页面",
                "合同，第6条第1款(b)",
                "直到你删除账号；cookie 保存一年",
                "你和运营者",
            ),
        },
    ),
    Row(
        "copies",
        {
            "en": Words(
                "Copies of conversations that you have read, in your browser, only if you switch this on",
                "To let you read them without a connection",
                "Your consent, art. 6(1)(a)",
                "Until you switch it off, sign out or erase the account; at most seven days without a connection",
                "You, and everybody who uses your browser",
            ),
            "zh": Words(
                "你读过的对话的副本，保存在你的浏览器中，仅在你开启此功能后",
                "让你在没有网络时也能阅读",
                "你的同意，第6条第1款(a)",
                "直到你关闭此功能、退出或删除账号；离线时最多七天",
                "你，以及使用你浏览器的任何人",
            ),
        },
    ),
    Row(
        "sittings",
        {
            "en": Words(
                "When you were here, and for how long",
                "To remind you of breaks, and to show you your own time",
                "Legal duty, art. 6(1)(c)",
                f"{sittings.KEPT.days} days",
                "You",
            ),
            "zh": Words(
                "你何时使用、用了多久",
                "提醒你休息，并向你显示自己的使用时间",
                "法律义务，第6条第1款(c)",
                f"{sittings.KEPT.days}天",
                "你",
            ),
        },
        purge=sittings.forget_old,
    ),
]
