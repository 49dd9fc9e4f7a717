"""Forms of the account. They check shape. Only the sign-up form writes, as allauth's own does."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.interface import countries
from accounts.interface.form_fields import BirthDate
from accounts.legal import laws
from accounts.models import TextSize, Theme, User
from accounts.personal_data import consents
from accounts.sign_in import ages, disclosure


class SignupForm(AllauthSignupForm):
    """E-mail address, password, date of birth, and the agreement, which is stored with its text.

    The browser's region becomes the account's country, so that help lines fit from the first message.
    People can change the country on the account page.
    """

    birth_date = BirthDate()
    agreement = forms.BooleanField(
        label=disclosure.AGREEMENT,
        error_messages={"required": _("Tick this box to sign up; an account needs your agreement.")},
    )

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Refuses a person who is too young, was refused within the last day, or lives where nobody is served."""
        if ages.is_cooling_off(request) or not ages.is_old_enough(self.cleaned_data["birth_date"]):
            refusal = render(request, "account/signup_refused.html", status=403)
            ages.begin_cool_off(request, refusal)
            return None, refusal
        if not laws.is_served(countries.of_browser(request.headers.get("Accept-Language", ""))):
            return None, render(request, "account/signup_not_served.html", status=451)
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # takes as long as a new account, so timing tells nothing
        account: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return account

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        user.country = countries.of_browser(request.headers.get("Accept-Language", ""))
        user.birth_date = self.cleaned_data["birth_date"]
        user.save(update_fields=["country", "birth_date"])
        consents.record(user=user, kind="terms", text=disclosure.full_text(), text_version=disclosure.VERSION)
        return user


class CountryForm(forms.ModelForm):
    country = forms.ChoiceField(
        label=_("Country"),
        choices=countries.choices,
        required=False,
        help_text=_("Your country decides which help lines you see, and nothing else."),
    )

    class Meta:
        model = User
        fields = ["country"]


class LooksForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme, required=False, label=_("Theme"), widget=forms.RadioSelect)
    text_size = forms.ChoiceField(choices=TextSize, required=False, label=_("Size of text"), widget=forms.RadioSelect)


class BirthDateForm(forms.Form):
    birth_date = BirthDate()


class OwnerForm(forms.Form):
    """The address and password of an owner who signed in by the one-time link."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError(_("Another account has this e-mail address. Choose a different one."))
        return email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class EraseForm(forms.Form):
    """Asks for the person's password, or for a word in capitals if they have no password."""

    WORD = "ERASE"

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.has_usable_password():
            self.fields["proof"] = forms.CharField(
                label=_("Your password"),
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )
        else:
            self.fields["proof"] = forms.CharField(label=gettext("Write {word} in capitals").format(word=self.WORD))

    def clean_proof(self) -> str:
        proof: str = self.cleaned_data["proof"]
        if self.user.has_usable_password():
            if not self.user.check_password(proof):
                raise forms.ValidationError(_("That is not your password. Nothing was erased."))
        elif proof != self.WORD:
            raise forms.ValidationError(gettext("Write {word} in capitals. Nothing was erased.").format(word=self.WORD))
        return proof
