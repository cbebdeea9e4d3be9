"""The page of errors in a browser: what it shows, counts, sorts, filters and asks for."""

import json

import pytest
from browser import CHROMIUM, DRIVER, open_browser, open_page, requests_of
from errors_page_files import NASTY, TAG, VARIANTS, make_page
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs Debian's chromium and chromium-driver"
)


@pytest.fixture(scope="module", params=["target", "speakers"])
def made(request, tmp_path_factory):
    return make_page(tmp_path_factory.mktemp("page"), request.param)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


class Page:
    """What somebody sees of the page and can do there."""

    def __init__(self, browser):
        self.browser = browser

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    @property
    def figures(self):
        return self.one("#figures").text

    @property
    def rows(self):
        """The rows that are in view or near it."""
        return self.browser.find_elements(By.CSS_SELECTOR, ".tabulator-row")

    def cells(self, field):
        # All at once: a call for each cell takes most of a test's time.
        return self.browser.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((cell) => cell.innerText)",
            f'.tabulator-row [tabulator-field="{field}"]',
        )

    def until(self, is_so):
        return WebDriverWait(self.browser, 10, poll_frequency=0.05).until(lambda _: is_so())

    def choose(self, **filters):
        """Fill in filters after all are cleared; return the figures."""
        self.one("#all").click()
        for name, value in filters.items():
            field = self.one(f'[name="{name}"]')
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            else:
                field.send_keys(value)
        self.until(lambda: self.one("#table").get_attribute("aria-busy") == "false")
        return self.figures

    def press(self, key):
        self.browser.switch_to.active_element.send_keys(key)

    @property
    def own_line(self):
        """The row's own line in the scene that is open, without a tag."""
        return self.one("#around [aria-current]").text.removesuffix(f" {TAG}")

    @property
    def is_scene_open(self):
        return self.one("#scene").get_attribute("open") is not None


@pytest.fixture
def page(browser, made):
    browser.get_log("browser")
    requests_of(browser)
    open_page(browser, made.page)
    shown = Page(browser)
    shown.until(lambda: shown.rows)
    yield shown
    assert browser.get_log("browser") == []
    assert requests_of(browser) == [made.page.absolute().as_uri()]


def expected(made, variant, split):
    """The figures of a variant and split, from the metric file."""
    metrics = made.metrics[variant, split]
    return f"{metrics['rows']} rows of ", f"accuracy {metrics['metrics']['accuracy']:.3f}"


def texts_in_first_order(made):
    """The texts of the reference's test rows, in the order of the page's data."""
    data = made.data
    rows = zip(*(data["rows"][name] for name in ("variant", "split", "line")), strict=True)
    return [data["lines"]["text"][line] for variant, split, line in rows if variant == split == 0]


def test_first_come_the_surest_mistakes_of_the_reference_on_test(page, made):
    for text in expected(made, "plain", "test"):
        assert text in page.figures
    shown = page.cells("text")
    assert len(shown) > 5 and shown == texts_in_first_order(made)[: len(shown)]
    assert page.cells("is_right")[:5] == ["wrong"] * 5
    confidence = [*map(float, page.cells("confidence")[:5])]
    assert confidence == sorted(confidence, reverse=True)
    assert set(page.cells("variant")) == {"Plain"} and set(page.cells("split")) == {"test"}


def test_the_figures_of_every_variant_and_split_are_those_of_the_metric_files(page, made):
    for number, variant in enumerate(VARIANTS):
        for split in ("test", "valid"):
            figures = page.choose(variant=str(number), split=split)
            for text in expected(made, variant["name"], split):
                assert text in figures
            assert ("mean over the seeds" in figures) == (len(variant["seeds"]) > 1)
            abstained = made.metrics[variant["name"], split]["abstained"]["rows"]
            assert (f"{abstained} abstained" in figures) == (abstained > 0)


