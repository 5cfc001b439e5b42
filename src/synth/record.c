#include "synth/record.h"

#include "base/compiler.h"
#include "synth/calendar.h"
#include "synth/corruption.h"

const char *const synth_field_names[SYNTH_FIELD_COUNT] = {
    [SYNTH_DATA_SOURCE] = "data_source",
    [SYNTH_SOURCE_PERSON_ID] = "source_person_id",
    [SYNTH_FIRST_NAME] = "first_name",
    [SYNTH_LAST_NAME] = "last_name",
    [SYNTH_SEX] = "sex",
    [SYNTH_RACE] = "race",
    [SYNTH_BIRTH_DATE] = "birth_date",
    [SYNTH_DEATH_DATE] = "death_date",
    [SYNTH_SOCIAL_SECURITY_NUMBER] = "social_security_number",
    [SYNTH_ADDRESS] = "address",
    [SYNTH_CITY] = "city",
    [SYNTH_STATE] = "state",
    [SYNTH_ZIP_CODE] = "zip_code",
    [SYNTH_COUNTY] = "county",
    [SYNTH_PHONE] = "phone",
};

/* Everything that can happen to a record by chance. */
enum fault {
    NICKNAME,
    MIDDLE_INITIAL,
    INITIAL_ONLY,
    NAME_SLIP, /* in the first name, and as often in the last */
    NAMES_SWAPPED,
    PART_OF_NAME, /* of a double surname, or without its apostrophe or accent */
    NAME_MISSING,
    NAME_PLACEHOLDER,
    BIRTH_SLIP,
    BIRTH_SWAPPED,
    BIRTH_PLACEHOLDER,
    BIRTH_MISSING,
    SSN_SLIP,
    SSN_FORMATTED,
    SSN_PLACEHOLDER,
    SSN_MISSING,
    SEX_WRONG,
    SEX_MISSING,
    RACE_WRONG,
    RACE_MISSING,
    OLD_ADDRESS,
    ADDRESS_SLIP,
    ADDRESS_RESPELLED,
    ADDRESS_PLACEHOLDER,
    ADDRESS_MISSING,
    CITY_SLIP,
    PLACE_MISSING, /* each of city, state and ZIP code */
    ZIP_SLIP,
    ZIP_SHORTENED, /* a leading zero lost in a spreadsheet */
    COUNTY_MISSING,
    OTHER_PHONE,
    PHONE_SLIP,
    PHONE_FORMATTED,
    PHONE_PLACEHOLDER,
    PHONE_MISSING,
    DEATH_KNOWN_LATER, /* a record from before the death that was brought up to date */
    DEATH_UNKNOWN,
    FAULT_COUNT,
};

/* Of 10,000 records. */
static const uint16_t rates[FAULT_COUNT][SYNTH_ERRORS_COUNT] = {
    [NICKNAME] = {200, 600, 1200},
    [MIDDLE_INITIAL] = {50, 150, 300},
    [INITIAL_ONLY] = {20, 60, 200},
    [NAME_SLIP] = {100, 300, 900},
    [NAMES_SWAPPED] = {10, 40, 150},
    [PART_OF_NAME] = {1500, 3000, 5000},
    [NAME_MISSING] = {10, 40, 200},
    [NAME_PLACEHOLDER] = {5, 20, 80},
    [BIRTH_SLIP] = {40, 120, 400},
    [BIRTH_SWAPPED] = {10, 40, 150},
    [BIRTH_PLACEHOLDER] = {15, 50, 200},
    [BIRTH_MISSING] = {20, 80, 300},
    [SSN_SLIP] = {60, 200, 600},
    [SSN_FORMATTED] = {20, 100, 300},
    [SSN_PLACEHOLDER] = {30, 100, 300},
    [SSN_MISSING] = {800, 1500, 3500},
    [SEX_WRONG] = {5, 20, 80},
    [SEX_MISSING] = {20, 100, 300},
    [RACE_WRONG] = {100, 300, 600},
    [RACE_MISSING] = {1000, 2000, 4000},
    [OLD_ADDRESS] = {200, 600, 1500},
    [ADDRESS_SLIP] = {100, 400, 1000},
    [ADDRESS_RESPELLED] = {800, 1500, 2500},
    [ADDRESS_PLACEHOLDER] = {10, 40, 150},
    [ADDRESS_MISSING] = {300, 800, 1800},
    [CITY_SLIP] = {40, 100, 300},
    [PLACE_MISSING] = {50, 150, 500},
    [ZIP_SLIP] = {40, 120, 400},
    [ZIP_SHORTENED] = {200, 600, 1200},
    [COUNTY_MISSING] = {1500, 3000, 5000},
    [OTHER_PHONE] = {1000, 2500, 4000},
    [PHONE_SLIP] = {50, 150, 500},
    [PHONE_FORMATTED] = {50, 200, 600},
    [PHONE_PLACEHOLDER] = {20, 60, 200},
    [PHONE_MISSING] = {800, 1800, 3500},
    [DEATH_KNOWN_LATER] = {3000, 2500, 2000},
    [DEATH_UNKNOWN] = {1500, 3000, 5000},
};

