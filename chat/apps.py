from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = gettext_lazy("Conversations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.personal_data import privacy
        from accounts.personal_data.my_data import register
        from accounts.sign_in import sessions
        from chat import my_data, privacy_rows
        from chat.conversation import groups, persona_words, remembering
        from chat.socket import sockets
        from chat.trials import trial_questions
        from generation.trials.questions import ask_with
        from personas import forgetting
        from personas.memory import forgetting as memory_forgetting

        register("chat", export=my_data.export, erase=my_data.erase)
        privacy.register(privacy_rows.ROWS)
        sessions.when_ended(sockets.tell)
        forgetting.register(groups.forget_persona)
        forgetting.register_passages(persona_words.forget)
        memory_forgetting.register(remembering.forget_in_prompts)
        ask_with(trial_questions.questions)
