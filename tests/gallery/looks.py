"""What is judged of a page as Chromium shows it: the numbers come from measure.js."""
import functools
import re

CONTRAST = 4.5  # WCAG 2.2, 1.4.3, for text of any size
SMALLEST_TEXT = 12  # CSS pixels
TOUCH = 44  # WCAG 2.2, 2.5.5


def channels(colour):
    numbers = [float(number) for number in re.findall(r"[\d.]+", colour)]
    return numbers[:3], numbers[3] if len(numbers) > 3 else 1.0


def over(front, behind):
    (values, alpha), base = channels(front), behind
    return [value * alpha + below * (1 - alpha) for value, below in zip(values, base)]


def luminance(values):
    linear = [value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@functools.cache
def contrast(colour, layers):
    """Of text in `colour` on `layers`, nearest first."""
    assert layers and channels(layers[-1])[1] == 1, f"nothing opaque is behind the text: {layers}"
    behind = channels(layers[-1])[0]
    for layer in layers[-2::-1]:
        behind = over(layer, behind)
    one, other = sorted((luminance(over(colour, behind)), luminance(behind)), reverse=True)
    return (one + 0.05) / (other + 0.05)


def cut(seen):
    """Texts that leave the window or the box that they belong to."""
    faults = []
    if max(seen["wide"], seen["window"]["width"]) > seen["width"] or seen["start"]:
        faults.append(f"the page is {seen['wide']} px wide in a window of {seen['width']}")
    for text in seen["texts"]:
        inner = [dict(left=0, right=seen["width"], top=0, bottom=10 ** 6), *text["limits"]]
        for box in text["boxes"]:
            if any(box["left"] < limit["left"] - 1 or box["right"] > limit["right"] + 1 or box["top"] < limit["top"] - 1 or
                   box["bottom"] > limit["bottom"] + 1 for limit in inner):
                faults.append(f"{text['words'][:60]!r} at {box} leaves {inner}")
                break
    return faults


def faint(seen):
    return [f"{contrast(text['colour'], tuple(text['behind'])):.2f} : 1 for {text['words'][:60]!r}, {text['colour']} on {text['behind']}"
            for text in seen["texts"]
            if contrast(text["colour"], tuple(text["behind"])) < CONTRAST or text["opacity"] != "1" or text["visibility"] != "visible"]


def astray(seen):
    """Paragraphs whose last mark does not stand at the end of its line, where their direction ends."""
    return [f"{end['sign']!r} of {end['words'][-60:]!r}" for end in seen["ends"]
            if not end["sign"].isalnum() and
            (end["mark"]["right"] < end["right"] - 1 if end["direction"] == "ltr" else end["mark"]["left"] > end["left"] + 1)]


def told_apart(button):
    """WCAG 2.2, 1.4.11: the button's face or its edge stands out from the card by 3 to 1."""
    card = tuple(button["behind"])
    return max(contrast(button["face"][0], card), contrast(button["edge"], card)) >= 3
