/* Which time a reader's clock shows: zones as the IANA database tells them, and never anything else. */
#include "support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/mail/calendar.h"
#include "core/mail/posix_zone.h"
#include "core/mail/time_zone.h"
#include "io/time_zones.h"

static int64_t at(int64_t year, unsigned month, unsigned day, int hour, int minute)
{
    return calendar_days(year, month, day) * 86400 + hour * 3600 + minute * 60;
}

static void the_days_of_dates_are_those_of_moments(void **state)
{
    (void)state;
    assert_int_equal(calendar_days(1970, 1, 1), 0);
    assert_int_equal(calendar_days(1969, 12, 31), -1);
    assert_int_equal(calendar_days(2000, 3, 1), 11017);
    for (int64_t day = -800000; day < 800000; day += 97) {
        struct calendar_moment moment = calendar_moment_of(day * 86400000);
        assert_int_equal(calendar_days(moment.year, moment.month + 1, moment.day), day);
    }
}

static void a_rule_gives_summer_time_between_its_two_moments(void **state)
{
    (void)state;
    const struct {
        const char *rule;
        int64_t moment;
        int32_t offset;
    } cases[] = {
        {"UTC0", 0, 0},
        {"IST-5:30", 0, 19800},
        {"<-03>3", 0, -10800},
        {"<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", at(2026, 1, 1, 0, 0), 49500},
        {"CET-1CEST,M3.5.0,M10.5.0/3", at(2025, 3, 30, 0, 59), 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", at(2025, 3, 30, 1, 0), 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", at(2025, 10, 26, 0, 59), 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", at(2025, 10, 26, 1, 0), 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", at(2500, 7, 1, 0, 0), 7200},
        {"EST5EDT,M3.2.0,M11.1.0", at(2026, 3, 8, 6, 59), -18000},
        {"EST5EDT,M3.2.0,M11.1.0", at(2026, 3, 8, 7, 0), -14400},
        {"EST5EDT,M3.2.0,M11.1.0", at(2026, 11, 1, 6, 0), -18000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2025, 12, 31, 23, 59), 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2026, 4, 4, 15, 59), 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", at(2026, 4, 4, 16, 0), 36000},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", at(2026, 1, 1, 0, 0), 0}, /* Dublin: winter is the exception */
        {"IST-1GMT0,M10.5.0,M3.5.0/1", at(2026, 7, 1, 0, 0), 3600},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", at(2026, 3, 29, 0, 59), -7200}, /* the Saturday before */
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", at(2026, 3, 29, 1, 0), -3600},
        {"EET-2EEST,M3.4.4/50,M10.4.4/50", at(2026, 3, 28, 0, 0), 10800}, /* 50 hours after Thursday */
        {"XXX3EDT4,0/0,J365/23", at(2026, 6, 1, 0, 0), -14400},           /* RFC 8536: summer time all year */
        {"XXX3EDT4,0/0,J365/23", at(2026, 1, 1, 3, 0), -14400},
        {"XXX3EDT4,0/0,J365/23", INT64_MAX, -14400},
        {"XXX3EDT4,0/0,J365/23", INT64_MIN, -14400},
        {"AAA0BBB,J60,J61", at(2024, 3, 1, 12, 0), 3600}, /* J60 is 1 March in every year */
        {"AAA0BBB,J60,J61", at(2025, 3, 1, 12, 0), 3600},
        {"AAA0BBB,59,60", at(2024, 2, 29, 12, 0), 3600}, /* 59 is 29 February where there is one */
        {"AAA0BBB,59,60", at(2025, 3, 1, 12, 0), 3600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct posix_zone zone;
        if (!posix_zone_parse(text_of(cases[i].rule), &zone))
            fail_msg("%s was refused", cases[i].rule);
        if (posix_zone_offset(&zone, cases[i].moment) != cases[i].offset)
            fail_msg("case %zu, %s: %d", i, cases[i].rule, posix_zone_offset(&zone, cases[i].moment));
    }
}

static void what_is_no_rule_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "CE-1",
        "CET",
        "CET-25",
        "CET-1:60",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
        "CET-1CEST,J0,J366",
        "CET-1CEST,366,1",
        "<+01-1",
        "CET-1CEST,M3.5.0,M10.5.0,",
        "CET-0000001",
        "C3T-1",
        "\xC3\x84\xC3\x96\xC3\x9C-1",
    };
    struct posix_zone zone;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (posix_zone_parse(text_of(cases[i]), &zone))
            fail_msg("%s was taken", cases[i]);
}