def test_each_filter_chooses_its_rows(page, made):
    data = made.data["rows"]
    total = len(data["line"])
    assert page.choose().startswith(f"{total} rows of {total} ")
    wrong = sum(a != b for a, b in zip(data["label"], data["predicted"], strict=True))
    assert f" {wrong} mistakes" in page.figures
    assert page.choose(result="wrong").startswith(f"{wrong} rows of {total} · {wrong} mistakes")
    assert page.choose(result="abstains").startswith(f"{sum(data['abstained'])} rows")
    assert all(text.endswith("(abstains)") for text in page.cells("predicted"))
    assert set(page.cells("confidence")) == {"—"}
    page.choose(speaker="<u>pam</u>", season="2")
    assert set(page.cells("speaker")) == {"<u>pam</u>"} and set(page.cells("season")) == {"2"}
    page.choose(words_from="3", words_to="4")
    assert set(page.cells("words")) == {"3", "4"}
    page.choose(agreement="differ")
    assert set(page.cells("agreement")) <= {"1 of 3", "2 of 3"}
    page.choose(agreement="agree", variant="2")
    assert set(page.cells("agreement")) == {"1 of 1"}
    page.choose(confidence_from="0.9", confidence_to="0.95")
    assert all(0.9 <= float(text) <= 0.95 for text in page.cells("confidence"))
    page.choose(text="<B>BOLD</b> & ")
    assert set(page.cells("text")) == {NASTY[1]}
    assert page.choose(text="no such line").startswith("0 rows of ")
    assert "No row matches" in page.one("#table").text


def test_markup_in_lines_names_and_titles_is_shown_as_text(page, made):
    for text in NASTY[:2]:
        page.choose(text=text)
        assert set(page.cells("text")) == {text}
        page.rows[0].click()
        assert page.own_line.endswith(f": {text}")
        page.press(Keys.ESCAPE)
    assert page.browser.title == "toy: where the models are wrong"
    page.choose(variant="1")
    assert set(page.cells("variant")) == {"Long <i>lines</i>"}
    titles = [option.text for option in Select(page.one("[name=variant]")).options]
    assert titles == ["all", "Plain", "Long <i>lines</i>", "Floor"]


@pytest.mark.parametrize("field", ["confidence", "probability", "words", "season", "episode"])
def test_a_click_on_a_header_sorts_and_another_one_turns_the_order(page, made, field):
    header = page.one(f'.tabulator-col[tabulator-field="{field}"]')
    orders = {"ascending": False, "descending": True}
    seen = set()
    for _ in range(2):
        header.click()
        values = [*map(float, page.cells(field))]
        order = header.get_attribute("aria-sort")
        assert values == sorted(values, reverse=orders[order]) and len(values) > 5
        seen.add(order)
    assert seen == set(orders)
    page.one("#first-order").click()
    assert header.get_attribute("aria-sort") == "none"
    shown = page.cells("text")
    assert shown == texts_in_first_order(made)[: len(shown)]


def test_texts_are_sorted_from_the_keyboard(page):
    for field in ("text", "speaker"):
        header = page.one(f'.tabulator-col[tabulator-field="{field}"]')
        page.browser.execute_script("arguments[0].focus()", header)
        page.press(Keys.ENTER)
        values = page.cells(field)
        assert header.get_attribute("aria-sort") == "ascending"
        assert len(set(values)) > 1 or field == "speaker"
        assert values == sorted(values, key=str.lower if field == "speaker" else None)


def scene_of(made, text):
    """The lines of the scene of the line with this text, as the page shows them."""
    lines = made.lines
    [place] = lines.loc[lines["line"] == text, "scene"].unique()[:1]
    found = lines[lines["scene"] == place]
    return [f"{s}: {t}" for s, t in zip(found["speaker"], found["line"], strict=True)]


def test_a_click_opens_the_line_in_its_scene(page, made):
    page.choose(words_from="6")
    text = page.cells("text")[1]
    page.rows[1].click()
    assert page.is_scene_open
    shown = page.browser.find_elements(By.CSS_SELECTOR, "#around li")
    assert page.own_line.endswith(f": {text}")
    if (made.lines["line"] == text).sum() == 1:
        assert [each.text.removesuffix(f" {TAG}") for each in shown] == scene_of(made, text)
    assert len(shown) == 6
    assert page.one("#place").text.startswith("season ")
    assert "predicted " in page.one("#said").text
    page.one("#close").click()
    assert not page.is_scene_open


def words_file(made, variant):
    path = made.page.parent / f"{variant}_words.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"]


def test_the_filter_of_word_weights_chooses_the_rows_that_have_them(page, made):
    of_plain, of_long = words_file(made, "plain"), words_file(made, "long")
    assert page.choose(kind="any").startswith(f"{len(of_plain) + len(of_long)} rows of ")
    assert set(page.cells("variant")) <= {"Plain", "Long <i>lines</i>"}
    for kind in {row["kind"] for row in of_plain}:
        expected = sum(row["kind"] == kind for row in of_plain)
        assert page.choose(kind=kind, variant="0").startswith(f"{expected} rows of ")
    assert page.choose(kind="any", variant="2").startswith("0 rows of ")


