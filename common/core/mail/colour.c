/* Relative luminance and contrast as WCAG 2.2 defines them, by arithmetic.  The better of black and white has
 * at least the square root of 21, 4.58, with any colour, so that a tenant may choose whatever it likes. */
#include "core/mail/colour.h"

#include <math.h>

static int digit_of(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

bool colour_parse(struct text text, char colour[COLOUR_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    bool is_short = text.size == 4;
    if ((!is_short && text.size != 7) || text.bytes[0] != '#')
        return false;
    colour[0] = '#';
    for (size_t i = 0; i < 6; i++) {
        int digit = digit_of(text.bytes[1 + (is_short ? i / 2 : i)]);
        if (digit < 0)
            return false;
        colour[1 + i] = digits[digit];
    }
    colour[7] = 0;
    return true;
}

static double luminance(const char *colour)
{
    static const double weights[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (size_t i = 0; i < 3; i++) {
        double value = (digit_of(colour[1 + 2 * i]) * 16 + digit_of(colour[2 + 2 * i])) / 255.0;
        sum += weights[i] * (value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

double colour_contrast(const char *one, const char *other)
{
    double first = luminance(one) + 0.05, second = luminance(other) + 0.05;
    return first > second ? first / second : second / first;
}

const char *colour_readable_on(const char *colour)
{
    static const char black[] = "#000000", white[] = "#ffffff";
    return colour_contrast(colour, white) >= colour_contrast(colour, black) ? white : black;
}