static void append_number(struct buffer *out, uint64_t number, int size)
{
    while (size--)
        buffer_append_byte(out, (char)(number >> (8 * size)));
}

static void append_header(struct buffer *out, char version, uint32_t times, uint32_t types, uint32_t leaps)
{
    buffer_append_string(out, "TZif");
    buffer_append_byte(out, version);
    for (int i = 0; i < 15; i++)
        buffer_append_byte(out, 0);
    const uint32_t counts[] = {0, 0, leaps, times, types, 4};
    for (size_t i = 0; i < 6; i++)
        append_number(out, counts[i], 4);
}

static void append_types(struct buffer *out)
{
    append_number(out, 600, 4); /* ten minutes, an hour */
    append_number(out, 0, 2);
    append_number(out, 3600, 4);
    append_number(out, 0, 2);
    buffer_append(out, "LMT", 4);
}

/* Transitions at 1000 (to an hour) and 2000 (back), then `footer`. */
static void write_zone(struct buffer *out, const char *footer)
{
    buffer_reset(out);
    append_header(out, '2', 0, 1, 0);
    append_number(out, 0, 6);
    buffer_append(out, "UTC", 4);
    append_header(out, '2', 2, 2, 0);
    append_number(out, 1000, 8);
    append_number(out, 2000, 8);
    buffer_append(out, "\x01", 2);
    append_types(out);
    buffer_append_string(out, footer);
}

static void a_zone_has_the_offset_of_its_last_transition(void **state)
{
    (void)state;
    struct buffer file;
    struct error error;
    struct time_zone *zone;
    buffer_init(&file, 4096);
    const struct {
        const char *footer;
        int64_t moment_ms;
        int32_t offset;
    } cases[] = {
        {"\n\n", -1, 600},
        {"\n\n", 999999, 600},
        {"\n\n", 1000000, 3600},
        {"\n\n", 1999999, 3600},
        {"\n\n", 2000000, 600},
        {"\nIST-5:30\n", 1999999, 3600},
        {"\nIST-5:30\n", 2000000, 19800},
        {"\n\n", INT64_MAX, 600},
        {"\n\n", INT64_MIN, 600},
        {"\nCET-1CEST,M3.5.0,M10.5.0/3\n", INT64_MAX, 3600},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_zone(&file, cases[i].footer);
        assert_ok(time_zone_parse(buffer_text(&file), &zone, &error), &error);
        int32_t offset = time_zone_offset(zone, cases[i].moment_ms);
        if (i != 9 ? offset != cases[i].offset : offset != 3600 && offset != 7200)
            fail_msg("case %zu: %d", i, offset);
        time_zone_free(&zone);
        assert_null(zone);
    }
    assert_int_equal(time_zone_offset(NULL, 0), 0);
    buffer_clear(&file);
}

static void an_old_file_of_version_1_is_read(void **state)
{
    (void)state;
    struct buffer file;
    struct error error;
    struct time_zone *zone;
    buffer_init(&file, 4096);
    append_header(&file, 0, 1, 2, 0);
    append_number(&file, (uint32_t)-5, 4);
    buffer_append_byte(&file, 1);
    append_types(&file);
    assert_ok(time_zone_parse(buffer_text(&file), &zone, &error), &error);
    assert_int_equal(time_zone_offset(zone, -5001), 600);
    assert_int_equal(time_zone_offset(zone, -5000), 3600);
    time_zone_free(&zone);
    buffer_clear(&file);
}

