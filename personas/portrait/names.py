"""The people and places that a persona writes of.

There is no model for this: names are found by how they stand in a sentence. Covered: English and other languages in the
Latin script that write only names with capitals (so not German), and Chinese. Not covered: names without a capital, and
a place that is never named with a preposition. The owner corrects or hides what is wrong.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext

from personas.portrait.findings import Evidence, Finding, Line, Series, times
from personas.portrait.models import Section
from text.scripts import HAN
from text.words import frequency

_LEAST = 3
_SHOWN = 14
_MOST_NAMES = 50_000

_TITLE = (
    "Mr|Mrs|Ms|Miss|Mister|Dr|Sir|Lady|Lord|Captain|Capt|Colonel|Col|General|Admiral|Reverend|Rev|Professor|Prof|Aunt|"
    "Auntie|Uncle|Cousin|Grandma|Grandpa|Granny|Father|Mother|Sister|Brother|Madame|Monsieur|Señor|Señora|Don|Doña"
)
_NAME = re.compile(
    rf"(?P<before>\b[^\W\d_]{{1,20}}[,;]? )?(?P<title>(?:{_TITLE})\.? )?"
    r"(?P<name>[A-Z][^\W\d_A-Z]{1,20}(?:[ -][A-Z][^\W\d_A-Z]{1,20}){0,2})"
    r"(?P<own>['’]s\b)?(?=(?P<after> [a-z]{1,12}\b)?)"
)
# What stands beside a name, and what it shows.
_AT_WORDS = "in at near through towards via visit visited leave left reach reached around outside en à em bei"
_WITH_WORDS = "with and dear poor by than love miss told asked saw met"
_ACT_WORDS = """
    said says told tells thinks thought came comes went goes has had was is will would writes wrote and did does looks
    seems wants wanted knows asked called who loves likes sends
"""
# Words with a capital that are neither people nor places.
_OTHER_WORDS = """
    i monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december christmas easter english french german spanish italian chinese american british
    god lord heaven internet facebook whatsapp google youtube instagram covid ok okay yes no oh ah hi hello hey thanks
    the a an and but or so if it he she they we you my his her their our this that these those there here what when
    where who how why not never as in on at of for to from with by is are was were do did does have has had will
    would can could should may might must dear good happy please well now then one two all some st
