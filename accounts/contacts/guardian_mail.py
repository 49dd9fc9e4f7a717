"""The e-mails to the guardian of a person under 18, in English and Chinese, because their language is not known.

None of them holds a word that the person wrote or read, or the name of a persona.
"""

from django.conf import settings

from accounts import mail
from accounts.models import Guardian

_INVITATION = (
    "{own_name} names you as guardian · {own_name}请您担任监护人",
    "Hello {name},\n\n"
    "{own_name} is under 18, uses {site}, a site where people talk with an AI, and names you as their guardian. "
    "On the page below you can accept or decline. If you accept, you can set how much time and how many messages "
    "{own_name} has there in a day, and which personas. You will never see what {own_name} writes.\n"
    "Your page: {link}\n"
    "Keep this link, and give it to nobody. If you do not know {own_name}, decline there, or do nothing.\n\n"
    "{name}：您好。{own_name}未满18岁，在使用 {site}（一个与人工智能对话的网站），并请您担任监护人。"
    "您可以在下面的网页上接受或拒绝。接受后，您可以设定{own_name}每天使用的时间、消息数量，以及可以对话的人物。"
    "您永远看不到{own_name}写的内容。\n"
    "您的网页：{link}\n"
    "请保存这个链接，不要交给别人。如果您不认识{own_name}，请在那里拒绝，或者不必理会。\n",
)
_END = (
    "You are no longer the guardian of {own_name} · 您不再是{own_name}的监护人",
    "Hello {name},\n\n"
    "{own_name} has removed you as guardian at {site}, or has erased the account there. What you had set no longer "
    "applies, and your link no longer works. You may want to talk about it together.\n\n"
    "{name}：您好。{own_name}在 {site} 移除了您的监护人身份，或者删除了账号。您的设定不再生效，您的链接也不再可用。"
    "您可以和{own_name}谈一谈。\n",
)
_ALERT = (
    "Please look after {own_name} · 请关心一下{own_name}",
    "Hello {name},\n\n"
    "You asked {site} to write to you when it had to help {own_name} in a crisis. It has just done so: a program saw "
    "a sign that {own_name} may be in distress, and the site answered with help lines in place of a persona. The "
    "program can be wrong. Please get in touch with {own_name}, calmly and without reproach. If you cannot reach "
    "{own_name} and fear for their life, call the emergency number of the place where they are. "
    "We do not pass on what {own_name} wrote. At most one such message comes in a day.\n"
    "What you can say, and whom you can ask for advice: {help}\n\n"
    "{name}：您好。您曾要求 {site} 在不得不向{own_name}提供危机帮助时告诉您。刚才就是这样："
    "程序看到{own_name}可能处于困境的迹象，网站代替人物给出了求助热线。程序可能出错。"
    "请平静地联系{own_name}，不要责备。如果联系不上，又担心其生命安全，请拨打当地的急救或报警电话。"
    "我们不会转告{own_name}写过的内容。这样的邮件每天最多一封。\n"
    "可以说些什么、可以向谁求助：{help}\n",
)


def invite(guardian: Guardian, *, link: str) -> bool:
    """Asks them to be the guardian. False if the e-mail could not be sent, as for the others."""
    return _send(_INVITATION, guardian, link=link)


def tell_of_end(guardian: Guardian) -> bool:
    return _send(_END, guardian)


def alert(guardian: Guardian) -> bool:
    return _send(_ALERT, guardian, help=f"{settings.SITE_URL}/safety/help/")


def _send(letter: tuple[str, str], guardian: Guardian, **more: str) -> bool:
    values = {"name": guardian.name, "own_name": guardian.own_name, "site": settings.SITE_URL, **more}
    subject, body = (text.format(**values) for text in letter)
    return mail.is_sent(subject, body, [guardian.email])
