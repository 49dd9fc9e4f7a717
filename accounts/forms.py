"""Forms of the account; they check shape and write nothing but what allauth's own sign-up writes."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse

from accounts import consents, countries, disclosure
from accounts.models import User


class SignupForm(AllauthSignupForm):
    """E-mail and password, and the agreement, which is kept with its words.

    The browser's region becomes the account's country, so that help lines fit from the first message;
    the account page changes it.
    """

    agreement = forms.BooleanField(
        label=disclosure.AGREEMENT,
        error_messages={"required": "Tick this box to sign up; an account needs your agreement."},
    )

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # what a new account costs, so that time tells nothing
        made: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return made

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        user.country = countries.of_browser(request.headers.get("Accept-Language", ""))
        user.save(update_fields=["country"])
        consents.record(user=user, kind="terms", text=disclosure.full_text(), text_version=disclosure.VERSION)
        return user


class CountryForm(forms.ModelForm):
    country = forms.ChoiceField(
        label="Country",
        choices=countries.choices,
        required=False,
        help_text="Decides which help lines are shown to you. Nothing else depends on it.",
    )

    class Meta:
        model = User
        fields = ["country"]


class OwnerForm(forms.Form):
    """How an owner who came by the one-time link signs in from now on."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.user.pk).exists():
            raise forms.ValidationError("Another account has this e-mail address.")
        return email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


class EraseForm(forms.Form):
    """Proof that the person at the keyboard means it: their password, or a word where there is none."""

    WORD = "ERASE"

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.has_usable_password():
            self.fields["proof"] = forms.CharField(
                label="Your password",
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )
        else:
            self.fields["proof"] = forms.CharField(label=f"Write {self.WORD} in capitals")

    def clean_proof(self) -> str:
        proof: str = self.cleaned_data["proof"]
        if self.user.has_usable_password():
            if not self.user.check_password(proof):
                raise forms.ValidationError("That is not your password. Nothing was erased.")
        elif proof != self.WORD:
            raise forms.ValidationError(f"Write {self.WORD} in capitals. Nothing was erased.")
        return proof