/* Every file that is cut short, and many with a byte changed: refused, or read without a fault. */
static void a_broken_file_is_refused_or_read_safely(void **state)
{
    (void)state;
    struct buffer file;
    struct error error;
    struct time_zone *zone;
    buffer_init(&file, 4096);
    write_zone(&file, "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
    for (size_t size = 0; size < file.size; size++) {
        char *copy = malloc(size + 1); /* so that a byte too far is seen */
        memcpy(copy, file.bytes, size);
        assert_int_equal(time_zone_parse((struct text){copy, size}, &zone, &error), STATUS_INVALID);
        assert_null(zone);
        free(copy);
    }
    size_t taken = 0, refused = 0;
    for (size_t place = 0; place < file.size; place++) {
        for (unsigned change = 1; change < 256; change += 6) {
            char before = file.bytes[place];
            file.bytes[place] = (char)(before ^ (char)change);
            if (time_zone_parse(buffer_text(&file), &zone, &error) == STATUS_OK) {
                assert_in_range(time_zone_offset(zone, 1763788200000) + 100000, 0, 200000);
                time_zone_free(&zone);
                taken++;
            } else {
                refused++;
            }
            file.bytes[place] = before;
        }
    }
    assert_true(taken > 100 && refused > 100);
    buffer_clear(&file);
}

static void a_file_that_counts_leap_seconds_is_refused(void **state)
{
    (void)state;
    struct buffer file;
    struct error error;
    struct time_zone *zone;
    buffer_init(&file, 4096);
    append_header(&file, 0, 0, 2, 1);
    append_types(&file);
    append_number(&file, 0, 8);
    assert_int_equal(time_zone_parse(buffer_text(&file), &zone, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "leap seconds"));
    buffer_clear(&file);
}

static void only_what_has_the_form_of_a_name_is_looked_for(void **state)
{
    (void)state;
    const struct {
        struct text name;
        bool valid;
    } cases[] = {
        {TEXT("Europe/Berlin"), true},
        {TEXT("America/Argentina/ComodRivadavia"), true},
        {TEXT("Etc/GMT+8"), true},
        {TEXT("America/Port-au-Prince"), true},
        {TEXT("EST5EDT"), true},
        {TEXT(""), false},
        {TEXT("/etc/passwd"), false},
        {TEXT("../../etc/passwd"), false},
        {TEXT("Europe/../Berlin"), false},
        {TEXT("Europe//Berlin"), false},
        {TEXT("Europe/"), false},
        {TEXT("Europe/Berlin\0x"), false},
        {TEXT("Europe/B\xC3\xA9rlin"), false},
        {TEXT("tzdata.zi"), false},
        {TEXT("Europe\\Berlin"), false},
        {TEXT("+02:00"), false},
        {TEXT(" Europe/Berlin"), false},
        {TEXT("Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (time_zone_name_valid(cases[i].name) != cases[i].valid)
            fail_msg("%.*s", (int)cases[i].name.size, cases[i].name.bytes);
}

static char folder[] = "/tmp/time_zone_test.XXXXXX";

static void write_file(const char *name, struct text content)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.bytes, 1, content.size, file), content.size);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static void a_zone_is_read_once_and_kept(void **state)
{
    (void)state;
    struct buffer file;
    struct error error;
    struct time_zones *zones;
    buffer_init(&file, 4096);
    assert_non_null(mkdtemp(folder));
    write_zone(&file, "\nIST-5:30\n");
    static const char *const names[] = {"Zebra", "Alpha", "Mike"};
    for (size_t i = 0; i < 3; i++)
        write_file(names[i], buffer_text(&file));
    write_file("Broken", TEXT("TZif"));
    assert_ok(time_zones_new(folder, &zones, &error), &error);
    const struct time_zone *found[3];
    for (size_t i = 0; i < 3; i++) {
        found[i] = time_zones_find(zones, text_of(names[i]));
        assert_non_null(found[i]);
        assert_int_equal(time_zone_offset(found[i], 1763788200000), 19800);
    }
    static const char *const others[] = {"Broken", "Nowhere", "", "../Zebra", ".", "zebra"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_null(time_zones_find(zones, text_of(others[i])));
    for (size_t i = 0; i < 3; i++) {
        remove_file(names[i]);
        assert_ptr_equal(time_zones_find(zones, text_of(names[i])), found[i]);
    }
    remove_file("Broken");
    assert_int_equal(rmdir(folder), 0);
    time_zones_free(&zones);
    assert_null(zones);
    buffer_clear(&file);
}

static void without_a_database_every_zone_is_utc(void **state)
{
    (void)state;
    struct error error;
    struct time_zones *zones;
    assert_ok(time_zones_new("/nowhere/zoneinfo", &zones, &error), &error);
    assert_null(time_zones_find(zones, TEXT("Europe/Berlin")));
    time_zones_free(&zones);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_days_of_dates_are_those_of_moments),
        cmocka_unit_test(a_rule_gives_summer_time_between_its_two_moments),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(a_zone_has_the_offset_of_its_last_transition),
        cmocka_unit_test(an_old_file_of_version_1_is_read),
        cmocka_unit_test(a_broken_file_is_refused_or_read_safely),
        cmocka_unit_test(a_file_that_counts_leap_seconds_is_refused),
        cmocka_unit_test(only_what_has_the_form_of_a_name_is_looked_for),
        cmocka_unit_test(a_zone_is_read_once_and_kept),
        cmocka_unit_test(without_a_database_every_zone_is_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
