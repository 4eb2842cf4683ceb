/* What a machine's owner may set: kept in EEPROM under a CRC, and only stricter than compiled in. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

struct outlet {
    uint8_t kind; /* KIND_* */
    uint8_t duty_percent;
    uint16_t max_on_ms;
    uint16_t min_cycle_ms;
    uint16_t closed_us;
    uint16_t open_us;
    uint16_t delay_us;
} __attribute__((packed));

struct settings {
    struct outlet outlets[CHANNELS];
    struct machine_write machine;
} __attribute__((packed));

#define SETTINGS_FORMAT 1
#define SETTINGS_BYTES (1 + sizeof(struct settings) + 2) /* format, settings, CRC */

enum settings_found { SETTINGS_NEW, SETTINGS_SOUND, SETTINGS_DAMAGED };

/* Reads the EEPROM. An empty one gives a new board's settings, a damaged one outlets that are off. */
enum settings_found settings_load(struct settings *settings);

/* REASON_NONE, or REASON_CHANNEL or REASON_SETTINGS for what is not allowed. */
uint8_t settings_judge_outlet(const struct outlet_write *wanted);
uint8_t settings_judge_machine(const struct machine_write *wanted);

/* Writes the byte at `place` of the EEPROM's SETTINGS_BYTES; false while it cannot yet. */
bool settings_save_byte(const struct settings *settings, uint8_t place);

#endif
