"""Documents in LaTeX."""

import pytest

from tests.personas.importers.builders import read


def printed(body: str, *, preamble: str = "") -> list[str]:
    reading = read(f"\\documentclass{{article}}\n{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\nafter")
    assert reading.format == "latex"
    return reading.texts


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("I am \\emph{very} {\\bf well} -- thank you.", "I am very well – thank you."),
        ("It costs 5\\% more\\footnote{A note.}, \\$3~each \\ldots", "It costs 5% more, $3 each …"),
        ("Caf\\'e, na\\\"{\\i}ve, stra{\\ss}e, \\c{c}a, \\v{S}koda, \\~n", "Café, naïve, straße, ça, Škoda, ñ"),
        ("``Yes'' --- he said?", "“Yes” — he said?"),
        ("One % a comment\n  line", "One line"),
        ("See \\href{https://example.org}{the \\textbf{page}} and \\textcolor{red}{this}\\label{a}.", "See the page and this."),
        ("one\\\\[2pt] two\\newline three", "one\ntwo\nthree"),
        ("an $x^2$ and $$y = 1$$ \\[z\\] here", "an x^2 and here"),
        ("\\unknown[option]{The words} stay", "The words stay"),
        ("\\includegraphics[width=3cm]{tree.jpg}\\vspace{1cm}A tree", "A tree"),
        ("a [note] stays \\& \\{so\\}", "a [note] stays & {so}"),
        ("\\newcommand{\\me}[1]{Ana \\par #1}Words", "Words"),
        ("See \\url{https://a.org/b%20c} or \\href{https://a.org/%C3}{that}.", "See or that."),
        ("Let $x \\in [0,1)$. It ends", "Let x [0,1). It ends"),
        ("\\begin{equation} x \\in [0,1) \\end{equation} It ends", "It ends"),
        ("\\begin{equation}[0,1) \\end{equation} It ends [so]", "It ends [so]"),
        ("A letter \\ldots [unreadable] ends", "A letter …[unreadable] ends"),
        ("See\\cite[see][p. 5]{x} \\includegraphics[width=3cm,\n height=2cm]{a.jpg}it", "See it"),
        ("Bonjour\\footnote{un \\'et\\'e} à tous.\nMerci", "Bonjour à tous. Merci"),
    ],
)  # fmt: skip
def test_words_are_those_that_are_printed(source, words):
    assert printed(source) == [words]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Let $a$$b$ be.", "Let ab be."),
        ("Let $a$$b$$c$ be.", "Let abc be."),
        ("Let $a$$$b$$ be.", "Let a be."),
        ("Let $$a$$$b$ be.", "Let b be."),
        ("Let \\(a\\)\\(b\\)$c$ be.", "Let abc be."),
        ("Let \\[a\\]\\[b\\]$$c$$ be.", "Let be."),
        ("Let $$a \\mbox{if $b$$c$ and $$d$$} e$$ be.", "Let be."),
        ("Let \\[a \\text{ if $b$$c$}\\] be.", "Let be."),
        ("Let $a \\text{ if $b$$c$}$$d$ be.", "Let a if bcd be."),
        ("Let $$\\begin{array}{ll} a & b \\\\ c \\end{array}$$ be.", "Let be."),
        ("Let $\\begin{pmatrix}a\\end{pmatrix}$ be.", "Let a be."),
        ("Let $$\\'$$ a be.", "Let a be."),
        ("Let\\footnote{$a$$b$} be.", "Let be."),
        ("Let \\begin{align*} a $$ \\end{align*} it be.", "it be."),
    ],
)
def test_formulas_end_where_tex_ends_them(source, words):
    assert printed(source)[-1] == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("It costs $5 or more.", "It costs 5 or more."),
        ("He paid $$ for it.", "He paid for it."),
        ("He paid $$$ for it.", "He paid for it."),
        ("He paid $5, $6 and $$7.", "He paid 5, 6 and 7."),
        ("{\\bf He paid $$} for it.", "He paid for it."),
        ("He paid $$ a $ b $$ for it.", "He paid for it."),
        ("\\[ He paid {$ for it.", "He paid for it."),
        ("He paid \\] for it.", "He paid for it."),
        ("He \\[ paid \\[ x $ y \\] for it.", "He paid for it."),
        ("He paid \\$5 $$x$$ for it.", "He paid $5 for it."),
    ],
)
def test_a_formula_without_an_end_loses_no_words(source, words):
    assert printed(f"{source}\n\nIt ends.") == [words, "It ends."]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Write \\verb|$$| here and \\verb+$$+ there.", "Write $$ here and $$ there."),
        ('Write \\verb*!a_{! or \\verb"%".', "Write a_{ or %."),
        ("Write \\lstinline|$$|, \\lstinline[language=C]!{! and \\lstinline{$$}.", "Write $$, { and $$."),
        ("Write \\mintinline{python}{a$} and \\mintinline{c}|$|.", "Write a$ and $."),
        ("Write \\lstinline{a}, \\lstinline{b}, and so on.", "Write a, b, and so on."),
        ("Write \\verb here and \\verb|there.", "Write here and |there."),
        ("Write\\footnote{\\verb|}|} it.", "Write it."),
    ],
)
def test_code_in_a_line_is_printed_as_it_stands(source, words):
    assert printed(source) == [words]


