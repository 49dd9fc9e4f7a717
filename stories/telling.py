"""A story as its readers need it: pages for its person, a book to take along, a telling for the prompt."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from chat.models import NoticeKind
from stories import epub, narration, prose
from stories.forms import ChapterForm
from stories.models import Author, Notice, Passage, Scene, Story
from stories.phrases import phrases_for
from text import sentences


@dataclass
class Chapter:
    number: int
    beginning: Scene  # holds its title and summary
    scenes: list[list[Passage]] = field(default_factory=list)  # withheld passages included

    @property
    def paragraphs(self) -> list[list[prose.Paragraph]]:
        """The paragraphs of each scene, as they are part of the story."""
        told = ([each for each in scene if not each.is_withheld] for scene in self.scenes)
        return [prose.paragraphs(scene) for scene in told if scene]


def chapters(story: Story) -> list[Chapter]:
    """Chapters with their scenes and passages, in their order."""
    passages = story.passages
    by_scene = {scene_id: list(some) for scene_id, some in groupby(passages, key=lambda passage: passage.scene_id)}
    found: list[Chapter] = []
    for scene in story.scenes.order_by("id"):
        if scene.begins_chapter or not found:
            found.append(Chapter(len(found) + 1, scene))
        found[-1].scenes.append(by_scene.get(scene.pk, []))
    return found


@dataclass(frozen=True)
class Block:
    """A piece of the page: paragraphs of the story, or one passage that is no part of it; and notices of the site."""

    paragraphs: list[prose.Paragraph]
    withheld: Passage | None
    notices: list[Notice]


@dataclass(frozen=True)
class Page:
    """A chapter as the story's page shows it."""

    number: int
    heading: str  # in the story's language
    beginning: Scene
    form: ChapterForm
    scenes: list[list[Block]]


def pages(story: Story) -> list[Page]:
    notices: dict[UUID | None, list[Notice]] = {}
    for notice in story.notices.filter(kind__in=[NoticeKind.BLOCKED, NoticeKind.CRISIS]):
        notices.setdefault(notice.passage_id, []).append(notice)
    phrases = phrases_for(story.persona.language)
    return [
        Page(
            chapter.number,
            narration.heading(chapter.beginning.title, chapter.number, phrases),
            chapter.beginning,
            ChapterForm(
                {"title": chapter.beginning.title, "summary": chapter.beginning.summary},
                auto_id=f"id_chapter_{chapter.number}_%s",
            ),
            [list(_blocks(scene, notices)) for scene in chapter.scenes],
        )
        for chapter in chapters(story)
    ]


def _blocks(scene: list[Passage], notices: dict[UUID | None, list[Notice]]) -> Iterator[Block]:
    for is_withheld, group in groupby(scene, key=lambda passage: passage.is_withheld):
        some = list(group)
        if is_withheld:
            yield from (Block([], passage, notices.get(passage.pk, [])) for passage in some)
        else:
            yield Block(
                prose.paragraphs(some), None, [notice for passage in some for notice in notices.get(passage.pk, [])]
            )


def book(story: Story) -> epub.Book:
    """The story as a book, without chapters and scenes that have no words."""
    told = chapters(story)
    passages = [passage for chapter in told for scene in chapter.scenes for passage in scene if not passage.is_withheld]
    return epub.Book(
        id=story.pk,
        title=story.title,
        language=story.persona.language,
        narrator=story.persona.name,
        chapters=[
            epub.Chapter(chapter.beginning.title, [list(map(prose.text_of, scene)) for scene in chapter.paragraphs])
            for chapter in told
            if chapter.paragraphs or len(told) == 1
        ],
        passages=len(passages),
        shared=sum(passage.author != Author.USER for passage in passages),
        modified=story.updated_at,
    )


def of(story: Story) -> narration.Telling:
    """What a prompt may hold of the story."""
    told = chapters(story)
    last = [passage for passage in told[-1].scenes[-1] if not passage.is_withheld]
    return narration.Telling(
        title=story.title,
        premise=story.premise,
        chapters=tuple(
            narration.Chapter(chapter.beginning.title, chapter.beginning.summary, tuple(_texts(chapter)))
            for chapter in told
        ),
        is_open=bool(last) and not sentences.has_end(last[-1].text),
    )


def _texts(chapter: Chapter) -> Iterator[str]:
    return (prose.text_of(paragraph) for scene in chapter.paragraphs for paragraph in scene)
