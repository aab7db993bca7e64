/* The longest lists of common passwords hold few of 12 characters and more, and those are made by rule: a
 * word that comes to mind, a run on the keyboard, the year, an exclamation mark.  So the list here is of the
 * parts, and a password is as good as the fewest parts it can be read as: "Password2024!" is three of them,
 * "correct horse battery staple" is as many as it has letters.
 *
 * The cheapest reading is found from the end of the text to its front: what stands at a place costs one piece
 * and the cheapest reading of what follows.  128 characters times some 300 words: microseconds. */
#include "core/common_passwords.h"

#include <stdbool.h>

enum { RUN_LEAST = 3, REPEATED_LEAST = 3 };

/* What people begin with, in some of the languages that they are mailed in; each closed by a space. */
static const char words[] =
    "password passwort passwd passphrase passcode pass word pwd motdepasse contrasena clave senha parola "
    "sifre haslo wachtwoord kennwort losenord temporary temporar temporaire temp default initial changeme "
    "change changeit reset resetme newpassword new old my mein your our the this is not for and secret "
    "secreto geheim topsecret secure security safe letmein open opensesame sesame access enter login "
    "logon signin welcome welcometo willkommen bienvenue bienvenido bemvindo hello hallo hola bonjour "
    "ciao goodbye thanks thankyou please bitte admin administrator administrador root toor superuser "
    "supervisor manager user guest test testing tester demo sample example system server service support "
    "helpdesk office company firma business work office365 windows microsoft google facebook apple iphone "
    "samsung android internet computer laptop database oracle cisco network master killer hunter shadow "
    "dragon monkey tiger tigger eagle falcon phoenix panther wolf lion horse dolphin butterfly kitten "
    "puppy football fussball futbol soccer baseball basketball hockey golf tennis liverpool arsenal "
    "chelsea barcelona realmadrid manchester united juventus bayern dortmund galatasaray fenerbahce "
    "besiktas cowboys yankees lakers steelers iloveyou loveyou love lovely forever tequiero teamo tiamo "
    "jetaime ichliebedich liebe amor amore baby babygirl angel princess prinzessin princesse princesa "
    "sweetheart sunshine sonnenschein rainbow flower summer sommer winter spring fruhling autumn herbst "
    "january february march april june july august september october november december januar februar "
    "oktober dezember monday tuesday wednesday thursday friday saturday sunday montag freitag birthday "
    "christmas freedom whatever nothing trustno1 trustme ninja batman superman spiderman pokemon pikachu "
    "starwars startrek skywalker matrix harrypotter hogwarts minecraft fortnite mustang ferrari porsche "
    "mercedes corvette harley yamaha suzuki toyota honda michael jordan jennifer jessica ashley amanda "
    "nicole daniel thomas charlie andrew matthew joshua robert william alexander alexandra christian "
    "christopher elizabeth jonathan benjamin samantha stephanie victoria patricia maria jesus christ "
    "jesuschrist blessed cheese chocolate pepper cookie banana orange coffee whiskey purple silver golden "
    "black white green yellow blink182 metallica nirvana slipknot eminem america england london berlin "
    "paris deutschland germany france espana brasil italia nederland polska turkiye istanbul correct "
    "battery staple correcthorsebatterystaple fuckyou fuckoff bullshit asshole qazwsx abc123 a1b2c3 zaq1 "
    "!qaz qwerty azerty qwertz asdf zxcv yxcv number one two three ";

/* Runs are read in both directions. */
static const char *const runs[] = {
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1234567890",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiop",
    "yxcvbnm,.-",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn,;:!",
    "!@#$%^&*()_+",
    "!\"$%&/()=?",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujmikolp",
    "a1b2c3d4e5f6g7h8i9j0",
    "a1s2d3f4g5h6j7k8l9",
    "1a2b3c4d5e6f7g8h9i0j",
    "147258369",
    "159357",
    "789456123",
    "135792468",
    "2468",
    "31415926535897932384",
    "27182818284590452353",
    "11223344556677889900",
    "112233445566",
    "aabbccddeeffgghhiijj",
};

char common_password_fold(char byte)
{
    switch (byte) {
    case '0':
        return 'o';
    case '1':
    case '!':
    case '|':
    case 'l':
    case 'L':
    case 'I':
        return 'i';
    case '3':
        return 'e';
    case '4':
    case '@':
        return 'a';
    case '5':
    case '$':
        return 's';
    case '7':
        return 't';
    default:
        return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static size_t word_here(struct text rest)
{
    size_t longest = 0;
    for (const char *word = words; *word; word = strchr(word, ' ') + 1) {
        size_t at = 0;
        while (at < rest.size && word[at] != ' ' &&
               common_password_fold(word[at]) == common_password_fold(rest.bytes[at]))
            at++;
        if (word[at] == ' ' && at > longest)
            longest = at;
    }
    return longest;
}

/* The longest stretch of `run` that the text begins with, from any place of the run, forwards or backwards.
 */
static size_t stretch_here(struct text rest, const char *run)
{
    size_t size = strlen(run), longest = 0;
    for (size_t from = 0; from < size; from++) {
        size_t ahead = 0, back = 0;
        while (ahead < rest.size && from + ahead < size && run[from + ahead] == lower(rest.bytes[ahead]))
            ahead++;
        while (back < rest.size && back <= from && run[from - back] == lower(rest.bytes[back]))
            back++;
        longest = ahead > longest ? ahead : longest;
        longest = back > longest ? back : longest;
    }
    return longest;
}

static size_t run_here(struct text rest)
{
    size_t longest = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        size_t size = stretch_here(rest, runs[i]);
        longest = size > longest ? size : longest;
    }
    return longest >= RUN_LEAST ? longest : 0;
}

static size_t repeated_here(struct text rest)
{
    size_t size = 1;
    while (size < rest.size && lower(rest.bytes[size]) == lower(rest.bytes[0]))
        size++;
    return size >= REPEATED_LEAST ? size : 0;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* A year of the last or this century. */
static size_t year_here(struct text rest)
{
    bool year = rest.size >= 4 && is_digit(rest.bytes[2]) && is_digit(rest.bytes[3]) &&
                (memcmp(rest.bytes, "19", 2) == 0 || memcmp(rest.bytes, "20", 2) == 0);
    return year ? 4 : 0;
}

/* Bytes after the first of a character cost nothing: what counts is characters. */
static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Without its repetitions: "abcabcab" is "abc". */
static size_t period_of(struct text password)
{
    for (size_t period = 1; period <= password.size / 2; period++) {
        size_t at = period;
        while (at < password.size && lower(password.bytes[at]) == lower(password.bytes[at - period]))
            at++;
        if (at == password.size)
            return period;
    }
    return password.size;
}

static size_t cheapest_here(struct text rest, const unsigned short *following)
{
    const size_t found[] = {word_here(rest), run_here(rest), repeated_here(rest), year_here(rest)};
    size_t cheapest = (size_t)following[1] + !continues_character(rest.bytes[0]);
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        if (found[i] && following[found[i]] + 1u < cheapest)
            cheapest = following[found[i]] + 1u;
    return cheapest;
}

size_t common_password_pieces(struct text password)
{
    unsigned short pieces[COMMON_PASSWORD_MOST + 1];
    size_t size = period_of(password);
    if (size > COMMON_PASSWORD_MOST)
        return 0;
    pieces[size] = 0;
    for (size_t at = size; at-- > 0;)
        pieces[at] =
            (unsigned short)cheapest_here((struct text){password.bytes + at, size - at}, pieces + at);
    return pieces[0];
}