/* Where records come from, with what each often lacks beyond the common rates. */
static const struct {
    const char *name;
    uint16_t ssn, race, address, phone; /* of 10,000 */
} sources[] = {
    {"cerner", 0, 0, 0, 0},       {"claims", 0, 5000, 0, 4000},  {"epic", 0, 0, 0, 0},
    {"lab", 5000, 4000, 3000, 0}, {"hl7", 1000, 1000, 500, 500}, {"pharmacy", 6000, 6000, 0, 0},
};

/* A record while it is made. */
struct draft {
    struct synth_record *record;
    const struct synth_person *person;
    const struct synth_world *world;
    enum synth_errors errors;
    uint32_t source;
    int32_t day; /* on which it was written */
    struct random random;
};

static bool happens(struct draft *draft, enum fault fault)
{
    return synth_chance(&draft->random, rates[fault][draft->errors]);
}

static struct synth_text *field(struct draft *draft, enum synth_field number)
{
    return &draft->record->fields[number];
}

static struct str any_of(struct draft *draft, const char *const *texts, uint32_t count)
{
    return str_from(texts[synth_below(&draft->random, count)]);
}

/* In the order in which it happens: what the person says, what the system can store, what the clerk
   types, what the form has room for. */
static void write_first_name(struct draft *draft)
{
    struct synth_text *name = field(draft, SYNTH_FIRST_NAME);
    *name = draft->person->first_name;
    if (happens(draft, NICKNAME)) {
        synth_names_shorten(name, &draft->world->names, &draft->random);
    }
    if (happens(draft, PART_OF_NAME)) {
        synth_strip_accents(name);
    }
    if (happens(draft, NAME_SLIP)) {
        synth_corrupt_word(name, &draft->random);
    }
    /* A name that begins with an accented letter is not cut within it. */
    if (happens(draft, INITIAL_ONLY) && (unsigned char)name->bytes[0] < 0x80) {
        name->len = 1;
    } else if (happens(draft, MIDDLE_INITIAL)) {
        synth_text_append_char(name, ' ');
        synth_text_append_char(name, draft->person->middle_initial);
    }
}

/* Drops what systems that allow letters only drop, or one part of a double name. */
static void simplify_surname(struct synth_text *name, struct random *random)
{
    synth_strip_accents(name);
    char *mark = memchr(name->bytes, '\'', name->len);
    if (mark != NULL) {
        synth_text_splice(name, (size_t)(mark - name->bytes), 1, STR(""));
    }
    mark = memchr(name->bytes, '-', name->len);
    if (mark == NULL) {
        return;
    }
    size_t first = (size_t)(mark - name->bytes);
    switch (synth_below(random, 3)) {
    case 0: synth_text_splice(name, first, name->len - first, STR("")); break;
    case 1: synth_text_splice(name, 0, first + 1, STR("")); break;
    default: *mark = ' '; break;
    }
}