"""
_AT, _WITH = frozenset(_AT_WORDS.split()), frozenset(_WITH_WORDS.split())
_TO = frozenset({"to", "from", "into", "of", "for"})
_ACTS = frozenset(_ACT_WORDS.split())
_OTHER = frozenset((*_OTHER_WORDS.split(), *_TITLE.casefold().split("|")))


@dataclass
class _Seen:
    evidence: Evidence = field(default_factory=Evidence)
    as_person: int = 0
    as_place: int = 0
    is_safe: bool = False  # seen within a sentence, where only names have capitals


class LatinNames:
    def __init__(self, language: str) -> None:
        self.is_read = not language.startswith("de")  # German writes every noun with a capital
        self.seen: dict[str, _Seen] = defaultdict(_Seen)

    def read(self, line: Line) -> None:
        if not self.is_read or line.is_han:
            return
        for match in _NAME.finditer(line.text):
            name = match["name"]
            if match["title"]:
                name = f"{match['title'].strip()} {name}"
            if match["name"].split(" ")[0].casefold() in _OTHER or len(self.seen) >= _MOST_NAMES:
                continue
            before = (match["before"] or "").strip(" ,;").casefold()
            seen = self.seen[name]
            seen.evidence.add(line)
            seen.is_safe |= bool(match["title"]) or before.islower()
            seen.as_place += 2 * (before in _AT) + (before in _TO)
            after = (match["after"] or "").strip()
            own = bool(match["own"])
            seen.as_person += 3 * bool(match["title"]) + (before in _WITH) + (before in _TO) + (after in _ACTS) + own

    def names(self) -> Iterator[tuple[str, bool, Evidence]]:
        """Each name, whether it is a place, and its evidence. A part of a longer name is not named again."""
        known = {name: seen for name, seen in self.seen.items() if seen.evidence.count >= _LEAST and seen.is_safe}
        for name, seen in known.items():
            is_part = any(f"{name} " in f"{other} " and 2 * known[other].evidence.count > seen.evidence.count
                          for other in known if other != name and name in other)  # fmt: skip
            if not is_part and max(seen.as_person, seen.as_place) > 0:
                yield name, seen.as_place > seen.as_person, seen.evidence


_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻苏潘葛奚范彭郎鲁韦马苗方俞任袁柳鲍史唐费廉岑薛"
    "雷贺倪汤滕殷罗毕郝邬安常乐于傅皮卞齐康伍余卜顾孟黄穆萧尹姚邵汪祁毛狄米贝戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵季贾路江"
    "童颜郭梅盛林钟徐邱骆高夏蔡田樊胡凌霍虞万管卢莫房丁邓洪包左石崔龚程邢裴陆翁荀侯全班段焦谷车巫甘厉祖武符刘景詹龙叶黎"
    "白蒲卓池乔闻党翟谭申冉郦桑桂牛燕冀温庄晏柴瞿阎习易艾向古廖耿匡文寇关饶曾沙丰查游权岳司欧诸"
    "趙錢孫鄭馮陳衛蔣瀋韓楊許呂張嚴華謝鄒喻蘇鮑馬傅齊顧黃蕭項董梁藍賈顏鍾駱樊萬盧鄧龔陸劉葉龍喬聞黨譚溫莊閻關饒豐遊權諸"
)
_KIN = re.compile(
    r"[大二三四五六七八老小]?(?:爸爸|妈妈|媽媽|爷爷|爺爺|奶奶|外公|外婆|姥姥|姥爷|哥哥|姐姐|弟弟|妹妹|叔叔|阿姨|舅舅|姑姑|姑妈|伯伯)"
    r"|[大二三四五六七八](?:弟|哥|姐|妹|叔|舅|姨|姑|嫂)"
)
_WITH_TITLE = re.compile(
    rf"(?:[{_SURNAMES}][{HAN}]{{0,2}}?|[小老阿][{HAN}])(?:先生|女士|小姐|老师|老師|师傅|师父|同学|同學|医生|醫生|教授|君|总|哥|姐|叔|姨)"
)
_FULL_NAME = re.compile(
    rf"(?P<before>[{HAN}]?)(?P<name>[{_SURNAMES}][{HAN}]{{1,2}}?)(?P<after>[来來云信至去说說等因赠贈见見处處寓的和与與、，。])"
)
_BEFORE_PERSON = frozenset("与與和同跟访訪得致给給问問见見找叫寄约約往为為、")
_SUFFIX = (
    "市|省|县|縣|镇|鎮|村|路|街|巷|胡同|寺|庙|廟|公园|公園|湖|桥|橋|厂|廠|会馆|會館|学校|學校|大学|大學|中学|中學|小学|医院|"
    "醫院|车站|車站|机场|機場|书店|書店|图书馆|圖書館|居|斋|齋|门|門|楼|樓|阁|閣|亭|部"
)
_AT_PLACE = re.compile(rf"[在至到去往赴抵回游遊于於住过過经經自](?P<name>[{HAN}]{{1,4}}?(?:{_SUFFIX}))")
_CITIES = re.compile(
    "北京|北平|上海|天津|重庆|重慶|广州|廣州|深圳|杭州|南京|苏州|蘇州|成都|武汉|武漢|西安|长沙|長沙|绍兴|紹興|厦门|廈門|福州|青岛|青島|"
    "大连|大連|沈阳|瀋陽|哈尔滨|哈爾濱|济南|濟南|郑州|鄭州|昆明|贵阳|貴陽|南宁|南寧|海口|三亚|三亞|拉萨|拉薩|兰州|蘭州|西宁|西寧|银川|"
    "銀川|乌鲁木齐|烏魯木齊|呼和浩特|太原|石家庄|石家莊|合肥|南昌|宁波|寧波|温州|溫州|无锡|無錫|扬州|揚州|香港|澳门|澳門|台北|臺北|高雄|"
    "台湾|臺灣|东京|東京|大阪|京都|首尔|首爾|新加坡|曼谷|伦敦|倫敦|巴黎|柏林|罗马|羅馬|莫斯科|纽约|紐約|洛杉矶|洛杉磯|旧金山|舊金山|"
    "波士顿|波士頓|悉尼|墨尔本|墨爾本|多伦多|多倫多|温哥华|溫哥華|日本|美国|美國|英国|英國|法国|法國|德国|德國|浙江|江苏|江蘇|广东|廣東|"
    "四川|湖南|湖北|福建|山东|山東|河南|河北|云南|雲南|海南|东北|東北|新疆|西藏"
)
_KNOWN_WORD = 3e-6  # a word with a larger share of the language is no name of a person


class ChineseNames:
    def __init__(self) -> None:
        self.people: dict[str, Evidence] = defaultdict(Evidence)
        self.places: dict[str, Evidence] = defaultdict(Evidence)
        self.cues: dict[str, int] = defaultdict(int)

    def read(self, line: Line) -> None:
        if not line.is_han or len(self.people) + len(self.places) > _MOST_NAMES:
            return
        titled = list(_WITH_TITLE.finditer(line.text))
        ends = {match.end() for match in titled}
        for match in (*titled, *(kin for kin in _KIN.finditer(line.text) if kin.end() not in ends)):
            self.people[match[0]].add(line)
            self.cues[match[0]] += 2
        for match in _FULL_NAME.finditer(line.text):
            if _WITH_TITLE.fullmatch(match["name"]):
                continue
            self.people[match["name"]].add(line)
            self.cues[match["name"]] += (match["before"] in _BEFORE_PERSON and bool(match["before"])) + (
                match["after"] in "来來云信至说說等赠贈"
            )
        for match in _CITIES.finditer(line.text):
            self.places[match[0]].add(line)
        for match in _AT_PLACE.finditer(line.text):
            if _CITIES.fullmatch(match["name"]) is None:
                self.places[match["name"]].add(line)

    def names(self) -> Iterator[tuple[str, bool, Evidence]]:
        for name, evidence in self.people.items():
            is_kin = _KIN.fullmatch(name) is not None or _WITH_TITLE.fullmatch(name) is not None
            is_name = 2 * self.cues[name] >= evidence.count and frequency(name, "zh") < _KNOWN_WORD
            if evidence.count >= _LEAST and (is_kin or is_name):
                yield name, False, evidence
        for name, evidence in self.places.items():
            if evidence.count >= _LEAST and (name not in self.people or evidence.count > self.people[name].count):
                yield name, True, evidence


class Names:
    """People and places in all scripts, with the days on which they were named first and last."""

    def __init__(self, language: str) -> None:
        self.latin, self.chinese = LatinNames(language), ChineseNames()

    def read(self, line: Line) -> None:
        self.latin.read(line)
        self.chinese.read(line)

    def findings(self) -> Iterator[Finding]:
        names = [*self.latin.names(), *self.chinese.names()]
        for section, is_place in ((Section.PEOPLE, False), (Section.PLACES, True)):
            yield from _found(section, ((name, evidence) for name, place, evidence in names if place == is_place))

    def figures(self) -> dict[str, Series]:
        return {}


def _found(section: Section, names: Iterable[tuple[str, Evidence]]) -> Iterator[Finding]:
    for name, evidence in sorted(names, key=lambda row: -row[1].count)[:_SHOWN]:
        words = {"name": name, "times": times(evidence.count), "period": evidence.period}
        text = gettext("%(name)s: %(times)s, %(period)s.") if evidence.period else gettext("%(name)s: %(times)s.")
        yield Finding(section, name, text % words, evidence.lines, evidence.count)
