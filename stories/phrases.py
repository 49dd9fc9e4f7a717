"""The fixed words of a story's prompt and of its book, in English and in Chinese.

They follow the persona's language, as the story itself does, and not the language of the interface.
"""

import re
from dataclasses import dataclass

from personas.prompting.phrases import is_chinese


@dataclass(frozen=True)
class Phrases:
    told_by: str
    premise: str
    chapter: str  # without a title
    titled: str  # with a title
    so_far: str  # before the line of a chapter
    heading: re.Pattern[str]  # a line that a model begins a new chapter with, or ends its book with
    novelist: str  # for a small model with a chat template
    asked: str
    task: str  # for a model that follows instructions
    go_on: str
    end_sentence: str
    contents: str  # of the book
    untitled: str
    about: str  # the heading of the note about who wrote the book
    note: str


ENGLISH = Phrases(
    told_by="A story told by {name}. {description}",
    premise="What it is about: {premise}",
    chapter="Chapter {number}",
    titled="Chapter {number}: {title}",
    so_far="What happened in it: {summary}",
    heading=re.compile(r"\A\s*+(?:(?:chapter|part|scene|act)\s+[\divxlc]+\b|the end\b|#|\*\*|---|===)", re.IGNORECASE),
    novelist="You are a novelist who writes vivid, plain prose.",
    asked="Write a story. It is told by {name}. {description}",
    task=(
        "You are {name}, and you narrate a story that you write together with a person. {description} "
        "Write in {name}'s manner. Go on from the last words of the story with three or four sentences. "
        "Write only the story: no heading, no question to the person, no remark about it."
    ),
    go_on="Go on with the story.",
    end_sentence="Go on in the middle of the last sentence.",
    contents="Contents",
    untitled="An untitled story",
    about="About this book",
    note=(
        "A person wrote this story together with an artificial intelligence, which narrated in the manner of {name}. "
        "The person chose and changed its words. Words of the artificial intelligence are in {shared} of the {all} "
        "passages."
    ),
)

CHINESE = Phrases(
    told_by="{name}讲述的故事。{description}",
    premise="故事内容：{premise}",
    chapter="第{number}章",
    titled="第{number}章　{title}",
    so_far="本章情节：{summary}",
    heading=re.compile(
        r"\A\s*+(?:第\s*[\d一二三四五六七八九十百零〇两]+\s*[章节回幕]|（?(?:全文|本章)?完）?\s*$|#|\*\*|---|===)"
    ),
    novelist="你是一位小说家，文字生动朴素。",
    asked="请写一个故事，由{name}讲述。{description}",
    task=(
        "你是{name}，正在和一个人一起写故事，由你来叙述。{description}请用{name}的口吻，紧接故事的最后一句，"
        "往下写三四句。只写故事正文，不要写标题，不要提问，也不要评论。"
    ),
    go_on="请接着写。",
    end_sentence="最后一句还没有写完，请从中间接着写。",
    contents="目录",
    untitled="无题",
    about="关于本书",
    note=(
        "本故事由一个人和人工智能共同写成，人工智能以{name}的口吻叙述，由人挑选并修改。"
        "全书{all}段中，有{shared}段含有人工智能生成的文字。"
    ),
)


def phrases_for(language: str) -> Phrases:
    return CHINESE if is_chinese(language) else ENGLISH
