from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import my_data
        from chat import my_conversations

        my_data.register("chat", export=my_conversations.export, erase=my_conversations.erase)
