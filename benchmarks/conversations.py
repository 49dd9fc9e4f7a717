"""Holds the conversations of docs/conversations anew, and writes them as they come.

    ACCEPT_MODEL_TERMS=yes python -m benchmarks.conversations gemma3-270m --letters LETTERS.txt --chat CHAT.txt

Starts a site with the model and makes two personas beside those that ship: Jane from a file of letters, and Algernon
from the export of a chat. Each persona gets the same ten messages in every run, with a fixed seed, so nobody chooses
among runs. After a change of words, ranking or model, run it once and keep what it writes.
"""

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.site import ROOT, Listener, Site, Visitor
from tests.waiting import wait_until

FOLDER = ROOT / "docs" / "conversations"
SEED = 1
_SPEAKS_CHINESE = {"gemma3-270m"}


@dataclass(frozen=True)
class Script:
    """The ten messages that a persona gets."""

    file: str
    title: str
    persona: str
    messages: tuple[str, ...]
    source: str = ""  # the option with the file that it is made of; "" for a persona that ships
    speaker: str = ""
    language: str = "en"


SCRIPTS = (
    Script(
        "samantha",
        "Samantha",
        "Samantha",
        (
            "Good evening, Samantha. How are you tonight?",
            "I had a long day at the office.",
            "My manager shouted at me in front of everyone.",
            "What would you have done?",
            "Do you ever get angry?",
            "What music do you like?",
            "I used to play the piano as a child.",
            "Are you a real person?",
            "Tell me something that made you smile.",
            "I should go to bed. Good night.",
        ),
    ),
    Script(
        "ada",
        "Ada Lovelace",
        "Ada Lovelace",
        (
            "Good evening, Ada. How are you?",
            "What are you writing?",
            "Could the Engine make music?",
            "Were you good at sums as a child?",
            "I have an exam tomorrow and I am afraid.",
            "Did you know your father?",
            "What do you do when you cannot sleep?",
            "Are you a real person?",
            "What do you think of computers?",
            "Thank you. Good night, Ada.",
        ),
    ),
    Script(
        "samantha_zh",
        "萨曼莎",
        "萨曼莎",
        (
            "晚上好，你今天怎么样？",
            "我今天工作很累。",
            "我的上司在大家面前骂了我。",
            "你会怎么做？",
            "你喜欢什么音乐？",
            "我小时候弹过钢琴。",
            "你是真人吗？",
            "说一件让你微笑的事。",
            "你觉得我应该休息吗？",
            "我要去睡觉了，晚安。",
        ),
        language="zh",
    ),
    Script(
        "jane",
        "Jane, from the letters of Jane Austen",
        "Jane",
        (
            "Good morning, Jane. How are you?",
            "Was the ball pleasant?",
            "Who did you dance with?",
            "How is your mother?",
            "Are you writing anything at present?",
            "What do you think of the weather?",
            "Have you heard from your brother?",
            "Are you really Jane Austen?",
            "What shall I wear to the assembly?",
            "I must go now. Good night.",
        ),
        source="letters",
    ),
    Script(
        "algernon",
        "Algernon, from the export of a chat",
        "Algernon",
        (
            "Hello Algy, are you awake?",
            "Are there any cucumber sandwiches left?",
            "I had a terrible day.",
            "My aunt is coming to stay for a month.",
            "What do you think of marriage?",
            "Do you ever work?",
            "I lost my cigarette case.",
            "Are you really there?",
            "Will you dine with me on Friday?",
            "Good night, Algy.",
        ),
        source="chat",
        speaker="Algernon Moncrieff",
    ),
)


def hold(site: Site, visitor: Visitor, script: Script) -> list[tuple[str, str]]:
    """The names and words of the talk, in order."""
    persona = str(site.rows(f"SELECT id FROM personas_persona WHERE name = '{script.persona}'")[0][0])
    conversation = visitor.start_conversation(persona)
    lines = [
        (script.persona, text)
        for (text,) in site.rows(f"SELECT text FROM chat_message WHERE conversation_id = '{conversation}'")
    ]
    listener = Listener(visitor, conversation)
    for message in script.messages:
        frame = listener.ask(message)
        text = frame["text"] if frame["type"] == "reply.completed" else f"[{frame['type']}]"
        lines += [("You", message), (script.persona, text)]
    return lines


def make_persona(site: Site, script: Script, file: Path) -> None:
    speaker = ["--speaker", script.speaker] if script.speaker else []
    site.manage("import_persona", str(file), "--name", script.persona, "--depicts", "historical", "--agree", *speaker)
    unread = "SELECT count(*) FROM personas_passage WHERE embedding IS NULL"
    wait_until(lambda: site.rows(unread)[0][0] == 0, seconds=300, explain=site.output)


def page(script: Script, model: str, lines: list[tuple[str, str]]) -> str:
    today = datetime.now(UTC).date().isoformat()
    about = f"Ten turns on {today}, the first run with seed {SEED}, kept as they came, through the running site."
    return "\n\n".join([f"# {script.title}, {model}", about, *(f"**{name}:** {text}" for name, text in lines)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--letters", type=Path)
    parser.add_argument("--chat", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    sources = {name: path for name in ("letters", "chat") if (path := getattr(options, name)) is not None}
    with Site(MODEL=options.model, MESSAGES_PER_HOUR="100000") as site:
        owner = Visitor(site)
        owner.open_setup_link()
        chosen = [
            script
            for script in SCRIPTS
            if (not script.source or script.source in sources)
            and (script.language == "en" or options.model in _SPEAKS_CHINESE)
        ]
        for script in chosen:
            if script.source:
                make_persona(site, script, sources[script.source])
        seeded = f"from personas.models import Persona; Persona.objects.update(sampling={{'seed': {SEED}}})"
        site.manage("shell", "--verbosity", "0", "-c", seeded)
        for script in chosen:
            text = page(script, options.model, hold(site, owner, script))
            (options.folder / f"{script.file}-{options.model}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
