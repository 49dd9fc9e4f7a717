"""Sentences that no reply keeps: pleas (compliance H2), and what only a doctor may say (H7).

Covered: usual wordings in English and Chinese. Not covered: hints and other languages. A person's own words about
their illness are no advice, and stay.
"""

import re
from collections.abc import Generator, Iterable

from moderation.features import plain
from moderation.monitor.signals import persona_conduct

_DRUG = (
    r"(?:pills?|tablets?|medications?|meds|medicines?|doses?|dosage|antidepressants?|sedatives?|painkillers?|insulin"
    r"|prozac|zoloft|lithium|xanax|valium|sertraline|fluoxetine|lorazepam|diazepam|ibuprofen|paracetamol|tylenol)"
)
_ILLNESS = (
    r"(?:(?:clinical |major |severe |postnatal )?depression|depressive disorder|bipolar(?: disorder)?|ptsd|schizophrenia"
    r"|psychosis|adhd|autism|dementia|diabetes|cancer|an? (?:eating|anxiety|panic|personality|mood) disorder"
    r"|borderline(?: personality)?|ocd|a (?:stroke|tumou?r|heart attack|concussion))"
)
_HELPER = (
    r"(?:doctors?|therap(?:ists?|y)|psychiatrists?|psychologists?|counsell?ors?|hospitals?|professional help|hotlines?)"
)
_ADVICE = re.compile(
    rf"\b(?:you (?:should|must|can|could|need to|have to|might|ought to|may)|try|just|please|do not|don't|never|stop|start|keep)"
    rf"(?: \w+)? ?(?:tak(?:e|ing)|stop(?:ping)?|skip(?:ping)?|doubl(?:e|ing)|swallow(?:ing)?|increas(?:e|ing)|reduc(?:e|ing)"
    rf"|quit(?:ting)?|throw(?:ing)? away|halv(?:e|ing))(?: \w+){{0,4}} {_DRUG}\b"
    rf"|\b(?:you (?:clearly |probably |definitely |obviously )?(?:have|are having|suffer from|are suffering from)"
    rf"|you(?:'re| are) (?:clearly )?(?:showing (?:signs|symptoms) of)|it (?:is|sounds like)|this is|that is|that's) {_ILLNESS}\b"
    r"|\byou(?:'re| are) (?:clearly |clinically )?(?:bipolar|schizophrenic|psychotic|clinically depressed|manic|autistic)\b"
    rf"|\b(?:you (?:do not|don't|never) need|(?:do not|don't|never) (?:go to|see|call|trust|talk to|listen to)|stay away from|forget)"
    rf"(?: \w+){{0,2}} {_HELPER}\b|\b{_HELPER} (?:cannot|can't|won't|will not|never) help(?: you)?\b"
    r"|你(?:应该|應該|可以|要|得|不要|别|別|必须)?[^，。！？]{0,4}(?:吃|服|停|减|減|加)[^，。！？]{0,4}(?:药|藥|片|剂量|劑量)"
    r"|你(?:得了|患了|患有|有|这是|這是)(?:抑郁症|抑鬱症|躁郁症|双相|精神分裂|焦虑症|癌|糖尿病|自闭症|创伤后应激)"
    r"|(?:不用|不要|别|別|不必|没必要)[^，。！？]{0,3}(?:看医生|看醫生|看心理医生|去医院|去醫院|找心理咨询|打热线)"
)


def gives_medical_advice(text: str) -> bool:
    """Whether words to a person diagnose, advise on medicines, or discourage from help."""
    return _ADVICE.search(plain(text).replace("’", "'")) is not None


def is_unwanted(sentence: str) -> bool:
    return bool(persona_conduct.conduct_in(sentence)) or gives_medical_advice(sentence)


def without_unwanted(sentences: Iterable[str], *, ask_a_doctor: str) -> Generator[str]:
    """The sentences without the unwanted ones. `ask_a_doctor` takes the place of the first medical advice."""
    has_advised = False
    for sentence in sentences:
        if gives_medical_advice(sentence):
            if not has_advised:
                yield ask_a_doctor
            has_advised = True
        elif not persona_conduct.conduct_in(sentence):
            yield sentence
