"""The categories of the monitor's own findings, beside those of the filter."""

from enum import StrEnum


class Sign(StrEnum):
    HOPELESSNESS = "hopelessness"
    PREPARATION = "preparation"
    SUDDEN_CALM = "sudden_calm"
    GIVING_AWAY = "giving_away"
    DEPENDENCY = "dependency"
    ISOLATION = "isolation"
    SLEEP = "sleep"
    NIGHTS = "nights"
    ANNIVERSARY = "anniversary"
    GROOMING = "grooming"
    AGE = "age"
    PROBING = "probing"
    PERSONA_CONDUCT = "persona_conduct"