/* Records from before and after a wedding carry different surnames: the commonest reason why two
   records of a woman do not block together. */
static void write_surname(struct draft *draft)
{
    const struct synth_person *person = draft->person;
    struct synth_text *name = field(draft, SYNTH_LAST_NAME);
    *name = draft->day >= person->renamed ? person->married_surname : person->surname;
    if (happens(draft, PART_OF_NAME)) {
        simplify_surname(name, &draft->random);
    }
    if (happens(draft, NAME_SLIP)) {
        synth_corrupt_word(name, &draft->random);
    }
    /* Some systems have no column for the suffix, and clerks put it where it does not belong. */
    if (person->junior && synth_chance(&draft->random, 3500)) {
        synth_text_append(name, STR(" jr"));
    }
}

/* Placeholders come last: whatever went wrong before, "unknown" is typed without a slip, so that it
   makes the large blocks that it makes in real data. */
static void write_names(struct draft *draft)
{
    static const char *const placeholders[] = {"unknown", "unk", "na", "test", "baby", "doe"};
    write_first_name(draft);
    write_surname(draft);
    if (happens(draft, NAMES_SWAPPED)) {
        struct synth_text first = *field(draft, SYNTH_FIRST_NAME);
        *field(draft, SYNTH_FIRST_NAME) = *field(draft, SYNTH_LAST_NAME);
        *field(draft, SYNTH_LAST_NAME) = first;
    }
    for (enum synth_field name = SYNTH_FIRST_NAME; name <= SYNTH_LAST_NAME; name++) {
        if (happens(draft, NAME_PLACEHOLDER)) {
            synth_text_set(field(draft, name),
                           any_of(draft, placeholders, ARRAY_LENGTH(placeholders)));
        }
        if (happens(draft, NAME_MISSING)) {
            synth_text_clear(field(draft, name));
        }
    }
}

/* Race is what sources agree on least: who asked, and whether anybody asked at all. */
static void write_sex_and_race(struct draft *draft)
{
    static const char *const races[] = {"white", "black", "hispanic", "asian"};
    static const char *const others[] = {"other", "unknown", "white", "native", "mixed"};
    enum synth_sex sex = draft->person->sex;
    if (happens(draft, SEX_WRONG)) {
        sex = sex == SYNTH_MALE ? SYNTH_FEMALE : SYNTH_MALE;
    }
    if (!happens(draft, SEX_MISSING)) {
        synth_text_set(field(draft, SYNTH_SEX), sex == SYNTH_MALE ? STR("m") : STR("f"));
    }
    bool wrong = happens(draft, RACE_WRONG);
    if (!happens(draft, RACE_MISSING) &&
        !synth_chance(&draft->random, sources[draft->source].race)) {
        synth_text_set(field(draft, SYNTH_RACE), wrong ? any_of(draft, others, ARRAY_LENGTH(others))
                                                       : str_from(races[draft->person->origin]));
    }
}

/* Whatever goes wrong, the text is a date that exists: what a date column lets in. */
static void write_birth(struct draft *draft)
{
    if (happens(draft, BIRTH_MISSING)) {
        return;
    }
    struct synth_date date = synth_day_date(draft->person->birth);
    /* Nobody can read 1965-22-08 as a date: only early days get swapped with their month. */
    if (happens(draft, BIRTH_SWAPPED) && date.day <= 12) {
        int32_t day = date.day;
        date.day = date.month;
        date.month = day;
    }
    if (happens(draft, BIRTH_SLIP)) {
        synth_corrupt_date(&date, &draft->random);
    }
    if (happens(draft, BIRTH_PLACEHOLDER)) {
        /* Nothing known, or nothing but the year. */
        int32_t year = synth_chance(&draft->random, 5000) ? 1900 : date.year;
        date = (struct synth_date){year, 1, 1};
    }
    synth_date_text(field(draft, SYNTH_BIRTH_DATE), date);
}

