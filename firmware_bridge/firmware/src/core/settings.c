#include "settings.h"

#include <string.h>

#include "framing.h"
#include "platform.h"

#define LEAST_TIME_MS 50 /* of silence, of a dead encoder */

static const uint16_t ceiling_on_ms[KINDS] = CEILING_ON_MS;
static const uint8_t ceiling_duty[KINDS] = CEILING_DUTY_PERCENT;
static const uint16_t floor_cycle_ms[KINDS] = FLOOR_CYCLE_MS;

static void set_new(struct settings *settings, uint8_t kind)
{
    memset(settings, 0, sizeof *settings);
    for (uint8_t i = 0; i < CHANNELS; i++) {
        struct outlet *outlet = &settings->outlets[i];
        outlet->kind = kind;
        outlet->duty_percent = ceiling_duty[kind];
        outlet->max_on_ms = ceiling_on_ms[kind];
        outlet->min_cycle_ms = floor_cycle_ms[kind];
    }
    settings->machine.silence_ms = SILENCE_US / 1000;
    settings->machine.encoder_dead_ms = ENCODER_DEAD_MS;
    settings->machine.beams = 1 << BEAM_ENTRY | 1 << BEAM_PASSED;
}

static bool is_allowed_kind(const struct outlet *outlet)
{
    uint8_t kind = outlet->kind;
    if (kind == KIND_OFF)
        return true;
    if (kind >= KINDS || outlet->duty_percent == 0 || outlet->max_on_ms == 0)
        return false;
    return outlet->duty_percent <= ceiling_duty[kind] &&
           outlet->max_on_ms <= ceiling_on_ms[kind] &&
           outlet->min_cycle_ms >= floor_cycle_ms[kind];
}

static bool is_allowed_pulse(uint16_t pulse_us)
{
    return pulse_us >= SERVO_SHORTEST_US && pulse_us <= SERVO_LONGEST_US;
}

static bool is_allowed_outlet(const struct outlet *outlet)
{
    bool servo = outlet->kind == KIND_SERVO;
    return is_allowed_kind(outlet) &&
           (!servo || (is_allowed_pulse(outlet->closed_us) && is_allowed_pulse(outlet->open_us)));
}

uint8_t settings_judge_outlet(const struct outlet_write *wanted)
{
    struct outlet outlet;
    if (wanted->channel >= CHANNELS)
        return REASON_CHANNEL;
    memcpy(&outlet, &wanted->kind, sizeof outlet);
    return is_allowed_outlet(&outlet) ? REASON_NONE : REASON_SETTINGS;
}

uint8_t settings_judge_machine(const struct machine_write *wanted)
{
    bool allowed = wanted->silence_ms >= LEAST_TIME_MS &&
                   wanted->silence_ms <= SILENCE_US / 1000 &&
                   wanted->encoder_dead_ms >= LEAST_TIME_MS &&
                   wanted->encoder_dead_ms <= ENCODER_DEAD_MS && wanted->beams <= 3 &&
                   wanted->input_function <= FUNCTION_COVER && wanted->auto_restart <= 1;
    return allowed ? REASON_NONE : REASON_SETTINGS;
}

static uint16_t checksum(const struct settings *settings)
{
    return crc16_from(crc16_from(0xFFFF, &(uint8_t){SETTINGS_FORMAT}, 1), settings,
                      sizeof *settings);
}

static uint8_t byte_at(const struct settings *settings, uint8_t place)
{
    if (place == 0)
        return SETTINGS_FORMAT;
    if (place <= sizeof *settings)
        return ((const uint8_t *)settings)[place - 1];
    uint16_t crc = checksum(settings);
    return (uint8_t)(place == sizeof *settings + 1 ? crc : crc >> 8);
}

bool settings_save_byte(const struct settings *settings, uint8_t place)
{
    return platform_eeprom_write(place, byte_at(settings, place));
}

static bool is_empty(void)
{
    for (uint8_t place = 0; place < SETTINGS_BYTES; place++)
        if (platform_eeprom_read(place) != 0xFF)
            return false;
    return true;
}

/* A sound CRC over values that this firmware does not allow is damage, too: another firmware with
 * other ceilings may have written them. */
static bool is_sound(const struct settings *settings)
{
    for (uint8_t place = SETTINGS_BYTES; place-- > SETTINGS_BYTES - 2;)
        if (platform_eeprom_read(place) != byte_at(settings, place))
            return false;
    for (uint8_t i = 0; i < CHANNELS; i++)
        if (!is_allowed_outlet(&settings->outlets[i]))
            return false;
    return platform_eeprom_read(0) == SETTINGS_FORMAT &&
           settings_judge_machine(&settings->machine) == REASON_NONE;
}

enum settings_found settings_load(struct settings *settings)
{
    if (is_empty()) {
        set_new(settings, KIND_NEW);
        return SETTINGS_NEW;
    }
    for (uint8_t place = 0; place < sizeof *settings; place++)
        ((uint8_t *)settings)[place] = platform_eeprom_read((uint8_t)(place + 1));
    if (is_sound(settings))
        return SETTINGS_SOUND;
    set_new(settings, KIND_OFF);
    return SETTINGS_DAMAGED;
}