def test_a_formula_without_an_end_ends_before_the_next_item():
    assert printed("\\begin{itemize}\\item First $$ \\item Second $$x$$\\end{itemize}") == ["First", "Second"]


@pytest.mark.parametrize("above", ["", "\n% mine\n", "%!TEX root\r\n\\RequirePackage{fix}\r\n  "])
def test_comments_and_commands_may_stand_above_a_document(above):
    assert read(f"{above}\\documentclass{{letter}}\n\\begin{{document}}\nHello.\n\\end{{document}}").format == "latex"


def test_a_chat_that_quotes_a_document_is_a_chat():
    lines = ["Ana: How do I begin?", "Beto: \\documentclass{article}", "Ana: Thanks.", "Beto: \\begin{document}"]
    assert read("".join(f"{line}\n" for line in lines)).format == "transcript"


def test_headings_lists_and_frames_part_the_words():
    body = (
        "\\section*{A \\emph{long} day}\nMorning.\n\n\\begin{itemize}\n\\item[a] First\n\\item Second\n\\end{itemize}\n"
        "\\begin{figure}[h]\\caption{A tree}\\end{figure}\n\\begin{verbatim}\nx = {1\n\\end{verbatim}\nEvening."
    )
    assert printed(body, preamble="\\title{Nothing}") == ["Morning.", "First", "Second", "Evening."]


def test_a_letter_is_read_from_its_opening_to_what_follows_its_close():
    letter = (
        "\\documentclass{letter}\n\\signature{Ana}\n\\begin{document}\n\\begin{letter}{Mr Ruiz \\\\ Harbour}\n"
        "\\opening{Dear Beto,} The tree\nsurvived.\n\n\\closing{Yours,}\n\\ps{P.S. Come.}\n\\cc{Others}\n\\end{letter}\n"
    )
    assert read(letter).texts == ["Dear Beto,", "The tree survived.", "Yours,", "P.S. Come."]


def test_german_documents_have_marks_of_their_own():
    body = '"`Sch"one Gr"u"se"\' aus K\\"oln, Auf"|lage'
    assert printed(body, preamble="\\usepackage[ngerman]{babel}") == ["„Schöne Grüße“ aus Köln, Auflage"]


def test_other_encodings_are_read():
    source = "\\documentclass{article}\n\\begin{document}\nGrüße aus München, schöne Tage im Süden.\n\\end{document}\n"
    assert read(source.encode("latin-1")).texts == ["Grüße aus München, schöne Tage im Süden."]


@pytest.mark.parametrize(
    "body", ["{" * 5_000 + "a", "}" * 5_000 + "a", "\\end{figure}" * 100 + "a", "\\'" * 5_000 + "a"]
)
def test_what_is_not_closed_or_not_opened_does_no_harm(body):
    assert printed(body)[0].endswith(("a", "\u00e1"))


def test_a_dollar_without_an_end_joins_no_blocks():
    text = "It costs $5.\n\\begin{quote}Hello\\end{quote}\nThen $$ more.\n\\begin{quote}All\\end{quote}\nof $$ it."
    assert printed(text) == ["It costs 5.", "Hello", "Then more.", "All", "of it."]