static void write_death(struct draft *draft)
{
    int32_t death = draft->person->death;
    bool known = death <= draft->day || (death != SYNTH_NEVER && happens(draft, DEATH_KNOWN_LATER));
    if (known && !happens(draft, DEATH_UNKNOWN)) {
        /* Hospital and register disagree by a day now and then. */
        death += synth_chance(&draft->random, 300) ? 1 : 0;
        synth_date_text(field(draft, SYNTH_DEATH_DATE), synth_day_date(death));
    }
}

/* The leading 9 is never touched: no slip makes it a number that might have been issued. */
static void write_ssn(struct draft *draft)
{
    static const char *const placeholders[] = {"999999999", "000000000", "666666666", "999990000"};
    struct synth_text *ssn = field(draft, SYNTH_SOCIAL_SECURITY_NUMBER);
    if (happens(draft, SSN_MISSING) || synth_chance(&draft->random, sources[draft->source].ssn)) {
        return;
    }
    if (happens(draft, SSN_PLACEHOLDER)) {
        synth_text_set(ssn, any_of(draft, placeholders, ARRAY_LENGTH(placeholders)));
        return;
    }
    synth_text_append_number(ssn, draft->person->ssn, 9);
    if (happens(draft, SSN_SLIP)) {
        synth_corrupt_digits(ssn, 1, &draft->random);
    }
    if (happens(draft, SSN_FORMATTED) && ssn->len == 9) {
        synth_text_splice(ssn, 5, 0, STR("-"));
        synth_text_splice(ssn, 3, 0, STR("-"));
    }
}

static void write_address(struct draft *draft, const struct synth_home *home)
{
    static const char *const placeholders[] = {"unknown", "homeless", "general delivery",
                                               "no address"};
    struct synth_text *address = field(draft, SYNTH_ADDRESS);
    if (happens(draft, ADDRESS_MISSING) ||
        synth_chance(&draft->random, sources[draft->source].address)) {
        return;
    }
    *address = home->address;
    if (happens(draft, ADDRESS_RESPELLED)) {
        synth_places_respell(address, &draft->random);
    }
    if (happens(draft, ADDRESS_SLIP)) {
        if (synth_chance(&draft->random, 7000)) {
            synth_corrupt_word(address, &draft->random);
        } else {
            synth_corrupt_digits(address, 0, &draft->random);
        }
    }
    if (happens(draft, ADDRESS_PLACEHOLDER)) {
        synth_text_set(address, any_of(draft, placeholders, ARRAY_LENGTH(placeholders)));
    }
}

/* Slips spare the first two digits: those of a region, which a clerk there knows. */
static void write_zip(struct draft *draft, const struct synth_home *home)
{
    struct synth_text *zip = field(draft, SYNTH_ZIP_CODE);
    synth_text_append_number(zip, home->zip, 5);
    if (happens(draft, ZIP_SLIP)) {
        synth_corrupt_digits(zip, 2, &draft->random);
    }
    if (happens(draft, ZIP_SHORTENED) && zip->bytes[0] == '0') {
        synth_text_splice(zip, 0, 1, STR(""));
    }
}

/* The address that was valid on the day, or the one before when nobody asked. City, state, ZIP code
   and county go missing independently of each other, as columns of different systems do. */
static void write_place(struct draft *draft)
{
    const struct synth_person *person = draft->person;
    uint32_t number = synth_person_home(person, draft->day);
    if (number > 0 && happens(draft, OLD_ADDRESS)) {
        number--;
    }
    const struct synth_home *home = &person->homes[number];
    write_address(draft, home);
    if (!happens(draft, PLACE_MISSING)) {
        struct synth_text *city = field(draft, SYNTH_CITY);
        *city = home->city;
        if (happens(draft, CITY_SLIP)) {
            synth_corrupt_word(city, &draft->random);
        }
    }
    if (!happens(draft, PLACE_MISSING)) {
        synth_text_set(field(draft, SYNTH_STATE), str_from(home->near->state));
    }
    if (!happens(draft, PLACE_MISSING)) {
        write_zip(draft, home);
    }
    if (!happens(draft, COUNTY_MISSING)) {
        synth_text_set(field(draft, SYNTH_COUNTY), str_from(home->near->county));
    }
}