@pytest.mark.parametrize("variant", [0, 1])
def test_a_scene_shows_the_weight_of_each_word_of_its_line(page, made, variant):
    page.choose(kind="any", variant=str(variant), words_from="6")
    text = f"{page.cells('text')[0]} {TAG}"
    [row] = [row for row in words_file(made, VARIANTS[variant]["name"]) if row["text"] == text]
    page.rows[0].click()
    shown = page.browser.find_elements(By.CSS_SELECTOR, "#around [aria-current] span")
    weights = [word["weight"] for word in row["words"]]
    assert [each.text for each in shown] == [word["word"] for word in row["words"]]
    assert [float(each.get_attribute("title")) for each in shown] == weights
    for each, weight in zip(shown, weights, strict=True):
        is_weak = abs(weight) < max(map(abs, weights)) / 5
        side = "" if is_weak else "towards" if weight > 0 else "away"
        assert each.get_attribute("class") == side
    strongest = max(row["words"], key=lambda word: abs(word["weight"]))
    said = page.one("#weights").text
    assert f"“{strongest['word']}” {strongest['weight']:+.3f}" in said
    assert f" of {row['evidence_for']}, found" in said


def test_the_words_of_other_rows_have_no_weights(page):
    page.choose(variant="2")
    page.rows[0].click()
    assert not page.browser.find_elements(By.CSS_SELECTOR, "#around span")
    assert not page.one("#weights").is_displayed()


def test_the_side_of_a_word_can_be_seen_without_colour(page):
    page.choose(kind="any")
    page.rows[0].click()
    styles = [
        page.browser.execute_script(
            "return getComputedStyle(arguments[0]).textDecorationStyle",
            page.one(f"#weights .{side}"),
        )
        for side in ("towards", "away")
    ]
    assert styles == ["solid", "dashed"]


def luminance(colour):
    """The relative luminance of a colour such as #fff1b8, as WCAG 2 defines it."""
    digits = colour.strip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("is_dark", [False, True])
def test_shaded_words_can_be_read(made, is_dark):
    """The contrast of a text and its ground is 4.5 at least, the limit of WCAG 2 (AA)."""
    with open_browser(is_dark=is_dark) as browser:
        open_page(browser, made.page)
        ink, *grounds = [
            luminance(
                browser.execute_script(
                    "return getComputedStyle(document.body).getPropertyValue(arguments[0])",
                    f"--{name}",
                )
            )
            for name in ("ink", "mark", "towards", "away")
        ]
    for ground in grounds:
        dark, light = sorted([ink, ground])
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_table_can_be_used_from_the_keyboard(page):
    page.browser.execute_script("arguments[0].focus()", page.rows[0])
    page.press(Keys.ARROW_DOWN)
    page.press(Keys.ARROW_DOWN)
    page.press(Keys.ARROW_UP)
    assert page.browser.switch_to.active_element == page.rows[1]
    text = page.cells("text")[1]
    page.press(Keys.ENTER)
    assert page.is_scene_open and text in page.own_line
    page.press(Keys.ESCAPE)
    page.until(lambda: not page.is_scene_open)
    assert page.browser.switch_to.active_element == page.rows[1]
    for _ in range(30):  # out of the view
        page.press(Keys.ARROW_DOWN)
    focused = page.browser.switch_to.active_element
    assert "tabulator-row" in focused.get_attribute("class") and focused.is_displayed()


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("is_dark", [False, True])
def test_nothing_is_cut_on_a_phone_a_laptop_or_in_the_dark(made, width, is_dark):
    with open_browser(width, 800, is_dark) as browser:
        open_page(browser, made.page)
        page = Page(browser)
        page.until(lambda: page.rows)
        for selector in ("html", ".tabulator-tableholder", ".tabulator-header"):
            wide = "return [arguments[0].scrollWidth, arguments[0].clientWidth]"
            needed, there = browser.execute_script(wide, page.one(selector))
            assert needed <= there, selector
        fields = {"is_right", "text", "predicted", "confidence"}
        for field in fields if width == 400 else {*fields, "variant", "agreement", "episode"}:
            assert page.one(f'.tabulator-row [tabulator-field="{field}"]').is_displayed()
        colour = "return getComputedStyle(arguments[0]).backgroundColor.match(/\\d+/g).map(Number)"
        for selector in ("body", ".tabulator-row", ".tabulator-col", "#scene", "[name=variant]"):
            brightness = max(browser.execute_script(colour, page.one(selector))[:3])
            assert (brightness < 60) == is_dark, selector
        page.rows[0].click()
        left, right = browser.execute_script(
            "const box = document.getElementById('scene').getBoundingClientRect();"
            "return [box.left, box.right]"
        )
        assert 0 <= left < right <= width
