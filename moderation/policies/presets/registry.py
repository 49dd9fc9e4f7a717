"""The presets, in the order of the page. One more is a file beside these and a line here."""

from moderation.policies.presets import china, companion_law, private_adult, three_conditions
from moderation.policies.presets.base import Preset

PRESETS: dict[str, Preset] = {
    module.PRESET.name: module.PRESET for module in (three_conditions, companion_law, china, private_adult)
}