/* 555-318-1043 or (555) 318-1043: the two ways that phones are written when not as bare digits. */
static void format_phone(struct synth_text *phone, struct random *random)
{
    synth_text_splice(phone, 6, 0, STR("-"));
    if (synth_chance(random, 5000)) {
        synth_text_splice(phone, 3, 0, STR("-"));
    } else {
        synth_text_splice(phone, 3, 0, STR(") "));
        synth_text_splice(phone, 0, 0, STR("("));
    }
}

/* Slips touch the last three digits only, so that the number stays one of nobody's. */
static void write_phone(struct draft *draft)
{
    static const char *const placeholders[] = {"5555555555", "0000000000", "5550000000"};
    struct synth_text *phone = field(draft, SYNTH_PHONE);
    if (happens(draft, PHONE_MISSING) ||
        synth_chance(&draft->random, sources[draft->source].phone)) {
        return;
    }
    if (happens(draft, PHONE_PLACEHOLDER)) {
        synth_text_set(phone, any_of(draft, placeholders, ARRAY_LENGTH(placeholders)));
        return;
    }
    synth_text_append_number(phone, draft->person->phones[happens(draft, OTHER_PHONE)], 10);
    if (happens(draft, PHONE_SLIP)) {
        synth_corrupt_digits(phone, 7, &draft->random);
    }
    if (happens(draft, PHONE_FORMATTED) && phone->len == 10) {
        format_phone(phone, &draft->random);
    }
}

/* Between birth and some weeks after death, within the years that have records. */
static int32_t draw_day(const struct synth_person *person, struct random *random)
{
    int32_t first = person->birth > SYNTH_FIRST_DAY ? person->birth : SYNTH_FIRST_DAY;
    int32_t last = SYNTH_LAST_DAY;
    if (person->death < SYNTH_LAST_DAY - 60) {
        last = person->death + 60;
    }
    return synth_between(random, first, last);
}

void synth_record_make(struct synth_record *out, const struct synth_world *world,
                       enum synth_errors errors, uint64_t number, uint32_t ordinal)
{
    struct synth_person person;
    synth_person_make(&person, world, number);
    /* The lengths only: 1.4 KiB a record need not be zeroed. */
    for (int i = 0; i < SYNTH_FIELD_COUNT; i++) {
        synth_text_clear(&out->fields[i]);
    }
    /* Sources go round from one of the person's own: the records of a person differ in theirs. */
    uint64_t key = synth_mix(world->seed, SYNTH_STREAM_RECORD, number);
    struct draft draft = {
        .record = out,
        .person = &person,
        .world = world,
        .errors = errors,
        .source = (uint32_t)(((key >> 32) + ordinal) % ARRAY_LENGTH(sources)),
    };
    random_seed(&draft.random, synth_mix(key, SYNTH_STREAM_RECORD, ordinal));
    draft.day = draw_day(&person, &draft.random);

    synth_text_set(&out->fields[SYNTH_DATA_SOURCE], str_from(sources[draft.source].name));
    struct synth_text *id = &out->fields[SYNTH_SOURCE_PERSON_ID];
    synth_text_append_number(id, number, 1);
    synth_text_append_char(id, '-');
    synth_text_append_number(id, ordinal, 1);
    write_names(&draft);
    write_sex_and_race(&draft);
    write_birth(&draft);
    write_death(&draft);
    write_ssn(&draft);
    write_place(&draft);
    write_phone(&draft);
}
