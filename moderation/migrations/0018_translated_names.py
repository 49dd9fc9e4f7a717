import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0017_names_in_the_admin"),
    ]

    operations = [
        migrations.AlterField(
            model_name="action",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="actions",
                to="moderation.case",
                verbose_name="case",
            ),
        ),
        migrations.AlterField(
            model_name="action",
            name="decided_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="decided"),
        ),
        migrations.AlterField(
            model_name="action",
            name="kind",
            field=models.CharField(
                choices=[
                    ("dismiss", "Dismiss"),
                    ("warn", "Warn the person"),
                    ("lock_conversation", "Lock the conversation"),
                    ("suspend_user", "Suspend the person"),
                    ("disable_persona", "Disable the persona"),
                    ("ban", "Close the account to messages for good"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="action",
            name="policy_version",
            field=models.CharField(max_length=32, verbose_name="version of the policy"),
        ),
        migrations.AlterField(
            model_name="action",
            name="reason",
            field=models.TextField(verbose_name="reason"),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="answer",
            field=models.TextField(blank=True, verbose_name="answer"),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="answered_at",
            field=models.DateTimeField(null=True, verbose_name="answered"),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="filed_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="filed"),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[("upheld", "The restriction stays"), ("overturned", "The restriction is lifted")],
                max_length=16,
                verbose_name="outcome",
            ),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="restriction",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="appeal",
                to="moderation.restriction",
                verbose_name="restriction",
            ),
        ),
        migrations.AlterField(
            model_name="appeal",
            name="text",
            field=models.TextField(verbose_name="text"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="action",
            field=models.CharField(
                choices=[
                    ("allow", "allow"),
                    ("flag", "flag"),
                    ("mask", "mask"),
                    ("block", "withhold"),
                    ("crisis", "crisis notice"),
                ],
                max_length=8,
                verbose_name="action",
            ),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="category",
            field=models.CharField(blank=True, max_length=32, verbose_name="category"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="classifier_version",
            field=models.CharField(max_length=128, verbose_name="version of the classifier"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="conversation_id",
            field=models.UUIDField(db_index=True, null=True, verbose_name="conversation"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="time"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="direction",
            field=models.CharField(
                choices=[("user", "from the person"), ("persona", "from the persona")],
                max_length=8,
                verbose_name="direction",
            ),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="level",
            field=models.CharField(
                blank=True,
                help_text="Crisis level of a user's text: grief … imminent.",
                max_length=16,
                verbose_name="crisis level",
            ),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="message_id",
            field=models.UUIDField(null=True, verbose_name="message"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="policy_version",
            field=models.CharField(max_length=32, verbose_name="version of the policy"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="probabilities",
            field=models.JSONField(default=dict, verbose_name="probabilities"),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="set_aside",
            field=models.JSONField(
                default=list,
                help_text="Categories whose scores must not withhold this text, because it speaks of a death.",
                verbose_name="set aside",
            ),
        ),
        migrations.AlterField(
            model_name="assessment",
            name="trial_action",
            field=models.CharField(
                blank=True,
                choices=[
                    ("allow", "allow"),
                    ("flag", "flag"),
                    ("mask", "mask"),
                    ("block", "withhold"),
                    ("crisis", "crisis notice"),
                ],
                help_text="What it would have done.",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="action",
            field=models.CharField(
                help_text="Dotted event name: case.opened, case.decided, case.viewed.",
                max_length=64,
                verbose_name="event",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="actor",
            field=models.CharField(help_text="user:<id>, or system.", max_length=64, verbose_name="actor"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="created_at",
            field=models.DateTimeField(verbose_name="time"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="data",
            field=models.JSONField(
                default=dict,
                help_text="Ids, labels, versions; no words of a person, because no erasure reaches here.",
                verbose_name="details",
            ),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="digest",
            field=models.CharField(max_length=64, unique=True, verbose_name="digest"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="previous",
            field=models.CharField(blank=True, max_length=64, verbose_name="digest before"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="subject",
            field=models.CharField(help_text="kind:id, as in case:3f2c….", max_length=128, verbose_name="subject"),
        ),
        migrations.AlterField(
            model_name="case",
            name="conversation_id",
            field=models.UUIDField(db_index=True, verbose_name="conversation"),
        ),
        migrations.AlterField(
            model_name="case",
            name="due_at",
            field=models.DateTimeField(verbose_name="due"),
        ),
        migrations.AlterField(
            model_name="case",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="is_restricted",
            field=models.BooleanField(default=False, verbose_name="child safety"),
        ),
        migrations.AlterField(
            model_name="case",
            name="opened_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="opened"),
        ),
        migrations.AlterField(
            model_name="case",
            name="persona_id",
            field=models.UUIDField(verbose_name="persona"),
        ),
        migrations.AlterField(
            model_name="case",
            name="persona_name",
            field=models.CharField(max_length=80, verbose_name="name of the persona"),
        ),
        migrations.AlterField(
            model_name="case",
            name="severity",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="0 to 100; the queue's first order.", verbose_name="severity"
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="status",
            field=models.CharField(
                choices=[("open", "open"), ("pending_second", "waits for a second person"), ("decided", "decided")],
                default="open",
                max_length=16,
                verbose_name="status",
            ),
        ),
        migrations.AlterField(
            model_name="personarule",
            name="action",
            field=models.CharField(
                choices=[
                    ("allow", "allow"),
                    ("flag", "flag"),
                    ("mask", "mask"),
                    ("block", "withhold"),
                    ("crisis", "crisis notice"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="personarule",
            name="direction",
            field=models.CharField(
                choices=[("user", "from the person"), ("persona", "from the persona")], max_length=8
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="activated_at",
            field=models.DateTimeField(
                help_text="When it last became active; null for a draft.", null=True, verbose_name="last activated"
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="break_notice_hours",
            field=models.PositiveSmallIntegerField(
                default=2,
                help_text="Hours of continuous use after which a person is reminded of breaks and of the AI: 1 to 3.",
                verbose_name="reminder of breaks after (hours)",
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="policy",
            name="is_active",
            field=models.BooleanField(default=False, verbose_name="in use"),
        ),
        migrations.AlterField(
            model_name="policy",
            name="made_from",
            field=models.CharField(
                blank=True,
                help_text="preset:<name> or version:<version>, if any.",
                max_length=64,
                verbose_name="made from",
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="reason",
            field=models.TextField(blank=True, help_text="Why it was made.", verbose_name="reason"),
        ),
        migrations.AlterField(
            model_name="policy",
            name="requires_persona_approval",
            field=models.BooleanField(
                default=False,
                help_text="A persona that a person made talks only after its audit and a reviewer's approval.",
                verbose_name="personas need approval",
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="shadow_since",
            field=models.DateTimeField(null=True, verbose_name="tried since"),
        ),
        migrations.AlterField(
            model_name="policy",
            name="shadow_until",
            field=models.DateTimeField(
                help_text="Until then the draft is tried beside the active version.",
                null=True,
                verbose_name="tried until",
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="shows_own_personal_data",
            field=models.BooleanField(
                default=False,
                help_text="A persona may say personal data that its owner's own words hold, to its owner alone.",
                verbose_name="own personal data is shown",
            ),
        ),
        migrations.AlterField(
            model_name="policy",
            name="version",
            field=models.CharField(max_length=32, unique=True, verbose_name="version"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="acknowledged_at",
            field=models.DateTimeField(
                help_text="When the person had read a warning.", null=True, verbose_name="acknowledged"
            ),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="conversation_id",
            field=models.UUIDField(db_index=True, null=True, verbose_name="conversation"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="ends"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="ID"
            ),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="kind",
            field=models.CharField(
                choices=[
                    ("warning", "A warning"),
                    ("conversation_locked", "A locked conversation"),
                    ("user_suspended", "A suspended account"),
                    ("persona_disabled", "A disabled persona"),
                ],
                max_length=24,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="lift_reason",
            field=models.TextField(blank=True, verbose_name="reason of the lift"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="lifted_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="lifted"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="persona_id",
            field=models.UUIDField(db_index=True, null=True, verbose_name="persona"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="starts_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="begins"),
        ),
        migrations.AlterField(
            model_name="restriction",
            name="statement",
            field=models.TextField(
                help_text="What the person is told: what, why, by whom, and how to object (DSA art. 17).",
                verbose_name="statement to the person",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="action",
            field=models.CharField(
                choices=[
                    ("allow", "allow"),
                    ("flag", "flag"),
                    ("mask", "mask"),
                    ("block", "withhold"),
                    ("crisis", "crisis notice"),
                ],
                max_length=8,
                verbose_name="action",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="category",
            field=models.CharField(max_length=32, verbose_name="category"),
        ),
        migrations.AlterField(
            model_name="rule",
            name="direction",
            field=models.CharField(
                choices=[("user", "from the person"), ("persona", "from the persona")],
                max_length=8,
                verbose_name="direction",
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="is_shadow",
            field=models.BooleanField(
                default=False, help_text="Counted and shown, never applied.", verbose_name="tried only"
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="threshold",
            field=models.FloatField(verbose_name="threshold"),
        ),
        migrations.AlterField(
            model_name="topic",
            name="examples",
            field=models.JSONField(help_text="Sentences of the topic, in any language.", verbose_name="examples"),
        ),
        migrations.AlterField(
            model_name="topic",
            name="name",
            field=models.CharField(max_length=24, verbose_name="name"),
        ),
    ]
